"""Pack what a worker sends the server as bytes: JSON, a newline, then points and picture.

No pickle: a worker decodes untrusted input, so nothing it sends may run in the server.
"""

import json
from typing import Any

import numpy as np

from classifiers.inference.predictor import FacePrediction, ImagePrediction
from landmarks.detection.detector import Face
from landmarks.mesh import N_POINTS
from landmarks.quality import Quality
from web.errors import ApiError
from web.inference.service import Result

READY = b"ready"
"""A worker's first message, once it has loaded its bundle; another one says why it can't."""

_POINTS = np.dtype(("<f4", (N_POINTS, 3)))


def pack(result: Result) -> bytes:
    """Return a result as bytes, without the crops of test-time augmentation.

    Returns
    -------
    bytes
        See `unpack`.
    """
    prediction = result.prediction
    head = {
        "seconds": result.seconds,
        "reason": prediction.reason,
        "size": [prediction.width, prediction.height],
        "model": prediction.model,
        "faces": [
            [
                *(face.expression, face.second, face.confidences, face.uncertain),
                *(face.quality, face.explanation()),
            ]
            for face in prediction.faces
        ],
    }
    points = [face.face.points.astype("<f4").tobytes() for face in prediction.faces]
    return b"".join([json.dumps(head).encode(), b"\n", *points, result.picture])


def pack_error(reason: str) -> bytes:
    """Return the reason of an `ApiError` as bytes."""
    return json.dumps({"error": reason}).encode()


def unpack(message: bytes) -> Result:
    """Return the result that a worker sent.

    Parameters
    ----------
    message : bytes
        From `pack` or `pack_error`.

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
    faces = [_face(row, *fields) for row, fields in zip(rows, head["faces"], strict=True)]
    width, height = head["size"]
    prediction = ImagePrediction(faces, head["reason"], width, height, head["model"])
    return Result(prediction, rest[rows.nbytes :], head["seconds"])


def _face(
    points: np.ndarray,
    expression: str,
    second: str,
    confidences: dict[str, float],
    uncertain: bool,
    quality: list[Any],
    contributions: dict[str, float],
) -> FacePrediction:
    """Return the prediction of one face, whose explanation is known."""
    return FacePrediction(
        *(Face(points.astype(np.float32)), expression, second, confidences, uncertain),
        Quality(*quality),
        _explain=lambda: dict(contributions),
    )
