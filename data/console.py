"""What commands share: exit codes, sentences on stderr, progress bars, percentages."""

import errno
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TimeRemainingColumn,
)

from data.errors import DataError, StorageError
from data.processes import termination_as_interrupt
from landmarks.detection.registry import DetectorError
from landmarks.system_libraries import exit_on_missing_library

BAD_INPUT, UNREADABLE, NO_STORAGE, STOPPED = 1, 2, 3, 130
"""Exit codes."""

MAX_UNREADABLE = 0.01
"""Share of unreadable images above which a command ends with `UNREADABLE`."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

GOES_ON = "Stopped. Run the same command again to go on from here."


def printable(text: str) -> str:
    """Return a text without what a terminal would obey.

    A file's name may hold line breaks, a terminal's commands and bytes that are no text.
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def warn(sentence: str) -> None:
    """Print a sentence on stderr."""
    print(printable(sentence), file=sys.stderr)


def exit_with(sentence: str, code: int) -> NoReturn:
    """Print a sentence on stderr and exit with a code."""
    warn(sentence)
    raise typer.Exit(code)


def exit_if_unreadable(report: Mapping[str, Any], advice: str) -> None:
    """Exit with `UNREADABLE` if too many of ``n_images`` are ``n_unreadable``."""
    count, images = report["n_unreadable"], report["n_images"]
    if count > MAX_UNREADABLE * images:
        exit_with(f"{count:,} of {images:,} images can't be read; {advice}", UNREADABLE)


@contextmanager
def checked_stdout() -> Iterator[None]:
    """Print what stdout can't encode as question marks, and exit with a sentence if it is full.

    Raises
    ------
    SystemExit
        With `NO_STORAGE`, if not all can be written.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        try:
            yield
        finally:
            if sys.stdout:  # None where it is closed
                sys.stdout.flush()
    except OSError as error:
        if error.errno not in _FULL:
            raise
        # What is left in the buffer would fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        warn(f"Can't write to stdout: {error.strerror}; make room there or send it elsewhere.")
        sys.exit(NO_STORAGE)


@contextmanager
def handle_errors(*bad_input: type[Exception], stopped: str = "Stopped.") -> Iterator[None]:
    """End a command with one sentence and an exit code on an error that its user can mend.

    So does a missing system library, with exit code 1.

    Parameters
    ----------
    *bad_input : type of Exception
        Errors that end with `BAD_INPUT`, beside `DataError`, `DetectorError` and an `OSError` that
        names a file. A `StorageError` ends with `NO_STORAGE`.
    stopped : str
        The sentence on Ctrl-C and on SIGTERM, which end with `STOPPED`.
    """
    mended: tuple[type[Exception], ...] = (DataError, DetectorError, *bad_input)
    try:
        with exit_on_missing_library(), termination_as_interrupt():
            yield
    except StorageError as error:
        exit_with(str(error), NO_STORAGE)
    except mended as error:
        exit_with(str(error), BAD_INPUT)
    except KeyboardInterrupt:
        exit_with(stopped, STOPPED)
    except OSError as error:
        if error.filename is None:  # of no file, such as a pipe whose reader left
            raise
        exit_with(f"Can't use {error.filename}: {error.strerror}; name another file.", BAD_INPUT)


def progress_bar(*columns: ProgressColumn, hidden: bool = False) -> Progress:
    """Return a progress bar on stderr that is gone when the work is done; none in a file.

    Parameters
    ----------
    *columns : ProgressColumn
        More columns, before the time that remains.
    hidden : bool, default False
        Whether there is none on a terminal, either.
    """
    screen = Console(stderr=True)
    return Progress(
        "{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        *columns,
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        redirect_stdout=False,
        disable=hidden or not screen.is_terminal,
    )


def per_cent(value: float | None, digits: int = 1) -> str:
    """Return a share as a percentage, a hyphen for None and NaN."""
    return "-" if value is None or value != value else f"{value:.{digits}%}"
