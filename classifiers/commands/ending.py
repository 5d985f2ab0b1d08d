"""How every command ends: the exit codes of ``make features``, each with one sentence."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer

BAD_INPUT, UNREADABLE, NO_STORAGE, STOPPED = 1, 2, 3, 130

MOST_UNREADABLE = 0.01
"""Share of unreadable images above which a command ends with `UNREADABLE`."""


class NotWritable(OSError):
    """A place where results can't be kept; its text is the sentence for people."""


def end(sentence: str, code: int) -> NoReturn:
    """Say why on stderr and leave with a code."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(code)


@contextmanager
def sentences(*bad_input: type[Exception]) -> Iterator[None]:
    """End a command with one sentence where its work ends in an error that people can mend.

    Parameters
    ----------
    *bad_input : type of Exception
        Errors whose text says what doesn't fit, beside `BundleError`; they end with `BAD_INPUT`.
        A `NotWritable` ends with `NO_STORAGE`, Ctrl-C with `STOPPED`.
    """
    # Here and not above: the rest of a command's line is checked before a model is thought of.
    from classifiers.bundle import BundleError

    try:
        yield
    except NotWritable as error:
        end(str(error), NO_STORAGE)
    except (BundleError, *bad_input) as error:
        end(str(error), BAD_INPUT)
    except KeyboardInterrupt:
        end("Stopped.", STOPPED)


def not_writable(path: Path, error: OSError) -> NotWritable:
    """Return the sentence for a file or folder that can't be written."""
    return NotWritable(
        f"Can't write {path}: {error.strerror or error}. Make room there or name another place; "
        "what stood there is as it was."
    )
