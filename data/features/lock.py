"""One run at a time in a feature folder: two would take each other's parts away."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from data.errors import DataError
from data.features.chunks import storage_error

LOCK = ".lock"
"""File in the feature folder that a run holds; the system lets go of it however the run ends."""


@contextmanager
def only_run(out: Path) -> Iterator[None]:
    """Make a folder and keep other runs out of it.

    Parameters
    ----------
    out : Path
        The feature folder.

    Raises
    ------
    DataError
        If another run is at work in the folder.
    StorageError
        If the folder can't be written.
    """
    lock = FileLock(out / LOCK, blocking=False)
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise DataError(
            f"Another make features is at work in {out}; wait until it ends or name another OUT."
        ) from error
    except OSError as error:
        raise storage_error(out, error) from error
    try:
        yield
    finally:
        # Taken away while it is still held: whoever opened it already sees so and looks again.
        (out / LOCK).unlink(missing_ok=True)
        lock.release()
