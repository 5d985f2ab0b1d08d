"""Where the full-range detector sees faces, and how they are turned."""

from dataclasses import dataclass

import cv2
import numpy as np

from landmarks import framing
from landmarks.graphs import face_keypoints

CONVINCING_SCORE = 0.85


@dataclass(frozen=True, eq=False)  # each is itself alone, and can be a key
class Detection:
    """Where the detector sees a face: centre (2,) and side in pixels, roll in radians."""

    score: float
    centre: np.ndarray
    side: float
    roll: float
    quarters: int
    tilt: float

    @property
    def rank(self) -> float:
        """Score, less for a face that lies on its side in the picture that the network saw."""
        return self.score * max(np.cos(self.tilt), 0.05)

    @property
    def is_convincing(self) -> bool:
        """Tell whether a detection on the upright image needs no look at the turned ones."""
        return self.score >= CONVINCING_SCORE and abs(self.roll) < np.pi / 5


def detect(picture: framing.Picture, quarters: int) -> list[Detection]:
    """Return what the detector sees on a picture and on its mirror image, in the image's pixels."""
    width = picture.pixels.shape[1]
    seen = face_keypoints(picture.pixels)
    flipped = face_keypoints(cv2.flip(picture.pixels, 1))
    for score, corners, keypoints in flipped:
        turned = np.array([width, 0]) + [-1, 1] * keypoints[[1, 0, 2, 3]]
        seen.append((score, np.array([width, 0]) + [-1, 1] * corners, turned))
    return [_as_detection(picture, quarters, *one) for one in seen]


def _as_detection(
    picture: framing.Picture,
    quarters: int,
    score: float,
    corners: np.ndarray,
    keypoints: np.ndarray,
) -> Detection:
    """Take a detection to the image and read the roll off its eyes and mouth."""
    low, high = picture.to_image(corners)
    return Detection(
        score=score,
        centre=(low + high) / 2,
        side=float(np.abs(high - low).max()),
        roll=roll_of(picture.to_image(keypoints)),
        quarters=quarters,
        tilt=roll_of(keypoints),
    )


def roll_of(keypoints: np.ndarray) -> float:
    """Return a face's roll in radians from its right eye, left eye, nose and mouth (4, 2).

    The eye line alone shortens as the head turns aside; the line from the eyes to the mouth,
    turned by a quarter, stands in for it then.
    """
    right_eye, left_eye, _, mouth = keypoints
    down = mouth - (right_eye + left_eye) / 2
    along = left_eye - right_eye + [down[1], -down[0]]
    return float(np.arctan2(along[1], along[0]))
