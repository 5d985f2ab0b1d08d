"""Results on the disk: pictures and CSVs that take their names only once they are whole.

Until then a result is ``NAME.part`` beside its place. Nothing is written over that a command of
Mien hasn't made: a picture by its EXIF tag Software, a CSV by its header.
"""

import csv
import os
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from PIL import ExifTags, Image

from classifiers.cli.ending import BadInput, NotWritable, storing

MAKER = "Mien"
PICTURES = (".png", ".jpg", ".jpeg")
"""Suffixes of the pictures that are written."""

_BEGINNINGS = re.compile(rb"\x89PNG|\xff\xd8")
"""First bytes of such a picture, which an unfinished one has, too."""

FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001
"""First characters by which a spreadsheet takes a text for a formula."""


def cell(value: Any) -> Any:
    """Return a value as a CSV has it: text that would be a formula gets an apostrophe.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, str):
        text = value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        return f"'{text}" if text.startswith(FORMULA) else text
    return value


class Sheet:
    """A CSV that grows in ``NAME.part``, left there if the work is stopped.

    Parameters
    ----------
    path : Path
        Its place; what stands there is replaced at the end.
    head : sequence of str
        Names of the columns.

    Raises
    ------
    NotWritable
        If the disk refuses, here or later.
    """

    def __init__(self, path: Path, head: Sequence[str]):
        self.path, self.part = path, part_of(path)
        with storing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.part.open("w", newline="", encoding="utf-8")
        self._writer = csv.writer(self._file)
        self.add([head])

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Append rows; None becomes an empty cell."""
        with storing(self.path):
            self._writer.writerows([[cell(value) for value in row] for row in rows])

    def __enter__(self) -> "Sheet":
        """Return the sheet, to be left once all its rows are there."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Give the CSV its name, unless an error ended the work."""
        with storing(self.path):
            self._file.close()
            if kind is None:
                self.part.replace(self.path)


def save_picture(picture: Image.Image, path: Path) -> None:
    """Write a picture whole, or not at all, and mark it as Mien's.

    Raises
    ------
    NotWritable
        If the disk refuses.
    """
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = MAKER
    kind = "PNG" if path.suffix.lower() == ".png" else "JPEG"
    part = part_of(path)
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            picture.save(part, kind, exif=exif, quality=92)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def check_sheet(path: Path, head: Sequence[str], inputs: Collection[str]) -> None:
    """Raise a BadInput if a CSV with this header would take the place of something else."""
    check_place(path, inputs)
    for place in (path, part_of(path)):
        if place.exists() and not _starts_with(place, [str(cell(name)) for name in head]):
            raise taken(place)


def check_picture(path: Path, inputs: Collection[str]) -> None:
    """Raise a BadInput if a picture would take the place of something else."""
    if path.suffix.lower() not in PICTURES:
        raise BadInput(f"Expected a picture's name to end with .png or .jpg, got {path}.")
    check_place(path, inputs)
    if path.exists() and not _is_ours(path):
        raise taken(path)
    if not is_begun(part_of(path), _BEGINNINGS):
        raise taken(part_of(path))


def check_place(path: Path, inputs: Collection[str]) -> None:
    """Raise what says why no result can have this place.

    Parameters
    ----------
    path : Path
    inputs : collection of str
        Real paths (`os.path.realpath`) of the files that are read.

    Raises
    ------
    BadInput
        If it is a folder, a device or one of the inputs.
    NotWritable
        If nothing can be written there.
    """
    if not path.name or any(each.exists() and not each.is_file() for each in (path, part_of(path))):
        raise BadInput(f"Expected a file's name for results, got {path}, which is none.")
    if os.path.realpath(path) in inputs:
        raise BadInput(
            f"{path} is one of the files to read; name another place for the results, "
            "it was not touched."
        )
    parent = next(folder for folder in path.absolute().parents if folder.exists())
    if not (parent.is_dir() and os.access(parent, os.W_OK)):
        raise NotWritable(f"Can't write {path}: {parent} takes no files; name another place.")


def part_of(path: Path) -> Path:
    """Return where a result is until it is whole."""
    return path.with_name(f"{path.name}.part")


def is_begun(part: Path, beginning: re.Pattern[bytes]) -> bool:
    """Tell whether the place of an unfinished result is free, or holds what begins like one."""
    try:
        with part.open("rb") as file:
            first = file.read(16)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return not first or bool(beginning.match(first))


def taken(path: Path) -> BadInput:
    """Return the error for a place that holds something else."""
    return BadInput(
        f"Expected {path} to be new or of an earlier run, got something else; "
        "name another place, it was not touched."
    )


def _starts_with(path: Path, head: list[str]) -> bool:
    """Tell whether a file is empty or a CSV with this header."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            first = next(csv.reader(file), None)
    except (OSError, ValueError, csv.Error):
        return False
    return first in (None, head)


def _is_ours(path: Path) -> bool:
    """Tell whether a picture says that Mien made it."""
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as picture:
            return picture.getexif().get(ExifTags.Base.Software) == MAKER
    except Exception:  # Pillow raises nearly anything on broken bytes; these aren't ours
        return False
