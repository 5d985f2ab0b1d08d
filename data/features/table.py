"""The feature table: its columns, how a row is written, how the files are read back.

x and y are pixels of the upright image (EXIF orientation obeyed) from its top left corner, x to
the right and y down; z is depth in the same pixels about the head's middle, smaller is nearer.
Numbers have three decimals.
"""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data.errors import DataError
from data.features.schema import COLUMNS, FORMAT, MANIFEST, META_COLUMNS, PARTS, PIXELS
from landmarks.measures import MEASURES, NAMES, measure
from landmarks.mesh import N_POINTS, POINT_COLUMNS

IMAGE_KEY = ["split", "label", "image"]
"""Columns that name an image."""

_NUMBERS = ("face", "width", "height", "success")
_TYPES = (
    dict.fromkeys(META_COLUMNS, str)
    | dict.fromkeys(_NUMBERS, np.int64)
    | dict.fromkeys(POINT_COLUMNS, np.float32)
)


def read_table(source: str | Path | Sequence[str | Path]) -> pd.DataFrame:
    """Read feature CSVs into one checked table.

    Parameters
    ----------
    source : str, Path or sequence of these
        A folder that ``make features`` wrote, any folder of its CSVs, or single CSVs.

    Returns
    -------
    DataFrame
        The columns of `COLUMNS`; text as str (``""`` where empty), counts as int64, coordinates
        as float32 pixels, NaN in rows without success.

    Raises
    ------
    DataError
        If a file is missing, has other columns or types, or lacks points in a successful row.
    """
    sources = [source] if isinstance(source, str | Path) else list(source)
    paths = [path for entry in sources for path in _csv_paths(Path(entry))]
    return pd.concat([_read_one(path) for path in paths], ignore_index=True)


def points_of(table: pd.DataFrame) -> np.ndarray:
    """Return the points of a table's rows, float32 (n, 468, 3), in pixels, x right, y down."""
    return table[list(POINT_COLUMNS)].to_numpy(np.float32).reshape(-1, N_POINTS, 3)


def with_measures(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a feature table with measures in the place of points.

    Parameters
    ----------
    table : DataFrame
        From `read_table`.

    Returns
    -------
    DataFrame
        `META_COLUMNS` and `landmarks.measures.NAMES`, NaN in rows without success.
    """
    decimals = {each.name: each.decimals for each in MEASURES}
    measures = pd.DataFrame(measure(points_of(table)), table.index, NAMES).round(decimals)
    return pd.concat([table[list(META_COLUMNS)], measures + 0.0], axis=1)  # no -0.0


def largest_faces(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per image: the row of its largest face, or of its failure.

    Parameters
    ----------
    table : DataFrame
        From `read_table`.

    Returns
    -------
    DataFrame
        By split, label and image. The largest face is the one whose box has the greatest area.
    """
    sides = np.ptp(points_of(table)[:, :, :2], axis=1)
    largest_first = np.lexsort((table["face"], -np.nan_to_num(sides.prod(axis=1))))
    table = table.iloc[largest_first].sort_values(IMAGE_KEY, kind="stable")
    return table.drop_duplicates(IMAGE_KEY)


def read_pixels(folder: str | Path) -> pd.DataFrame:
    """Read the hash of each image's pixels, by which identical copies are known.

    Parameters
    ----------
    folder : str or Path
        A folder that ``make features`` wrote.

    Returns
    -------
    DataFrame
        The columns image, split, label and pixels, a row per image; pixels is ``""`` where the
        image couldn't be read.

    Raises
    ------
    DataError
        If the folder has no such file.
    """
    path = Path(folder) / PIXELS
    if not path.is_file():
        raise DataError(f"Expected {path}, which make features writes; make the features again.")
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read what a feature folder says of itself.

    Raises
    ------
    DataError
        If it isn't what ``make features`` writes, or of another format.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        found = manifest["format"]
        if not {"mesh", "splits", "files"} <= set(manifest):
            raise ValueError("incomplete")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} isn't what make features writes; make them again.") from error
    if found != FORMAT:
        raise DataError(
            f"Expected features of format {FORMAT}, got format {found} in {folder}; make the "
            "features again in another OUT."
        )
    return manifest


def _csv_paths(source: Path) -> list[Path]:
    """Return the CSVs that a file or a folder stands for."""
    if source.is_file():
        return [source]
    if (source / PARTS).is_dir():
        raise DataError(f"The features in {source} are unfinished: run make features again.")
    if (source / MANIFEST).is_file():
        return [source / name for name in read_manifest(source)["files"]]
    paths = sorted(source.rglob("*.csv"))
    if not paths:
        raise DataError(f"Expected feature CSVs in {source}, found none: run make features first.")
    return paths


def _read_one(path: Path) -> pd.DataFrame:
    """Read and check one CSV."""
    _check_columns(path)
    try:
        table = pd.read_csv(
            path,
            usecols=list(COLUMNS),
            dtype=_TYPES,
            # A class may be called "None" or "NA": only an empty coordinate is missing.
            keep_default_na=False,
            na_values={column: [""] for column in POINT_COLUMNS},
        )
    except (ValueError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"{path} isn't a feature CSV: {reason}; make the features again."
        ) from error
    _check_rows(path, table)
    return table[list(COLUMNS)]


def _check_columns(path: Path) -> None:
    """Refuse a file whose header lacks one of the columns."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header = set(next(csv.reader(file), []))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"Can't read {path}: {error}.") from error
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        raise DataError(
            f"{path} lacks {len(missing)} of {len(COLUMNS)} columns ({shown}); "
            "name CSVs that make features wrote."
        )


def _check_rows(path: Path, table: pd.DataFrame) -> None:
    """Refuse a success that is no 0 or 1, and a successful row without all its points."""
    if not table["success"].isin((0, 1)).all():
        raise DataError(f"{path}: expected 0 or 1 in the column success; make the features again.")
    finite = np.isfinite(points_of(table)).all(axis=(1, 2))
    bad = np.flatnonzero((table["success"] == 1).to_numpy() & ~finite)
    if len(bad):
        raise DataError(
            f"{path}: {len(bad)} successful rows lack points, first that of "
            f"{table['image'].iloc[bad[0]]}; make the features again or drop the rows."
        )
