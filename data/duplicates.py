"""Group copies of one photograph: by equal pixels, and by nearly equal meshes or thumbnails."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from landmarks.alignment import align
from landmarks.mesh import mirrored

MAX_MESH_DISTANCE = 0.02
"""Root mean squared distance, in radii of the face, below which two meshes are of one photograph.

On FER2013's train split it finds 6,393 pairs, of which 91 % look alike (correlation above 0.9 of
the pixels under the aligned faces), among them four of five pairs that correlate by 0.97. Meshes of
two photographs chosen at random are 0.11 apart, and one pair in a thousand is nearer than 0.04."""

MIN_CORRELATION = 0.95
"""Correlation of two grayscale thumbnails above which they are of one photograph.

Of FER2013's pairs that correlate by 0.95 to 0.96, 16 of 16 drawn at random were one photograph with
other borders, writing or brightness; just below 0.94 people of the same pose come in. A correlation
ignores brightness and contrast, and its limit means the same for images of any size."""

THUMBNAIL_SIDE = 16
"""Width and height of a thumbnail in pixels."""

PCA_COMPONENTS = 64
"""Principal components by which candidates are found: they never lengthen a distance."""


def group_by_mesh(points: np.ndarray, pixels: Sequence[str] | np.ndarray) -> np.ndarray:
    """Assign group numbers to faces, by photograph.

    Data sets hold many photographs twice: byte for byte, or cropped, scaled or mirrored anew. No
    pixel hash finds the latter, but their meshes are nearly the same.

    Parameters
    ----------
    points : ndarray of float32, shape (n, 468, 3)
        Faces in pixels.
    pixels : sequence of str, length n
        Pixel hash of each face's image; ``""`` where it isn't known.

    Returns
    -------
    ndarray of int, shape (n,)
        Group of each face. Copies of copies belong together, too.
    """
    # Rows of unit radius: their distance is the root mean squared one times sqrt(n points).
    radius = MAX_MESH_DISTANCE * np.sqrt(points.shape[1])
    near = _near_pairs(_aligned_rows(points), _aligned_rows(mirrored(points)), radius)
    return _connect(near, pixels)


def group_by_thumbnail(thumbnails: np.ndarray, pixels: Sequence[str] | np.ndarray) -> np.ndarray:
    """Assign group numbers to images, by photograph and without any mesh.

    Parameters
    ----------
    thumbnails : ndarray of float, shape (n, THUMBNAIL_SIDE, THUMBNAIL_SIDE)
        Grey levels of each image; none of them one grey all over.
    pixels : sequence of str, length n
        Pixel hash of each image.

    Returns
    -------
    ndarray of int, shape (n,)
        Group of each image.
    """
    # Of vectors of length 1 the squared distance is 2 (1 - correlation).
    radius = np.sqrt(2 * (1 - MIN_CORRELATION))
    near = _near_pairs(_unit_rows(thumbnails), _unit_rows(thumbnails[:, :, ::-1]), radius)
    return _connect(near, pixels)


def _connect(near: np.ndarray, pixels: Sequence[str] | np.ndarray) -> np.ndarray:
    """Return the connected components, int (n,), of near pairs (m, 2) and equal pixels."""
    pairs, count = np.concatenate([near, _equal_pairs(pixels)]), len(pixels)
    links = coo_array((np.ones(len(pairs)), pairs.T), shape=(count, count))
    return connected_components(links, directed=False)[1]


def _near_pairs(straight: np.ndarray, flipped: np.ndarray, radius: float) -> np.ndarray:
    """Return the pairs (m, 2) of rows (n, d) within `radius` of one another, or of one flipped."""
    if not len(straight):
        return np.empty((0, 2), dtype=int)
    pca = PCA(min(PCA_COMPONENTS, *straight.shape), svd_solver="covariance_eigh").fit(straight)
    neighbors = NearestNeighbors(radius=radius, algorithm="brute").fit(pca.transform(straight))
    pairs = []
    for rows in (straight, flipped):
        graph = neighbors.radius_neighbors_graph(pca.transform(rows)).tocoo()
        is_first = graph.row < graph.col
        one, other = graph.row[is_first], graph.col[is_first]
        is_near = ((rows[one] - straight[other]) ** 2).sum(axis=1) < radius**2
        pairs.append(np.column_stack([one, other])[is_near])
    return np.concatenate(pairs)


def _unit_rows(thumbnails: np.ndarray) -> np.ndarray:
    """Return grey levels about their mean, of length 1, float32 (n, THUMBNAIL_SIDE^2)."""
    flat = thumbnails.reshape(len(thumbnails), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    return flat / np.linalg.norm(flat, axis=1, keepdims=True)


def _aligned_rows(points: np.ndarray) -> np.ndarray:
    """Return aligned points, float32 (n, 1404)."""
    return align(points)[0].reshape(len(points), -1).astype(np.float32)


def _equal_pairs(pixels: Sequence[str] | np.ndarray) -> np.ndarray:
    """Return the indices (m, 2) that chain rows of one hash together."""
    hashes = np.asarray(pixels, dtype=str)
    order = np.argsort(hashes, kind="stable")
    one, other = order[:-1], order[1:]
    equal = (hashes[one] == hashes[other]) & (hashes[one] != "")
    return np.column_stack([one, other])[equal]
