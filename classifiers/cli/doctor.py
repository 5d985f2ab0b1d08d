"""Check the environment and say how to mend it: ``python -m classifiers doctor``."""

import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import typer

from landmarks.system_libraries import missing_library

ROOT = Path(__file__).parents[2]
IN_CHECKOUT = (ROOT / "setup.sh").is_file()
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;#]+)", re.MULTILINE)
MEND_PACKAGES = (
    "run: rm -rf .venv && make test"
    if IN_CHECKOUT
    else "install mien anew, into an environment of its own"
)
MEND_MODEL = "run: git checkout classifiers/pretrained" if IN_CHECKOUT else MEND_PACKAGES

Problem = tuple[str, str]
"""What is wrong, and what mends it."""


def requirements() -> str:
    """Return the pinned packages that running needs, one a line."""
    if IN_CHECKOUT:
        return (ROOT / "requirements.txt").read_text("utf-8")
    return "\n".join(line for line in metadata.requires("mien") or () if "extra ==" not in line)


def python_problems() -> Iterator[Problem]:
    """Yield what is wrong with the interpreter."""
    if sys.version_info[:2] not in ((3, 11), (3, 12)):
        version = ".".join(map(str, sys.version_info[:3]))
        yield f"expected Python 3.11 or 3.12, got {version}", MEND_PACKAGES


def package_problems(pins: str) -> Iterator[Problem]:
    """Yield the pinned packages that are missing or of another version.

    A later ``pip install`` of something else upgrades NumPy and protobuf without a word, and the
    mesh then fails at its start: the most common way in which a working set-up breaks.
    """
    for name, wanted in PIN.findall(pins):
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield f"{name} {wanted} is not installed", MEND_PACKAGES
            continue
        if found.split("+")[0] != wanted:
            yield f"expected {name} {wanted}, got {found}", MEND_PACKAGES


def mesh_problems() -> Iterator[Problem]:
    """Yield why no face can be found."""
    try:
        import numpy as np

        from landmarks.detection.detector import shared_detector

        shared_detector().detect(np.zeros((64, 64, 3), dtype=np.uint8))
    except Exception as error:  # whatever breaks here, the doctor has to name it
        what = f"the face mesh does not start ({type(error).__name__}: {error})"
        yield _problem(error, what, MEND_PACKAGES)


def model_problems() -> Iterator[Problem]:
    """Yield why the shipped model does not load."""
    try:
        from classifiers.inference.predictor import Predictor

        Predictor()
    except Exception as error:  # as above
        yield _problem(error, f"the shipped model does not load ({error})", MEND_MODEL)


def main() -> None:
    """Check Python, packages, face mesh and model, and say how to mend each.

    Exit code 1: something needs mending.

    Example: python -m classifiers doctor
    """
    checks = {
        "Python": python_problems(),
        "packages": package_problems(requirements()),
        "face mesh": mesh_problems(),
        "model": model_problems(),
    }
    broken = False
    for name, problems in checks.items():
        found = list(problems)
        broken |= bool(found)
        print(f"{name:<10} {'ok' if not found else 'needs mending'}")
        for what, mend in found:
            print(f"  {what}; {mend}")
    if not (shutil.which("chromium") or shutil.which("google-chrome")):
        print(
            "browser    none: the page's browser tests are skipped (Debian: apt install chromium)"
        )
    raise typer.Exit(int(broken))


def _problem(error: Exception, what: str, mend: str) -> Problem:
    """Return the problem that an error stands for: a missing system library, or `what`."""
    missing = missing_library(error)
    if missing:
        what, _, mend = missing.rstrip(".").partition("; ")
    return what, mend
