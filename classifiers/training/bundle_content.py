"""From rows with pixels to the content of a fused model's bundle: train, calibrate, export."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from classifiers.bundle.bundle import CARD, MODEL, PIXELS, WEIGHTS
from classifiers.bundle.model_card import model_card
from classifiers.models.ensemble import Answers, Ensemble, saved_weights
from classifiers.models.fused import NetworkConfig
from classifiers.models.fused_onnx import fused_to_onnx
from classifiers.training.curves import training_seconds
from classifiers.training.dataset import Rows, halves
from classifiers.training.landmarks import (
    CHECKED_ROWS,
    about_data,
    at_rest,
    calibrate,
    rest_face,
    saved_hashes,
)
from classifiers.training.loop import Progress
from classifiers.training.pixels import ANY_CLASSES, fit_fused
from classifiers.training.recipe import TrainingConfig
from classifiers.training.tensors import FusedRows
from landmarks.face_crop import SIDE

NETWORKS: dict[str, NetworkConfig] = {
    "fused": ANY_CLASSES,
    "cnn": replace(ANY_CLASSES, landmarks=False),
}
"""Pixels and landmarks together, or the same network on pixels alone."""

MESHES = 1
"""A model of pixels gains nothing from a second mesh: 72.6 % of 3,589 held-out images of FER2013
with one, 72.2 % with two, 72.3 % with four."""

PACKAGES = ("numpy", "scikit-learn", "torch", "torchvision", "safetensors", "onnx", "onnxruntime")


@dataclass(frozen=True)
class FusedChoices:
    """What the user chooses for a training, and the version of Mien that does it."""

    name: str
    version: str
    model: str
    training: TrainingConfig
    device: str = "auto"
    data_name: str = "not named"
    n_networks: int = 1
    prior: str = "training"


class Trained(NamedTuple):
    """A model, what its manifest says of it, and its weights' file.

    `seconds` is how long the training took; the exported graph is compared with the model on so
    many rows as `checked` says.
    """

    model: Answers
    description: dict[str, Any]
    weights: bytes
    seconds: float
    checked: int = CHECKED_ROWS


def train_fused(
    fused: FusedRows,
    rows: Rows,
    held_out: np.ndarray,
    choices: FusedChoices,
    run: Path,
    progress: Progress | None = None,
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Train a model that looks at pixels, or go on with it, and return a bundle's content.

    Parameters
    ----------
    fused : FusedRows
    rows : Rows
        Both from `classifiers.training.read_pixel_dataset.read_fused_rows`.
    held_out : ndarray of bool, shape (m,)
        Which of `rows` validate, see `classifiers.training.landmarks.train`.
    choices : FusedChoices
    run : Path
        Folder of checkpoint and curves.
    progress : callable, optional
        See `classifiers.training.pixels.fit_fused`.

    Returns
    -------
    manifest : dict
    files : dict of str to bytes
        Both for `classifiers.bundle.bundle.save_bundle`.

    Raises
    ------
    ValueError, KeyboardInterrupt
        As `classifiers.training.pixels.fit_fused` does.
    """

    def fit(stops: np.ndarray) -> Trained:
        network, training = NETWORKS[choices.model], choices.training
        model = fit_fused(
            fused,
            held_out,
            stops,
            run,
            network,
            training,
            choices.device,
            progress,
            choices.n_networks,
        )
        weights, seconds = saved_weights(model), training_seconds(run)
        return Trained(model, _description(model, choices), weights, seconds)

    return bundle_content(fused, rows, held_out, choices, fit)


def bundle_content(
    fused: FusedRows,
    rows: Rows,
    held_out: np.ndarray,
    choices: FusedChoices,
    fit: Callable[[np.ndarray], Trained],
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Train, calibrate, measure and export.

    Parameters
    ----------
    fused, rows, held_out, choices
        See `train_fused`.
    fit : callable
        Trains a model, whose epoch the given rows choose.

    Returns
    -------
    manifest : dict
    files : dict of str to bytes
        Both for `classifiers.bundle.bundle.save_bundle`.
    """
    stops, calibrates = halves(held_out)
    model, description, weights, seconds, checked = fit(stops)
    passes = model.mirror_passes(*_inputs(fused, calibrates))
    calibration, said = calibrate(
        passes, fused.y[calibrates], fused.y[: len(held_out)][~held_out], choices.prior
    )
    trained = np.flatnonzero(~held_out)
    manifest = {
        "name": choices.name,
        "version": choices.version,
        "model": choices.model,
        "balance": choices.training.balance,
        "seed": choices.training.seed,
        "refit": False,
        "classes": list(model.classes),
        "mesh": fused.mesh,
        "meshes": MESHES,
        **description,
        **said,
        "data": about_data(rows, held_out, choices.data_name),
        "training_seconds": seconds,
        "rest_face": rest_face(rows.points[trained], rows.y[trained]),
        "rest_crop": rest_crop(fused.crops[trained], fused.y[trained]),
    }
    shown = _inputs(fused, calibrates[:checked])
    onnx = fused_to_onnx(model, calibration, *shown)
    files = {
        MODEL: onnx,
        WEIGHTS: weights,
        PIXELS: saved_hashes(fused.pixels),
        CARD: model_card(manifest, len(onnx)).encode(),
    }
    return manifest, files


def rest_crop(crops: np.ndarray, y: np.ndarray) -> list[list[int]]:
    """Return the mean neutral crop, uint8 (SIDE, SIDE), or that of all faces if none is neutral."""
    return np.rint(at_rest(crops, y).mean(axis=0)).astype(int).tolist()


def _inputs(fused: FusedRows, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points, crops and flags of some rows, as the model takes them."""
    flags = fused.has_points[chosen].astype(np.float32)
    return fused.points[chosen], fused.crops[chosen], flags


def _description(model: Ensemble, choices: FusedChoices) -> dict[str, Any]:
    """Say what the model is and what made it."""
    config, n = model.models[0].network.config, len(model.models)
    landmarks = f"; alignment to the mean face, StandardScaler, PCA({config.n_components})"
    return {
        "n_components": config.n_components,
        "input": f"a face's crop of {SIDE} x {SIDE} grey pixels, by its 468 landmarks in pixels"
        + (", and these" if config.landmarks else ""),
        "preprocessing": "standardised crops" + (landmarks if config.landmarks else ""),
        "classifier": f"{n} x {config!r}, trained by {choices.training!r} and the seeds after it",
        "versions": {name: version(name) for name in PACKAGES},
    }
