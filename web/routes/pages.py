"""Show the photo page and answer the photos posted there."""

from collections.abc import Sequence
from secrets import token_hex
from typing import Any, NamedTuple

from flask import Flask, render_template, request

from classifiers.inference.predictor import FacePrediction
from landmarks.images import PAGE_FORMATS
from web import words
from web.errors import ERRORS, ApiError
from web.inference.service import Result
from web.routes import api, svg
from web.uploads import FIELD, MAX_PHOTO_BYTES, NEUTRAL, Upload, posted


class PhotoView(NamedTuple):
    """One photo's place among the results.

    Attributes
    ----------
    name : str
        The file's name as the sender gave it: untrusted, may be empty.
    result : Result or None
        Its prediction and its picture, if it was read.
    sentence : str
        Why it was not read, if it was not.
    neutral : sequence of Upload
        Photos of the person's neutral face that it was read relative to.
    """

    name: str
    result: Result | None = None
    sentence: str = ""
    neutral: Sequence[Upload] = ()

    def faces(self) -> list[tuple[FacePrediction, svg.Drawing]]:
        """Pair each face that was read with what the page draws of it."""
        return [(face, svg.draw(face)) for face in self.result.prediction.faces]

    def element(self) -> dict[str, Any]:
        """Return what the API answers for the photo."""
        return api.element(self.name, self.result, self.neutral)


def register(app: Flask) -> None:
    """Add the page and the templates' helpers to the application."""
    words.register(app)
    app.add_url_rule("/", "page", page)
    app.add_url_rule("/", "answer", answer, methods=["POST"])
    app.add_template_filter(_percent, "percent")
    app.add_template_filter(_signed, "signed")
    app.add_template_filter(svg.photo_uri)
    app.add_template_global(token_hex)
    app.add_template_global(
        {
            "field": FIELD,
            "neutral": NEUTRAL,
            "accept": ",".join(f"image/{name.lower()}" for name in PAGE_FORMATS),
            "max_bytes": MAX_PHOTO_BYTES,
            "too_heavy": ERRORS["too-heavy"][1],
            "heic": ERRORS["heic"][1],
        },
        "upload",
    )


def page() -> str:
    """Show the empty page."""
    return render_template("page.html", results=[])


def answer() -> str:
    """Show the page with the predictions of the posted photos, in the order they were sent.

    Raises
    ------
    ApiError
        If the only photo can't be read; one of several gets its sentence in its place.
    """
    photos, neutral, _ = posted(request)
    shift = api.shift_of(neutral)
    results = []
    for photo in photos:
        outcome = api.read(photo, picture=True, shift=shift)
        if not isinstance(outcome, ApiError):
            results.append(PhotoView(photo.name, outcome, neutral=neutral))
        elif len(photos) == 1:
            raise outcome
        else:
            results.append(PhotoView(photo.name, sentence=outcome.sentence))
    return render_template("page.html", results=results, alone=len(results) == 1)


def failed(sentence: str, name: str = "") -> str:
    """Show the page with the sentence of a failed request, or of the photo of a name."""
    return render_template("page.html", results=[PhotoView(name, sentence=sentence)])


def _percent(share: float) -> str:
    """Write 0..1 as a percentage with one decimal: ``97.3 %``."""
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def _signed(share: float) -> str:
    """Write -1..1 as signed percentage points with a true minus sign: ``+45.0``."""
    return f"{100 * share:+.1f}".replace("-", "\N{MINUS SIGN}")
