"""The command behind ``make doctor``: check the environment and say how to mend it."""

import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

REQUIREMENTS = Path("requirements.txt")
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;#]+)", re.MULTILINE)
MEND_PACKAGES = "run: rm -rf .venv && make test"

Problem = tuple[str, str]


def python_problems() -> Iterator[Problem]:
    """Yield what is wrong with the interpreter."""
    if sys.version_info[:2] not in ((3, 11), (3, 12)):
        version = ".".join(map(str, sys.version_info[:3]))
        yield f"expected Python 3.11 or 3.12, got {version}", "remove .venv and run make test"


def package_problems(requirements: str) -> Iterator[Problem]:
    """Yield the pinned packages that are missing or of another version.

    A later ``pip install`` of something else upgrades NumPy and protobuf without a word, and the
    mesh then fails at its start: the most common way in which a working set-up breaks.
    """
    for name, wanted in PIN.findall(requirements):
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

        from landmarks.detection.detector import shared_finder

        shared_finder().find(np.zeros((64, 64, 3), dtype=np.uint8))
    except Exception as error:  # whatever breaks here, the doctor has to name it
        yield f"the face mesh does not start ({type(error).__name__}: {error})", MEND_PACKAGES


def model_problems() -> Iterator[Problem]:
    """Yield why the shipped model does not load."""
    try:
        from classifiers.inference.predictor import Predictor

        Predictor()
    except Exception as error:  # as above
        yield (
            f"the shipped model does not load ({error})",
            "run: git checkout classifiers/pretrained",
        )


def main() -> int:
    """Print each check's outcome; return 1 if anything needs mending."""
    checks = {
        "Python": python_problems(),
        "packages": package_problems(REQUIREMENTS.read_text(encoding="utf-8")),
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
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
