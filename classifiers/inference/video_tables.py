"""Tabulate a video's frames, with OpenFace's names for the columns that it has, too.

https://github.com/TadasBaltrusaitis/OpenFace/wiki/Output-Format
"""

from collections.abc import Sequence
from typing import Any

from classifiers.inference.tables import BOX
from classifiers.inference.video import TrackedFace
from landmarks.video.reader import Frame

START = ("frame", "face_id", "timestamp", "confidence", "success", *BOX, "expression", "uncertain")


def columns(classes: Sequence[str]) -> list[str]:
    """Return the names of the columns of every row: those of photos, in OpenFace's order, and more.

    Parameters
    ----------
    classes : sequence of str
        In the bundle's order.

    Returns
    -------
    list of str
        In place of ``image`` and ``face``: ``frame``, its number from 1, ``face_id``, the
        track id, ``timestamp`` in seconds of the video; and ``confidence``, that
        of the ``expression``. The others as `classifiers.inference.tables.columns` describes them.
    """
    return [*START, *classes]


def rows_of(frame: Frame, faces: Sequence[TrackedFace], classes: Sequence[str]) -> list[list[Any]]:
    """Return a row for each face, or one of face 0, success 0 and empty cells without."""
    seconds = round(frame.seconds, 3)
    if not faces:
        nothing = [None] * (len(BOX) + 2 + len(classes))
        return [[frame.number, 0, seconds, 0.0, 0, *nothing]]
    rows = []
    for track_id, found in faces:
        confidence = found.confidences[found.expression]
        values = found.expression, found.uncertain, *found.confidences.values()
        rows.append([frame.number, track_id, seconds, confidence, 1, *found.face.box, *values])
    return rows
