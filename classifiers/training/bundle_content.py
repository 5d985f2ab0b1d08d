"""Build the content of a trained model's bundle: calibrate, measure, describe and export it."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np

from classifiers.bundle.bundle import CARD, MODEL, PIXELS, TRAIN_METRICS, VALIDATION_METRICS
from classifiers.bundle.model_card import COPIES_APART, OWN_SPLIT, model_card
from classifiers.evaluation.metrics import measure
from classifiers.models.calibration import (
    Calibration,
    calibrated,
    fit_calibration,
    served_prior,
    uncertain_threshold,
    with_prior,
)
from classifiers.models.onnx_metadata import described
from classifiers.training.dataset import Rows, training_sample
from landmarks.alignment import align

NEUTRAL = "neutral"
CHECKED_ROWS = 256
"""Validation rows on which the exported graph is compared with the trained model."""

NEUTRAL_FACE_DECIMALS = 4
METRICS = (
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "weighted_f1",
    "ece",
    "coverage",
    "selective_accuracy",
)
PACKAGES = ("numpy", "scikit-learn", "torch", "torchvision", "safetensors", "onnx", "onnxruntime")


@dataclass(frozen=True)
class TrainOptions:
    """Options of a training, the same for all models.

    Attributes
    ----------
    name : str
        Name of the bundle.
    version : str
        Version of Mien that trains.
    model : str
        A key of `CLASSIFIERS` in `classifiers.training.landmarks`, of `NETWORKS` in
        `classifiers.training.pixels` or of `BACKBONES` in `classifiers.models.backbones`.
    balance : str
        One of `classifiers.training.dataset.BALANCES`.
    seed : int
    data_name : str
        Name of the data set, for the model card.
    prior : str
        See `classifiers.models.calibration.served_prior`.
    refit : bool
        Train again on all rows, once the validation rows gave calibration, threshold and metrics.
        It uses all of them for that, and none to stop. Of a model on landmarks.
    validation : str
        How the validation rows were chosen, for the model card.
    device : {"auto", "cpu", "cuda"}
        Of a model on pixels.
    n_networks : int
        Of a model in `NETWORKS`: networks that are averaged.
    settings : mapping
        Those that differ from the defaults of `classifiers.training.config.defaults`, or all.
    """

    name: str
    version: str
    model: str = "sklearn"
    balance: str = "none"
    seed: int = 0
    data_name: str = "not named"
    prior: str = "training"
    refit: bool = False
    validation: str = COPIES_APART
    device: str = "auto"
    n_networks: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)


class TrainedModel(NamedTuple):
    """A trained model, as `bundle_content` takes it.

    Attributes
    ----------
    classes : sequence of str
        In the order of the probabilities.
    passes : ndarray of float, shape (2, n, k), range 0..1
        Probabilities of the calibration split's faces and of their mirror images.
    train_passes : ndarray of float, shape (2, m, k), range 0..1
        The same of the faces that `classifiers.training.dataset.training_sample` draws.
    export : callable
        Takes the calibration and returns the ONNX model.
    weights : dict of str to bytes
        File of the bundle that holds the model as it was trained.
    pixels : ndarray of str
        Pixel hashes of the images that it was trained and validated on, and of those before it.
    metadata : dict
        What the manifest says of this model alone.
    """

    classes: list[str]
    passes: np.ndarray
    train_passes: np.ndarray
    export: Callable[[Calibration], bytes]
    weights: dict[str, bytes]
    pixels: np.ndarray
    metadata: dict[str, Any]


def bundle_content(
    model: TrainedModel,
    rows: Rows,
    held_out: np.ndarray,
    calibration_split: np.ndarray,
    options: TrainOptions,
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Calibrate, measure and export a trained model.

    Parameters
    ----------
    model : TrainedModel
    rows : Rows
        Training and validation rows.
    held_out : ndarray of bool, shape (n,)
        The validation rows.
    calibration_split : ndarray of int
        The validation rows that `model.passes` belong to.
    options : TrainOptions

    Returns
    -------
    manifest : dict
    files : dict of str to bytes
        Both for `classifiers.bundle.bundle.save_bundle`.
    """
    y_train = rows.y[~held_out]
    calibration, summary, validation = calibrate(
        model.passes, rows.y[calibration_split], y_train, options.prior
    )
    manifest = {
        "name": options.name,
        "version": options.version,
        "model": options.model,
        "balance": options.balance,
        "seed": options.seed,
        "refit": options.refit,
        "validation": options.validation if rows.validates is None else OWN_SPLIT,
        "classes": list(model.classes),
        "mesh": rows.mesh,
        **model.metadata,
        "versions": {name: version(name) for name in PACKAGES},
        **summary,
        "data": _data_summary(rows, held_out, options.data_name),
        "neutral_face": neutral_face(rows.points[~held_out], y_train),
    }
    sample = training_sample(held_out)
    proba = calibrated(model.train_passes, calibration).mean(axis=0)
    threshold = manifest["uncertain_threshold"]
    training = measure(rows.y[sample], proba, model.classes, threshold=threshold)
    onnx = described(model.export(calibration), manifest)
    files = {
        MODEL: onnx,
        **model.weights,
        PIXELS: _saved_hashes(model.pixels),
        CARD: model_card(manifest, len(onnx), validation["per_class"]).encode(),
        TRAIN_METRICS: _json(training),
        VALIDATION_METRICS: _json(validation),
    }
    return manifest, files


