"""Several meshes of one face: how they lie beside the points that are their mean.

The detector looks at each face several times, turned, moved and scaled a little and mirrored. Their
mean is the face's points. Each single one is what the mesh might as well have said of the face, so
a classifier that is trained on them learns to look past the mesh's own scatter.
"""

import numpy as np

from landmarks.mesh import N_POINTS

N_VIEWS = 8
"""The most meshes that are found of one face: four looks, each with its mirror image."""


def radius(points: np.ndarray) -> np.ndarray:
    """Return the root of the mean squared distance from the centre, (..., 1, 1), in their unit."""
    centred = points - points.mean(axis=-2, keepdims=True)
    return np.sqrt((centred**2).sum(axis=-1, keepdims=True).mean(axis=-2, keepdims=True))


def pack(points: np.ndarray, views: np.ndarray) -> np.ndarray:
    """Store a face's views as small differences to its points.

    Parameters
    ----------
    points : ndarray of float32, shape (468, 3)
        The face, in pixels.
    views : ndarray of float32, shape (v, 468, 3), v <= N_VIEWS
        Its single meshes, in pixels.

    Returns
    -------
    ndarray of float16, shape (N_VIEWS, 468, 3)
        Differences in radii of the face; zero, which is the mean itself, for a view that is
        missing.
    """
    packed = np.zeros((N_VIEWS, N_POINTS, 3), dtype=np.float16)
    packed[: len(views)] = (views - points) / radius(points)
    return packed


def unpack(points: np.ndarray, packed: np.ndarray) -> np.ndarray:
    """Return the views of faces in pixels, the reverse of `pack`.

    Parameters
    ----------
    points : ndarray of float32, shape (n, 468, 3)
    packed : ndarray of float16, shape (n, v, 468, 3)

    Returns
    -------
    ndarray of float32, shape (n, v, 468, 3)
    """
    return points[:, None] + packed.astype(np.float32) * radius(points)[:, None]
