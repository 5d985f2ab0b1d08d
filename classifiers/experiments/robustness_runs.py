"""What models answer to corrupted pictures and to pictures without a face; a stopped run goes on.

Each finished picture is kept by joblib.Memory, whose key is all that the answer depends on.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from classifiers.bundle.manifest import MANIFEST
from classifiers.experiments.corruptions import CORRUPTIONS, SEVERITIES, corrupted
from classifiers.experiments.non_faces import non_face, shown_as
from classifiers.inference.predictor import Predictor
from data.features.records import ImageRef, images_or_errors
from landmarks.detection.detector import MESH_VERSION, shared_finder
from landmarks.images import ImageError

FORMAT = 4
"""Version of what is kept; a higher one measures all pictures anew."""

CLEAN = "clean"
LABELLED, NOT_A_FACE = "labelled", "called no face"


@dataclass(frozen=True)
class Job:
    """One picture to show to the models.

    Attributes
    ----------
    name : str
        The only one of its kind.
    kind : str
        `LABELLED`, one of `classifiers.experiments.non_faces.KINDS`, or `NOT_A_FACE`.
    ref : ImageRef, optional
        Where the picture is; it is made where there is none.
    stamp : tuple of int
        Size and time of change of its file.
    """

    name: str
    kind: str
    ref: ImageRef | None = None
    stamp: tuple[int, ...] = ()


def job_of(ref: ImageRef, kind: str) -> Job:
    """Return the job of an image file or a record, as it is now."""
    try:
        status = os.stat(ref.path)
        stamp = (status.st_size, status.st_mtime_ns)
    except OSError:
        stamp = ()
    return Job(f"{ref.split}/{ref.label}/{ref.image}", kind, ref, stamp)


def run_jobs(
    jobs: Sequence[Job],
    bundles: Sequence[Path],
    seed: int,
    folder: Path,
    workers: int,
    advance: Callable[[], None],
) -> list[dict[str, Any]]:
    """Do all jobs that no earlier run has done.

    Parameters
    ----------
    jobs : sequence of Job
        No two of the same kind and name.
    bundles : sequence of Path
        Folders of the models.
    seed : int
        Decides what corruptions leave to chance.
    folder : Path
        Where answers are kept; made if there is none.
    workers : int
        Worker processes, -1 for one per core; 1 works in this process.
    advance : callable
        Called after each job.

    Returns
    -------
    list of dict
        In the order of the jobs: kind, name and what `answer` returns.

    Raises
    ------
    OSError
        If the folder can't be made.
    """
    line = joblib.Memory(folder, verbose=0).cache(_line, ignore=["bundles"])
    amounts = [(corruption.name, corruption.amounts) for corruption in CORRUPTIONS]
    manifests = [(bundle / MANIFEST).read_text("utf-8") for bundle in bundles]
    key = joblib.hash((FORMAT, MESH_VERSION, amounts, manifests))
    parallel = joblib.Parallel(n_jobs=workers, return_as="generator", batch_size=1)
    lines = []
    for done in parallel(joblib.delayed(line)(job, tuple(bundles), seed, key) for job in jobs):
        lines.append(done)
        advance()
    return lines


def answer(job: Job, predictors: Sequence[Predictor], seed: int) -> dict[str, Any]:
    """Show one picture to all models.

    Parameters
    ----------
    job : Job
    predictors : sequence of Predictor
    seed : int

    Returns
    -------
    dict
        ``reason``, not ``""`` for a picture that can't be read, and ``answers``. Those to a
        labelled picture are one to it as it is (`CLEAN`) and for each corruption a list of the
        strengths'; those to another picture, one for each way in which `non_faces.shown_as` shows
        it. An answer is a list, empty where no face is found, of each model's expression for the
        largest face and whether it is sure.
    """
    try:
        rgb = _picture(job, seed)
    except ImageError as error:
        return {"reason": error.reason, "answers": {}}
    if job.kind != LABELLED:
        seen = shown_as(rgb).items()
        return {"reason": "", "answers": {way: _read(shown, predictors) for way, shown in seen}}
    answers: dict[str, Any] = {CLEAN: _read(rgb, predictors)}
    for number, corruption in enumerate(CORRUPTIONS):
        chance = [seed, _number(job.name), number]
        answers[corruption.name] = [
            _read(
                corrupted(rgb, corruption, strength, np.random.default_rng([*chance, strength])),
                predictors,
            )
            for strength in range(1, SEVERITIES + 1)
        ]
    return {"reason": "", "answers": answers}


def _line(job: Job, bundles: tuple[Path, ...], seed: int, key: str) -> dict[str, Any]:
    """Do a job in whichever process this is; `key` stands for the models and corruptions."""
    return {"kind": job.kind, "name": job.name, **answer(job, _predictors(bundles), seed)}


@lru_cache(maxsize=1)
def _predictors(bundles: tuple[Path, ...]) -> list[Predictor]:
    return [Predictor(bundle) for bundle in bundles]


def _picture(job: Job, seed: int) -> np.ndarray:
    """Read or make a job's picture."""
    if job.ref is None:
        return non_face(job.kind, job.name, seed)
    picture = next(images_or_errors([job.ref]))
    if isinstance(picture, ImageError):
        raise picture
    return picture


def _read(rgb: np.ndarray, predictors: Iterable[Predictor]) -> list[list[Any]]:
    """Read a picture as `Predictor.predict` does, its faces found once for all models."""
    faces = sorted(shared_finder().find(rgb), key=lambda face: -face.area)[:1]
    readings = [predictor.predict_faces(rgb, faces) for predictor in predictors]
    return [[found[0].expression, not found[0].unsure] for found in readings if found]


def _number(name: str) -> int:
    """Return a number for a name, so that its picture's chances don't hang on the others."""
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest())
