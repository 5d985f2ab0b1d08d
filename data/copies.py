"""Which faces are one photograph's: the same pixels, or nearly the same points."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from landmarks.align import align
from landmarks.mesh import mirrored

NEAR = 0.02
"""Root mean squared distance, in radii of the face, below which two meshes are one photograph's.

On FER2013's train split it finds 6,393 pairs, of which 91 % look alike (correlation above 0.9 of
the pixels under the aligned faces), among them four of five pairs that correlate by 0.97. Meshes of
two photographs chosen at random are 0.11 apart, and one pair in a thousand is nearer than 0.04."""

SKETCH = 64
"""Principal components on which neighbours are looked for: distances on them are never longer."""


def same_photograph(points: np.ndarray, pixels: Sequence[str]) -> np.ndarray:
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
    pairs = np.concatenate([_near_pairs(points), _equal_pairs(pixels)])
    links = coo_array((np.ones(len(pairs)), pairs.T), shape=(len(points), len(points)))
    return connected_components(links, directed=False)[1]


def _near_pairs(points: np.ndarray) -> np.ndarray:
    """Return the numbers (m, 2) of faces whose aligned points, or mirrored ones, nearly agree."""
    straight, flipped = _flat(points), _flat(mirrored(points))
    sketch = PCA(min(SKETCH, *straight.shape), svd_solver="covariance_eigh").fit(straight)
    # Flat points of unit radius: their distance is the root mean squared one times sqrt(n points).
    reach = NEAR * np.sqrt(points.shape[1])
    search = NearestNeighbors(radius=reach, algorithm="brute").fit(sketch.transform(straight))
    found = [np.empty((0, 2), dtype=int)]
    for faces in (straight, flipped):
        near = search.radius_neighbors_graph(sketch.transform(faces)).tocoo()
        one, other = near.row[near.row < near.col], near.col[near.row < near.col]
        close = ((faces[one] - straight[other]) ** 2).sum(axis=1) < reach**2
        found.append(np.column_stack([one, other])[close])
    return np.concatenate(found)


def _flat(points: np.ndarray) -> np.ndarray:
    """Return aligned points, float32 (n, 1404)."""
    return align(points)[0].reshape(len(points), -1).astype(np.float32)


def _equal_pairs(pixels: Sequence[str]) -> np.ndarray:
    """Return the numbers (m, 2) that chain rows of one hash together."""
    pixels = np.asarray(pixels, dtype=str)
    order = np.argsort(pixels, kind="stable")
    one, other = order[:-1], order[1:]
    equal = (pixels[one] == pixels[other]) & (pixels[one] != "")
    return np.column_stack([one, other])[equal]
