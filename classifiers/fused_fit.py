"""The fused model's training from rows to a model that answers, and the picture of its course."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from classifiers.fused import NetworkConfig
from classifiers.fused_arrays import FusedRows, arrays_of, training_rows
from classifiers.fused_model import FusedModel
from classifiers.fused_recipe import TrainingConfig
from classifiers.fused_training import Progress, train_network

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
) -> FusedModel:
    """Train the fused model, or go on where a training in the same folder ended.

    Parameters
    ----------
    rows : FusedRows
        Training and validation rows, from `classifiers.fused_rows.read_fused_rows`.
    held_out : ndarray of bool, shape (m,), m <= n
        Which of the first rows validate; the others train.
    stops : ndarray of int
        Those of the validation rows that choose the epoch to keep.
    out : Path
        Folder of the run, for its checkpoint and curves.
    network : NetworkConfig
        Classes, number of components and of votes are replaced by the rows'.
    training : TrainingConfig, optional
    device : {"auto", "cpu", "cuda"}
    progress : callable, optional
        Called after each epoch with its line of the curves.

    Returns
    -------
    FusedModel

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
    best = train_network(
        arrays[np.flatnonzero(trains)],
        arrays[stops],
        network,
        training or TrainingConfig(),
        out,
        device,
        progress,
    )
    return FusedModel(best, preparation)
