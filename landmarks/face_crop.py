"""Crop a face to a small grey square, its eyes and mouth at fixed places.

The frame is FER2013's, about: forehead to chin and both cheeks fill it. A margin around what a
classifier takes leaves room to move, turn and scale the face in training.
"""

import cv2
import numpy as np

from landmarks.crops import is_tight, square_cut
from landmarks.denoising import denoised
from landmarks.mesh import CANONICAL

WINDOW = 44
"""Side in pixels of a classifier's input: the middle of a crop."""

SIDE = 56
"""Side of a crop in pixels: the window and a margin of six pixels."""

RADIUS = 14.0
"""Radius of the mean face in a crop, in pixels, so that its 42 pixels of height fit the window."""

MIDDLE = -0.1j
"""Middle of a crop in radii from the middle of the points: a little above, for the forehead."""

WHOLE_SIDE = 3.3
"""Longer side of an image without points in radii: the median of FER2013's, 48 / 14.5."""

WHOLE_MIDDLE = -0.235j
"""Where the middle of such an image lies, the median of FER2013's."""

_CANONICAL = CANONICAL[:, :2].astype(np.float64) @ (1, 1j)


def face_crop(image: np.ndarray, points: np.ndarray | None) -> np.ndarray:
    """Cut a face out, moved, turned and scaled to its fixed place.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.
    points : ndarray of float, shape (468, 3), or None
        The face in pixels of the image, x right, y down. None if no face was found: then the
        whole image is taken for one, as in data sets of faces that are cut out already.

    Returns
    -------
    ndarray of uint8, shape (SIDE, SIDE)
        Grey. Beyond the image its edge is continued. A tight crop is `denoised` first.

    Raises
    ------
    ValueError
        If the points lie in one place.
    """
    matrix = _whole_frame(image) if points is None else _face_frame(points)
    image = denoised(image) if is_tight(image) else image
    pixels = square_cut(image, matrix, SIDE, cv2.BORDER_REPLICATE)
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)


def to_crop(points: np.ndarray) -> np.ndarray:
    """Return where `face_crop` puts points (468, 3) of an image, (468, 2) in pixels of the crop."""
    inverse = cv2.invertAffineTransform(_face_frame(points))
    return points[:, :2] @ inverse[:, :2].T + inverse[:, 2]


def _face_frame(points: np.ndarray) -> np.ndarray:
    """Return the matrix from a crop to the image, by the similarity of least squares.

    Umeyama 1991 in two dimensions, where a similarity is the product with a complex number.
    """
    places = np.asarray(points, dtype=np.float64)[:, :2] @ (1, 1j)
    middle = places.mean()
    centred = places - middle
    sum_of_squares = np.vdot(centred, centred).real
    if sum_of_squares == 0:
        raise ValueError("Expected the points of a face, got 468 points in one place.")
    radii_per_pixel = np.vdot(centred, _CANONICAL - _CANONICAL.mean()) / sum_of_squares
    return _matrix(1 / (RADIUS * radii_per_pixel), middle + MIDDLE / radii_per_pixel)


def _whole_frame(image: np.ndarray) -> np.ndarray:
    """Return the matrix from a crop to an image that is a face as a whole."""
    height, width = image.shape[:2]
    radius = max(height, width) / WHOLE_SIDE
    middle = complex(width, height) / 2 + (MIDDLE - WHOLE_MIDDLE) * radius
    return _matrix(complex(radius / RADIUS), middle)


def _matrix(step: complex, middle: complex) -> np.ndarray:
    """Return z -> middle + step (z - the crop's middle) as a (2, 3) matrix."""
    start = middle - step * complex(SIDE, SIDE) / 2
    return np.array([[step.real, -step.imag, start.real], [step.imag, step.real, start.imag]])
