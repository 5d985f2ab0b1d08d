"""Tell a drawn face from a photographed one: smileys, cartoons, animals, robots and dolls.

The detector and Face Mesh take most drawn faces for faces, and their meshes are as steady as those
of people. What differs is how grey levels change within the crop: a linear classifier on histograms
of oriented gradients (Dalal and Triggs 2005) tells them apart, also kinds of drawings that it has
not seen. `classifiers.experiments.drawing_filter` fits it.
"""

from functools import cache
from pathlib import Path

import cv2
import numpy as np

from landmarks.face_crop import SIDE

WEIGHTS = Path(__file__).with_name("drawings.npy")
"""Weights of the gradients' histogram, then the bias, float16."""

_CELL, _ORIENTATIONS = 8, 9


def hog(crop: np.ndarray) -> np.ndarray:
    """Return the histogram of oriented gradients of a crop.

    Parameters
    ----------
    crop : ndarray of uint8, shape (SIDE, SIDE)
        From `landmarks.face_crop.face_crop`.

    Returns
    -------
    ndarray of float32, shape (1296,)
        Blocks of two by two cells of 8 pixels, each normalised.
    """
    return np.asarray(_descriptor().compute(crop), dtype=np.float32)


def is_drawing(crop: np.ndarray) -> bool:
    """Tell whether the crop of a face, uint8 (SIDE, SIDE), shows a drawn one."""
    weights = _weights()
    return bool(hog(crop) @ weights[:-1] + weights[-1] > 0)


@cache
def _descriptor() -> cv2.HOGDescriptor:
    cell, block = (_CELL, _CELL), (2 * _CELL, 2 * _CELL)
    return cv2.HOGDescriptor((SIDE, SIDE), block, cell, cell, _ORIENTATIONS)


@cache
def _weights() -> np.ndarray:
    return np.load(WEIGHTS, allow_pickle=False).astype(np.float32)
