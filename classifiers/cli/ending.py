"""How every command ends: the exit codes of ``make features``, each with one sentence."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer

from classifiers.bundle.bundle import BundleError
from landmarks.detection.registry import DetectorError

BAD_INPUT, UNREADABLE, NO_STORAGE, STOPPED = 1, 2, 3, 130

MOST_UNREADABLE = 0.01
"""Share of unreadable images above which a command ends with `UNREADABLE`."""


class BadInput(ValueError):
    """What the user named doesn't fit; its text is the sentence for people."""


class NotWritable(OSError):
    """A place where results can't be kept; its text is the sentence for people."""


def printable(text: str) -> str:
    """Return a name of the disk's fit for a terminal and for UTF-8.

    A file's name may hold line breaks, a terminal's commands and bytes that are no text.
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def complain(sentence: str) -> None:
    """Say on stderr what is wrong, and go on."""
    print(printable(sentence), file=sys.stderr)


def end(sentence: str, code: int) -> NoReturn:
    """Say why on stderr and leave with a code."""
    complain(sentence)
    raise typer.Exit(code)


@contextmanager
def sentences(*bad_input: type[Exception]) -> Iterator[None]:
    """End a command with one sentence where its work ends in an error that people can mend.

    Parameters
    ----------
    *bad_input : type of Exception
        Errors whose text says what doesn't fit, beside `BadInput`, `BundleError` and
        `DetectorError` and what the disk says of a name: they end with `BAD_INPUT`, a
        `NotWritable` with `NO_STORAGE`, Ctrl-C with `STOPPED`.
    """
    try:
        yield
    except NotWritable as error:
        end(str(error), NO_STORAGE)
    except (BadInput, BundleError, DetectorError, *bad_input) as error:
        end(str(error), BAD_INPUT)
    except KeyboardInterrupt:
        end("Stopped.", STOPPED)
    except OSError as error:
        if error.filename is None:  # of no file, such as a pipe whose reader left
            raise
        end(f"Can't use {error.filename}: {error.strerror}; name another file.", BAD_INPUT)


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn what the disk says about `path` into a `NotWritable`."""
    try:
        yield
    except OSError as error:
        raise NotWritable(
            f"Can't write {path}: {error.strerror or error}. Make room there or name another "
            "place; what stood there is as it was."
        ) from error
