"""Read corrupted images and images without a face with several models; a stopped run goes on.

joblib.Memory keeps each finished image. Its key is all that the predictions depend on.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from classifiers.bundle.manifest import MANIFEST
from classifiers.experiments.corruptions import CORRUPTIONS, SEVERITIES
from classifiers.experiments.non_faces import as_photo_and_tight_crop, non_face
from classifiers.inference.predictor import Predictor
from data.sources import ImageRef, images_or_errors
from landmarks.detection.detector import MESH_VERSION, shared_detector
from landmarks.images import ImageError

FORMAT = 6
"""Version of what is kept; a higher one measures all images anew."""

CLEAN = "clean"
LABELLED, NOT_A_FACE = "labelled", "annotated as no face"


@dataclass(frozen=True)
class Job:
    """One image to read with all models.

    Attributes
    ----------
    name : str
        The only one of its kind.
    kind : str
        `LABELLED`, one of `classifiers.experiments.non_faces.KINDS`, or `NOT_A_FACE`.
    ref : ImageRef, optional
        Where the image is; left out for an image of `KINDS`, which is made.
    stamp : tuple of int
        Size and modification time of its file.
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
        Of the corruptions and of the images that are made.
    folder : Path
        Where predictions are kept; made if there is none.
    workers : int
        Worker processes, -1 for one per core; 1 works in this process.
    advance : callable
        Called after each job.

    Returns
    -------
    list of dict
        In the order of the jobs: kind, name and what `predict_job` returns.

    Raises
    ------
    OSError
        If the folder can't be made.
    """
    run = joblib.Memory(folder, verbose=0).cache(_run_job, ignore=["bundles"])
    amounts = [(corruption.name, corruption.amounts) for corruption in CORRUPTIONS]
    manifests = [(bundle / MANIFEST).read_text("utf-8") for bundle in bundles]
    key = joblib.hash((FORMAT, MESH_VERSION, amounts, manifests))
    parallel = joblib.Parallel(n_jobs=workers, return_as="generator", batch_size=1)
    results = []
    for done in parallel(joblib.delayed(run)(job, tuple(bundles), seed, key) for job in jobs):
        results.append(done)
        advance()
    return results


def predict_job(job: Job, predictors: Sequence[Predictor], seed: int) -> dict[str, Any]:
    """Read one image with all models.

    Returns
    -------
    dict
        ``reason``, empty unless the image can't be read, and ``predictions``. Of a labelled image:
        under `CLEAN` the prediction for the image itself, and under each corruption's name a list
        over the severities. Of another image: one prediction for each value of
        `classifiers.experiments.non_faces.as_photo_and_tight_crop`. A prediction is a list of each
        model's expression for the largest face and whether it is certain, None where no face is
        found with the model's number of meshes.
    """
    try:
        rgb = _image(job, seed)
    except ImageError as error:
        return {"reason": error.reason, "predictions": {}}
    if job.kind != LABELLED:
        images = as_photo_and_tight_crop(rgb)
        found = {name: _predict(image, predictors) for name, image in images.items()}
        return {"reason": "", "predictions": found}
    predictions: dict[str, Any] = {CLEAN: _predict(rgb, predictors)}
    for number, corruption in enumerate(CORRUPTIONS):
        entropy = [seed, _number(job.name), number]
        predictions[corruption.name] = [
            _predict(
                corruption(rgb, severity, np.random.default_rng([*entropy, severity])), predictors
            )
            for severity in range(1, SEVERITIES + 1)
        ]
    return {"reason": "", "predictions": predictions}


def _run_job(job: Job, bundles: tuple[Path, ...], seed: int, key: str) -> dict[str, Any]:
    """Do a job in whichever process this is; `key` stands for the models and corruptions."""
    return {"kind": job.kind, "name": job.name, **predict_job(job, _predictors(bundles), seed)}


@lru_cache(maxsize=1)
def _predictors(bundles: tuple[Path, ...]) -> list[Predictor]:
    return [Predictor(bundle) for bundle in bundles]


def _image(job: Job, seed: int) -> np.ndarray:
    """Read or make a job's image."""
    if job.ref is None:
        return non_face(job.kind, job.name, seed)
    image = next(images_or_errors([job.ref]))
    if isinstance(image, ImageError):
        raise image
    return image


def _predict(rgb: np.ndarray, predictors: Sequence[Predictor]) -> list[list[Any] | None]:
    """Predict as `Predictor.predict` does, with the faces found once a number of meshes."""
    largest = {
        meshes: sorted(shared_detector().detect(rgb, meshes), key=lambda face: -face.area)[:1]
        for meshes in {predictor.meshes for predictor in predictors}
    }
    predictions = [one.predict_faces(rgb, largest[one.meshes]) for one in predictors]
    return [
        [found[0].expression, not found[0].uncertain] if found else None for found in predictions
    ]


def _number(name: str) -> int:
    """Return a number for a name, so that an image's random numbers don't depend on the others."""
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest())
