"""What a network is shown of an image, and the way back from its points to the image's.

Every picture carries the similarity that takes its coordinates to the image's. Coordinates count
from the top left corner of the top left pixel, as MediaPipe's do, so that mirroring x is w - x.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

LOOK_SIDE = 384
"""Longer side in pixels of what the detector is shown: twice what its network sees."""

CROP_SIDE = 256
"""Side in pixels of the square crop that the mesh is found on."""

TILE = 0.5
"""Side of a tile over the image's shorter side: doubles the smallest face that is found."""


@dataclass(frozen=True)
class Picture:
    """Pixels for a network: uint8 (h, w, 3), with the float (2, 3) matrix to the image."""

    pixels: np.ndarray
    matrix: np.ndarray

    def to_image(self, points: np.ndarray) -> np.ndarray:
        """Take (..., 2 or 3) points of the picture to the image; z is scaled, not moved."""
        scale = np.hypot(self.matrix[0, 0], self.matrix[1, 0])
        xy = points[..., :2] @ self.matrix[:, :2].T + self.matrix[:, 2]
        return np.concatenate([xy, points[..., 2:] * scale], axis=-1)


def padded(image: np.ndarray, size: int, border: float, grey: int) -> Picture:
    """Bring the longer side to ``size`` (cubic) and put a grey border around, a share of it."""
    scale = size / max(image.shape[:2])
    edge = int(size * border)
    enlarged = _resized(image, scale, cv2.INTER_CUBIC)
    pixels = cv2.copyMakeBorder(
        enlarged, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(grey,) * 3
    )
    return Picture(pixels, np.array([[1, 0, -edge], [0, 1, -edge]]) / scale)


def whole(image: np.ndarray, quarters: int) -> Picture:
    """Show all of the image, turned left by so many quarters."""
    height, width = image.shape[:2]
    return _turned_cut(image, 0, 0, width, height, quarters)


def tiles(image: np.ndarray, quarters: int) -> Iterator[Picture]:
    """Show the image in squares that overlap by half, each turned left by so many quarters."""
    height, width = image.shape[:2]
    side = max(1, round(min(height, width) * TILE))
    for top in _starts(height, side):
        for left in _starts(width, side):
            yield _turned_cut(image, left, top, side, side, quarters)


def upright_crop(image: np.ndarray, centre: np.ndarray, side: float, roll: float) -> Picture:
    """Cut the square about ``centre`` out, turned so that a face rolled by ``roll`` stands.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
    centre : ndarray, shape (2,)
        x and y in pixels.
    side : float
        Side of the square in pixels of the image.
    roll : float
        Radians from the image's x axis to the face's, positive when its eye line falls to the
        right.

    Returns
    -------
    Picture
        ``CROP_SIDE`` pixels square; black where the square leaves the image.
    """
    step = side / CROP_SIDE
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]]) * step
    matrix = np.column_stack([turn, centre - turn @ np.full(2, CROP_SIDE / 2)])
    return Picture(square_cut(image, matrix, CROP_SIDE), matrix)


def square_cut(
    image: np.ndarray, matrix: np.ndarray, side: int, border: int = cv2.BORDER_CONSTANT
) -> np.ndarray:
    """Resample a square of an image, averaging where it is made smaller.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
    matrix : ndarray of float, shape (2, 3)
        The similarity that takes coordinates of the square to the image's.
    side : int
        Side of the square in its own pixels.
    border : int, default cv2.BORDER_CONSTANT
        What OpenCV puts where the square leaves the image; black by default.

    Returns
    -------
    ndarray of uint8, shape (side, side, 3)
    """
    step = np.hypot(matrix[0, 0], matrix[1, 0])
    # A much larger face is averaged down first: interpolation alone would skip pixels.
    source, to_source = image, np.eye(3)
    if step > 2:
        centre = matrix @ (side / 2, side / 2, 1)
        source, to_source = _averaged_cut(image, centre, side * step, step)
    warp = (to_source @ np.vstack([matrix, [0, 0, 1]]))[:2]
    # OpenCV counts from the middle of the first pixel.
    warp[:, 2] += warp[:, :2] @ np.full(2, 0.5) - 0.5
    way = (cv2.INTER_CUBIC if step < 1 else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(source, warp, (side, side), flags=way, borderMode=border)


def _averaged_cut(
    image: np.ndarray, centre: np.ndarray, side: float, shrink: float
) -> tuple[np.ndarray, np.ndarray]:
    """Cut the surroundings of a square out and shrink them; return the (3, 3) matrix to them."""
    limit = np.array(image.shape[1::-1])
    reach = side * 0.75  # a turned square reaches .71 sides from its centre
    low = np.clip(np.floor(centre - reach), 0, limit - 1).astype(int)
    high = np.clip(np.ceil(centre + reach), low + 1, limit).astype(int)
    cut = image[low[1] : high[1], low[0] : high[0]]
    small = _resized(cut, 1 / shrink, cv2.INTER_AREA)
    scale = np.array(small.shape[1::-1]) / (high - low)
    to_small = np.diag([*scale, 1.0])
    to_small[:2, 2] = -low * scale
    return small, to_small


def _turned_cut(
    image: np.ndarray, left: int, top: int, width: int, height: int, quarters: int
) -> Picture:
    """Cut a rectangle out, bring it to ``LOOK_SIDE`` and turn it."""
    scale = LOOK_SIDE / max(width, height)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = _resized(image[top : top + height, left : left + width], scale, way)
    h, w = small.shape[:2]
    # Turned points back to the small cut: (x, y) -> for each quarter to the left.
    back = {
        0: [[1, 0, 0], [0, 1, 0]],
        1: [[0, -1, w], [1, 0, 0]],
        2: [[-1, 0, w], [0, -1, h]],
        3: [[0, 1, 0], [-1, 0, h]],
    }[quarters]
    matrix = np.array(back, dtype=float) / scale
    matrix[:, 2] += (left, top)
    return Picture(np.ascontiguousarray(np.rot90(small, quarters)), matrix)


def _resized(image: np.ndarray, scale: float, way: int) -> np.ndarray:
    height, width = image.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=way)


def _starts(length: int, side: int) -> np.ndarray:
    """Return the evenly spaced starts of the fewest intervals that overlap by half or more."""
    count = 1 + int(np.ceil(max(0, length - side) / (side / 2)))
    return np.rint(np.linspace(0, length - side, count)).astype(int)
