"""The unit of work of a feature run: a chunk of image references becomes rows of the table.

A chunk names files by path, so that any machine with the same storage can do it. Each image gives
a row, whatever it holds, with the reason where there is no face.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from data.sources import ImageRef, images_or_errors
from landmarks.detection.detector import shared_detector
from landmarks.detection.registry import Detector
from landmarks.images import ImageError, Reason, pixel_hash


def extract_chunk(refs: Sequence[ImageRef], detector: Detector = "mesh") -> list[dict[str, Any]]:
    """Find the faces of a chunk of images.

    Parameters
    ----------
    refs : sequence of ImageRef
        References into one CSV cost one pass over its beginning, so keep chunks long.
    detector : {"mesh", "mtcnn"}, default "mesh"

    Returns
    -------
    list of dict
        In the order of ``refs``, one row per face, or one for an image without: image, label,
        split, face (from 1 in reading order, 0 without), width, height (0 where unreadable),
        success (1 or 0), reason ("" or a `landmarks.images.Reason`), pixels (hash, ""
        where unreadable) and points (float32 (468, 3) in pixels of the upright image, or None).
    """
    images = images_or_errors(refs)
    return [
        row for ref, image in zip(refs, images, strict=True) for row in _rows(ref, image, detector)
    ]


def _rows(
    ref: ImageRef, image: np.ndarray | ImageError, detector: Detector
) -> Iterator[dict[str, Any]]:
    """Yield an image's rows."""
    known: dict[str, Any] = {"image": ref.image, "label": ref.label, "split": ref.split}
    failed = {"face": 0, "success": 0, "points": None}
    if isinstance(image, ImageError):
        yield known | failed | {"width": 0, "height": 0, "reason": image.reason, "pixels": ""}
        return
    height, width = image.shape[:2]
    known |= {"width": width, "height": height, "pixels": pixel_hash(image)}
    faces = shared_detector(detector).detect(image)
    if not faces:
        yield known | failed | {"reason": Reason.NO_FACE}
    for number, face in enumerate(faces, 1):
        yield known | {"face": number, "success": 1, "reason": "", "points": face.points}
