"""Readers for worker processes that do what a photo's bytes say: answer, hang, crash and so on."""

import ctypes
import os
import resource
import sys
import time
from pathlib import Path

from classifiers.bundle.bundle import BundleError
from classifiers.inference.predictor import ImagePrediction
from web.inference.service import Result


class Obedient:
    """Answers with the number of its process, after doing what it is told."""

    def read(self, content, picture=False, shift=()):
        order, _, rest = content.decode().partition(" ")
        ORDERS[order](rest)
        return Result(ImagePrediction([], "", 1, 1, str(os.getpid())), b"", 0.0)


def wait(path):
    """Say in a file which process has the photo, and stay at it until the file is gone."""
    Path(path).write_text(str(os.getpid()))
    while Path(path).exists():
        time.sleep(0.01)


def hang(path):
    """Say so in a file, then hang in C and keep the interpreter's lock, so that no thread runs."""
    if path:
        Path(path).touch()
    ctypes.PyDLL(None).sleep(3600)


def rest(seconds):
    """Take time, but no processor time."""
    time.sleep(float(seconds))


def spin(_rest):
    """Take processor time without an end."""
    while True:
        pass


def core(_rest):
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


ORDERS = {
    "answer": lambda _rest: None,
    "core": core,
    "wait": wait,
    "hang": hang,
    "rest": rest,
    "spin": spin,
    "crash": lambda _rest: ctypes.string_at(0),
    "swell": lambda _rest: bytearray(4 * 1024**3),
    "raise": lambda _rest: [][0],
}


def obedient(_bundle):
    return Obedient()


def unfit(_bundle):
    raise BundleError("Expected a bundle that fits, got another.")


def ended(_bundle):
    sys.exit("no library")
