"""The fused model's training from rows to a model that answers."""

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
"""The network that ships, but for what the rows decide."""


def fit_fused(
    rows: FusedRows,
    held_out: np.ndarray,
    stops: np.ndarray,
    out: Path,
    network: NetworkConfig = ANY_CLASSES,
    training: TrainingConfig | None = None,
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
    stops : ndarray of int
        Those of the validation rows that choose the epoch to keep.
    out : Path
        Folder of the run; each network has one in it, for its checkpoint and curves.
    network : NetworkConfig
        Classes, number of components and of votes are replaced by the rows'.
    training : TrainingConfig, optional
    device : {"auto", "cpu", "cuda"}
    progress : callable, optional
        Called after each epoch with its line of the curves.
    n_networks : int, default 1
        Networks to train, one after the other, each from a seed of its own: the training's and
        those that follow it.

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
    preparation, arrays = arrays_of(rows, classes, trains)
    network = replace(
        network,
        classes=classes,
        n_components=len(preparation.root),
        n_votes=rows.votes.shape[1],
    )
    training = training or TrainingConfig()
    trained, stopping = arrays[np.flatnonzero(trains)], arrays[stops]
    models = []
    for number in range(n_networks):
        recipe = replace(training, seed=training.seed + number)
        place = folder_of(out, number)
        best = train_network(trained, stopping, network, recipe, place, device, progress)
        models.append(FusedModel(best, preparation))
    return Ensemble(models)
