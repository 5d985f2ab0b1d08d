"""Train a model on landmarks and return the content of its bundle."""

import io
import time
from typing import Any

import joblib
import numpy as np
from sklearn.pipeline import Pipeline

from classifiers.bundle.bundle import PICKLE
from classifiers.bundle.manifest import LANDMARK_INPUTS
from classifiers.models.base import NetworkClassifier, Progress
from classifiers.models.mlp_onnx import to_onnx
from classifiers.models.pipeline import N_COMPONENTS, fit_pipeline, make_pipeline, tta_proba
from classifiers.models.sklearn_mlp import SklearnMLPClassifier
from classifiers.models.torch_mlp import TorchMLPClassifier
from classifiers.training.bundle_content import (
    CHECKED_ROWS,
    TrainedModel,
    TrainOptions,
    bundle_content,
)
from classifiers.training.dataset import (
    Rows,
    balanced_rows,
    class_weight,
    split_validation,
    training_sample,
)
from landmarks.detection.detector import DEFAULT_MESHES

CLASSIFIERS: dict[str, type[NetworkClassifier]] = {
    "sklearn": SklearnMLPClassifier,
    "torch": TorchMLPClassifier,
}


def train(
    rows: Rows, held_out: np.ndarray, options: TrainOptions, progress: Progress | None = None
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Train a model and return a bundle's content.

    Parameters
    ----------
    rows : Rows
        Training and validation rows.
    held_out : ndarray of bool, shape (n,)
        The validation rows. One half of them stops the training, the other fits calibration and
        threshold and gives the metrics; see `TrainOptions` for `refit`.
    options : TrainOptions
    progress : callable, optional
        See `classifiers.models.base.Progress`.

    Returns
    -------
    manifest : dict
    files : dict of str to bytes
        Both for `classifiers.bundle.bundle.save_bundle`.

    Raises
    ------
    ValueError
        If the rows don't fit.
    """
    started = time.monotonic()
    early_stopping_split, calibration_split = split_validation(held_out)
    validation = rows.points[early_stopping_split], rows.y[early_stopping_split]
    if options.refit:
        calibration_split, validation = np.flatnonzero(held_out), None
    pipeline = _fitted(rows, ~held_out, options, validation, progress)
    passes = tta_proba(pipeline, rows.points[calibration_split])
    train_passes = tta_proba(pipeline, rows.points[training_sample(held_out)])
    if options.refit:
        pipeline = _fitted(rows, np.ones_like(held_out), options, None, progress)
    model = TrainedModel(
        classes=pipeline.classes_.tolist(),
        passes=passes,
        train_passes=train_passes,
        export=lambda calibration: to_onnx(
            pipeline, calibration, rows.points[held_out][:CHECKED_ROWS]
        ),
        weights={PICKLE: _pickled(pipeline)},
        pixels=rows.pixels,
        metadata=_metadata(pipeline) | {"training_seconds": round(time.monotonic() - started, 1)},
    )
    return bundle_content(model, rows, held_out, calibration_split, options)


def _fitted(
    rows: Rows,
    allowed: np.ndarray,
    options: TrainOptions,
    validation: tuple[np.ndarray, np.ndarray] | None,
    progress: Progress | None,
) -> Pipeline:
    """Return a pipeline trained on the allowed rows; without validation, for all epochs."""
    chosen = balanced_rows(rows.y, allowed, options.balance, options.seed)
    n_components = options.settings.get("n_components", N_COMPONENTS)
    return fit_pipeline(
        make_pipeline(_classifier(options, rows.y[chosen]), n_components),
        rows.points[chosen],
        rows.y[chosen],
        validation,
        options.settings.get("flip", True),
        progress,
        None if rows.votes is None else rows.votes[chosen],
    )


def _classifier(options: TrainOptions, y: np.ndarray) -> NetworkClassifier:
    """Return the untrained classifier that the options ask for, for rows of classes y."""
    classifier = CLASSIFIERS[options.model](
        class_weight=class_weight(options.balance, y),
        sampler="balanced" if options.balance == "sampler" else None,
        random_state=options.seed,
    )
    own = classifier.get_params()
    return classifier.set_params(**{k: v for k, v in options.settings.items() if k in own})


def _metadata(pipeline: Pipeline) -> dict[str, Any]:
    """Return what the manifest says of the pipeline."""
    components = int(pipeline["pca"].n_components_)
    return {
        "meshes": DEFAULT_MESHES,
        "inputs": LANDMARK_INPUTS,
        "n_components": components,
        "input": "468 landmarks of one face in pixels, x right, y down, z away, float32",
        "preprocessing": f"alignment to the mean face, StandardScaler, PCA({components})",
        "classifier": repr(pipeline["classifier"]),
    }


def _pickled(pipeline: Pipeline) -> bytes:
    """Pickle with joblib."""
    buffer = io.BytesIO()
    joblib.dump(pipeline, buffer, compress=("lzma", 6))
    return buffer.getvalue()
