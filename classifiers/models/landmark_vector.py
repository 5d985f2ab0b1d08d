"""How the fused model's landmark vector is made of features: learned once, then two arrays."""

from typing import NamedTuple

import numpy as np

from classifiers.models.base import half, root_deviation
from classifiers.models.pipeline import N_COMPONENTS, flipped_versions, make_pipeline
from landmarks.mesh import mirrored


class Preparation(NamedTuple):
    """StandardScaler, PCA and the division by the root of each component's deviation.

    X is ``(features(points) - centre) / scale @ components / root``: centre and scale are float32
    (1413,), components (1413, d), exact in float16, and root (d,).
    """

    centre: np.ndarray
    scale: np.ndarray
    components: np.ndarray
    root: np.ndarray


def prepare(points: np.ndarray, fitted_on: np.ndarray) -> tuple[Preparation, np.ndarray]:
    """Learn the preparation and apply it.

    Parameters
    ----------
    points : ndarray of float32, shape (n, 468, 3)
        Faces in pixels.
    fitted_on : ndarray of bool, shape (n,)
        Training rows, the only ones that are learned from.

    Returns
    -------
    preparation : Preparation
    X : ndarray of float16, shape (n, 2, d)
        Landmark vectors of each face and of its mirror image.

    Raises
    ------
    ValueError
        If there is no training row, or a coordinate isn't finite.
    """
    if not fitted_on.any():
        raise ValueError("Expected training rows with landmarks, got none; check the features.")
    pipeline = make_pipeline(None)[:-1]
    learned = points[fitted_on]
    both = np.concatenate([learned, mirrored(learned)])
    pipeline["pca"].set_params(n_components=min(N_COMPONENTS, len(both)))
    pipeline.fit(both)
    scaler, pca = pipeline["scaler"], pipeline["pca"]
    pca.components_ = half(pca.components_)
    preparation = Preparation(
        (scaler.mean_ + pca.mean_ * scaler.scale_).astype(np.float32),
        scaler.scale_.astype(np.float32),
        pca.components_.T.astype(np.float32),
        root_deviation(pipeline.transform(learned)),
    )
    X = flipped_versions(pipeline, points)
    return preparation, (X / preparation.root).astype(np.float16)
