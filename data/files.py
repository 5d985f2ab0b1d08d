"""Files that are written whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from data.errors import StorageError


def part_of(path: Path) -> Path:
    """Return where a file is until it is whole."""
    return path.with_name(f"{path.name}.part")


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn an I/O error on `path` into a `StorageError`."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"Can't write {path}: {error.strerror or error}. Make room there or name another "
            "place; what stood there is as it was."
        ) from error


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes the place of `path` once it is whole; an error leaves what was there.

    Raises
    ------
    StorageError
        If the disk is full, read-only or closed to the user.
    """
    part = part_of(path)
    with storage_errors(path):
        try:
            with part.open("wb") as file:
                yield file
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8 with `atomic_write`, into a folder that is made if there is none."""
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        file.write(text.encode())
