"""Detect faces, and how they are turned, with MediaPipe's detectors."""

from dataclasses import dataclass, replace

import numpy as np

from landmarks import crops
from landmarks.detection.mediapipe_graphs import face_keypoints

MIN_CONVINCING_SCORE = 0.75
"""Of 300 images without a face (noise, textures, parts of photographs) none has a mesh from a
detection above 0.7; of composites pasted into photos 80 % score higher than 0.74."""

SIDE_IN_RADII = 3.1
"""Side of a detection over the radius of the face in it, the median of posed photographs."""

SHORT_RANGE_SCALE = 3.1 / 2.8
"""Side of a detection of full range over one of short range of the same face."""


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
        """Score, less for a face that lies on its side in the crop that the network saw."""
        return self.score * max(np.cos(self.tilt), 0.05)

    @property
    def box(self) -> np.ndarray:
        """Left, top, right and bottom of the face, see `landmarks.boxes`."""
        half = self.side / 2
        return np.concatenate([self.centre - half, self.centre + half])

    @property
    def radius(self) -> float:
        """Radius of the face in pixels of the image, about."""
        return self.side / SIDE_IN_RADII

    @property
    def is_upright(self) -> bool:
        """Tell whether the face stands upright in the image."""
        return self.quarters == 0 and abs(self.tilt) < np.pi / 4

    @property
    def is_convincing(self) -> bool:
        """Tell whether the detection needs no check by further crops, nor a search further on."""
        return self.score >= MIN_CONVINCING_SCORE and abs(self.roll) < np.pi / 5


def detect(crop: crops.Crop, quarters: int) -> list[Detection]:
    """Detect the faces of a crop that is turned left by so many quarters, in the image's pixels."""
    return [_as_detection(crop, quarters, *found) for found in face_keypoints(crop.pixels)]


def detect_large(crop: crops.Crop) -> list[Detection]:
    """Detect the large upright faces of a crop, in a third of the time that `detect` takes."""
    found = face_keypoints(crop.pixels, short_range=True)
    detections = [_as_detection(crop, 0, *one) for one in found]
    return [replace(one, side=one.side * SHORT_RANGE_SCALE) for one in detections]


def _as_detection(
    crop: crops.Crop,
    quarters: int,
    score: float,
    corners: np.ndarray,
    keypoints: np.ndarray,
) -> Detection:
    """Take a detection to the image and read the roll off its eyes and mouth."""
    low, high = crop.to_image(corners)
    return Detection(
        score=score,
        centre=(low + high) / 2,
        side=float(np.abs(high - low).max()),
        roll=roll_of(crop.to_image(keypoints)),
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
