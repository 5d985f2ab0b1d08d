"""Predict on photos in their order, here or in worker processes, and annotate copies of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from classifiers.cli.outputs import save_image
from classifiers.cli.workers import each
from classifiers.inference.annotate import annotate, annotations_of
from classifiers.inference.predictions import ImagePrediction
from classifiers.inference.predictor import Predictor
from data.files import part_of
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
    try:
        yield from each(read_photo, predictor, jobs, workers)
    finally:  # a stop ends workers in the middle of a picture
        for job in jobs:
            if job.picture:
                part_of(job.picture).unlink(missing_ok=True)
