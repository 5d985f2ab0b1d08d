"""The scikit-learn pipeline from points to probabilities."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from classifiers.models.base import NetworkClassifier, Progress, to_float16
from classifiers.models.features import N_COORDINATES, features
from landmarks.mesh import N_POINTS, mirrored

N_COMPONENTS = 256
"""Principal components, unless there are fewer rows than that."""

CHUNK = 4096
"""Faces whose features are computed at once."""


class FaceFeatures(TransformerMixin, BaseEstimator):
    """The features of `classifiers.models.features` as a pipeline's first step."""

    def fit(self, points: np.ndarray, y: object = None) -> "FaceFeatures":
        """Check the points; nothing is learned."""
        as_points(points)
        self.n_features_in_ = N_COORDINATES
        return self

    def transform(self, points: np.ndarray) -> np.ndarray:
        """Return X, float32 (n, 1413), of points (n, 468, 3) or flat points (n, 1404)."""
        points = as_points(points)
        # In chunks, so that the intermediate float64 of a whole data set takes no gigabytes.
        starts = range(0, max(len(points), 1), CHUNK)
        return np.concatenate([features(points[start : start + CHUNK]) for start in starts])


def as_points(points: np.ndarray) -> np.ndarray:
    """Return points as float32 (n, 468, 3).

    Parameters
    ----------
    points : array-like of float, shape (n, 468, 3) or (n, 1404)
        Points in any one unit; flat ones as x, y, z of each point.

    Raises
    ------
    ValueError
        If the shape is another or a coordinate isn't finite.
    """
    points = np.asarray(points, dtype=np.float32)
    if points.ndim == 2 and points.shape[1] == N_COORDINATES:
        points = points.reshape(-1, N_POINTS, 3)
    if points.ndim != 3 or points.shape[1:] != (N_POINTS, 3):
        raise ValueError(
            f"Expected points of shape (n, {N_POINTS}, 3) or (n, {N_COORDINATES}), got "
            f"{points.shape}; drop the iris points with points[:, :{N_POINTS}]."
        )
    bad = ~np.isfinite(points).all(axis=(1, 2))
    if bad.any():
        raise ValueError(
            f"Expected finite points, got NaN or infinity in {bad.sum()} of {len(points)} rows, "
            f"first in row {bad.argmax()}; leave out the rows without a face."
        )
    return points


def make_pipeline(classifier: NetworkClassifier, n_components: int = N_COMPONENTS) -> Pipeline:
    """Return the untrained pipeline: features, StandardScaler, PCA, classifier."""
    return Pipeline(
        [
            ("features", FaceFeatures()),
            ("scaler", StandardScaler()),
            # Exact and the same each time, where the default would choose a random solver.
            ("pca", PCA(n_components, svd_solver="covariance_eigh")),
            ("classifier", classifier),
        ]
    )


def fit_pipeline(
    pipeline: Pipeline,
    points: np.ndarray,
    y: np.ndarray,
    validation: tuple[np.ndarray, np.ndarray] | None = None,
    flips: bool = True,
    progress: Progress | None = None,
    votes: np.ndarray | None = None,
) -> Pipeline:
    """Fit each step on the training rows alone, with early stopping on the validation rows.

    Parameters
    ----------
    pipeline : Pipeline
        From `make_pipeline`; changed in place. With fewer rows than components, its PCA keeps as
        many as there are rows.
    points : ndarray of float, shape (n, 468, 3)
        Training faces in pixels.
    y : ndarray of str, shape (n,)
        Their classes.
    validation : (points, y), optional
        Early-stopping split; without it all epochs are trained.
    flips : bool
        Train on each face's flip too.
    progress : callable, optional
        See `classifiers.models.base.Progress`.
    votes : ndarray of float32, shape (n, v), optional
        See `classifiers.models.base.NetworkClassifier.fit`.

    Returns
    -------
    Pipeline
        `pipeline`, fitted.

    Raises
    ------
    ValueError
        If points or classes don't fit; see `as_points` and `NetworkClassifier.fit`.
    """
    points = as_points(points)
    preprocessing, pca = pipeline[:-1], pipeline["pca"]
    both = np.concatenate([points, mirrored(points)]) if flips else points
    pca.set_params(n_components=min(pca.n_components, len(both)))
    preprocessing.fit(both)
    pca.components_ = to_float16(pca.components_)
    held_out = (
        None if validation is None else (preprocessing.transform(validation[0]), validation[1])
    )
    pipeline[-1].fit(
        preprocessing.transform(points),
        y,
        validation=held_out,
        progress=progress,
        augmented=with_flips(preprocessing, points) if flips else None,
        votes=votes,
    )
    return pipeline


def with_flips(preprocessing: Pipeline, points: np.ndarray) -> np.ndarray:
    """Return the preprocessed faces and their flips, float16 (n, 2, d)."""
    both = [
        preprocessing.transform(faces).astype(np.float16) for faces in (points, mirrored(points))
    ]
    return np.stack(both, axis=1)


def tta_proba(model: Any, points: np.ndarray) -> np.ndarray:
    """Return the probabilities of faces and of their flips, (2, n, k), which TTA averages."""
    return np.stack([model.predict_proba(p) for p in (points, mirrored(points))])
