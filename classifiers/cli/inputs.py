"""Which photos the user means: files, folders with all that is below them, and globs."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from data.errors import DataError
from landmarks.images import FOLDER_FORMATS

SUFFIXES = frozenset(
    suffix for suffix, name in Image.registered_extensions().items() if name in FOLDER_FORMATS
)
"""Suffixes by which an image in a folder is known."""


class Photo(NamedTuple):
    """A photo to read.

    Attributes
    ----------
    path : Path
        Its file.
    place : Path
        Where it lies below what the user named, for a picture of it in another folder.
    """

    path: Path
    place: Path


def find_photos(arguments: Sequence[str], besides: Path | None = None) -> list[Photo]:
    """Return the photos that arguments stand for, each once.

    Parameters
    ----------
    arguments : sequence of str
        A photo, which need not exist: reading it will say so; a folder, for the images in it and
        below, in order of name; or a glob such as ``"photos/**/*.jpg"``.
    besides : Path, optional
        A folder that results go to; what an earlier run left there isn't read.

    Returns
    -------
    list of Photo

    Raises
    ------
    DataError
        If a folder or a glob stands for no image, or a folder can't be listed.
    """
    found: dict[Path, Photo] = {}
    for argument in arguments:
        for photo in _named(argument, besides and besides.absolute()):
            found.setdefault(photo.path.absolute(), photo)
    return list(found.values())


def _named(argument: str, besides: Path | None) -> list[Photo]:
    """Return the photos of one argument."""
    if not argument:  # of a variable that isn't set; a path of no name is this folder
        raise DataError("Expected a photo, a folder or a glob, got an empty name.")
    path = Path(argument)
    if path.is_dir():
        photos = list(_inside(path, besides))
        where = f"the folder {path}"
    elif glob.has_magic(argument) and not path.exists():
        matches = map(Path, sorted(glob.glob(argument, recursive=True)))
        photos = [Photo(match, Path(match.name)) for match in matches if _is_image(match)]
        where = argument
    else:
        return [Photo(path, Path(path.name))]
    if not photos:
        raise DataError(f"Expected images in {where}, found none; name a photo.")
    return photos


def _inside(folder: Path, besides: Path | None) -> Iterator[Photo]:
    """Yield the images in a folder and below; hidden ones are no photos but their systems'."""
    for place, folders, names in os.walk(folder, onerror=_refuse):
        here = Path(place)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and (here / name).absolute() != besides
        )
        for name in sorted(names):
            path = here / name
            if not name.startswith(".") and _is_image(path):
                yield Photo(path, path.relative_to(folder))


def _is_image(path: Path) -> bool:
    """Tell an image by its suffix; a pipe or a device would block its reader."""
    return path.suffix.lower() in SUFFIXES and path.is_file()


def _refuse(error: OSError) -> None:
    """End the search at a folder that can't be listed: its photos would be missing in silence."""
    raise DataError(f"Can't list {error.filename}: {error.strerror}. Name other photos.") from error
