"""What a worker tells the server, as bytes: JSON, a newline, then points and picture as they are.

No pickle: a worker decodes strangers' files, so nothing it sends may run in the server.
"""

import json

import numpy as np

from classifiers.predictor import FaceReading, Reading
from landmarks.detector import Face
from landmarks.mesh import N_POINTS
from web.errors import ApiError
from web.inference.service import Answer

READY = b"ready"
"""A worker's first message, once it has loaded its bundle; another one says why it can't."""

_POINTS = np.dtype(("<f4", (N_POINTS, 3)))


def pack(answer: Answer) -> bytes:
    """Return an answer as bytes; of the faces, the single views stay behind.

    Parameters
    ----------
    answer : Answer

    Returns
    -------
    bytes
        See `unpack`.
    """
    reading = answer.reading
    head = {
        "seconds": answer.seconds,
        "reason": reading.reason,
        "size": [reading.width, reading.height],
        "model": reading.model,
        "faces": [
            [face.expression, face.second, face.confidences, face.unsure, face.explanation()]
            for face in reading.faces
        ],
    }
    points = [face.face.points.astype("<f4").tobytes() for face in reading.faces]
    return b"".join([json.dumps(head).encode(), b"\n", *points, answer.picture])


def pack_error(reason: str) -> bytes:
    """Return the reason of an `ApiError` as bytes."""
    return json.dumps({"error": reason}).encode()


def unpack(message: bytes) -> Answer:
    """Return the answer that a worker sent.

    Parameters
    ----------
    message : bytes
        From `pack` or `pack_error`.

    Returns
    -------
    Answer

    Raises
    ------
    ApiError
        If that is what was sent.
    """
    line, _, rest = message.partition(b"\n")
    head = json.loads(line)
    if "error" in head:
        raise ApiError(head["error"])
    rows = np.frombuffer(rest, _POINTS, len(head["faces"]))
    faces = [_face(row, *said) for row, said in zip(rows, head["faces"], strict=True)]
    reading = Reading(faces, head["reason"], *head["size"], head["model"])
    return Answer(reading, rest[rows.nbytes :], head["seconds"])


def _face(
    points: np.ndarray,
    expression: str,
    second: str,
    confidences: dict[str, float],
    unsure: bool,
    moved: dict[str, float],
) -> FaceReading:
    """Return the reading of one face, whose explanation is known."""
    face = Face(points.astype(np.float32))
    return FaceReading(face, expression, second, confidences, unsure, _explain=lambda: dict(moved))
