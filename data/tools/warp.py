"""Warping a picture of a face onto a given mesh, triangle by triangle."""

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import ConvexHull, Delaunay

from landmarks.mesh import CANONICAL

SIDE = 160
"""Width and height of a warped picture in pixels."""

FACE_HEIGHT = 0.665
"""Height of the face's mesh as a part of `SIDE`; with less around it detectors miss some."""

RING = 1.3
"""How far outside the mesh's outline the ring lies, as a multiple of the outline's radius."""

FEATHER = 0.04
"""Width of the border's fade as a part of `SIDE`."""


def mean_shape(points: np.ndarray) -> np.ndarray:
    """Return the mean of faces after moving, scaling and turning each in the picture's plane.

    Parameters
    ----------
    points : ndarray, shape (n, 468, 3)
        Meshes in pixels.

    Returns
    -------
    ndarray, shape (468, 2)
        x and y in pixels of a picture of `SIDE` x `SIDE`, the face in its middle.
    """
    flat = points[..., :2] - points[..., :2].mean(axis=1, keepdims=True)
    source = flat @ np.array([1, 1j])
    target = CANONICAL[:, :2] @ np.array([1, 1j])
    # In the plane a turn and a scale are one complex factor: least squares in closed form.
    factor = (source.conj() @ target) / np.sum(np.abs(source) ** 2, axis=1)
    mean = np.mean(source * factor[:, None], axis=0)
    shape = np.stack([mean.real, mean.imag], axis=1)
    low, high = shape.min(axis=0), shape.max(axis=0)
    return (shape - (low + high) / 2) * (FACE_HEIGHT * SIDE / (high - low)[1]) + SIDE / 2


class Warp:
    """A piecewise affine warp onto one mesh, prepared once for many pictures.

    Parameters
    ----------
    target : ndarray, shape (468, 2)
        Where the points come to lie, in pixels of a picture of `SIDE` x `SIDE`.

    Attributes
    ----------
    weight : ndarray, shape (SIDE, SIDE)
        1 on the face, fading to 0 at the ring around it.
    inside : ndarray of bool, shape (SIDE, SIDE)
        Where the face outweighs what is around it.
    """

    def __init__(self, target: np.ndarray) -> None:
        self._outline = ConvexHull(target).vertices
        ringed = self._with_ring(target)
        mesh = Delaunay(ringed)
        centres = np.stack(np.meshgrid(*[np.arange(SIDE) + 0.5] * 2), axis=-1).reshape(-1, 2)
        triangle = mesh.find_simplex(centres)
        self._corners = mesh.simplices[triangle]
        affine = mesh.transform[triangle]
        first_two = np.einsum("nij,nj->ni", affine[:, :2], centres - affine[:, 2])
        self._barycentric = np.column_stack([first_two, 1 - first_two.sum(axis=1)])
        self._barycentric[triangle < 0] = (1, 0, 0)
        self.weight = _feathered(ringed[len(target) :])
        self.inside = self.weight > 0.5

    def __call__(self, image: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Warp a grey picture whose mesh is `points`.

        Parameters
        ----------
        image : ndarray of float32, shape (h, w)
            The picture; beyond its border the border's pixels go on.
        points : ndarray, shape (468, 2)
            x and y in the picture's pixels from its top left corner.

        Returns
        -------
        ndarray of float32, shape (SIDE, SIDE)
            Meaningless where `weight` is 0.
        """
        corners = self._with_ring(points)[self._corners]
        source = np.einsum("ni,nij->nj", self._barycentric, corners)
        # Pixel 0's centre lies half a pixel from the corner that points are measured from.
        x, y = (source - 0.5).astype(np.float32).T.reshape(2, SIDE, SIDE)
        return cv2.remap(image, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)

    def _with_ring(self, points: np.ndarray) -> np.ndarray:
        outline = points[self._outline]
        centre = (outline.min(axis=0) + outline.max(axis=0)) / 2
        return np.concatenate([points, centre + RING * (outline - centre)])


def _feathered(ring: np.ndarray) -> np.ndarray:
    """Return a mask that is 1 well inside a polygon (n, 2) and fades to 0 at its border."""
    blur = FEATHER * SIDE
    centre = ring.mean(axis=0)
    radius = np.linalg.norm(ring - centre, axis=1, keepdims=True)
    shrunk = centre + (ring - centre) * (1 - 2 * blur / radius)
    mask = np.zeros((SIDE, SIDE), np.float32)
    cv2.fillPoly(mask, [np.rint(shrunk).astype(np.int32)], (1.0,))
    return gaussian_filter(mask, blur, truncate=2.0)
