"""From rows with pixels to the content of a fine-tuned backbone's bundle."""

from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.models.backbones import SIDE_SEEN, BackboneConfig, BackboneNetwork
from classifiers.models.ensemble import PixelModel
from classifiers.training.augmentation import Augmentation
from classifiers.training.backbone_weights import Weights, saved_weights
from classifiers.training.bundle_content import PACKAGES, FusedChoices, Trained, bundle_content
from classifiers.training.curves import folder_of, training_seconds
from classifiers.training.dataset import Rows
from classifiers.training.loop import Progress, train_network
from classifiers.training.recipe import TrainingConfig
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


def train_backbone(
    weights: Weights,
    fused: FusedRows,
    rows: Rows,
    held_out: np.ndarray,
    choices: FusedChoices,
    run: Path,
    progress: Progress | None = None,
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Fine-tune a backbone, or go on with it, and return a bundle's content.

    Parameters
    ----------
    weights : Weights
        What it starts from, by `classifiers.training.backbone_weights.find_weights`.
    fused, rows, held_out, choices, run, progress
        As `classifiers.training.bundle_content.train_fused` takes them.

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

    def fit(stops: np.ndarray) -> Trained:
        model = _fitted(weights, fused, held_out, stops, choices, run, progress)
        description, seconds = _description(model, choices), training_seconds(run)
        return Trained(model, description, saved_weights(model.network), seconds, CHECKED_ROWS)

    return bundle_content(fused, rows, held_out, choices, fit)


def _fitted(
    weights: Weights,
    fused: FusedRows,
    held_out: np.ndarray,
    stops: np.ndarray,
    choices: FusedChoices,
    run: Path,
    progress: Progress | None,
) -> PixelModel:
    """Return the model of the epoch that answered most of the rows `stops` rightly."""
    trains, classes = training_rows(fused, held_out)
    # One look of one number, and its mirror image's: the network sees pixels alone.
    arrays = arrays_with(fused, classes, np.zeros((len(trains), 2, 1), np.float16))
    best = train_network(
        arrays[np.flatnonzero(trains)],
        arrays[stops],
        BackboneConfig(choices.model, classes, weights.state is not None, weights.origin),
        choices.training,
        folder_of(run, 0),
        choices.device,
        progress,
        partial(BackboneNetwork, state=weights.state),
    )
    return PixelModel(best)


def _description(model: PixelModel, choices: FusedChoices) -> dict[str, Any]:
    """Say what the model is and what made it."""
    config = model.network.config
    return {
        "input": f"a face's crop of {SIDE} x {SIDE} grey pixels, by its 468 landmarks in pixels, "
        f"its middle enlarged to {SIDE_SEEN} x {SIDE_SEEN}",
        "preprocessing": f"crops normalised as ImageNet, begun with {config.origin}",
        "classifier": f"{config!r}, trained by {choices.training!r}",
        "versions": {name: version(name) for name in PACKAGES},
    }
