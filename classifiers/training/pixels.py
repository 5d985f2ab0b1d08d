"""Train a model that takes pixels and return the content of its bundle."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.bundle.bundle import WEIGHTS
from classifiers.bundle.manifest import PIXEL_INPUTS
from classifiers.models.backbones import BACKBONES
from classifiers.models.ensemble import Ensemble, FusedModel, saved_weights
from classifiers.models.fused import NetworkConfig
from classifiers.models.fused_onnx import fused_to_onnx
from classifiers.training import backbones
from classifiers.training.backbone_weights import Weights, saved_backbone_weights
from classifiers.training.bundle_content import (
    CHECKED_ROWS,
    TrainedModel,
    TrainOptions,
    bundle_content,
    neutral_rows,
)
from classifiers.training.curves import folder_of, training_seconds
from classifiers.training.dataset import Rows, split_validation
from classifiers.training.loop import Progress, train_network
from classifiers.training.recipe import TrainingConfig
from classifiers.training.tensors import FusedRows, arrays_of, training_rows
from landmarks.face_crop import SIDE

ANY_CLASSES = NetworkConfig(classes=())
"""The fused network that ships; the rows decide classes, components and votes."""

NETWORKS: dict[str, NetworkConfig] = {
    "fused": ANY_CLASSES,
    "cnn": replace(ANY_CLASSES, landmarks=False),
}
"""Pixels and landmarks together, or the same network on pixels alone."""

RECIPE = TrainingConfig()
"""How the models in `NETWORKS` are trained."""

MESHES = 1
"""A model of pixels gains nothing from a second mesh: 72.6 % of 3,589 held-out images of FER2013
with one, 72.2 % with two, 72.3 % with four."""


def train_pixel_model(
    fused: FusedRows,
    rows: Rows,
    held_out: np.ndarray,
    options: TrainOptions,
    run: Path,
    weights: Weights | None = None,
    progress: Progress | None = None,
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Train a model of `NETWORKS` or `BACKBONES`, or go on with it; return a bundle's content.

    Parameters
    ----------
    fused : FusedRows
    rows : Rows
        Both from `classifiers.training.read_pixel_dataset.read_fused_rows`.
    held_out : ndarray of bool, shape (m,)
        Which of `rows` validate, see `classifiers.training.landmarks.train`.
    options : TrainOptions
    run : Path
        Folder of checkpoint and curves.
    weights : Weights, optional
        What a backbone starts from, by `classifiers.training.backbone_weights.find_weights`.
    progress : callable, optional
        Called after each epoch with its line of the curves.

    Returns
    -------
    manifest : dict
    files : dict of str to bytes
        Both for `classifiers.bundle.bundle.save_bundle`.

    Raises
    ------
    ValueError, KeyboardInterrupt
        As `classifiers.training.loop.train_network` does.
    """
    early_stopping_split, calibration_split = split_validation(held_out)
    recipe, data = recipe_of(options), (fused, held_out, early_stopping_split, run)
    if options.model in BACKBONES:
        model = backbones.fit_backbone(
            *data, options.model, weights, recipe, options.device, progress
        )
        saved, checked = saved_backbone_weights(model.network), backbones.CHECKED_ROWS
        metadata = backbones.metadata(model, recipe)
    else:
        network = NETWORKS[options.model]
        model = fit_fused(*data, network, recipe, options.device, progress, options.n_networks)
        saved, checked = saved_weights(model), CHECKED_ROWS
        metadata = _metadata(model, recipe)
    metadata |= {"meshes": MESHES, "inputs": PIXEL_INPUTS}
    metadata["training_seconds"] = training_seconds(run)
    trained = np.flatnonzero(~held_out)
    metadata["neutral_crop"] = neutral_crop(fused.crops[trained], fused.y[trained])
    examples = _inputs(fused, calibration_split[:checked])
    content = TrainedModel(
        classes=list(model.classes),
        passes=model.tta_proba(*_inputs(fused, calibration_split)),
        export=lambda calibration: fused_to_onnx(model, calibration, *examples),
        weights={WEIGHTS: saved},
        pixels=fused.pixels,
        metadata=metadata,
    )
    return bundle_content(content, rows, held_out, calibration_split, options)


