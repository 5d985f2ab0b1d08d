"""Cut crops of an image for networks, each with the affine transform back to the image.

Coordinates count from the top left corner of the top left pixel, as MediaPipe's do, so that
mirroring x is w - x.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

DETECTOR_SIDE = 192
"""Longer side in pixels of what the detector is shown: the side of its network's input."""

FACE_RADIUS = 14.5
"""Radius in pixels at which Face Mesh sees a face: that of FER2013's faces, the median of 48 / 3.3.

Larger faces are shrunk to it and enlarged again, because Face Mesh places the points of a sharp
image otherwise than those of a blurred one. A classifier that learned from FER2013's meshes reads
posed photographs of 256 pixels rightly in 40 % of the cases as they are, and in 48 % at this scale;
radii of 9 to 17 pixels differ by no more than chance does.
"""

TIGHT_SIDE = 128
"""Shorter side in pixels below which an image is first taken for a tight crop."""

TIGHT_CROP_SIDE = 48
"""Longer side in pixels to which a tight crop is shrunk: its face then has about `FACE_RADIUS`."""

CROP_SIDE = 256
"""Side in pixels of the square crop that the mesh is found on."""


@dataclass(frozen=True)
class Crop:
    """Pixels for a network, uint8 (h, w, 3), and the float (2, 3) similarity to the image."""

    pixels: np.ndarray
    matrix: np.ndarray

    def to_image(self, points: np.ndarray) -> np.ndarray:
        """Take points (..., 2 or 3) of the crop to the image; z is scaled, not moved."""
        scale = np.hypot(self.matrix[0, 0], self.matrix[1, 0])
        xy = points[..., :2] @ self.matrix[:, :2].T + self.matrix[:, 2]
        return np.concatenate([xy, points[..., 2:] * scale], axis=-1)


def is_tight(image: np.ndarray) -> bool:
    """Tell whether an image (height, width, 3) is first taken for a tight crop."""
    shorter, longer = sorted(image.shape[:2])
    return shorter < TIGHT_SIDE and longer <= 2 * TIGHT_SIDE


def padded(image: np.ndarray, size: int, border: float, grey: int) -> Crop:
    """Show a tight crop at the scale of `FACE_RADIUS`, with a grey border around it.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
    size : int
        Longer side in pixels that the image is enlarged to (cubic).
    border : float
        Width of the border as a share of ``size``.
    grey : int
        Value of the border, 0..255.
    """
    scale = size / max(image.shape[:2])
    edge = int(size * border)
    shrink = TIGHT_CROP_SIDE / max(image.shape[:2])
    small = _resized(image, shrink, cv2.INTER_AREA) if shrink < 1 else image
    height, width = (max(1, round(length * scale)) for length in image.shape[:2])
    enlarged = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    pixels = cv2.copyMakeBorder(
        enlarged, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(grey,) * 3
    )
    return Crop(pixels, np.array([[1, 0, -edge], [0, 1, -edge]]) / scale)


def search_copy(image: np.ndarray) -> Crop:
    """Shrink a large image to a shorter side of two `DETECTOR_SIDE`, so that tiles are cheap."""
    shrink = 2 * DETECTOR_SIDE / min(image.shape[:2])
    if shrink > 0.5:  # shrinking it once would take longer than it saves
        return Crop(image, np.eye(2, 3))
    return Crop(_resized(image, shrink, cv2.INTER_AREA), np.eye(2, 3) / shrink)


def whole(copy: Crop, quarters: int) -> Crop:
    """Show all of a search copy to the detector, turned left by so many quarters."""
    height, width = copy.pixels.shape[:2]
    return _turned_cut(copy, 0, 0, width, height, quarters)


def tiles(copy: Crop, share: float, quarters: int) -> Iterator[Crop]:
    """Show a search copy to the detector in squares that overlap by half.

    Parameters
    ----------
    copy : Crop
        From `search_copy`.
    share : float, 0..1
        Side of a square over the shorter side of the image.
    quarters : int
        Quarters that each square is turned left by.
    """
    height, width = copy.pixels.shape[:2]
    side = max(1, round(min(height, width) * share))
    for top in _starts(height, side):
        for left in _starts(width, side):
            yield _turned_cut(copy, left, top, side, side, quarters)


