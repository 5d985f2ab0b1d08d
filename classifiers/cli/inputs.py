"""Which photos or videos the user means: files, folders with all that is below them, and globs."""

import glob
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from data.errors import DataError
from data.image_files import Listing, is_image, walk, warn_passed_over
from landmarks.video.containers import SUFFIXES


class Input(NamedTuple):
    """A photo or a video to read.

    Attributes
    ----------
    path : Path
        Its file.
    place : Path
        Where it lies below what the user named, for a copy of it in another folder.
    """

    path: Path
    place: Path


class _Kind(NamedTuple):
    """What is looked for: its name, and how it is told from a folder's other files."""

    name: str
    accepts: Callable[[Path], bool]
    split: Callable[[Listing], tuple[list[Path], list[Path]]]


def _is_video(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in SUFFIXES


_PHOTO = _Kind("photo", is_image, lambda listing: (listing.images, listing.others))
_VIDEO = _Kind("video", _is_video, lambda listing: ([*filter(_is_video, listing.others)], []))


def find_photos(
    arguments: Sequence[str], besides: Path | None = None
) -> tuple[list[Input], list[Path]]:
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
    photos : list of Input
    others : list of Path
        Files in the folders, or matches of the globs, that are no images.

    Raises
    ------
    DataError
        If a folder or a glob stands for no image, or a folder can't be listed.
    """
    return _find(arguments, besides, _PHOTO)


def find_videos(arguments: Sequence[str], besides: Path | None = None) -> list[Input]:
    """Return the videos that arguments stand for, each once; see `find_photos`.

    In a folder they are told by their suffixes, and other files are passed over.
    """
    return _find(arguments, besides, _VIDEO)[0]


def _find(
    arguments: Sequence[str], besides: Path | None, kind: _Kind
) -> tuple[list[Input], list[Path]]:
    """Return the inputs of one kind, each once, and the files passed over."""
    found: dict[Path, Input] = {}
    others: dict[Path, None] = {}
    for argument in arguments:
        inputs, passed_over = _named(argument, besides and besides.absolute(), kind)
        for each in inputs:
            found.setdefault(each.path.absolute(), each)
        others |= dict.fromkeys(passed_over)
    return list(found.values()), list(others)


def _named(argument: str, besides: Path | None, kind: _Kind) -> tuple[list[Input], list[Path]]:
    """Return the inputs of one argument, and the files passed over."""
    if not argument:  # of a variable that isn't set; a path of no name is this folder
        raise DataError(f"Expected a {kind.name}, a folder or a glob, got an empty name.")
    path = Path(argument)
    if path.is_dir():
        inputs, others = _inside(path, besides, kind)
        where = f"the folder {path}"
    elif glob.has_magic(argument) and not path.exists():
        inputs, others = _matching(argument, besides, kind)
        where = argument
    else:
        return [Input(path, Path(path.name))], []
    if not inputs:
        warn_passed_over(others)
        raise DataError(f"Expected {kind.name}s in {where}, found none; name a {kind.name}.")
    return inputs, others


def _matching(pattern: str, besides: Path | None, kind: _Kind) -> tuple[list[Input], list[Path]]:
    """Return the inputs that a glob matches and those in folders that it matches."""
    inputs, others = [], []
    for match in map(Path, sorted(glob.glob(pattern, recursive=True))):
        if match.is_dir():
            inside = _inside(match, besides, kind)
            inputs += inside[0]
            others += inside[1]
        elif kind.accepts(match):
            inputs.append(Input(match, Path(match.name)))
        else:
            others.append(match)
    return inputs, others


def _inside(folder: Path, besides: Path | None, kind: _Kind) -> tuple[list[Input], list[Path]]:
    """Return the inputs in a folder and below, and the files passed over."""
    try:
        listings = [kind.split(listing) for listing in walk(folder, besides)]
    except OSError as error:  # else its photos would be missing in silence
        raise DataError(
            f"Can't list {error.filename}: {error.strerror}. Name another place."
        ) from error
    inputs = [Input(path, path.relative_to(folder)) for wanted, _ in listings for path in wanted]
    return inputs, [path for _, others in listings for path in others]
