"""Results on the disk: images and tables that take their names only once they are whole.

Until then a result is ``NAME.part`` beside its place. Nothing that is there is replaced unless
``--overwrite`` says so.
"""

import csv
import json
import os
import shutil
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from PIL import Image

from classifiers.cli.parquet import check_parquet, to_parquet
from classifiers.inference.tables import NUMBER, Column
from data.errors import DataError, StorageError
from data.files import atomic_write, part_of, storage_errors

IMAGES = (".png", ".jpg", ".jpeg")
"""Suffixes of the images that are written."""

FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001
"""First characters by which a spreadsheet takes a text for a formula."""


Format = Literal["csv", "jsonl", "parquet"]
"""A table is a CSV, JSON lines, an object a row, or Parquet, which needs pyarrow."""


def cell(value: Any, column: Column) -> Any:
    """Return a value as a CSV has it: text that would be a formula gets an apostrophe.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if column.kind == NUMBER and value is not None:
        return f"{value:.{column.decimals}f}"
    if isinstance(value, str):
        text = _utf8(value)
        return f"'{text}" if text.startswith(FORMULA) else text
    return value


def _utf8(text: str) -> str:
    """Return a text, such as a file's name, as UTF-8 can hold it."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


class Sheet:
    """A table that grows in ``NAME.part``, left there if the work is stopped.

    Parameters
    ----------
    path : Path
        Its place; what stands there is replaced at the end.
    columns : sequence of Column
    kind : {"csv", "jsonl", "parquet"}, default "csv"
        Parquet is gathered as JSON lines, and written when the table is whole.
    head : bool, default True
        False for a part of a table: a CSV without the columns' names, or JSON lines.

    Raises
    ------
    StorageError
        On an I/O error, here or later.
    DataError
        If Parquet is asked for and pyarrow isn't installed.
    """

    def __init__(
        self, path: Path, columns: Sequence[Column], kind: Format = "csv", head: bool = True
    ):
        self.path, self.part = path, part_of(path)
        self.columns, self.kind = columns, kind
        if kind == "parquet":
            check_parquet()
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.part.open("w", newline="", encoding="utf-8")
        self._writer, self._head = csv.writer(self._file), head
        if kind == "csv" and head:
            with storage_errors(path):
                self._writer.writerow([column.name for column in columns])

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Append rows; None becomes an empty cell, or null."""
        with storage_errors(self.path):
            for row in rows:
                pairs = [
                    (column, column.rounded(value))
                    for column, value in zip(self.columns, row, strict=True)
                ]
                if self.kind == "csv":
                    self._writer.writerow([cell(value, column) for column, value in pairs])
                else:
                    line = json.dumps({column.name: value for column, value in pairs})
                    self._file.write(f"{line}\n")

    def append(self, part: Path) -> None:
        """Append the rows of a part."""
        with storage_errors(self.path), part.open(newline="", encoding="utf-8") as file:
            shutil.copyfileobj(file, self._file)

    def __enter__(self) -> "Sheet":
        """Return the sheet, to be left once all its rows are there."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Give the table its name, unless an error ended the work."""
        with storage_errors(self.path):
            self._file.close()
            if kind is None and self.kind == "parquet" and self._head:
                to_parquet(self.part, self.columns)
            if kind is None:
                self.part.replace(self.path)


def save_image(image: Image.Image, path: Path) -> None:
    """Write an image whole, or not at all.

    Raises
    ------
    StorageError
        On an I/O error.
    """
    kind = "PNG" if path.suffix.lower() == ".png" else "JPEG"
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        image.save(file, kind, quality=92)


def unlike(place: Path, taken: set[str]) -> Path:
    """Return `place`, or another name for it if it is taken; some disks don't tell A from a."""
    other, number = place, 1
    while str(other).casefold() in taken:
        number += 1
        other = place.with_stem(f"{place.stem}-{number}")
    taken.add(str(other).casefold())
    return other


def check_output(
    path: Path, inputs: Collection[str], overwrite: bool, suffixes: Sequence[str] = ()
) -> None:
    """Raise what says why no result can have this place.

    Parameters
    ----------
    path : Path
    inputs : collection of str
        Real paths (`os.path.realpath`) of the files that are read; never replaced.
    overwrite : bool
        Whether a file that is there, or an unfinished one of a stopped run, may be replaced.
    suffixes : sequence of str, optional
        What the name may end with.

    Raises
    ------
    DataError
        If it is a folder, a device, one of the inputs or there already, or of another suffix.
    StorageError
        If nothing can be written there.
    """
    if suffixes and path.suffix.lower() not in suffixes:
        raise DataError(f"Expected a name to end with {' or '.join(suffixes)}, got {path}.")
    there = [place for place in (path, part_of(path)) if place.exists()] if path.name else []
    if not path.name or not all(place.is_file() for place in there):
        raise DataError(f"Expected a file's name for results, got {path}, which is none.")
    if os.path.realpath(path) in inputs:
        raise DataError(
            f"{path} is one of the files to read; name another place for the results, "
            "it was not touched."
        )
    if there and not overwrite:
        raise DataError(
            f"Expected a new name for results, got {there[0]}, which exists; name another place, "
            "or replace it with --overwrite."
        )
    parent = next(folder for folder in path.absolute().parents if folder.exists())
    if not (parent.is_dir() and os.access(parent, os.W_OK)):
        raise StorageError(f"Can't write {path}: {parent} takes no files; name another place.")
