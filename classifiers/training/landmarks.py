"""From rows to the content of a bundle: train, calibrate, measure, export."""

import io
import time
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import joblib
import numpy as np
from sklearn.pipeline import Pipeline

from classifiers.bundle.bundle import CARD, MODEL, PICKLE, PIXELS
from classifiers.bundle.model_card import COPIES_APART, model_card
from classifiers.evaluation.metrics import measure
from classifiers.models.base import NetworkClassifier, Progress
from classifiers.models.calibration import (
    Calibration,
    calibrated,
    fit_calibration,
    served_prior,
    unsure_threshold,
    with_prior,
)
from classifiers.models.mlp_onnx import to_onnx
from classifiers.models.pipeline import fit_pipeline, make_pipeline, mirror_passes
from classifiers.models.sklearn_mlp import SklearnMLPClassifier
from classifiers.models.torch_mlp import TorchMLPClassifier
from classifiers.training.dataset import Rows, balanced_rows, class_weight, halves
from landmarks.alignment import align
from landmarks.detection.detector import DEFAULT_MESHES

CLASSIFIERS: dict[str, type[NetworkClassifier]] = {
    "sklearn": SklearnMLPClassifier,
    "torch": TorchMLPClassifier,
}
NEUTRAL = "neutral"
CHECKED_ROWS = 256
DECIMALS_OF_REST_FACE = 4
FIGURES = (
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "weighted_f1",
    "ece",
    "coverage",
    "accuracy_when_sure",
)
PACKAGES = ("numpy", "scikit-learn", "torch", "onnx", "onnxruntime")


@dataclass(frozen=True)
class Choices:
    """What the user chooses for a training, and the version of Mien that does it.

    With `refit` no epoch is chosen: the model is trained to the end on the training rows, all
    validation rows give calibration, threshold and figures, and it is trained again on all rows.
    `validation` says in words how the validation rows were chosen.
    """

    name: str
    version: str
    model: str = "sklearn"
    balance: str = "none"
    seed: int = 0
    data_name: str = "not named"
    refit: bool = False
    prior: str = "training"
    validation: str = COPIES_APART


