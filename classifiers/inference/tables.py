"""Tabulate predictions: one schema for the faces of photos, videos and cameras.

A row is a face, or the reason why there is none. Every row has every column; what is missing in it
is None.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from classifiers.inference.predictions import FacePrediction, ImagePrediction
from landmarks.images import Reason
from landmarks.measures import MEASURES
from landmarks.mesh import POINT_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

    from classifiers.inference.video import TrackedFace
    from landmarks.video.reader import Frame

TEXT, INTEGER, NUMBER, TRUTH = "text", "integer", "number", "true or false"
"""What a column holds."""

CONFIDENCE_DECIMALS, POINT_DECIMALS = 6, 3

_DTYPES = {TEXT: "object", INTEGER: "Int64", NUMBER: "float64", TRUTH: "boolean"}


class Column(NamedTuple):
    """What one column holds.

    Attributes
    ----------
    name : str
    kind : str
        `TEXT`, `INTEGER`, `NUMBER` or `TRUTH`.
    meaning : str
    decimals : int
        Of a `NUMBER`.
    """

    name: str
    kind: str
    meaning: str
    decimals: int = 0

    def rounded(self, value: Any) -> Any:
        """Return a value with the column's decimals, None for a number that is none."""
        if self.kind != NUMBER or value is None:
            return value
        return None if value != value else round(float(value), self.decimals) + 0.0  # no -0.0


PLACE = (
    Column("image", TEXT, "the photo or the video as you named it"),
    Column("image_width", INTEGER, "its width in pixels, upright"),
    Column("image_height", INTEGER, "its height in pixels, upright"),
    Column("frame", INTEGER, "number of the video's frame, from 1; empty for a photo"),
    Column("timestamp", NUMBER, "seconds from the video's start; empty for a photo", 3),
    Column("face", INTEGER, "number of the face, in a video its track; 0 in a row without a face"),
    Column("success", INTEGER, "1 if the row has a face, else 0"),
    Column("reason", TEXT, "empty, `no-face`, or why the image cannot be read"),
)
"""Where and when: the columns that every row fills as far as it can."""

EXPRESSION = (
    Column("expression", TEXT, "the most probable class"),
    Column("expression_confidence", NUMBER, "its confidence, from 0 to 1", CONFIDENCE_DECIMALS),
    Column("uncertain", TRUTH, "whether this confidence is below the threshold"),
)

QUALITY = (
    Column("x", INTEGER, "left side of the face's box; negative where it reaches out of the image"),
    Column("y", INTEGER, "its top"),
    Column("width", INTEGER, "its width"),
    Column("height", INTEGER, "its height, that of the face in pixels"),
    Column("clipped", TRUTH, "whether the box reaches out of the image"),
    Column("clipped_x", INTEGER, "left side of the part of the box that is in the image"),
    Column("clipped_y", INTEGER, "its top"),
    Column("clipped_width", INTEGER, "its width"),
    Column("clipped_height", INTEGER, "its height"),
    Column("face_share", NUMBER, "height of the box over that of the image", 4),
    Column("score", NUMBER, "the detector's score, 0 to 1; empty where it was not asked", 4),
    Column("dispersion", NUMBER, "distance of two meshes of the face in radii; empty for one", 4),
    Column("sharpness", NUMBER, "variance of the Laplacian of the face, scaled to 128 pixels", 1),
    Column("brightness", NUMBER, "mean grey level of the face, 0 to 255", 1),
)
"""The box, and how well the face is seen: see `landmarks.quality`."""

COUNTS = (
    Column("expression", TEXT, "the class"),
    Column("count", INTEGER, "how many faces have it"),
    Column("share", NUMBER, "of all faces, from 0 to 1", CONFIDENCE_DECIMALS),
    Column("uncertain", INTEGER, "how many of them are below the threshold"),
)
"""Columns of how often each expression occurs."""


