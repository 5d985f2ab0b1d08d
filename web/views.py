"""The photo page: what it shows, and what it answers to a posted photo."""

from flask import Flask, Response, current_app, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge

from landmarks.images import PAGE_FORMATS
from web import api, drawing, words
from web.uploads import FIELD, MAX_PHOTO_BYTES, REFUSALS, Refusal, uploads


def register(app: Flask) -> None:
    """Add the page, the error answers and the templates' helpers to the application."""
    words.register(app)
    app.add_url_rule("/", "page", page)
    app.add_url_rule("/", "answer", answer, methods=["POST"])
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
    photo = uploads(request)[0]
    found = current_app.extensions["mien"].read(photo.content, picture=True)
    return render_template(
        "page.html",
        photo=photo,
        picture=drawing.photo_uri(found.picture),
        reading=found.reading,
        faces=[(face, drawing.draw(face)) for face in found.reading.faces],
        seconds=found.seconds,
    )


def _refuse(refusal: Refusal) -> tuple[Response | str, int]:
    """Answer a photo that can't be read, for programs or with the page and a sentence."""
    if request.path.startswith(api.PREFIX):
        return api.refused(refusal)
    return render_template("page.html", error=refusal.sentence), refusal.status


def _fail(error: HTTPException) -> tuple[Response | str, int]:
    """Answer every other error in the same two ways; the cause of a 500 stays in the log."""
    sentence = error.description or InternalServerError.description
    status = error.code or InternalServerError.code
    if request.path.startswith(api.PREFIX):
        return api.failed(sentence, status)
    return render_template("page.html", error=sentence), status


def _percent(share: float) -> str:
    """Write 0..1 as a percentage with one decimal: ``97.3 %``."""
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def _signed(share: float) -> str:
    """Write -1..1 as signed percentage points with a true minus sign: ``+45.0``."""
    return f"{100 * share:+.1f}".replace("-", "\N{MINUS SIGN}")
