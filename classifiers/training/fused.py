"""Train the fused network: teachers, then students, then one student on all rows."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np

from classifiers.models.ensemble import Ensemble, FusedModel
from classifiers.models.fused import FusedNetwork, NetworkConfig
from classifiers.training.curves import folder_of
from classifiers.training.distillation import SHARE, refit_recipe, student_recipe
from classifiers.training.loop import Progress, train_network
from classifiers.training.recipe import TrainingConfig
from classifiers.training.tensors import Arrays, FusedRows, arrays_of, training_rows

ANY_CLASSES = NetworkConfig(classes=())
"""The fused network that ships; the rows decide classes, components and votes."""

RECIPE = TrainingConfig()
"""How its teachers are trained."""


class FusedTraining:
    """A training of networks of one configuration, which goes on where another ended.

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
        The teachers'. Each network adds its number, from 0, to the seed.
    device : {"auto", "cpu", "cuda"}
    progress : callable, optional
        Called after each epoch with its line of the curves.

    Raises
    ------
    ValueError
        If the rows don't fit.
    """

    def __init__(
        self,
        rows: FusedRows,
        held_out: np.ndarray,
        early_stopping_split: np.ndarray,
        run: Path,
        network: NetworkConfig = ANY_CLASSES,
        recipe: TrainingConfig = RECIPE,
        device: str = "auto",
        progress: Progress | None = None,
    ):
        self.rows, self.run, self.recipe = rows, run, recipe
        self.device, self.progress = device, progress
        self.trains, classes = training_rows(rows, held_out)
        self.preprocessing, self.arrays = arrays_of(
            rows, classes, self.trains, network.n_components
        )
        self.stopping = self.arrays[early_stopping_split]
        self.network = replace(
            network,
            classes=classes,
            n_components=len(self.preprocessing.root),
            n_votes=rows.votes.shape[1],
        )
        self._trained = 0

    def teachers(self, n_networks: int = 1) -> Ensemble:
        """Train networks from random weights on the training rows' labels.

        Raises
        ------
        KeyboardInterrupt
            On SIGINT or SIGTERM; the same calls go on after the last whole epoch.
        ValueError
            If the folder holds a training of other rows or settings.
        """
        rows = self.arrays[np.flatnonzero(self.trains)]
        models = [self._network(rows, self.stopping, self.recipe) for _ in range(n_networks)]
        return Ensemble(models)

    def students(self, teachers: Ensemble) -> Ensemble:
        """Train each network further, on the training rows, by the average of all.

        Raises
        ------
        KeyboardInterrupt, ValueError
            As `teachers` does.
        """
        chosen = np.flatnonzero(self.trains)
        return self._distilled(teachers, chosen, self.stopping, student_recipe(self.recipe))

    def refit(self, students: Ensemble) -> Ensemble:
        """Train the first network further, on all rows to the last epoch, by the average of all.

        Raises
        ------
        KeyboardInterrupt, ValueError
            As `teachers` does.
        """
        chosen = np.arange(len(self.trains))
        return self._distilled(students, chosen, None, refit_recipe(self.recipe), first=True)

    def _distilled(
        self,
        teachers: Ensemble,
        chosen: np.ndarray,
        stopping: Arrays | None,
        recipe: TrainingConfig,
        first: bool = False,
    ) -> Ensemble:
        """Train each teacher's network, or the first one's alone, further on some rows."""
        rows = self.arrays[chosen]
        proba = teachers.tta_proba(*self.rows.inputs(chosen)).mean(axis=0)
        rows = rows.with_soft_targets(proba, SHARE)
        starts = [model.network for model in teachers.models][: 1 if first else None]
        return Ensemble([self._network(rows, stopping, recipe, start) for start in starts])

    def _network(
        self,
        rows: Arrays,
        stopping: Arrays | None,
        recipe: TrainingConfig,
        start: FusedNetwork | None = None,
    ) -> FusedModel:
        """Train the run's next network, from random weights or from a network's."""
        number = self._trained
        self._trained += 1
        best = train_network(
            rows,
            stopping,
            self.network,
            replace(recipe, seed=recipe.seed + number),
            folder_of(self.run, number),
            self.device,
            self.progress,
            FusedNetwork if start is None else lambda _: deepcopy(start),
        )
        return FusedModel(best, self.preprocessing)
