"""Fine-tune a backbone on faces' pixels."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.models.backbones import BackboneConfig, BackboneNetwork
from classifiers.models.ensemble import PixelModel
from classifiers.training.augmentation import Augmentation
from classifiers.training.backbone_weights import Weights
from classifiers.training.curves import folder_of
from classifiers.training.loop import Progress, train_network
from classifiers.training.recipe import TrainingConfig, with_settings
from classifiers.training.tensors import FusedRows, arrays_with, training_rows
from landmarks.face_crop import SIDE

FINE_TUNING = TrainingConfig(
    epochs=20,
    batch_size=64,
    optimizer="adam",
    lr=1e-4,
    weight_decay=1e-4,
    warm_up=1.0,
    averaging=0.0,
    augmentation=Augmentation(),
)
"""How the published comparisons fine-tune; the weights are not averaged over the steps."""

CHECKED_ROWS = 8
"""Rows on which the exported graph is compared: each takes up to 15 billion multiplications."""


def fit_backbone(
    rows: FusedRows,
    held_out: np.ndarray,
    early_stopping_split: np.ndarray,
    run: Path,
    backbone: str,
    weights: Weights,
    recipe: TrainingConfig,
    device: str = "auto",
    progress: Progress | None = None,
    settings: Mapping[str, Any] | None = None,
) -> PixelModel:
    """Fine-tune a backbone, or go on where a training in the same folder ended.

    Parameters
    ----------
    rows, held_out, early_stopping_split, run, recipe, device, progress
        As `classifiers.training.fused.FusedTraining` takes them.
    backbone : str
        One of `classifiers.models.backbones.BACKBONES`.
    weights : Weights
        What it starts from, by `classifiers.training.backbone_weights.find_weights`.
    settings : mapping, optional
        Those that `BackboneConfig` has take the place of its defaults.

    Returns
    -------
    PixelModel
        Of the epoch with the best accuracy on the early-stopping split.

    Raises
    ------
    ValueError, KeyboardInterrupt
        As `classifiers.training.loop.train_network` does.
    """
    trains, classes = training_rows(rows, held_out)
    # One number in the place of each landmark vector: the network takes pixels alone.
    arrays = arrays_with(rows, classes, np.zeros((len(trains), 2, 1), np.float16))
    config = with_settings(BackboneConfig(backbone), settings or {})
    pretrained = weights.state is not None
    config = replace(config, classes=classes, pretrained=pretrained, origin=weights.origin)
    best = train_network(
        arrays[np.flatnonzero(trains)],
        arrays[early_stopping_split],
        config,
        recipe,
        folder_of(run, 0),
        device,
        progress,
        partial(BackboneNetwork, state=weights.state),
    )
    return PixelModel(best)


def metadata(model: PixelModel, recipe: TrainingConfig) -> dict[str, Any]:
    """Return what the manifest says of a backbone."""
    config = model.network.config
    return {
        "input": f"a face's crop of {SIDE} x {SIDE} grey pixels, by its 468 landmarks in pixels, "
        f"its middle enlarged to {config.side} x {config.side}",
        "preprocessing": f"crops normalised as ImageNet, begun with {config.origin}",
        "classifier": f"{config!r}, trained by {recipe!r}",
    }
