"""Train the fused network, or several whose probabilities are averaged."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from classifiers.models.ensemble import Ensemble, FusedModel
from classifiers.models.fused import NetworkConfig
from classifiers.training.curves import folder_of
from classifiers.training.loop import Progress, train_network
from classifiers.training.recipe import TrainingConfig
from classifiers.training.tensors import FusedRows, arrays_of, training_rows

ANY_CLASSES = NetworkConfig(classes=())
"""The fused network that ships; the rows decide classes, components and votes."""

RECIPE = TrainingConfig()
"""How it is trained."""


def train_fused(
    rows: FusedRows,
    held_out: np.ndarray,
    early_stopping_split: np.ndarray,
    run: Path,
    network: NetworkConfig = ANY_CLASSES,
    recipe: TrainingConfig = RECIPE,
    n_networks: int = 1,
    device: str = "auto",
    progress: Progress | None = None,
) -> Ensemble:
    """Train networks of one configuration from random weights, or go on where a run ended.

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
        Each network adds its number, from 0, to the seed.
    n_networks : int, default 1
    device : {"auto", "cpu", "cuda"}
    progress : callable, optional
        Called after each epoch with its line of the curves.

    Returns
    -------
    Ensemble

    Raises
    ------
    KeyboardInterrupt
        On SIGINT or SIGTERM; the same call goes on after the last whole epoch.
    ValueError
        If the rows don't fit, or the folder holds a training of other rows or settings.
    """
    trains, classes = training_rows(rows, held_out)
    preprocessing, arrays = arrays_of(rows, classes, trains, network.n_components)
    config = replace(
        network,
        classes=classes,
        n_components=len(preprocessing.root),
        n_votes=rows.votes.shape[1],
    )
    data = arrays[np.flatnonzero(trains)], arrays[early_stopping_split], config
    models = []
    for number in range(n_networks):
        seeded = replace(recipe, seed=recipe.seed + number)
        best = train_network(*data, seeded, folder_of(run, number), device, progress)
        models.append(FusedModel(best, preprocessing))
    return Ensemble(models)
