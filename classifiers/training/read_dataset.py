"""Read the training rows of a feature table and choose validation rows."""

from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pandas as pd

from classifiers.training.dataset import Rows
from data.audit.outliers import outliers
from data.console import warn
from data.duplicates import group_by_mesh
from data.errors import DataError
from data.features.schema import MANIFEST, PIXELS
from data.features.table import (
    IMAGE_KEY,
    largest_faces,
    points_of,
    read_manifest,
    read_pixels,
    read_table,
)
from data.labels import canonical, classes_of
from data.sources import NO_SPLIT
from data.splits import validation_split
from data.votes import vote_shares
from landmarks.detection.detector import MESH_VERSION

TRAIN, VALIDATION = "train", "validation"
VALIDATION_SHARE = 0.1
MIN_ROWS_PER_CLASS = 2


def read_rows(
    table: Sequence[Path],
    classes: Sequence[str] = (),
    drop_outliers: bool = False,
    votes: Path | None = None,
) -> Rows:
    """Read the rows to train on: the largest face of each image of train and validation.

    Parameters
    ----------
    table : sequence of Path
        Folders that ``make features`` wrote, or CSVs in them.
    classes : sequence of str, optional
        Classes to keep; any of a class's names is understood.
    drop_outliers : bool, default False
        Leave out the faces that `data.audit.outliers` lists.
    votes : Path, optional
        CSV of annotator votes, see `data.votes.read_votes`.

    Returns
    -------
    Rows

    Raises
    ------
    DataError
        If a CSV doesn't fit, there is no split train among splits, a class is unknown, or there
        are too few rows or classes.
    """
    rows = read_table(table)
    rows = rows[(rows["success"] == 1) & rows["split"].isin(_splits_to_train(rows["split"]))]
    rows = largest_faces(rows)
    # Before labels are merged: the hashes are known by the labels of the table.
    pixels = pd.Series(_pixels_of(rows, table), rows.index)
    rows = _with_classes(rows)
    rows = rows[rows["label"].isin(_labels_to_train(rows["label"], classes))]
    if drop_outliers:
        rows = rows.drop(outliers(rows).index)
    rows = _with_validation_apart(rows, pixels)
    validates = (rows["split"] == VALIDATION).to_numpy()
    _check_counts(rows.loc[~validates, "label"], rows.loc[validates, "label"])
    mesh = {_mesh_of(path) for path in table}
    if len(mesh) > 1:
        raise DataError(f"Expected features of one mesh, got {' and '.join(sorted(mesh))}.")
    return Rows(
        points_of(rows),
        rows["label"].to_numpy(str),
        pixels[rows.index].to_numpy(str),
        mesh.pop(),
        validates if validates.any() else None,
        vote_shares(votes, rows["image"].tolist()) if votes else None,
    )


def hold_out(rows: Rows) -> np.ndarray:
    """Choose validation rows, bool (n,), so that no photograph has a copy on both sides.

    The data set's own split validation is taken where there is one. Otherwise rows are drawn, the
    same for all seeds of a training: their figures compare, and networks of several seeds may be
    averaged.

    Near copies count as copies if that leaves each class validation rows. A class may be one
    video, whose frames are all near copies; then only identical images count.
    """
    if rows.validates is not None:
        return rows.validates
    with suppress(DataError):
        photographs = group_by_mesh(rows.points, rows.pixels)
        chosen = validation_split(rows.y, photographs, VALIDATION_SHARE)
        if set(rows.y[chosen]) == set(rows.y):
            return chosen
    # Where the pixel hashes aren't known, identical images still have identical points.
    hashes = [
        pixels or blake2b(points.tobytes(), digest_size=8).hexdigest()
        for pixels, points in zip(rows.pixels, rows.points, strict=True)
    ]
    return validation_split(rows.y, hashes, VALIDATION_SHARE)


def _splits_to_train(splits: pd.Series) -> set[str]:
    """Return the splits whose rows train or validate."""
    found = set(splits.unique())
    if TRAIN in found:
        return {TRAIN, VALIDATION}
    if found <= {NO_SPLIT, ""}:
        return found
    raise DataError(
        f"Expected rows of the split {TRAIN}, got {', '.join(sorted(found))} only; "
        "name a table with training rows."
    )


