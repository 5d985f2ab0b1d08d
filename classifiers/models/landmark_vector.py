"""Preprocess landmarks for the fused model: StandardScaler, PCA and partial whitening."""

from typing import NamedTuple

import numpy as np

from classifiers.models.base import to_float16, whitening_scale
from classifiers.models.pipeline import N_COMPONENTS, make_pipeline, with_flips
from landmarks.mesh import mirrored


class Preprocessing(NamedTuple):
    """StandardScaler, PCA and partial whitening.

    The landmark vector is ``(features(points) - centre) / scale @ components / root``: centre and
    scale are float32 (1413,), components (1413, d), exact in float16, and root (d,).
    """

    centre: np.ndarray
    scale: np.ndarray
    components: np.ndarray
    root: np.ndarray


def fit_preprocessing(
    points: np.ndarray, fitted_on: np.ndarray, n_components: int = N_COMPONENTS
) -> tuple[Preprocessing, np.ndarray]:
    """Fit the preprocessing and apply it.

    Parameters
    ----------
    points : ndarray of float32, shape (n, 468, 3)
        Faces in pixels.
    fitted_on : ndarray of bool, shape (n,)
        Training rows, on which alone the preprocessing is fitted.
    n_components : int
        Principal components, unless there are fewer rows than that.

    Returns
    -------
    preprocessing : Preprocessing
    X : ndarray of float16, shape (n, 2, d)
        Landmark vectors of each face and of its flip.

    Raises
    ------
    ValueError
        If there is no training row, or a coordinate isn't finite.
    """
    if not fitted_on.any():
        raise ValueError("Expected training rows with landmarks, got none; check the features.")
    pipeline = make_pipeline(None)[:-1]
    training = points[fitted_on]
    both = np.concatenate([training, mirrored(training)])
    pipeline["pca"].set_params(n_components=min(n_components, len(both)))
    pipeline.fit(both)
    scaler, pca = pipeline["scaler"], pipeline["pca"]
    pca.components_ = to_float16(pca.components_)
    preprocessing = Preprocessing(
        (scaler.mean_ + pca.mean_ * scaler.scale_).astype(np.float32),
        scaler.scale_.astype(np.float32),
        pca.components_.T.astype(np.float32),
        whitening_scale(pipeline.transform(training)),
    )
    X = with_flips(pipeline, points)
    return preprocessing, (X / preprocessing.root).astype(np.float16)
