"""Evaluate a model on a feature folder.

The largest face of an image counts; an image without a found face is a miss.
"""

import statistics
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from classifiers.bundle.bundle import size_of, train_pixels
from classifiers.evaluation.intervals import bootstrap_intervals
from classifiers.evaluation.metrics import measure
from classifiers.evaluation.own_neutral import relative_to_subjects
from classifiers.evaluation.predictions import predictions_of
from classifiers.inference.predictor import Predictor
from data.errors import DataError
from data.features.crops import read_crops
from data.features.schema import MANIFEST, file_stem
from data.features.table import (
    IMAGE_KEY,
    largest_faces,
    points_of,
    read_manifest,
    read_pixels,
    read_table,
)
from data.labels import canonical
from landmarks.images import Reason
from landmarks.mesh import N_POINTS

ALL = "all"
"""Name for all splits together."""

TIMED_FACES = 200


class Evaluation(NamedTuple):
    """What was measured.

    Attributes
    ----------
    report : dict
        The metrics of `classifiers.evaluation.metrics.measure` with ``split``, ``model`` and
        ``intervals``, see `classifiers.evaluation.intervals.bootstrap_intervals`; the counts
        ``n_found``, ``n_missed`` and ``n_unreadable``, which add up to ``n_images``;
        ``n_predicted``, with the missed ones where the model takes pixels; ``n_ignored``; and
        ``n_relative``, None unless predictions are relative to each person's neutral photographs.
    predictions : DataFrame
        See `classifiers.evaluation.predictions.predictions_of`.
    """

    report: dict
    predictions: pd.DataFrame


def evaluate(
    predictor: Predictor,
    folder: Path,
    split: str,
    ignore_unknown: bool = False,
    images: Path | None = None,
    subject: str = "",
) -> Evaluation:
    """Evaluate a model on a feature folder.

    Parameters
    ----------
    predictor : Predictor
        The model.
    folder : Path
        A folder that ``make features`` wrote.
    split : str
        A split of its images, or `ALL`.
    ignore_unknown : bool
        Leave out images of classes that the model doesn't have, instead of refusing.
    images : Path, optional
        What the features were made of, for a model that takes pixels. Such a model also predicts
        for an image without a found face, from the whole image.
    subject : str, optional
        Pattern of `classifiers.evaluation.own_neutral.relative_to_subjects`, which is then applied.

    Returns
    -------
    Evaluation

    Raises
    ------
    DataError
        If the folder doesn't fit, or holds classes that the model doesn't have.
    """
    table = read_split([predictor], folder, split)
    names = match_classes(table["label"], predictor.classes, ignore_unknown)
    known = table[table["label"].isin(names)]
    proba, points, crops = predict_rows(predictor, known, images)
    labels = [names[label] for label in known["label"]]
    n_relative = None
    if subject:
        named = known["image"].tolist(), labels, subject
        proba, n_relative = relative_to_subjects(proba, *named, predictor.manifest)
    threshold = predictor.manifest["uncertain_threshold"]
    copies = copies_of(known, folder, train_pixels(predictor.folder))
    metrics = measure(labels, proba, predictor.classes, copies, threshold)
    predictions = predictions_of(known, labels, proba, predictor.classes, threshold)
    n_found = int((known["success"] == 1).sum())
    n_missed = int((known["reason"] == Reason.NO_FACE).sum())
    report = {
        "split": split,
        "model": describe(predictor, points, crops, detector_of(read_manifest(folder))),
        **metrics,
        "intervals": bootstrap_intervals(predictions, predictor.classes),
        "n_found": n_found,
        "n_predicted": metrics["n_found"],
        "n_missed": n_missed,
        "n_unreadable": len(known) - n_found - n_missed,
        "n_ignored": len(table) - len(known),
        "n_relative": n_relative,
    }
    return Evaluation(report, predictions)


def read_split(predictors: Iterable[Predictor], folder: Path, split: str) -> pd.DataFrame:
    """Return one row per image of a split, its largest face, if their mesh is the models'.

    Raises
    ------
    DataError
        If the folder doesn't fit.
    """
    mesh = read_manifest(folder)["mesh"]
    for wanted in (predictor.manifest["mesh"] for predictor in predictors):
        if mesh != wanted:
            raise DataError(
                f"Expected features of the mesh {wanted}, found {mesh}; make them again."
            )
    return largest_faces(_rows_of(folder, split))