def recipe_of(options: TrainOptions) -> TrainingConfig:
    """Return how the model that the options name is trained."""
    recipe = backbones.FINE_TUNING if options.model in BACKBONES else RECIPE
    epochs = options.epochs or recipe.epochs
    return replace(recipe, epochs=epochs, seed=options.seed, balance=options.balance)


def fit_fused(
    rows: FusedRows,
    held_out: np.ndarray,
    early_stopping_split: np.ndarray,
    run: Path,
    network: NetworkConfig = ANY_CLASSES,
    recipe: TrainingConfig = RECIPE,
    device: str = "auto",
    progress: Progress | None = None,
    n_networks: int = 1,
) -> Ensemble:
    """Train the fused model, or go on where a training in the same folder ended.

    Parameters
    ----------
    rows : FusedRows
        Training and validation rows, from
        `classifiers.training.read_pixel_dataset.read_fused_rows`.
    held_out : ndarray of bool, shape (m,), m <= n
        Which of the first rows validate; the others train.
    early_stopping_split : ndarray of int
        The validation rows that choose the epoch to keep.
    run : Path
        Folder of the run. Each network has a folder in it, with its checkpoint and curves.
    network : NetworkConfig
        The rows' classes, numbers of components and of votes take the place of its own.
    recipe : TrainingConfig, optional
    device : {"auto", "cpu", "cuda"}
    progress : callable, optional
        Called after each epoch with its line of the curves.
    n_networks : int, default 1
        Networks to train, one after the other, with the recipe's seed and the seeds that follow it.

    Returns
    -------
    Ensemble

    Raises
    ------
    KeyboardInterrupt
        On SIGINT or SIGTERM; the same call goes on after the last whole epoch.
    ValueError
        If the rows don't fit, or the folder holds a training of others.
    """
    trains, classes = training_rows(rows, held_out)
    preprocessing, arrays = arrays_of(rows, classes, trains)
    network = replace(
        network,
        classes=classes,
        n_components=len(preprocessing.root),
        n_votes=rows.votes.shape[1],
    )
    training, stopping = arrays[np.flatnonzero(trains)], arrays[early_stopping_split]
    models = []
    for number in range(n_networks):
        own = replace(recipe, seed=recipe.seed + number)
        folder = folder_of(run, number)
        best = train_network(training, stopping, network, own, folder, device, progress)
        models.append(FusedModel(best, preprocessing))
    return Ensemble(models)


def neutral_crop(crops: np.ndarray, y: np.ndarray) -> list[list[int]]:
    """Return the mean neutral crop, uint8 (SIDE, SIDE), or that of all faces if none is neutral."""
    return np.rint(neutral_rows(crops, y).mean(axis=0)).astype(int).tolist()


def _inputs(fused: FusedRows, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points, crops and flags of some rows, as the model takes them."""
    flags = fused.has_points[chosen].astype(np.float32)
    return fused.points[chosen], fused.crops[chosen], flags


def _metadata(model: Ensemble, recipe: TrainingConfig) -> dict[str, Any]:
    """Return what the manifest says of a model in `NETWORKS`."""
    config, n = model.models[0].network.config, len(model.models)
    landmarks = f"; alignment to the mean face, StandardScaler, PCA({config.n_components})"
    return {
        "n_components": config.n_components,
        "input": f"a face's crop of {SIDE} x {SIDE} grey pixels, by its 468 landmarks in pixels"
        + (", and these" if config.landmarks else ""),
        "preprocessing": "standardised crops" + (landmarks if config.landmarks else ""),
        "classifier": f"{n} x {config!r}, trained by {recipe!r} and the seeds after it",
    }
