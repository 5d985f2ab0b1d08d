"""Which pictures are one photograph: the same pixels, or nearly the same points or shades."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from landmarks.alignment import align
from landmarks.mesh import mirrored

NEAR = 0.02
"""Root mean squared distance, in radii of the face, below which two meshes are one photograph's.

On FER2013's train split it finds 6,393 pairs, of which 91 % look alike (correlation above 0.9 of
the pixels under the aligned faces), among them four of five pairs that correlate by 0.97. Meshes of
two photographs chosen at random are 0.11 apart, and one pair in a thousand is nearer than 0.04."""

ALIKE = 0.95
"""Correlation of two pictures' shades, `SHADES` x `SHADES` each, above which they are one's.

Of FER2013's pairs that correlate by 0.95 to 0.96, 16 of 16 drawn at random were one photograph with
other borders, writing or brightness; just below 0.94 people of the same pose come in. A correlation
is deaf to brightness and contrast, and its limit means the same for pictures of any size."""

SHADES = 16
"""Grey levels across and down a picture that are compared."""

SKETCH = 64
"""Principal components on which neighbours are looked for: distances on them are never longer."""


def same_photograph(points: np.ndarray, pixels: Sequence[str] | np.ndarray) -> np.ndarray:
    """Give faces numbers so that those of one photograph share a number.

    Data sets hold many pictures twice: byte for byte, or cropped, scaled or mirrored anew. No
    pixel hash sees the latter, but the mesh is nearly the same.

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
    reach = NEAR * np.sqrt(points.shape[1])
    # Flat points of unit radius: their distance is the root mean squared one times sqrt(n points).
    near = _near_pairs(_flat(points), _flat(mirrored(points)), reach)
    return _grouped(near, pixels)


def same_picture(shades: np.ndarray, pixels: Sequence[str] | np.ndarray) -> np.ndarray:
    """Do what `same_photograph` does for pictures whose faces aren't known.

    Parameters
    ----------
    shades : ndarray of float, shape (n, SHADES, SHADES)
        Each picture's grey levels, shrunk to that size; none of them one grey all over.
    pixels : sequence of str, length n
        Pixel hash of each picture.

    Returns
    -------
    ndarray of int, shape (n,)
        Group of each picture.
    """
    flat, flipped = _unit(shades), _unit(shades[:, :, ::-1])
    # Of vectors of length 1 the squared distance is twice what the correlation lacks to 1.
    return _grouped(_near_pairs(flat, flipped, np.sqrt(2 * (1 - ALIKE))), pixels)


def _grouped(near: np.ndarray, pixels: Sequence[str] | np.ndarray) -> np.ndarray:
    """Return the numbers of the groups that near pairs (m, 2) and equal pixels make."""
    pairs, count = np.concatenate([near, _equal_pairs(pixels)]), len(pixels)
    links = coo_array((np.ones(len(pairs)), pairs.T), shape=(count, count))
    return connected_components(links, directed=False)[1]


def _near_pairs(straight: np.ndarray, flipped: np.ndarray, reach: float) -> np.ndarray:
    """Return the numbers (m, 2) of rows (n, d) nearer than `reach` to one another, or flipped."""
    if not len(straight):
        return np.empty((0, 2), dtype=int)
    sketch = PCA(min(SKETCH, *straight.shape), svd_solver="covariance_eigh").fit(straight)
    search = NearestNeighbors(radius=reach, algorithm="brute").fit(sketch.transform(straight))
    found = []
    for rows in (straight, flipped):
        near = search.radius_neighbors_graph(sketch.transform(rows)).tocoo()
        one, other = near.row[near.row < near.col], near.col[near.row < near.col]
        close = ((rows[one] - straight[other]) ** 2).sum(axis=1) < reach**2
        found.append(np.column_stack([one, other])[close])
    return np.concatenate(found)


def _unit(shades: np.ndarray) -> np.ndarray:
    """Return shades about their mean, of length 1, float32 (n, SHADES^2)."""
    flat = shades.reshape(len(shades), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    return flat / np.linalg.norm(flat, axis=1, keepdims=True)


def _flat(points: np.ndarray) -> np.ndarray:
    """Return aligned points, float32 (n, 1404)."""
    return align(points)[0].reshape(len(points), -1).astype(np.float32)


def _equal_pairs(pixels: Sequence[str] | np.ndarray) -> np.ndarray:
    """Return the numbers (m, 2) that chain rows of one hash together."""
    hashes = np.asarray(pixels, dtype=str)
    order = np.argsort(hashes, kind="stable")
    one, other = order[:-1], order[1:]
    equal = (hashes[one] == hashes[other]) & (hashes[one] != "")
    return np.column_stack([one, other])[equal]
