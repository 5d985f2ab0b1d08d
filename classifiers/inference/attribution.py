"""Attribute a prediction to the regions of a face, by occluding each with its neutral place.

The rule: the face is brought into the face frame; the points of one region are moved to where the
mean neutral face has them; the head's turn is put back. Where the model takes pixels, those of
the region become the mean neutral face's, in the light and contrast of the picture. The change of
the confidence is the region's contribution. At its border a region blends into its neighbours,
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
"""Standard deviation, in pixels of a crop, of the blur that blends a region's border."""

FACE_SHARE = 0.5
"""Least share of the regions together in a pixel that counts as the face's."""


@dataclass(frozen=True)
class NeutralBaseline:
    """The mean neutral face of the training rows, to which regions are put back.

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
    baseline: NeutralBaseline,
    column: int,
    crop: np.ndarray | None = None,
) -> dict[str, float]:
    """Return each region's contribution to one class's confidence.

    Parameters
    ----------
    predict_proba : callable
        Points (n, 468, 3) and crops (n, SIDE, SIDE), or None, -> proba (n, k).
    points : ndarray of float32, shape (468, 3)
        The face, in pixels.
    baseline : NeutralBaseline
    column : int
        The class, by its column of proba.
    crop : ndarray of uint8, shape (SIDE, SIDE), optional
        The face's pixels, where the model takes them.

    Returns
    -------
    dict of str to float, -1..1
        Region -> confidence as it is less the confidence with the region at its neutral place:
        positive where the region raises the confidence, negative where it lowers it.
    """
    aligned, rotation = align(points[None])
    occluded = aligned + region_weights()[:, :, None] * (baseline.points - aligned)
    faces = np.concatenate([aligned, occluded]) @ rotation[0].T
    crops = None if crop is None else _occluded_crops(crop, baseline.crop, points)
    confidence = predict_proba(faces.astype(np.float32), crops)[:, column]
    changes = confidence[0] - confidence[1:]
    return dict(zip(REGIONS, changes.tolist(), strict=True))


def _occluded_crops(crop: np.ndarray, neutral: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the crop as it is, then with each region neutral, uint8 (1 + n_regions, ...)."""
    pixels, masks = crop.astype(np.float32), region_pixels(points)
    # Light and contrast of the face's own pixels: hair and background have others.
    inside = masks.sum(axis=0) > FACE_SHARE
    contrast = pixels[inside].std() / max(neutral[inside].std(), 1.0)
    neutral = (neutral - neutral[inside].mean()) * contrast + pixels[inside].mean()
    occluded = pixels + masks * (neutral - pixels)
    return np.rint(np.concatenate([pixels[None], occluded])).clip(0, 255).astype(np.uint8)
