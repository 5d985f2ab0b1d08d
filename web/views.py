"""The routes: the page, the API beside it, and the health check."""

from time import perf_counter

from flask import Flask, Response, current_app, jsonify, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge

from classifiers.predictor import Predictor, Reading
from landmarks.images import PAGE_FORMATS
from web import drawing
from web.uploads import FIELD, MAX_PHOTO_BYTES, REFUSALS, Photo, Refusal, take_photo

API_PREFIX = "/api/"


def register(app: Flask) -> None:
    """Add the routes, the error answers and the templates' helpers to the application."""
    app.add_url_rule("/", "page", page)
    app.add_url_rule("/", "answer", answer, methods=["POST"])
    app.add_url_rule("/api/predict", "predict", predict, methods=["POST"])
    app.add_url_rule("/healthz", "health", health)
    app.register_error_handler(Refusal, _refuse)
    app.register_error_handler(RequestEntityTooLarge, lambda _error: _refuse(Refusal("too-heavy")))
    app.register_error_handler(HTTPException, _fail)
    app.add_template_filter(_percent, "percent")
    app.add_template_filter(_signed, "signed")
    app.add_template_global(
        {
            "field": FIELD,
            "accept": ",".join(f"image/{name.lower()}" for name in PAGE_FORMATS),
            "max_bytes": MAX_PHOTO_BYTES,
            "too_heavy": REFUSALS["too-heavy"][1],
        },
        "upload",
    )


def page() -> str:
    """Show the empty page."""
    return render_template("page.html")


def answer() -> str:
    """Show the page with the reading of the posted photo."""
    photo, reading, seconds = _read()
    return render_template(
        "page.html",
        photo=photo,
        picture=drawing.photo_uri(photo.rgb),
        reading=reading,
        faces=[(found, drawing.draw(found)) for found in reading.faces],
        seconds=seconds,
    )


def predict() -> Response:
    """Answer the posted photo's reading as JSON, with the time it took in ``Server-Timing``."""
    photo, reading, seconds = _read()
    response = jsonify(reading.to_json(photo.name))
    response.headers["Server-Timing"] = f"read;dur={1000 * seconds:.1f}"
    return response


def health() -> Response:
    """Say that the server answers, and with which model."""
    manifest = _predictor().manifest
    return jsonify(status="ok", model=manifest["name"], version=manifest["version"])


def _predictor() -> Predictor:
    """Return the predictor that the application was built with."""
    return current_app.extensions["mien"]


def _read() -> tuple[Photo, Reading, float]:
    """Return the posted photo, its reading and the seconds from bytes to answer."""
    start = perf_counter()
    photo = take_photo(request)
    reading = _predictor().read(photo.rgb)
    if reading.reason:
        raise Refusal(reading.reason, photo.name)
    return photo, reading, perf_counter() - start


def _refuse(refusal: Refusal) -> tuple[Response | str, int]:
    """Answer a photo that can't be read: an element without faces, or the page with a sentence."""
    if request.path.startswith(API_PREFIX):
        element = {"image": refusal.name, "faces": [], "reason": refusal.reason}
        return jsonify(element | {"error": refusal.sentence}), refusal.status
    return render_template("page.html", error=refusal.sentence), refusal.status


def _fail(error: HTTPException) -> tuple[Response | str, int]:
    """Answer every other error in the same two ways; the cause of a 500 stays in the log."""
    sentence = error.description or InternalServerError.description
    status = error.code or InternalServerError.code
    if request.path.startswith(API_PREFIX):
        return jsonify(error=sentence), status
    return render_template("page.html", error=sentence), status


def _percent(share: float) -> str:
    """Write 0..1 as a percentage with one decimal: ``97.3 %``."""
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def _signed(share: float) -> str:
    """Write -1..1 as signed percentage points with a true minus sign: ``+45.0``."""
    return f"{100 * share:+.1f}".replace("-", "\N{MINUS SIGN}")
