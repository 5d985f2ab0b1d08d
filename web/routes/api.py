"""Answer programs: predictions, the description of the API, liveness and readiness."""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from math import isfinite
from pathlib import Path
from time import perf_counter
from typing import Any

from flask import Flask, Response, current_app, jsonify, render_template, request
from werkzeug.datastructures import MultiDict

from classifiers.bundle.bundle import MANIFEST, SHIPPED, load_manifest, size_of
from classifiers.bundle.manifest import takes_pixels
from classifiers.inference.shifts import NEUTRAL, Baseline, baseline_of_photos
from web import metrics
from web.errors import ApiError
from web.inference.service import Result
from web.uploads import FORM, JSON, Upload, posted

OPTIONS = ("points", "explain")
"""What a response may hold beside the expression: the mesh, and each region's contribution."""

OPENAPI = Path(__file__).parents[1] / "openapi.json"
"""The API's description; its version's first number changes when old clients break."""


def register(app: Flask) -> None:
    """Add the routes to the application."""
    app.add_url_rule("/api/predict", "predict", predict, methods=["POST"])
    app.add_url_rule("/api/models", "models", models)
    app.add_url_rule("/openapi.json", "openapi", openapi)
    app.add_url_rule("/api", "api", page)
    app.add_url_rule("/healthz", "health", health)
    app.add_url_rule("/readyz", "ready", ready)


def predict() -> Response:
    """Answer with the predictions for the posted photos, and their time in ``Server-Timing``.

    Raises
    ------
    ApiError
        If the request can't be taken, or its only photo can't be read. Of several photos, those
        that can't be read are answered with their reasons among the others, unless all of them
        met a server that can't read now: that is worth another try of the whole request.
    """
    start = perf_counter()
    if request.mimetype not in (FORM, JSON):
        raise ApiError("not-a-form")
    photos, neutral, fields = posted(request)
    options = _options(fields)
    baseline = baseline_of(neutral)
    outcomes = [read(photo, baseline=baseline) for photo in photos]
    errors = [outcome for outcome in outcomes if isinstance(outcome, ApiError)]
    if len(errors) == len(photos) and (
        len(photos) == 1 or all(error.status >= 500 for error in errors)
    ):
        raise errors[0]
    images = [
        element(photo.name, outcome, neutral, **options)
        for photo, outcome in zip(photos, outcomes, strict=True)
    ]
    seconds = sum(outcome.seconds for outcome in outcomes if isinstance(outcome, Result))
    content = _model() | {"images": images, "ms": _ms(perf_counter() - start)}
    response = jsonify(content)
    response.headers["Server-Timing"] = f"read;dur={_ms(seconds)}"
    return response


def models() -> Response:
    """List the models, the one that answers first."""
    reader = current_app.extensions["service"]
    shipped = sorted(path.parent for path in SHIPPED.glob(f"*/{MANIFEST}"))
    others = [folder for folder in shipped if not folder.samefile(reader.folder)]
    served = _entry(reader.folder, reader.manifest) | {"served": True}
    return jsonify(models=[served, *(_shipped_entry(folder) for folder in others)])


@cache
def _shipped_entry(folder: Path) -> dict[str, Any]:
    """Describe a shipped bundle, whose files are checked once."""
    return _entry(folder, load_manifest(folder)) | {"served": False}