def train(
    rows: Rows, held_out: np.ndarray, choices: Choices, progress: Progress | None = None
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Train a model and return a bundle's content.

    Parameters
    ----------
    rows : Rows
        Training and validation rows.
    held_out : ndarray of bool, shape (n,)
        Which rows validate: one half of them ends the training, the other fits the calibration and
        the unsure threshold and gives the figures; see `Choices` for `refit`.
    choices : Choices
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
    stops, calibrates = halves(held_out)
    validation = rows.points[stops], rows.y[stops]
    if choices.refit:
        calibrates, validation = np.flatnonzero(held_out), None
    pipeline = _fitted(rows, ~held_out, choices, validation, progress)
    passes = mirror_passes(pipeline, rows.points[calibrates])
    calibration, said = calibrate(passes, rows.y[calibrates], rows.y[~held_out], choices.prior)
    if choices.refit:
        pipeline = _fitted(rows, np.ones_like(held_out), choices, None, progress)
    manifest = {
        **{
            key: value
            for key, value in asdict(choices).items()
            if key not in ("data_name", "prior")
        },
        "classes": pipeline.classes_.tolist(),
        "mesh": rows.mesh,
        "meshes": DEFAULT_MESHES,
        **_description(pipeline),
        **said,
        "data": about_data(rows, held_out, choices.data_name),
        "training_seconds": round(time.monotonic() - started, 1),
        "rest_face": rest_face(rows.points[~held_out], rows.y[~held_out]),
    }
    onnx = to_onnx(pipeline, calibration, rows.points[held_out][:CHECKED_ROWS])
    files = {
        MODEL: onnx,
        PICKLE: _pickled(pipeline),
        PIXELS: saved_hashes(rows.pixels),
        CARD: model_card(manifest, len(onnx)).encode(),
    }
    return manifest, files


def at_rest(values: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the values of the neutral rows, or of all rows if none is neutral."""
    return values[y == NEUTRAL] if (y == NEUTRAL).any() else values


def rest_face(points: np.ndarray, y: np.ndarray) -> list[list[float]]:
    """Return the mean aligned neutral face, (468, 3), or of all faces if none is neutral."""
    return (
        np.round(align(at_rest(points, y))[0].mean(axis=0), DECIMALS_OF_REST_FACE)
        .astype(float)
        .tolist()
    )


def _fitted(
    rows: Rows,
    allowed: np.ndarray,
    choices: Choices,
    validation: tuple[np.ndarray, np.ndarray] | None,
    progress: Progress | None,
) -> Pipeline:
    """Return a pipeline trained on the allowed rows; without validation, for all epochs."""
    chosen = balanced_rows(rows.y, allowed, choices.balance, choices.seed)
    return fit_pipeline(
        make_pipeline(_classifier(choices, rows.y[chosen])),
        rows.points[chosen],
        rows.y[chosen],
        validation,
        progress=progress,
    )


def _classifier(choices: Choices, y: np.ndarray) -> NetworkClassifier:
    """Return the untrained classifier that the choices ask for, for rows of classes y."""
    return CLASSIFIERS[choices.model](
        class_weight=class_weight(choices.balance, y),
        sampler="balanced" if choices.balance == "sampler" else None,
        random_state=choices.seed,
    )


def calibrate(
    passes: np.ndarray, y: np.ndarray, trained: np.ndarray, prior: str = "training"
) -> tuple[Calibration, dict[str, Any]]:
    """Let validation rows say how sure a model may be, and how good it is.

    Parameters
    ----------
    passes : ndarray of float, shape (2, n, k), range 0..1
        Proba of faces and of their mirror images, see `classifiers.models.pipeline.mirror_passes`.
    y : ndarray of str, shape (n,)
    trained : ndarray of str, shape (m,)
        Classes of the training rows.
    prior : str, default "training"
        Which shares of the classes the model is served for, see
        `classifiers.models.calibration.served_prior`.

    Returns
    -------
    calibration : Calibration
    said : dict
        ``calibration``, ``prior``, ``unsure_threshold`` and ``metrics`` of the manifest.
    """
    classes, counts = np.unique(trained, return_counts=True)
    shares = counts / counts.sum()
    served = served_prior(shares, prior)
    codes = np.searchsorted(classes, y)
    calibration = with_prior(fit_calibration(passes, codes), shares, served)
    proba = calibrated(passes, calibration).mean(axis=0)
    threshold = unsure_threshold(proba, codes)
    figures = measure(y, proba, classes.tolist(), threshold=threshold)
    metrics = {key: figures[key] for key in FIGURES if figures[key] is not None}
    numbers = {name: values.tolist() for name, values in calibration._asdict().items()}
    return calibration, {
        "calibration": numbers,
        "prior": served.tolist(),
        "unsure_threshold": threshold,
        "metrics": metrics,
    }


def _description(pipeline: Pipeline) -> dict[str, Any]:
    """Say what the model is and what made it."""
    components = int(pipeline["pca"].n_components_)
    return {
        "n_components": components,
        "input": "468 landmarks of one face in pixels, x right, y down, z away, float32",
        "preprocessing": f"alignment to the mean face, StandardScaler, PCA({components})",
        "classifier": repr(pipeline["classifier"]),
        "versions": {name: version(name) for name in PACKAGES},
    }


def about_data(rows: Rows, held_out: np.ndarray, data_name: str) -> dict[str, Any]:
    """Count the rows and take their fingerprint."""
    fingerprint = sha256(np.ascontiguousarray(rows.points).tobytes())
    fingerprint.update("\n".join(rows.y).encode())
    return {
        "data_name": data_name,
        "fingerprint": fingerprint.hexdigest(),
        "n_train": int((~held_out).sum()),
        "n_validation": int(held_out.sum()),
    }


def _pickled(pipeline: Pipeline) -> bytes:
    """Pickle with joblib."""
    buffer = io.BytesIO()
    joblib.dump(pipeline, buffer, compress=("lzma", 6))
    return buffer.getvalue()


def saved_hashes(pixels: np.ndarray) -> bytes:
    """Return the known pixel hashes as a .npy file of uint64."""
    hashes = sorted({int(text, 16) for text in pixels.tolist() if text})
    buffer = io.BytesIO()
    np.save(buffer, np.array(hashes, dtype=np.uint64), allow_pickle=False)
    return buffer.getvalue()
