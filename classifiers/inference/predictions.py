"""Hold the predictions for an image: its faces and their expressions."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from landmarks.detection.detector import Face
from landmarks.measures import MEASURES, measure
from landmarks.quality import Quality


@dataclass(frozen=True)
class FacePrediction:
    """The prediction for one face.

    Attributes
    ----------
    face : Face
        Its points and box, in pixels of the upright image.
    expression, second : str
        The classes with the largest and the second largest confidence.
    confidences : dict of str to float, 0..1
        Every class in the bundle's order; they sum to 1.
    uncertain : bool
        Whether the largest confidence lies below the threshold.
    quality : Quality
        How well the face is seen.
    neutral_measures : ndarray of float64, shape (len(MEASURES),), optional
        Measures of the person's own neutral face.
    """

    face: Face
    expression: str
    second: str
    confidences: dict[str, float]
    uncertain: bool
    quality: Quality
    _explain: Callable[[], dict[str, float]] = field(repr=False, compare=False)
    neutral_measures: np.ndarray | None = field(default=None, compare=False)

    @property
    def verdict(self) -> str:
        """The expression in words: "happy", or "uncertain: happy or neutral"."""
        if self.uncertain:
            return f"uncertain: {self.expression} or {self.second}"
        return self.expression

    @property
    def measures(self) -> np.ndarray:
        """What `landmarks.measures.measure` finds, float64 (len(MEASURES),)."""
        return measure(self.face.points[None])[0]

    @property
    def changes(self) -> np.ndarray | None:
        """The measures less those of the own neutral face, None where that isn't known."""
        return None if self.neutral_measures is None else self.measures - self.neutral_measures

    def explanation(self) -> dict[str, float]:
        """Return each region's contribution to the confidence, see `attribution`."""
        return self._explain()

    def to_json(self, points: bool = False, explain: bool = False) -> dict[str, Any]:
        """Return the element of ``faces``; see `ImagePrediction.to_json`."""
        entry = {
            "box": list(self.face.box),
            "expression": self.expression,
            "confidences": self.confidences,
            "uncertain": self.uncertain,
            "quality": self.quality._asdict() | {"clipped_box": list(self.quality.clipped_box)},
            "measures": _named(self.measures),
        }
        if self.changes is not None:
            entry["measure_changes"] = _named(self.changes)
        if points:
            entry["points"] = self.face.points.astype(np.float64).round(2).tolist()
        if explain:
            entry["explanation"] = self.explanation()
        return entry


def _named(measures: np.ndarray) -> dict[str, float]:
    """Return measures by their names, with the decimals of tables."""
    return {
        each.name: round(value, each.decimals)
        for each, value in zip(MEASURES, measures.tolist(), strict=True)
    }


@dataclass(frozen=True)
class _KnownExplanation:
    """An explanation that was computed, for a process without the model."""

    contributions: dict[str, float]

    def __call__(self) -> dict[str, float]:
        return dict(self.contributions)


def _no_explanation() -> dict[str, float]:
    """Raise, in place of an explanation that was not computed before the model was left."""
    raise RuntimeError("this prediction came without its explanations; ask for them with the photo")


@dataclass(frozen=True)
class ImagePrediction:
    """The prediction for an image: its faces, or the reason why there are none.

    Attributes
    ----------
    faces : list of FacePrediction
    reason : str
        ``""``, or `landmarks.images.Reason.NO_FACE` where no face was found.
    model : str
        Name of the bundle that answered.
    width, height : int
        Of the upright image, in pixels.
    """

    faces: list[FacePrediction]
    reason: str
    width: int
    height: int
    model: str

    def explained(self) -> "ImagePrediction":
        """Return the prediction with every explanation computed, fit for another process."""
        faces = [
            replace(face, _explain=_KnownExplanation(face.explanation())) for face in self.faces
        ]
        return replace(self, faces=faces)

    def unexplained(self) -> "ImagePrediction":
        """Return the prediction without explanations, which take longest, for another process."""
        faces = [replace(face, _explain=_no_explanation) for face in self.faces]
        return replace(self, faces=faces)

    def relative_to(self, neutral_measures: np.ndarray) -> "ImagePrediction":
        """Return the prediction with the measures of the person's neutral face."""
        faces = [replace(face, neutral_measures=neutral_measures) for face in self.faces]
        return replace(self, faces=faces)

    def to_json(self, name: str, points: bool = False, explain: bool = False) -> dict[str, Any]:
        """Return the element of ``images`` that the commands and the API answer with.

        Parameters
        ----------
        name : str
            The photo as the user named it.
        points : bool, default False
            Whether each face brings its 468 points, x, y and z in pixels with two decimals.
        explain : bool, default False
            Whether each face brings its ``explanation``: region -> signed change of the confidence.

        Returns
        -------
        dict
            ``image``, ``model``, ``width``, ``height``, ``faces`` and ``reason``.
        """
        faces = [found.to_json(points, explain) for found in self.faces]
        return {
            "image": name,
            "model": self.model,
            "width": self.width,
            "height": self.height,
            "faces": faces,
            "reason": self.reason,
        }
