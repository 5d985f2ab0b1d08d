"""Which regions of a face moved a prediction, by putting each back to its neutral place.

The rule: the face is brought into the face frame; the points of one region are moved to where the
mean neutral face has them; the head's turn is put back. Where pixels are looked at, too, those of
the region become the mean neutral face's, in the light and contrast of the picture. The change of
the confidence is what the region contributed. At its border a region blends into its neighbours,
so that no edge tears.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from landmarks.alignment import align
from landmarks.face_crop import SIDE, to_crop
from landmarks.mesh import EDGES, N_POINTS, REGION_TRIANGLES, REGIONS

BLEND_STEPS = 2
"""Rings of neighbouring points over which a region's border is blended."""

BLEND_PIXELS = 1.5
"""Deviation, in pixels of a crop, of the blur that blends a region's border."""

FACE_SHARE = 0.5
"""Least share of the regions together in a pixel that counts as the face's."""


@dataclass(frozen=True)
class Rest:
    """The mean neutral face of the training rows.

    Attributes
    ----------
    points : ndarray of float32, shape (468, 3)
        In the face frame (unit rms radius).
    crop : ndarray of uint8, shape (SIDE, SIDE), optional
        For a model that takes pixels.
    """

    points: np.ndarray
    crop: np.ndarray | None = None


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


def region_pixels(points: np.ndarray) -> np.ndarray:
    """Return how much each pixel of a face's crop belongs to each region.

    Parameters
    ----------
    points : ndarray of float, shape (468, 3)
        The face, in pixels of its image.

    Returns
    -------
    ndarray of float32, shape (n_regions, SIDE, SIDE), range 0..1
    """
    places = np.rint(to_crop(points) - 0.5).astype(np.int32)
    masks = np.zeros((len(REGIONS), SIDE, SIDE), np.float32)
    for mask, triangles in zip(masks, REGION_TRIANGLES.values(), strict=True):
        for corners in places[triangles]:  # one by one: together, overlaps would cancel out
            cv2.fillConvexPoly(mask, corners, 1.0)
    return np.stack([cv2.GaussianBlur(mask, (0, 0), BLEND_PIXELS) for mask in masks])


def explain(
    predict_proba: Callable[[np.ndarray, np.ndarray | None], np.ndarray],
    points: np.ndarray,
    rest: Rest,
    column: int,
    crop: np.ndarray | None = None,
) -> dict[str, float]:
    """Return what each region contributed to one class's confidence.

    Parameters
    ----------
    predict_proba : callable
        Points (n, 468, 3) and crops (n, SIDE, SIDE), or None, -> proba (n, k).
    points : ndarray of float32, shape (468, 3)
        The face, in pixels.
    rest : Rest
        What each region is put back to.
    column : int
        The class, by its column of proba.
    crop : ndarray of uint8, shape (SIDE, SIDE), optional
        The face's pixels, where the model takes them.

    Returns
    -------
    dict of str to float, -1..1
        Region -> confidence as it is less the confidence with the region at its neutral place: a
        positive figure speaks for the class, a negative one against it.
    """
    aligned, rotation = align(points[None])
    moved = aligned + region_weights()[:, :, None] * (rest.points - aligned)
    faces = np.concatenate([aligned, moved]) @ rotation[0].T
    crops = None if crop is None else _rested_crops(crop, rest.crop, points)
    confidence = predict_proba(faces.astype(np.float32), crops)[:, column]
    changes = confidence[0] - confidence[1:]
    return dict(zip(REGIONS, changes.tolist(), strict=True))


def _rested_crops(crop: np.ndarray, rest: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the crop as it is, then with each region at rest, uint8 (1 + n_regions, ...)."""
    seen, masks = crop.astype(np.float32), region_pixels(points)
    # Light and contrast are the face's: hair and wall around it say nothing about its skin.
    inside = masks.sum(axis=0) > FACE_SHARE
    spread = seen[inside].std() / max(rest[inside].std(), 1.0)
    neutral = (rest - rest[inside].mean()) * spread + seen[inside].mean()
    moved = seen + masks * (neutral - seen)
    return np.rint(np.concatenate([seen[None], moved])).clip(0, 255).astype(np.uint8)