def upright_crop(
    image: np.ndarray,
    centre: np.ndarray,
    side: float,
    roll: float,
    radius: float = 0.0,
) -> Crop:
    """Cut a square out, turned so that a face rolled by ``roll`` stands upright.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
    centre : ndarray, shape (2,)
        Middle of the square, x and y in pixels.
    side : float
        Side of the square in pixels of the image.
    roll : float
        Radians from the image's x axis to the face's, positive when its eye line falls to the
        right.
    radius : float, default 0
        Radius of the face in pixels of the image. A face larger than `FACE_RADIUS` is shown at
        that scale; by default the crop is as sharp as the image.

    Returns
    -------
    Crop
        ``CROP_SIDE`` pixels square; black where the square leaves the image.
    """
    shown = round(side * FACE_RADIUS / radius) if radius > FACE_RADIUS else CROP_SIDE
    pixels = square_cut(image, _square(centre, side / shown, roll, shown), shown)
    if shown != CROP_SIDE:
        pixels = cv2.resize(pixels, (CROP_SIDE, CROP_SIDE), interpolation=cv2.INTER_CUBIC)
    return Crop(pixels, _square(centre, side / CROP_SIDE, roll, CROP_SIDE))


def _square(centre: np.ndarray, step: float, roll: float, side: int) -> np.ndarray:
    """Return the (2, 3) similarity from a square of ``side`` pixels, each ``step`` wide."""
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]]) * step
    return np.column_stack([turn, centre - turn @ np.full(2, side / 2)])


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
        # A turned square extends further from its middle than half its side.
        radius = side / 2 * np.abs(matrix[0, :2]).sum()
        source, to_source = _averaged_cut(image, centre, radius + 2 * step, step)
    warp = (to_source @ np.vstack([matrix, [0, 0, 1]]))[:2]
    # OpenCV counts from the middle of the first pixel.
    warp[:, 2] += warp[:, :2] @ np.full(2, 0.5) - 0.5
    way = (cv2.INTER_CUBIC if step < 1 else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(source, warp, (side, side), flags=way, borderMode=border)


def _averaged_cut(
    image: np.ndarray, centre: np.ndarray, radius: float, shrink: float
) -> tuple[np.ndarray, np.ndarray]:
    """Cut the surroundings of a point out and shrink them; return the (3, 3) matrix to them."""
    limit = np.array(image.shape[1::-1])
    low = np.clip(np.floor(centre - radius), 0, limit - 1).astype(int)
    high = np.clip(np.ceil(centre + radius), low + 1, limit).astype(int)
    cut = image[low[1] : high[1], low[0] : high[0]]
    small = _resized(cut, 1 / shrink, cv2.INTER_AREA)
    scale = np.array(small.shape[1::-1]) / (high - low)
    to_small = np.diag([*scale, 1.0])
    to_small[:2, 2] = -low * scale
    return small, to_small


def _turned_cut(copy: Crop, left: int, top: int, width: int, height: int, quarters: int) -> Crop:
    """Cut a rectangle out, bring it to ``DETECTOR_SIDE`` and turn it."""
    scale = DETECTOR_SIDE / max(width, height)
    small = copy.pixels[top : top + height, left : left + width]
    if scale < 0.5 and min(width, height) > 1:
        # Halved, then interpolated: as good for the detector, in a third of the time.
        small = cv2.resize(small, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
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
    # A search copy is only scaled: its matrix has one number.
    return Crop(np.ascontiguousarray(np.rot90(small, quarters)), matrix * copy.matrix[0, 0])


def _resized(image: np.ndarray, scale: float, way: int) -> np.ndarray:
    height, width = image.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # OpenCV halves pixels ten times as fast as it shrinks them by another factor.
    while (
        way == cv2.INTER_AREA
        and image.shape[1] >= 2 * size[0]
        and not np.any(np.mod(image.shape[:2], 2))
    ):
        image = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=way)
    return cv2.resize(image, size, interpolation=way)


def _starts(length: int, side: int) -> np.ndarray:
    """Return the evenly spaced starts of the fewest intervals that overlap by half or more."""
    count = 1 + int(np.ceil(max(0, length - side) / (side / 2)))
    return np.rint(np.linspace(0, length - side, count)).astype(int)