def _with_classes(rows: pd.DataFrame) -> pd.DataFrame:
    """Merge labels of one meaning, such as anger and angry, and say so."""
    merged = classes_of(rows["label"])
    for name in sorted(set(merged.values())):
        labels = [label for label, own in merged.items() if own == name]
        if len(labels) > 1:
            warn(f"The labels {' and '.join(map(repr, labels))} are one class: {name}.")
    if len(set(merged.values())) == len(merged):
        return rows
    return rows.assign(label=rows["label"].map(merged)).sort_values("label", kind="stable")


def _labels_to_train(labels: pd.Series, classes: Sequence[str]) -> set[str]:
    """Return the labels that the wanted classes stand for, or all."""
    found = set(labels.unique())
    if not classes:
        return found
    by_meaning = {canonical(label): label for label in sorted(found)}
    unknown = [name for name in classes if canonical(name) not in by_meaning]
    if unknown:
        raise DataError(
            f"Expected classes among {', '.join(sorted(found))}, got {', '.join(unknown)}; "
            "name others in CLASSES."
        )
    return {by_meaning[canonical(name)] for name in classes}


def _with_validation_apart(rows: pd.DataFrame, pixels: pd.Series) -> pd.DataFrame:
    """Leave out training images that are copies of validation images; say what validates."""
    validates = rows["split"] == VALIDATION
    if not validates.any():
        return rows
    pixels = pixels[rows.index]
    copies = ~validates & pixels.isin(set(pixels[validates]) - {""})
    left_out = f"; {copies.sum():,} training images that are copies of them are left out"
    warn(
        f"The data set's split {VALIDATION}, {validates.sum():,} faces, is used for validation"
        f"{left_out if copies.any() else ''}."
    )
    return rows[~copies]


def _check_counts(labels: pd.Series, validation: pd.Series) -> None:
    """Refuse fewer than two classes, classes with too few faces, and those that validate alone."""
    counts = labels.value_counts().sort_index()
    untrained = sorted(set(validation) - set(labels))
    if untrained:
        raise DataError(
            f"Expected classes of the split {TRAIN} in {VALIDATION}, got {', '.join(untrained)} "
            "there alone; add training images, or choose the others with CLASSES."
        )
    if len(counts) < 2:
        found = ", ".join(counts.index) or "none"
        raise DataError(f"Expected faces of two classes or more, got one class or none: {found}.")
    few = counts[counts < MIN_ROWS_PER_CLASS]
    if len(few):
        raise DataError(
            f"Expected {MIN_ROWS_PER_CLASS} faces or more of each class, got {few.iloc[0]} of "
            f"{few.index[0]}; add images or leave the class out with CLASSES."
        )


def _folder_of(path: Path, name: str) -> Path | None:
    """Return the feature folder a table path belongs to, known by a file in it."""
    folders = (path, *path.absolute().parents[:2])
    return next((folder for folder in folders if (folder / name).is_file()), None)


def _mesh_of(path: Path) -> str:
    """Return the mesh version a table was made with; today's, where nothing says."""
    folder = _folder_of(path, MANIFEST)
    if folder is None:
        return MESH_VERSION
    return read_manifest(folder)["mesh"]


def _pixels_of(rows: pd.DataFrame, table: Sequence[Path]) -> np.ndarray:
    """Return the pixel hash of each row's image, ``""`` where it isn't known."""
    folders = {_folder_of(path, PIXELS) for path in table} - {None}
    if not folders:
        return np.full(len(rows), "", dtype=str)
    known = pd.concat([read_pixels(folder) for folder in sorted(folders)])
    hashes = known.drop_duplicates(IMAGE_KEY).set_index(IMAGE_KEY)["pixels"]
    keys = pd.MultiIndex.from_frame(rows[IMAGE_KEY])
    return hashes.reindex(keys).fillna("").to_numpy(str)
