"""Averaging pictures of faces into a composite, and telling which pictures fit into one."""

import numpy as np
from scipy.stats import trim_mean

from data.tools.warp import Warp, mean_shape

TRIMMED = 0.2
"""Part of the values left out on either side where a pixel is averaged."""

SAME_FACE = 0.9
"""Correlation above which two warped pictures show one face (seen by eye on FER2013)."""

PERCENTILES = (0.5, 99.5)
"""Of the averaged face's values, those that become black and white."""

OUTSIDE = 128
"""Grey around the face."""


def composite(images: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Average faces into one.

    Parameters
    ----------
    images : ndarray of float32, shape (n, h, w)
        Grey pictures.
    points : ndarray, shape (n, 468, 3)
        Their meshes in pixels.

    Returns
    -------
    ndarray of uint8, shape (SIDE, SIDE)
        The grey composite, the face an oval that fades into `OUTSIDE`.
    """
    warp = Warp(mean_shape(points))
    layers = _normalised(warp, images, points)
    # Without each pixel's extremes a hand before a chin, or glasses, leave hardly a trace.
    average = trim_mean(layers, TRIMMED, axis=0)
    dark, bright = np.percentile(average[warp.inside], PERCENTILES)
    grey = np.clip((average - dark) / (bright - dark), 0, 1) * 255
    return np.rint(OUTSIDE + (grey - OUTSIDE) * warp.weight).astype(np.uint8)


def different(images: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Choose pictures of which no two show the same face.

    FER2013 holds many photographs several times, cropped and compressed anew.

    Parameters
    ----------
    images, points
        As `composite` takes them.

    Returns
    -------
    ndarray of int, shape (m,)
        Indices in ascending order: the first picture of each face.
    """
    warp = Warp(mean_shape(points))
    faces = _normalised(warp, images, points)[:, warp.inside]
    alike = faces @ faces.T / faces.shape[1] > SAME_FACE
    kept: list[int] = []
    for index, row in enumerate(alike):
        if not row[kept].any():
            kept.append(index)
    return np.array(kept)


def most_typical(images: np.ndarray, points: np.ndarray, count: int) -> np.ndarray:
    """Choose the pictures that resemble the median face most, in their less likely half.

    Upper and lower half are judged apart, so that a hand before the mouth can't hide behind
    clear eyes.

    Parameters
    ----------
    images, points
        As `composite` takes them.
    count : int
        How many to choose.

    Returns
    -------
    ndarray of int, shape (min(n, count),)
        Indices in ascending order.
    """
    warp = Warp(mean_shape(points))
    layers = _normalised(warp, images, points)
    upper = np.arange(len(warp.inside))[:, None] < len(warp.inside) / 2
    halves = (layers[:, warp.inside & upper], layers[:, warp.inside & ~upper])
    likeness = np.min([_correlation(half, np.median(half, axis=0)) for half in halves], axis=0)
    return np.sort(np.argsort(-likeness, kind="stable")[:count])


def _correlation(rows: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of each row of (n, m) with one of m values, shape (n,)."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    row = row - row.mean()
    norms = np.linalg.norm(rows, axis=1) * np.linalg.norm(row)
    return rows @ row / np.maximum(norms, 1e-6)


def _normalised(warp: Warp, images: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Warp pictures, each to zero mean and unit deviation on the face, (n, SIDE, SIDE)."""
    layers = np.stack(
        [warp(image, face) for image, face in zip(images, points[..., :2], strict=True)]
    )
    faces = layers[:, warp.inside]
    mean, deviation = faces.mean(axis=1), faces.std(axis=1)
    return (layers - mean[:, None, None]) / np.maximum(deviation, 1e-6)[:, None, None]
