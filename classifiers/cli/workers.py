"""Let worker processes predict: each loads the command's predictor once."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeVar

import joblib
import numpy as np
from joblib.externals.loky.process_executor import BrokenProcessPool

from classifiers.inference.predictor import Predictor
from data.errors import DataError
from data.processes import settle_in_worker
from landmarks.detection.registry import Detector

Task = TypeVar("Task")
Done = TypeVar("Done")


class Settings(NamedTuple):
    """What a worker makes the same predictor of."""

    folder: Path
    detector: Detector
    shift: tuple[float, ...]
    scale: float
    neutral_measures: tuple[float, ...] | None
    min_confidence: float

    @classmethod
    def of(cls, predictor: Predictor) -> "Settings":
        """Return the settings of a predictor."""
        measures = predictor.neutral_measures
        return cls(
            *(predictor.folder, predictor.detector, tuple(predictor.shift), predictor.scale),
            *(None if measures is None else tuple(measures), predictor.min_confidence),
        )


def each(
    work: Callable[[Predictor, Task], Done],
    predictor: Predictor,
    tasks: Sequence[Task],
    workers: int,
) -> Iterator[Done]:
    """Yield what tasks give, in their order.

    Parameters
    ----------
    work : callable
        A function of a module; its results can be pickled.
    predictor : Predictor
    tasks : sequence
    workers : int
        Processes; 1 works in this one.

    Raises
    ------
    DataError
        If a worker is lost, for want of memory perhaps.
    """
    if workers == 1:
        yield from (work(predictor, task) for task in tasks)
        return
    run = joblib.Parallel(workers, return_as="generator", batch_size=1, pre_dispatch="2*n_jobs")
    settings, place = Settings.of(predictor), Path.cwd()
    try:
        yield from run(joblib.delayed(_in_worker)(work, settings, task, place) for task in tasks)
    except BrokenProcessPool as error:
        raise DataError(
            "A worker process ended, perhaps for want of memory; run it again with --workers 1."
        ) from error


def _in_worker(
    work: Callable[[Predictor, Task], Done], settings: Settings, task: Task, place: Path
) -> Done:
    """Work where the paths are meant: workers outlive calls from other folders."""
    settle_in_worker()
    os.chdir(place)
    return work(_own_predictor(settings), task)


@cache
def _own_predictor(settings: Settings) -> Predictor:
    """Load the bundle once in a worker."""
    predictor = Predictor(
        settings.folder, detector=settings.detector, min_confidence=settings.min_confidence
    )
    measures = settings.neutral_measures
    return predictor.shifted(
        np.array(settings.shift),
        None if measures is None else np.array(measures),
        settings.scale,
    )
