"""Tell the images in a folder from its other files, by one rule for all commands."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from data.console import warn
from landmarks.images import FOLDER_FORMATS, HEAD_BYTES, image_format

SUFFIXES = frozenset(
    suffix for suffix, name in Image.registered_extensions().items() if name in FOLDER_FORMATS
)
"""Suffixes of the formats that are read."""

MAX_NAMED = 5
"""Most files that `warn_passed_over` names."""


class Listing(NamedTuple):
    """What is directly in a folder, each sorted.

    Attributes
    ----------
    folders : list of Path
        Hidden ones are left out.
    images : list of Path
        See `is_image`.
    others : list of Path
        All other files, and hidden images; other hidden files are the system's.
    """

    folders: list[Path]
    images: list[Path]
    others: list[Path]


def is_image(path: Path) -> bool:
    """Tell an image by its first bytes, a damaged one by its suffix.

    A broken link counts, as an image that can't be read. A pipe would block its reader.
    """
    if not path.is_file():
        return path.is_symlink() and not path.exists() and path.suffix.lower() in SUFFIXES
    return path.suffix.lower() in SUFFIXES or _has_image_bytes(path)


def list_folder(folder: Path) -> Listing:
    """List a folder; links are followed.

    Raises
    ------
    OSError
        If it can't be listed.
    """
    listing = Listing([], [], [])
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__MACOSX")):
            if path.is_file() and _has_image_bytes(path):
                listing.others.append(path)
        elif path.is_dir():
            listing.folders.append(path)
        else:
            (listing.images if is_image(path) else listing.others).append(path)
    return listing


def walk(
    folder: Path, besides: Path | None = None, above: frozenset[tuple[int, int]] = frozenset()
) -> Iterator[Listing]:
    """Yield the listings of a folder and of those below; a link back to one above ends there.

    Parameters
    ----------
    folder : Path
    besides : Path, optional
        An absolute path that is left out.
    above : frozenset of (int, int), optional
        Device and number of the folders above.

    Raises
    ------
    OSError
        If a folder can't be listed.
    """
    status = folder.stat()
    here = (status.st_dev, status.st_ino)
    if here in above or folder.absolute() == besides:
        return
    listing = list_folder(folder)
    yield listing
    for deeper in listing.folders:
        yield from walk(deeper, besides, above | {here})


def warn_passed_over(others: Sequence[Path]) -> None:
    """Say on stderr how many files are no images, and name some."""
    if not others:
        return
    names = ", ".join(map(str, others[:MAX_NAMED]))
    more = f" and {len(others) - MAX_NAMED:,} more" if len(others) > MAX_NAMED else ""
    warn(f"Passed over {len(others):,} files that are hidden or no images: {names}{more}.")


def _has_image_bytes(path: Path) -> bool:
    """Look at a file's first bytes; one that can't be opened counts, for its reader to say so."""
    try:
        with path.open("rb") as file:
            return bool(image_format(file.read(HEAD_BYTES)))
    except OSError:
        return True
