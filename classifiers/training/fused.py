"""Train the fused network, or several whose probabilities are averaged."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from classifiers.models.ensemble import Ensemble, FusedModel
from classifiers.models.fused import FusedNetwork, NetworkConfig, initialized
from classifiers.models.landmark_vector import Preprocessing
from classifiers.training.curves import folder_of
from classifiers.training.fine_tuning import InitialNetworks, check_sizes
from classifiers.training.loop import Progress, train_network
from classifiers.training.recipe import TrainingConfig
from classifiers.training.tensors import Arrays, FusedRows, arrays_of, arrays_with, training_rows

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
    initial: InitialNetworks | None = None,
) -> Ensemble:
    """Train networks of one configuration, or go on where a run ended.

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
    initial : InitialNetworks, optional
        What the networks start from in turn, with its preprocessing; random weights if left out.

    Returns
    -------
    Ensemble

    Raises
    ------
    KeyboardInterrupt
        On SIGINT or SIGTERM; the same call goes on after the last whole epoch.
    ValueError
        If the rows don't fit, the folder holds a training of other rows or settings, or the
        networks to start from have another size.
    """
    trains, classes = training_rows(rows, held_out)
    config = replace(network, classes=classes, n_votes=rows.votes.shape[1])
    if initial is None:
        prepared = [_from_random(rows, trains, config)]
    else:
        prepared = [_from_model(rows, config, model, initial.origin) for model in initial.models]
    models = []
    for number in range(n_networks):
        preprocessing, arrays, config, build = prepared[number % len(prepared)]
        data = arrays[np.flatnonzero(trains)], arrays[early_stopping_split], config
        seeded = replace(recipe, seed=recipe.seed + number)
        best = train_network(*data, seeded, folder_of(run, number), device, progress, build)
        models.append(FusedModel(best, preprocessing))
    return Ensemble(models)


class Prepared(NamedTuple):
    """What a network is trained on, and what makes it before the first epoch."""

    preprocessing: Preprocessing
    arrays: Arrays
    config: NetworkConfig
    build: Callable[[NetworkConfig], FusedNetwork]


def _from_random(rows: FusedRows, trains: np.ndarray, config: NetworkConfig) -> Prepared:
    """Fit the preprocessing on the training rows, for a network of random weights."""
    preprocessing, arrays = arrays_of(rows, config.classes, trains, config.n_components)
    config = replace(config, n_components=len(preprocessing.root))
    return Prepared(preprocessing, arrays, config, FusedNetwork)


def _from_model(rows: FusedRows, config: NetworkConfig, model: FusedModel, origin: str) -> Prepared:
    """Take the preprocessing of a model, for a network that starts with its weights."""
    check_sizes(model, config)
    vectors = model.landmark_vectors(rows.points, rows.has_points)
    config = replace(config, n_components=vectors.shape[2], origin=origin)
    arrays = arrays_with(rows, config.classes, vectors)
    return Prepared(
        model.preprocessing, arrays, config, partial(initialized, trained=model.network)
    )
