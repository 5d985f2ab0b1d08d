"""Read ``fer2013.csv``: a row of emotion, pixels and usage for each image of 48 x 48 pixels."""

import csv
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from data.errors import DataError
from landmarks.images import UnreadableImage

CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""Class of each number in the column ``emotion``."""

SIDE = 48
"""Width and height of the images in pixels."""


def has_columns(columns: list[str]) -> bool:
    """Tell whether a CSV's columns, in lower case, are those of ``fer2013.csv``."""
    return {"emotion", "pixels"} <= set(columns)


def labels_of(
    path: str, rows: Iterable[tuple[int, list[str]]], columns: list[str]
) -> Iterator[tuple[int, str, str | None]]:
    """Yield line number, class and usage of each row.

    Parameters
    ----------
    path : str
        The CSV, for messages.
    rows : iterable of (int, list of str)
        Line number and fields of each row.
    columns : list of str
        In lower case; ``usage`` may be missing.

    Yields
    ------
    line, label, usage
        The usage is None if the column is missing.

    Raises
    ------
    DataError
        If an emotion is no number from 0 to 6.
    """
    emotion = columns.index("emotion")
    usage = columns.index("usage") if "usage" in columns else None
    known = {str(number): name for number, name in enumerate(CLASSES)}
    for line, row in rows:
        label = known.get(row[emotion].strip())
        if label is None:
            raise DataError(
                f"{path}, line {line}: expected an emotion of 0 to 6, got {row[emotion]!r}."
            )
        yield line, label, None if usage is None else row[usage]


def read_pixels(path: str, rows: set[int]) -> dict[int, str]:
    """Read the column ``pixels`` of some rows in one pass over the file.

    Parameters
    ----------
    path : str
    rows : set of int
        Numbers of rows, 0 for the first below the header.

    Returns
    -------
    dict of int to str
        Row -> pixels; without the rows that can't be read.
    """
    found = {}
    try:
        with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
            column = next(csv.reader([file.readline()]), []).index("pixels")
            # A row of this format is one line, so that the ones before are skipped unparsed.
            for row, line in enumerate(islice(file, max(rows) + 1)):
                if row in rows:
                    fields = next(csv.reader([line]), [])
                    if len(fields) > column:
                        found[row] = fields[column]
    except (OSError, ValueError, csv.Error):
        pass  # the rows that are missing become unreadable images
    return found


def decode(pixels: str | None, name: str) -> np.ndarray:
    """Decode a field of the column ``pixels``.

    Parameters
    ----------
    pixels : str or None
        Grey levels by rows, separated by blanks; None if the row couldn't be read.
    name : str
        What to call the image in messages.

    Returns
    -------
    ndarray of uint8, shape (SIDE, SIDE, 3)
        RGB.

    Raises
    ------
    UnreadableImage
        If there aren't `SIDE` x `SIDE` whole numbers from 0 to 255.
    """
    try:
        values = np.array((pixels or "").split(), dtype=np.int64)
    except (ValueError, OverflowError) as error:
        raise UnreadableImage(f"{name} holds no pixels.") from error
    if values.size != SIDE**2 or values.min() < 0 or values.max() > 255:
        raise UnreadableImage(f"{name}: expected {SIDE**2} numbers of 0 to 255, got {values.size}.")
    grey = values.astype(np.uint8).reshape(SIDE, SIDE)
    return np.repeat(grey[:, :, None], 3, axis=2)
