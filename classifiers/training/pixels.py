"""Train a model that takes pixels and return the content of its bundle."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.bundle.bundle import WEIGHTS
from classifiers.bundle.manifest import PIXEL_INPUTS
from classifiers.models.backbones import BACKBONES
from classifiers.models.ensemble import Ensemble, saved_weights
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
from classifiers.training.curves import training_seconds
from classifiers.training.dataset import Rows, split_validation, training_sample
from classifiers.training.fine_tuning import InitialNetworks, unseen_validation
from classifiers.training.fused import ANY_CLASSES, RECIPE, train_fused
from classifiers.training.loop import Progress
from classifiers.training.recipe import TrainingConfig, with_settings
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


def train_pixel_model(
    fused: FusedRows,
    rows: Rows,
    held_out: np.ndarray,
    options: TrainOptions,
    run: Path,
    weights: Weights | InitialNetworks | None = None,
    progress: Progress | None = None,
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Train a model of `NETWORKS` or `BACKBONES`, or go on with it; return a bundle's content.

    Parameters
    ----------
    fused : FusedRows
    rows : Rows
        Both from `classifiers.training.read_pixel_dataset.read_fused_rows`.
    held_out : ndarray of bool, shape (m,)
        Which of `rows` validate, see `classifiers.training.landmarks.train`; see
        `classifiers.training.fine_tuning.unseen_validation` where `weights` are networks.
    options : TrainOptions
    run : Path
        Folder of checkpoint and curves.
    weights : Weights or InitialNetworks, optional
        What a backbone starts from, by `classifiers.training.backbone_weights.find_weights`, or
        the networks, by `classifiers.training.fine_tuning.find_initial_networks`.
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
    seen, n_seen = frozenset[str](), 0
    if isinstance(weights, InitialNetworks):
        seen = weights.pixels
        held_out, n_seen = unseen_validation(weights, rows, held_out)
    early_stopping_split, calibration_split = split_validation(held_out)
    if n_seen:  # the first epoch would be the best on images that the weights have seen
        early_stopping_split = early_stopping_split[:0]
    recipe, data = recipe_of(options), (fused, held_out, early_stopping_split, run)
    if options.model in BACKBONES:
        model = backbones.fit_backbone(
            *data, options.model, weights, recipe, options.device, progress, options.settings
        )
        saved, checked = saved_backbone_weights(model.network), backbones.CHECKED_ROWS
        metadata, quantizes = backbones.metadata(model, recipe), False
    else:
        network = with_settings(NETWORKS[options.model], options.settings)
        more = recipe, options.n_networks, options.device, progress, weights
        model = train_fused(*data, network, *more)
        saved, checked = saved_weights(model), CHECKED_ROWS
        metadata, quantizes = _metadata(model, recipe), True
    metadata |= {"meshes": MESHES, "inputs": PIXEL_INPUTS, "n_validation_seen": n_seen}
    metadata["training_seconds"] = training_seconds(run)
    trained = np.flatnonzero(~held_out)
    metadata["neutral_crop"] = neutral_crop(fused.crops[trained], fused.y[trained])
    examples = fused.inputs(calibration_split[:checked])
    content = TrainedModel(
        classes=list(model.classes),
        passes=model.tta_proba(*fused.inputs(calibration_split)),
        train_passes=model.tta_proba(*fused.inputs(training_sample(held_out))),
        export=lambda calibration: fused_to_onnx(model, calibration, *examples, quantizes),
        weights={WEIGHTS: saved},
        pixels=np.array([*fused.pixels, *seen]),
        metadata=metadata,
    )
    return bundle_content(content, rows, held_out, calibration_split, options)


def recipe_of(options: TrainOptions) -> TrainingConfig:
    """Return how the model that the options name is trained."""
    recipe = backbones.FINE_TUNING if options.model in BACKBONES else RECIPE
    augmentation = with_settings(recipe.augmentation, options.settings)
    own = {"augmentation": augmentation, "seed": options.seed, "balance": options.balance}
    return replace(with_settings(recipe, options.settings), **own)


def epochs_of(options: TrainOptions) -> int:
    """Return the epochs of all networks that the options ask for."""
    return options.n_networks * recipe_of(options).epochs


def neutral_crop(crops: np.ndarray, y: np.ndarray) -> list[list[int]]:
    """Return the mean neutral crop, uint8 (SIDE, SIDE), or that of all faces if none is neutral."""
    return np.rint(neutral_rows(crops, y).mean(axis=0)).astype(int).tolist()


def _metadata(model: Ensemble, recipe: TrainingConfig) -> dict[str, Any]:
    """Return what the manifest says of a model in `NETWORKS`."""
    config = model.models[0].network.config
    landmarks = f"; alignment to the mean face, StandardScaler, PCA({config.n_components})"
    return {
        "n_components": config.n_components,
        "input": f"a face's crop of {SIDE} x {SIDE} grey pixels, by its 468 landmarks in pixels"
        + (", and these" if config.landmarks else ""),
        "preprocessing": "standardised crops"
        + (landmarks if config.landmarks else "")
        + f", begun with {config.origin}",
        "classifier": f"{config!r}, trained by {recipe!r}"
        + (f" and the seeds after it: {len(model.models)} averaged" if model.models[1:] else ""),
    }