def predict_rows(
    predictor: Predictor, table: pd.DataFrame, images: Path | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Predict the classes of rows.

    Parameters
    ----------
    predictor : Predictor
    table : DataFrame
        One row per image, see `data.features.table.read_table`.
    images : Path, optional
        See `evaluate`.

    Returns
    -------
    proba : ndarray of float, shape (n, k), range 0..1
        NaN in the rows of images without a found face, unless the model takes pixels, and of
        unreadable images.
    points, crops
        Inputs of the other rows, see `Predictor.predict_proba`.

    Raises
    ------
    DataError
        If the model takes pixels and `images` doesn't have them.
    """
    found = (table["success"] == 1).to_numpy()
    usable = found.copy()
    if predictor.takes_pixels:
        usable |= (table["reason"] == Reason.NO_FACE).to_numpy()
    points, crops = faces_of(table[usable], images if predictor.takes_pixels else None)
    proba = np.full((len(table), len(predictor.classes)), np.nan)
    proba[usable] = predictor.predict_proba(points, crops)
    return proba, points, crops


def faces_of(table: pd.DataFrame, images: Path | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the points of rows, NaN where there are none, and their crops out of the images."""
    found = (table["success"] == 1).to_numpy()
    points = np.full((len(table), N_POINTS, 3), np.nan, dtype=np.float32)
    points[found] = points_of(table[found])
    if images is None:
        return points, None
    if (images / MANIFEST).is_file():
        raise DataError(
            f"Expected images, for a model that looks at pixels, got their features in {images}; "
            "name the images."
        )
    faces = [row if there else None for row, there in zip(points, found, strict=True)]
    return points, read_crops(images, table["image"].tolist(), faces)[0]


def match_classes(labels, classes, ignore_unknown: bool = False) -> dict[str, str]:
    """Return the model's class for each label, whatever of a class's names either uses.

    Raises
    ------
    DataError
        If the model lacks the class of a label, and `ignore_unknown` doesn't allow that; or if
        it knows none of them.
    """
    by_meaning = {canonical(name): name for name in classes}
    labels = sorted(set(labels))
    known = {
        label: by_meaning[canonical(label)] for label in labels if canonical(label) in by_meaning
    }
    unknown = [label for label in labels if label not in known]
    if unknown and (not ignore_unknown or not known):
        raise DataError(
            f"Expected classes among {', '.join(classes)}, found {', '.join(unknown)} too; "
            "take these images away, rename their class, or leave them out with --ignore-unknown "
            "(make: IGNORE_UNKNOWN=1)."
        )
    return known


def copies_of(table: pd.DataFrame, folder: Path, trained_on: frozenset[str]) -> np.ndarray:
    """Return for each row whether an image of exactly the same pixels was a training row."""
    hashes = read_pixels(folder).drop_duplicates(IMAGE_KEY).set_index(IMAGE_KEY)["pixels"]
    keys = pd.MultiIndex.from_frame(table[IMAGE_KEY])
    return hashes.reindex(keys).isin(trained_on - {""}).to_numpy()


def describe(
    predictor: Predictor, points: np.ndarray, crops: np.ndarray | None, detector: str = "mesh"
) -> dict:
    """Return the model's metadata for the results page, and its speed on `points`."""
    manifest = predictor.manifest
    name = manifest["name"] + ("" if predictor.mirror else ", without mirror image")
    times = []
    for row in range(min(len(points), TIMED_FACES)):
        face = slice(row, row + 1)
        start = time.perf_counter()
        predictor.predict_proba(points[face], None if crops is None else crops[face])
        times.append(1000 * (time.perf_counter() - start))
    return {
        "name": name + ("" if detector == "mesh" else f", faces by {detector}"),
        "seed": manifest["seed"],
        "training_seconds": manifest["training_seconds"],
        "bytes": size_of(predictor.folder),
        "ms_per_face": statistics.median(times) if times else None,
    }


def detector_of(manifest: dict) -> str:
    """Return the detector of a feature folder; older folders don't name it."""
    return manifest.get("detector", "mesh")


def _rows_of(folder: Path, split: str) -> pd.DataFrame:
    """Read the rows of a split; a folder made from one split's images names none of its own."""
    manifest = read_manifest(folder)
    if split not in manifest["splits"]:
        return read_table(folder)
    files = (name for name in manifest["files"] if name.startswith(f"{file_stem(split)}/"))
    return read_table([folder / name for name in files])
