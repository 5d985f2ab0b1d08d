"""Show the photo page and answer the photos posted there."""

from collections.abc import Sequence
from secrets import token_hex
from typing import Any, NamedTuple

from flask import Flask, current_app, render_template, request

from classifiers.inference.predictor import FacePrediction
from landmarks.images import PAGE_FORMATS, Reason
from web import words
from web.errors import ERRORS, ApiError
from web.inference.service import Result
from web.routes import api, svg
from web.uploads import FIELD, MAX_PHOTO_BYTES, NEUTRAL, Upload, posted

UNCERTAIN, FAILED = "uncertain", "failed"
"""Kinds of photos in the overview beside the expressions and `Reason.NO_FACE`."""


SAMPLES = ("happy.webp", "angry.webp", "group.webp")
"""Composite faces in ``static/samples`` that a visitor may try; they show nobody."""


class PhotoView(NamedTuple):
    """One photo's place among the results.

    Attributes
    ----------
    name : str
        The file's name as the sender gave it: untrusted, may be empty.
    result : Result or None
        Its prediction and its picture, if it was read.
    sentence, reason : str
        Why it was not read, if it was not, in words and as a key of `ERRORS`.
    neutral : sequence of Upload
        Photos of the person's neutral face that it was read relative to.
    """

    name: str
    result: Result | None = None
    sentence: str = ""
    reason: str = ""
    neutral: Sequence[Upload] = ()

    @property
    def kinds(self) -> list[str]:
        """What it counts as in the overview: expressions, or why it has none."""
        if self.result is None:
            return [FAILED if self.reason != Reason.NO_FACE else Reason.NO_FACE]
        faces = self.result.prediction.faces
        return sorted({UNCERTAIN if face.uncertain else face.expression for face in faces})

    def faces(self) -> list[tuple[FacePrediction, svg.Drawing]]:
        """Pair each face that was read with what the page draws of it."""
        return [(face, svg.draw(face)) for face in self.result.prediction.faces]

    def labels(self) -> list[svg.Label]:
        """Place the label of each face on the photo."""
        faces = self.result.prediction.faces
        texts = [
            f"{number} {_short(face)}" if len(faces) > 1 else _short(face)
            for number, face in enumerate(faces, 1)
        ]
        return svg.place_labels(self.result.prediction, texts)

    def element(self) -> dict[str, Any]:
        """Return what the API answers for the photo."""
        return api.element(self.name, self.result, self.neutral)


def register(app: Flask) -> None:
    """Add the page and the templates' helpers to the application."""
    words.register(app)
    app.add_url_rule("/", "page", page)
    app.add_url_rule("/", "answer", answer, methods=["POST"])
    app.add_template_filter(_percent, "percent")
    app.add_template_filter(_short, "short")
    app.add_template_filter(_signed, "signed")
    app.add_template_filter(svg.photo_uri)
    app.add_template_filter(svg.letters)
    app.add_template_filter(svg.thumbnail)
    app.add_template_global(svg.CROWD, "crowd_from")
    app.add_template_global(token_hex)
    app.add_template_global(_uncertain_threshold, "uncertain_threshold")
    app.add_template_global(
        {
            "field": FIELD,
            "samples": SAMPLES,
            "neutral": NEUTRAL,
            "accept": ",".join(f"image/{name.lower()}" for name in PAGE_FORMATS),
            "max_bytes": MAX_PHOTO_BYTES,
            "too_heavy": ERRORS["too-heavy"][1],
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
    baseline = api.baseline_of(neutral)
    results = []
    for photo in photos:
        outcome = api.read(photo, picture=True, baseline=baseline)
        if not isinstance(outcome, ApiError):
            results.append(PhotoView(photo.name, outcome, neutral=neutral))
        elif len(photos) == 1:
            raise outcome
        else:
            results.append(PhotoView(photo.name, sentence=outcome.sentence, reason=outcome.reason))
    return render_template("page.html", results=results, alone=len(results) == 1)


def failed(sentence: str, name: str = "", reason: str = "") -> str:
    """Show the page with the sentence of a failed request, or of the photo of a name."""
    shown = PhotoView(name, sentence=sentence, reason=reason)
    return render_template("page.html", results=[shown], alone=True)


def _uncertain_threshold() -> float:
    """Return the confidence, 0..1, below which the model that answers is uncertain."""
    return current_app.extensions["service"].manifest["uncertain_threshold"]


def _short(face: FacePrediction) -> str:
    """Say what a face shows where there is little room: ``happy 95 %``."""
    expression, second = (
        words.WORDS["expressions"].get(name, name) for name in (face.expression, face.second)
    )
    sentence = words.WORDS["prediction"]["short_uncertain" if face.uncertain else "short"]
    share = _percent(face.confidences[face.expression], 0)
    return words.say(sentence, expression=expression, second=second, share=share)


def _percent(share: float, decimals: int = 1) -> str:
    """Write 0..1 as a percentage: ``97.3 %``."""
    return f"{100 * share:.{decimals}f}\N{NO-BREAK SPACE}%"


def _signed(share: float) -> str:
    """Write -1..1 as signed percentage points with a true minus sign: ``+45.0``."""
    return f"{100 * share:+.1f}".replace("-", "\N{MINUS SIGN}")
