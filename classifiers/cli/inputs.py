"""Which photos the user means: files, folders with all that is below them, and globs."""

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from data.errors import DataError
from data.image_files import is_image, walk, warn_passed_over


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


def find_photos(
    arguments: Sequence[str], besides: Path | None = None
) -> tuple[list[Photo], list[Path]]:
    """Return the photos that arguments stand for, each once, and the files passed over.

    Parameters
    ----------
    arguments : sequence of str
        A photo, which need not exist: reading it will say so; a folder, for the images in it and
        below, in order of name; or a glob such as ``"photos/**/*.jpg"``.
    besides : Path, optional
        A folder that results go to; what an earlier run left there isn't read.

    Returns
    -------
    photos : list of Photo
    others : list of Path
        Files in the folders, or matches of the globs, that are no images.

    Raises
    ------
    DataError
        If a folder or a glob stands for no image, or a folder can't be listed.
    """
    found: dict[Path, Photo] = {}
    others: dict[Path, None] = {}
    for argument in arguments:
        photos, passed_over = _named(argument, besides and besides.absolute())
        for photo in photos:
            found.setdefault(photo.path.absolute(), photo)
        others |= dict.fromkeys(passed_over)
    return list(found.values()), list(others)


def _named(argument: str, besides: Path | None) -> tuple[list[Photo], list[Path]]:
    """Return the photos of one argument, and the files passed over."""
    if not argument:  # of a variable that isn't set; a path of no name is this folder
        raise DataError("Expected a photo, a folder or a glob, got an empty name.")
    path = Path(argument)
    if path.is_dir():
        photos, others = _inside(path, besides)
        where = f"the folder {path}"
    elif glob.has_magic(argument) and not path.exists():
        photos, others = _matching(argument, besides)
        where = argument
    else:
        return [Photo(path, Path(path.name))], []
    if not photos:
        warn_passed_over(others)
        raise DataError(f"Expected images in {where}, found none; name a photo.")
    return photos, others


def _matching(pattern: str, besides: Path | None) -> tuple[list[Photo], list[Path]]:
    """Return the photos that a glob matches and those in folders that it matches."""
    photos, others = [], []
    for match in map(Path, sorted(glob.glob(pattern, recursive=True))):
        if match.is_dir():
            inside = _inside(match, besides)
            photos += inside[0]
            others += inside[1]
        elif is_image(match):
            photos.append(Photo(match, Path(match.name)))
        else:
            others.append(match)
    return photos, others


def _inside(folder: Path, besides: Path | None) -> tuple[list[Photo], list[Path]]:
    """Return the photos in a folder and below, and the files passed over."""
    try:
        listings = list(walk(folder, besides))
    except OSError as error:  # else its photos would be missing in silence
        raise DataError(
            f"Can't list {error.filename}: {error.strerror}. Name other photos."
        ) from error
    photos = [Photo(path, path.relative_to(folder)) for each in listings for path in each.images]
    return photos, [path for each in listings for path in each.others]
