"""Compose photos of composite faces and scikit-image's images.

The boxes of the faces are known, so that misses and false positives can be counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import skimage.data

from classifiers.experiments.non_faces import example_image

BACKGROUNDS = ("brick", "cat", "coffee", "coins", "grass", "gravel", "hubble_deep_field", "rocket")
"""Images in scikit-image's wheel that show nobody, for the background."""

SIZE = (640, 480)
"""Width and height of a photo in pixels."""

KINDS = {
    "face 32 px high": (32, 0),
    "48 px": (48, 0),
    "80 px": (80, 0),
    "140 px": (140, 0),
    "240 px": (240, 0),
    "140 px, turned by 30°": (140, 30),
    "140 px, turned by 60°": (140, 60),
    "140 px, on its side": (140, 90),
    "140 px, upside down": (140, 180),
}
"""Height in pixels of the face's mesh, and degrees that it is rotated by to either side."""

NOBODY, PORTRAIT = "nobody", "portrait of an astronaut"

MAX_TILT = 8.0
"""Degrees of a random rotation of each face, beside that of its kind."""

RADIUS, EDGE = 0.62, 0.12
"""Radius of what is pasted and width of its soft edge, in sizes of the mesh."""


@dataclass(frozen=True)
class Photo:
    """An image and the boxes of its faces.

    Attributes
    ----------
    kind : str
    pixels : ndarray of uint8, shape (h, w, 3)
        RGB.
    boxes : ndarray of float, shape (n, 4), or None
        Left, top, right and bottom of the faces in pixels; None for one face at an unknown place.
    """

    kind: str
    pixels: np.ndarray
    boxes: np.ndarray | None


def whole_photos(
    faces: Sequence[tuple[np.ndarray, np.ndarray]], count: int, seed: int
) -> Iterator[Photo]:
    """Make photos of each of `KINDS`, then yield the backgrounds and a portrait as they are.

    Parameters
    ----------
    faces : sequence of (image, points)
        Tight crops, RGB uint8 (h, w, 3), and the mesh (468, 3) of the face in each.
    count : int
        Photos of each kind.
    seed : int
        Of faces, places and rotations.
    """
    rng = np.random.default_rng(seed)
    for kind, (height, degrees) in KINDS.items():
        for number in range(count):
            image, points = faces[rng.integers(len(faces))]
            turn = rng.choice([-1, 1]) * degrees + rng.uniform(-MAX_TILT, MAX_TILT)
            pixels = _background(BACKGROUNDS[number % len(BACKGROUNDS)])
            box = _paste(pixels, image, points, height, turn, rng)
            yield Photo(kind, pixels, box[None])
    for name in BACKGROUNDS:
        yield Photo(NOBODY, _background(name), np.empty((0, 4)))
    yield Photo(PORTRAIT, skimage.data.astronaut(), None)


def _background(name: str) -> np.ndarray:
    """Return an image of scikit-image's in a photo's size, RGB."""
    return cv2.resize(example_image(name), SIZE, interpolation=cv2.INTER_AREA)


def _paste(
    pixels: np.ndarray,
    image: np.ndarray,
    points: np.ndarray,
    height: int,
    degrees: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Put a face somewhere on a photo, and return the box (4,) of its mesh there."""
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    middle, scale = (low + high) / 2, height / (high - low)[1]
    room = np.minimum(0.7 * height, np.array(SIZE) / 2)
    matrix = cv2.getRotationMatrix2D(middle.tolist(), degrees, scale)
    matrix[:, 2] += rng.uniform(room, SIZE - room) - middle
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    radius = np.hypot(*((np.stack([x, y], axis=-1) - middle) / (high - low)).T).T
    mask = np.clip((RADIUS - radius) / EDGE, 0, 1)  # none of it beyond, all of it well within
    shrunk = cv2.warpAffine(image, matrix, SIZE, flags=cv2.INTER_AREA)
    share = cv2.warpAffine(mask, matrix, SIZE)[..., None]
    pixels[:] = np.rint(share * shrunk + (1 - share) * pixels)
    there = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    return np.concatenate([there.min(axis=0), there.max(axis=0)])