class Schema:
    """The columns of a table of faces, and its rows.

    Parameters
    ----------
    classes : sequence of str
        In the bundle's order.
    changes : bool, default False
        Whether the table has the differences of the measures to those of a neutral face, too.
    points : bool, default False
        Whether the table has the 468 points.

    Attributes
    ----------
    columns : tuple of Column
        `PLACE`, `EXPRESSION`, a confidence a class, `QUALITY`, the measures, and what was asked
        for: their differences, the points.
    names : list of str
    """

    def __init__(self, classes: Sequence[str], changes: bool = False, points: bool = False) -> None:
        self.changes, self.points = changes, points
        measures = [Column(m.name, NUMBER, m.meaning, m.decimals) for m in MEASURES]
        self._face = (
            *EXPRESSION,
            *class_columns(classes),
            *QUALITY,
            *measures,
            *(m._replace(name=f"{m.name}_change") for m in measures if changes),
            *(Column(name, NUMBER, "", POINT_DECIMALS) for name in POINT_COLUMNS if points),
        )
        self.columns = PLACE + self._face
        self.names = [column.name for column in self.columns]

    def photo_rows(
        self, image: str, prediction: ImagePrediction | None, reason: str
    ) -> list[list[Any]]:
        """Return the rows of one photo.

        Parameters
        ----------
        image : str
            The photo as the user named it.
        prediction : ImagePrediction or None
            None where it can't be read.
        reason : str
            ``""``, or the `landmarks.images.Reason` for which there is no face.

        Returns
        -------
        list of list
            A row for each face, or one row with the reason.
        """
        size = (prediction.width, prediction.height) if prediction else (None, None)
        place = [image, *size, None, None]
        return self._rows(place, list(enumerate(prediction.faces if prediction else [], 1)), reason)

    def frame_rows(
        self, video: str, frame: "Frame", faces: Sequence["TrackedFace"]
    ) -> list[list[Any]]:
        """Return the rows of one frame of a video, as `photo_rows` does."""
        height, width = frame.rgb.shape[:2]
        place = [video, width, height, frame.number, frame.seconds]
        return self._rows(place, faces, Reason.NO_FACE)

    def to_frame(self, rows: Iterable[list[Any]]) -> "pd.DataFrame":
        """Return rows as a DataFrame, integers and truth values kept where some are missing."""
        # Only here: serving and the commands do without pandas, which takes a second to load.
        import pandas as pd

        rounded = [
            [column.rounded(value) for value, column in zip(row, self.columns, strict=True)]
            for row in rows
        ]
        frame = pd.DataFrame(rounded, columns=self.names)
        return frame.astype({column.name: _DTYPES[column.kind] for column in self.columns})

    def _rows(
        self, place: list[Any], faces: Sequence[tuple[int, FacePrediction]], reason: str
    ) -> list[list[Any]]:
        """Return the rows of a photo or a frame, whose first values are given."""
        if not faces:
            return [[*place, 0, 0, str(reason), *[None] * len(self._face)]]
        return [[*place, number, 1, "", *self._face_values(found)] for number, found in faces]

    def _face_values(self, found: FacePrediction) -> list[Any]:
        """Return a face's values under the columns behind `PLACE`."""
        quality, measures = found.quality, found.measures
        values = [
            *(found.expression, found.confidences[found.expression], found.uncertain),
            *found.confidences.values(),
            *(*found.face.box, quality.clipped, *quality.clipped_box),
            *(quality.face_share, quality.score, quality.dispersion),
            *(quality.sharpness, quality.brightness),
            *measures,
        ]
        if self.changes:
            values += [None] * len(MEASURES) if found.changes is None else found.changes.tolist()
        if self.points:
            values += np.ravel(found.face.points).tolist()
        return values


def class_columns(classes: Sequence[str]) -> list[Column]:
    """Return a column for each class; one that is called as another column gets ``class_``."""
    taken = {column.name for column in PLACE + EXPRESSION + QUALITY} | {m.name for m in MEASURES}
    return [
        Column(f"class_{name}" if name in taken else name, NUMBER, "", CONFIDENCE_DECIMALS)
        for name in classes
    ]
