"""How the fused model's landmark vector is made of features: learned once, then two arrays."""

from typing import NamedTuple

import numpy as np

from classifiers.models.base import half, whitening_scale
from classifiers.models.pipeline import N_COMPONENTS, make_pipeline, with_flips
from landmarks.mesh import mirrored


class Preprocessing(NamedTuple):
    """StandardScaler, PCA and the division by the root of each component's deviation.

    X is ``(features(points) - centre) / scale @ components / root``: centre and scale are float32
    (1413,), components (1413, d), exact in float16, and root (d,).
    """

    centre: np.ndarray
    scale: np.ndarray
    components: np.ndarray
    root: np.ndarray


def prepare(points: np.ndarray, fitted_on: np.ndarray) -> tuple[Preprocessing, np.ndarray]:
    """Learn the preprocessing and apply it.

    Parameters
    ----------
    points : ndarray of float32, shape (n, 468, 3)
        Faces in pixels.
    fitted_on : ndarray of bool, shape (n,)
        Training rows, the only ones that are learned from.

    Returns
    -------
    preprocessing : Preprocessing
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
    preprocessing = Preprocessing(
        (scaler.mean_ + pca.mean_ * scaler.scale_).astype(np.float32),
        scaler.scale_.astype(np.float32),
        pca.components_.T.astype(np.float32),
        whitening_scale(pipeline.transform(learned)),
    )
    X = with_flips(pipeline, points)
    return preprocessing, (X / preprocessing.root).astype(np.float16)