def calibrate(
    passes: np.ndarray, y: np.ndarray, y_train: np.ndarray, prior: str = "training"
) -> tuple[Calibration, dict[str, Any], dict[str, Any]]:
    """Fit calibration and threshold on validation rows, and measure the model on them.

    Parameters
    ----------
    passes : ndarray of float, shape (2, n, k), range 0..1
        Probabilities of faces and of their mirror images.
    y : ndarray of str, shape (n,)
        Classes of these faces.
    y_train : ndarray of str, shape (m,)
        Classes of the training rows.
    prior : str, default "training"
        See `classifiers.models.calibration.served_prior`.

    Returns
    -------
    calibration : Calibration
    summary : dict
        ``calibration``, ``prior``, ``uncertain_threshold`` and ``metrics`` of the manifest.
    metrics : dict
        All of `classifiers.evaluation.metrics.measure`.
    """
    classes, counts = np.unique(y_train, return_counts=True)
    shares = counts / counts.sum()
    served = served_prior(shares, prior)
    codes = np.searchsorted(classes, y)
    calibration = with_prior(fit_calibration(passes, codes), shares, served)
    proba = calibrated(passes, calibration).mean(axis=0)
    threshold = uncertain_threshold(proba, codes)
    metrics = measure(y, proba, classes.tolist(), threshold=threshold)
    summary = {
        "calibration": {name: values.tolist() for name, values in calibration._asdict().items()},
        "prior": served.tolist(),
        "uncertain_threshold": threshold,
        "metrics": {key: metrics[key] for key in METRICS if metrics[key] is not None},
    }
    return calibration, summary, metrics


def neutral_rows(values: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the values of the neutral rows, or of all rows if none is neutral."""
    return values[y == NEUTRAL] if (y == NEUTRAL).any() else values


def neutral_face(points: np.ndarray, y: np.ndarray) -> list[list[float]]:
    """Return the mean aligned neutral face, (468, 3), or of all faces if none is neutral."""
    mean = align(neutral_rows(points, y))[0].mean(axis=0)
    return np.round(mean, NEUTRAL_FACE_DECIMALS).astype(float).tolist()


def _data_summary(rows: Rows, held_out: np.ndarray, data_name: str) -> dict[str, Any]:
    """Count the rows and take their fingerprint."""
    fingerprint = sha256(np.ascontiguousarray(rows.points).tobytes())
    fingerprint.update("\n".join(rows.y).encode())
    return {
        "data_name": data_name,
        "fingerprint": fingerprint.hexdigest(),
        "n_train": int((~held_out).sum()),
        "n_validation": int(held_out.sum()),
        "n_votes": 0 if rows.votes is None else int(rows.votes.any(axis=1).sum()),
    }


def _json(metrics: dict[str, Any]) -> bytes:
    return (json.dumps(metrics, indent=1) + "\n").encode()


def _saved_hashes(pixels: np.ndarray) -> bytes:
    """Return the known pixel hashes as a .npy file of uint64."""
    hashes = sorted({int(text, 16) for text in pixels.tolist() if text})
    buffer = io.BytesIO()
    np.save(buffer, np.array(hashes, dtype=np.uint64), allow_pickle=False)
    return buffer.getvalue()