def _entry(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Describe a bundle by what it says about itself."""
    return {
        **{key: manifest[key] for key in ("name", "version", "classes", "input")},
        "takes_pixels": takes_pixels(manifest),
        # JSON has no NaN, which is the selective accuracy of a model whose coverage is 0.
        "metrics": {k: v if isfinite(v) else None for k, v in manifest["metrics"].items()},
        "uncertain_threshold": manifest["uncertain_threshold"],
        "bytes": size_of(folder),
    }


def openapi() -> Response:
    """Describe the API to programs."""
    return jsonify(_document())


def page() -> str:
    """Describe the API to people."""
    return render_template("api.html", document=_document())


def _document() -> dict[str, Any]:
    """Return the API's description, with the classes of the model that answers."""
    document = json.loads(OPENAPI.read_text("utf-8"))
    schemas = document["components"]["schemas"]
    schemas["Expression"]["enum"] = schemas["Confidences"]["required"] = _model()["classes"]
    return document


def health() -> Response:
    """Say that the server answers, and with which model; it asks no worker."""
    model = _model()
    return jsonify(status="ok", model=model["model"], version=model["version"])


def ready() -> Response:
    """Say that photos can be read.

    Raises
    ------
    ApiError
        If they can't be, as yet.
    """
    if not current_app.extensions["service"].ready:
        raise ApiError("not-ready")
    return jsonify(status="ready")


def _options(fields: Iterable[tuple[str, str]]) -> dict[str, bool]:
    """Return which options are 1, in the query or in the body's other fields.

    Any other name is an error: it is an option misspelt, whose absence would go unnoticed.
    """
    places = request.args, MultiDict(fields)
    for place in places:
        for name, values in place.lists():
            if name not in OPTIONS or values not in (["0"], ["1"]):
                raise ApiError("bad-option")
    return {name: any(place.get(name) == "1" for place in places) for name in OPTIONS}


def baseline_of(neutral: Sequence[Upload]) -> Baseline | None:
    """Return what photos of a person's neutral face show, None without photos.

    Raises
    ------
    ApiError
        If one can't be read, or the model does not know the class neutral.
    """
    if not neutral:
        return None
    manifest = current_app.extensions["service"].manifest
    if NEUTRAL not in manifest["classes"]:
        raise ApiError("no-neutral")
    outcomes = [read(photo) for photo in neutral]
    for outcome in outcomes:
        if isinstance(outcome, ApiError):
            raise outcome
    return baseline_of_photos([outcome.prediction for outcome in outcomes], manifest)


def read(
    photo: Upload, picture: bool = False, baseline: Baseline | None = None
) -> Result | ApiError:
    """Read a photo and count the outcome.

    Parameters
    ----------
    photo : Upload
    picture : bool, default False
        Whether the result holds the photo.
    baseline : Baseline, optional
        The person's neutral face.

    Returns
    -------
    Result or ApiError
        What was read, or why nothing was.
    """
    counters = metrics.current()
    try:
        shift = baseline.shift.tolist() if baseline else ()
        result = current_app.extensions["service"].read(photo.content, picture, shift)
    except ApiError as error:
        counters.photos.labels(error.reason).inc()
        return ApiError(error.reason, photo.name)
    counters.photos.labels("read").inc()
    counters.faces.inc(len(result.prediction.faces))
    if baseline:
        result = result._replace(prediction=result.prediction.relative_to(baseline.measures))
    return result


def element(
    name: str, outcome: Result | ApiError, neutral: Sequence[Upload] = (), **options: bool
) -> dict[str, Any]:
    """Return a photo's element of ``images``: the command line's, and the time it took.

    Parameters
    ----------
    name : str
        The photo as the sender named it.
    outcome : Result or ApiError
        What was read, or why nothing was.
    neutral : sequence of Upload
        Photos of the person's neutral face that it was read relative to.
    **options : bool
        What it brings besides: see `OPTIONS`.
    """
    if isinstance(outcome, ApiError):
        return {
            "image": name,
            "faces": [],
            "reason": outcome.reason,
            "detail": outcome.sentence,
        }
    return outcome.prediction.to_json(name, **options) | {
        "neutral": [photo.name for photo in neutral],
        "ms": _ms(outcome.seconds),
    }


def _model() -> dict[str, Any]:
    """Return which model answers, and its classes in the order of the confidences."""
    manifest = current_app.extensions["service"].manifest
    return {
        "model": manifest["name"],
        "version": manifest["version"],
        "classes": manifest["classes"],
        "uncertain_threshold": manifest["uncertain_threshold"],
    }


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)
