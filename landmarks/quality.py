"""Say how well a face is seen: its size, sharpness and brightness, and whether it is cut off."""

from typing import NamedTuple

import cv2
import numpy as np

from landmarks.detection.detector import Face

SHARPNESS_HEIGHT = 128
"""Height in pixels to which a face is scaled before its sharpness is measured."""


class Quality(NamedTuple):
    """How well a face is seen.

    Attributes
    ----------
    clipped_box : tuple of int
        Left, top, width and height of the part of the box that is in the image, in pixels.
    clipped : bool
        Whether the box reaches out of the image.
    face_share : float
        Height of the box over that of the image.
    score, dispersion : float or None
        See `landmarks.detection.detector.Face`.
    sharpness : float
        Variance of the Laplacian of the grey levels (Pech-Pacheco et al. 2000, "Diatom
        autofocusing in brightfield microscopy") of the clipped box, scaled to a height of
        `SHARPNESS_HEIGHT`, so that a small face counts as blurred.
    brightness : float, 0..255
        Mean grey level of the clipped box.
    """

    clipped_box: tuple[int, int, int, int]
    clipped: bool
    face_share: float
    score: float | None
    dispersion: float | None
    sharpness: float
    brightness: float


def quality_of(image: np.ndarray, face: Face) -> Quality:
    """Return how well a face is seen in its image.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    face : Face
        In pixels of the image.
    """
    box = _clipped(face.box, image.shape[1], image.shape[0])
    x, y, width, height = box
    # One pixel at least: a mesh may lie beside the image as a whole.
    x, y = min(x, image.shape[1] - 1), min(y, image.shape[0] - 1)
    grey = cv2.cvtColor(image[y : y + max(height, 1), x : x + max(width, 1)], cv2.COLOR_RGB2GRAY)
    return Quality(
        clipped_box=box,
        clipped=box != face.box,
        face_share=round(face.box[3] / image.shape[0], 4),
        score=None if face.score is None else round(face.score, 4),
        dispersion=None if face.dispersion is None else round(face.dispersion, 4),
        sharpness=round(_sharpness(grey), 1),
        brightness=round(float(grey.mean()), 1),
    )


def _clipped(box: tuple[int, int, int, int], width: int, height: int) -> tuple[int, int, int, int]:
    """Return the part of a box that is in an image."""
    left, right = (min(max(x, 0), width) for x in (box[0], box[0] + box[2]))
    top, bottom = (min(max(y, 0), height) for y in (box[1], box[1] + box[3]))
    return left, top, right - left, bottom - top


def _sharpness(grey: np.ndarray) -> float:
    """Return the variance of the Laplacian of grey levels (h, w) at one height."""
    scale = SHARPNESS_HEIGHT / grey.shape[0]
    size = max(1, round(grey.shape[1] * scale)), SHARPNESS_HEIGHT
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return float(cv2.Laplacian(cv2.resize(grey, size, interpolation=how), cv2.CV_64F).var())
