"""The test images of Pillow's source distribution: what its maintainers know to be awkward."""

import subprocess
import sys
import tarfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

CACHE = Path("build/reliability")


class NoCorpus(RuntimeError):
    """The source distribution can't be had; the message says what to do."""


def source_distribution(path: str = "") -> Path:
    """Return Pillow's source distribution, downloaded once by pip.

    Parameters
    ----------
    path : str, default ""
        Where it lies already; the cache, or else the package index, when left out.

    Raises
    ------
    NoCorpus
        If it is nowhere.
    """
    wanted = f"pillow-{version('pillow')}.tar.gz"
    found = Path(path) if path else CACHE / wanted
    if not found.is_file() and not path:
        CACHE.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", ":all:", "--dest", str(CACHE), f"Pillow=={version('pillow')}"]
        subprocess.run(command, check=False, capture_output=True)
    if not found.is_file():
        raise NoCorpus(
            f"Pillow's source distribution ({wanted}) could not be had, so its images were left "
            f"out: put it into {CACHE}, or name it with CORPUS=."
        )
    return found


def images(source: Path, n: int | None = None) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file among Pillow's test images, the first `n`."""
    with tarfile.open(source) as archive:
        members = (m for m in archive if "/Tests/images/" in m.name and m.isfile())
        for count, member in enumerate(members):
            if count == n:
                return
            yield member.name.split("/Tests/images/")[1], archive.extractfile(member).read()
