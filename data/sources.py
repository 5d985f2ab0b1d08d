"""List and read images: of a folder of class folders, ``fer2013.csv``, or a CSV of paths."""

import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data import fer2013
from data.errors import DataError, NoImages
from data.image_files import list_folder, walk, warn_passed_over
from landmarks.images import ImageError, read_image

NO_SPLIT = "all"
"""Split of images whose source has none."""

_SPLITS = {
    "train": ("training",),
    "validation": ("val", "valid", "dev"),
    "test": ("testing", "publictest"),
    "private": ("privatetest",),
}
_SPLIT_NAMES = {alias: name for name, others in _SPLITS.items() for alias in (name, *others)}


@dataclass(frozen=True)
class ImageRef:
    """Where an image is and what is known of it.

    Attributes
    ----------
    image : str
        Its name in the feature table.
    label, split : str
        Its class, and "train", "test" or what else the source calls it; "" where it has none.
    path : str
        The image file, or the CSV that holds its pixels.
    row : int, optional
        Number of the CSV's record, 0 for the first below the header; None for an image file.
    """

    image: str
    label: str
    split: str
    path: str
    row: int | None = None


def read_images(source: str | Path, unlabelled: bool = False) -> list[ImageRef]:
    """List the images of a source, sorted, without opening one.

    A folder holds one folder per class, with or without split folders above them; a file is
    ``fer2013.csv`` (columns emotion, pixels, Usage) or a CSV of path, label and optionally split,
    with paths relative to the CSV.

    Parameters
    ----------
    source : str or Path
        The folder or the CSV.
    unlabelled : bool, default False
        Whether a folder of images without class folders will do; their label is ``""``.

    Returns
    -------
    list of ImageRef
        Sorted by split, label and name. Split is `split_name` of what the source says, or
        `NO_SPLIT`.

    Raises
    ------
    DataError
        If the source isn't there, holds no image (`NoImages`), or is none of the three.
    """
    source = Path(source)
    try:
        refs = _read_folder(source, unlabelled) if source.is_dir() else _read_csv(source)
    except OSError as error:
        where = error.filename or source
        raise DataError(f"Can't read {where}: {error.strerror}. Name a folder or a CSV.") from error
    if not refs:
        raise NoImages(
            f"Expected images in {source}, found none: it needs one folder per class, with or "
            "without train/ and test/ above them, or rows if it is a CSV."
        )
    # A CSV may be in any order; a row number sorts as a number.
    return sorted(refs, key=lambda ref: (ref.split, ref.label, ref.row or 0, ref.image))


def warn_other_files(source: str | Path) -> None:
    """Say on stderr which files of a folder `read_images` passes over."""
    if Path(source).is_dir():
        warn_passed_over([path for listing in walk(Path(source)) for path in listing.others])


def images_of(refs: Sequence[ImageRef]) -> Iterator[np.ndarray]:
    """Yield the images of references, in their order.

    Parameters
    ----------
    refs : sequence of ImageRef

    Yields
    ------
    ndarray of uint8, shape (height, width, 3)
        RGB.

    Raises
    ------
    ImageError
        If one of them can't be used.
    """
    for image in images_or_errors(refs):
        if isinstance(image, ImageError):
            raise image
        yield image


def images_or_errors(refs: Sequence[ImageRef]) -> Iterator[np.ndarray | ImageError]:
    """Yield each image as `images_of` does, or in its place the error that says what is wrong.

    Parameters
    ----------
    refs : sequence of ImageRef
        References into one CSV cost one pass over its beginning, so keep chunks long.
    """
    pixels = _csv_pixels(refs)
    for ref in refs:
        try:
            yield _image(ref, pixels)
        except ImageError as error:
            yield error


def split_name(name: str) -> str:
    """Return train, validation, test or private for the many names of these; others stay.

    FER2013's PublicTest is the test split, its PrivateTest is kept apart as private.
    """
    return _SPLIT_NAMES.get(name.strip().lower(), name.strip() or NO_SPLIT)


