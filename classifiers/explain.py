"""Which regions of a face moved a prediction, by putting each back to its neutral place.

The rule: the face is brought into the face frame; the points of one region are moved to where the
mean neutral face has them; the head's turn is put back; the change of the confidence is what the
region contributed. At its border a region blends into its neighbours, so that no edge tears.
"""

from collections.abc import Callable

import numpy as np

from landmarks.align import align
from landmarks.mesh import EDGES, N_POINTS, REGIONS

BLEND_STEPS = 2
"""Rings of neighbouring points over which a region's border is blended."""


def region_weights() -> np.ndarray:
    """Return how much each point belongs to each region.

    Returns
    -------
    ndarray of float32, shape (n_regions, 468), range 0..1
        In the order of `REGIONS`; each point's weights sum to 1.
    """
    weights = np.zeros((len(REGIONS), N_POINTS), dtype=np.float32)
    for row, region in zip(weights, REGIONS.values(), strict=True):
        row[region] = 1
    both = np.concatenate([EDGES, EDGES[:, ::-1]])
    degree = np.bincount(both[:, 0], minlength=N_POINTS)
    for _ in range(BLEND_STEPS):
        around = np.zeros_like(weights.T)
        np.add.at(around, both[:, 0], weights.T[both[:, 1]])
        weights = (weights + around.T / degree) / 2
    return weights


def explain(
    predict_proba: Callable[[np.ndarray], np.ndarray],
    points: np.ndarray,
    rest_face: np.ndarray,
    column: int,
) -> dict[str, float]:
    """Return what each region contributed to one class's confidence.

    Parameters
    ----------
    predict_proba : callable
        Points (n, 468, 3) -> proba (n, k).
    points : ndarray of float32, shape (468, 3)
        The face, in pixels.
    rest_face : ndarray of float32, shape (468, 3)
        The mean neutral face in the face frame (unit rms radius).
    column : int
        The class, by its column of proba.

    Returns
    -------
    dict of str to float, -1..1
        Region -> confidence as it is less the confidence with the region at its neutral place: a
        positive figure speaks for the class, a negative one against it.
    """
    aligned, rotation = align(points[None])
    moved = aligned + region_weights()[:, :, None] * (rest_face - aligned)
    faces = np.concatenate([aligned, moved]) @ rotation[0].T
    confidence = predict_proba(faces.astype(np.float32))[:, column]
    changes = confidence[0] - confidence[1:]
    return dict(zip(REGIONS, changes.tolist(), strict=True))
