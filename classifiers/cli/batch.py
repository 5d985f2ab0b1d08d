"""Predict on photos in their order, here or in worker processes, and annotate copies of them."""

import os
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
from joblib.externals.loky.process_executor import BrokenProcessPool

from classifiers.cli.outputs import save_image
from classifiers.inference.annotate import annotate, annotations_of
from classifiers.inference.predictions import ImagePrediction
from classifiers.inference.predictor import Predictor
from data.errors import DataError
from data.files import part_of
from data.processes import settle_in_worker
from landmarks.detection.registry import Detector
from landmarks.images import ImageError, count_frames, read_image


class Job(NamedTuple):
    """One photo and what is wanted of it.

    Attributes
    ----------
    path : Path
    picture : Path, optional
        Where the annotated picture goes.
    mesh, explain : bool
        Whether the picture has the mesh, and the prediction its explanations.
    """

    path: Path
    picture: Path | None = None
    mesh: bool = False
    explain: bool = False


class Outcome(NamedTuple):
    """What became of one photo.

    Attributes
    ----------
    path : Path
    prediction : ImagePrediction or None
        None where the photo can't be read.
    reason : str
        The prediction's, or `landmarks.images.ImageError.reason`.
    sentence : str
        For people, where the photo can't be read, or has further frames.
    """

    path: Path
    prediction: ImagePrediction | None
    reason: str
    sentence: str = ""


class Settings(NamedTuple):
    """What a worker makes the same predictor of."""

    folder: Path
    detector: Detector
    shift: tuple[float, ...]
    min_confidence: float

    @classmethod
    def of(cls, predictor: Predictor) -> "Settings":
        """Return the settings of a predictor."""
        shift = tuple(predictor.shift)
        return cls(predictor.folder, predictor.detector, shift, predictor.min_confidence)


def read_photo(predictor: Predictor, job: Job) -> Outcome:
    """Read one photo, and write its picture if one is wanted.

    Raises
    ------
    StorageError
        On an I/O error of the picture.
    """
    try:
        rgb = read_image(job.path)
    except ImageError as error:
        return Outcome(job.path, None, error.reason, str(error))
    prediction = predictor.predict(rgb)
    # Either way it can be sent on from a worker.
    prediction = prediction.explained() if job.explain else prediction.unexplained()
    if job.picture:
        save_image(
            annotate(rgb, annotations_of(prediction, job.mesh), enlarge_small_faces=True),
            job.picture,
        )
    frames = count_frames(job.path)
    sentence = f"{job.path} has {frames} frames or pages; the first was read." if frames > 1 else ""
    return Outcome(job.path, prediction, prediction.reason, sentence)


def read_photos(predictor: Predictor, jobs: Sequence[Job], workers: int) -> Iterator[Outcome]:
    """Yield the outcomes of jobs in their order.

    Parameters
    ----------
    predictor : Predictor
    jobs : sequence of Job
    workers : int
        Processes to read in; 1 reads in this one.

    Raises
    ------
    StorageError
        On an I/O error of a picture.
    DataError
        If a worker is lost, for want of memory perhaps.
    """
    if workers == 1:
        yield from (read_photo(predictor, job) for job in jobs)
        return
    run = joblib.Parallel(workers, return_as="generator", batch_size=1, pre_dispatch="2*n_jobs")
    try:
        yield from run(
            joblib.delayed(_read_in_worker)(Settings.of(predictor), job, Path.cwd()) for job in jobs
        )
    except BrokenProcessPool as error:
        raise DataError(
            "A worker process ended, perhaps for want of memory; run it again with --workers 1."
        ) from error
    finally:  # a stop ends workers in the middle of a picture
        for job in jobs:
            if job.picture:
                part_of(job.picture).unlink(missing_ok=True)


def _read_in_worker(settings: Settings, job: Job, place: Path) -> Outcome:
    """Read one photo where the paths are meant: workers outlive calls from other folders."""
    settle_in_worker()
    os.chdir(place)
    return read_photo(_own_predictor(settings), job)


@cache
def _own_predictor(settings: Settings) -> Predictor:
    """Load the bundle once in a worker."""
    predictor = Predictor(
        settings.folder, detector=settings.detector, min_confidence=settings.min_confidence
    )
    return predictor.shifted(np.array(settings.shift))