def _read_folder(root: Path, unlabelled: bool) -> list[ImageRef]:
    """List a folder of class folders, or of split folders of class folders."""
    folders, loose, _ = list_folder(root)
    if unlabelled and not any(True for folder in folders for _ in _images(folder)):
        return [ImageRef(_text(path.name), "", NO_SPLIT, str(path)) for path in loose]
    splits = [f for f in folders if f.name.lower() in _SPLIT_NAMES and list_folder(f).folders]
    roots = [(folder, split_name(folder.name)) for folder in splits] or [(root, NO_SPLIT)]
    strays = [*loose]
    if splits:
        strays += [path for f in folders if f not in splits for path in _images(f)]
        strays += [path for folder in splits for path in list_folder(folder).images]
    if strays:
        raise DataError(
            f"Expected every image of {root} in a class folder, found {len(strays)} outside, "
            f"such as {strays[0].relative_to(root)}; move these into class folders or away."
        )
    return [
        ImageRef(_text(path.relative_to(root).as_posix()), _text(label.name), split, str(path))
        for folder, split in roots
        for label in list_folder(folder).folders
        for path in _images(label)
    ]


def _images(folder: Path) -> Iterator[Path]:
    """Yield the images in a folder and below."""
    for listing in walk(folder):
        yield from listing.images


def _text(name: str) -> str:
    """Return a file name as text that UTF-8 can hold, whatever bytes the disk has."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _read_csv(path: Path) -> list[ImageRef]:
    """Tell the two kinds of CSV apart by their header and list the rows."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file)
            columns = [name.strip().lower() for name in next(rows, [])]
            if fer2013.has_columns(columns):
                return list(_fer2013_refs(path, rows, columns))
            if {"path", "label"} <= set(columns):
                return list(_listed_refs(path, rows, columns))
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{path} is no CSV in UTF-8 ({error}); name one, or a folder.") from error
    raise DataError(
        f"Expected {path} to have the columns path and label, or emotion, pixels and Usage; "
        f"found {', '.join(columns[:8]) or 'none'}."
    )


def _fer2013_refs(path: Path, rows: Any, columns: list[str]) -> Iterator[ImageRef]:
    """Yield a reference for each row of ``fer2013.csv``."""
    for line, label, usage in fer2013.labels_of(str(path), _rows(path, rows, columns), columns):
        split = NO_SPLIT if usage is None else split_name(usage)
        # Rows are counted from 0, lines from 1 and with the header.
        yield ImageRef(f"{path.name}:{line}", label, split, str(path), row=line - 2)


def _listed_refs(path: Path, rows: Any, columns: list[str]) -> Iterator[ImageRef]:
    """Yield a reference for each row of a CSV of path, label and optionally split."""
    split = columns.index("split") if "split" in columns else None
    for line, row in _rows(path, rows, columns):
        image, label = row[columns.index("path")], row[columns.index("label")].strip()
        if not image or not label or "\0" in image + label:
            raise DataError(f"{path}, line {line}: expected a path and a label, got {row}.")
        where = NO_SPLIT if split is None else split_name(row[split])
        yield ImageRef(image, label, where, str(path.parent / image))


def _rows(path: Path, rows: Any, columns: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that aren't blank with their line numbers."""
    for row in rows:
        if not row:
            continue
        if len(row) != len(columns):
            raise DataError(
                f"{path}, line {rows.line_num}: expected {len(columns)} fields, got {len(row)}; "
                'put fields that hold a comma into quotes: "a,b.png".'
            )
        yield rows.line_num, row


def _image(ref: ImageRef, pixels: dict[str, dict[int, str]]) -> np.ndarray:
    """Return the RGB pixels (height, width, 3) of a file or of a CSV's row."""
    if ref.row is None:
        return read_image(ref.path)
    return fer2013.decode(pixels[ref.path].get(ref.row), f"row {ref.row} of {ref.path}")


def _csv_pixels(refs: Sequence[ImageRef]) -> dict[str, dict[int, str]]:
    """Return the column ``pixels`` of the references into each CSV."""
    wanted: dict[str, set[int]] = {}
    for ref in refs:
        if ref.row is not None:
            wanted.setdefault(ref.path, set()).add(ref.row)
    return {path: fer2013.read_pixels(path, rows) for path, rows in wanted.items()}
