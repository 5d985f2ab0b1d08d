"""Libraries of the operating system that OpenCV and MediaPipe load, and the packages with them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

DEBIAN_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLESv2.so.2": "libgles2",
    "libSM.so.6": "libsm6",
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libstdc++.so.6": "libstdc++6",
    "libxcb.so.1": "libxcb1",
}
"""Debian's and Ubuntu's package of each library that a slim container may lack."""

_MISSING = re.compile(r"(lib[\w.+-]+\.so[\w.]*): cannot open shared object file")


def missing_library(error: BaseException) -> str | None:
    """Return the sentence for a failed import: the missing library and the command that brings it.

    Returns
    -------
    str or None
        None if the import failed for another reason.
    """
    found = _MISSING.search(str(error))
    if not isinstance(error, ImportError) or not found:
        return None
    library = found[1]
    package = DEBIAN_PACKAGES.get(library)
    debian = f" (Debian, Ubuntu: apt-get install {package})" if package else ""
    return (
        f"The system library {library}, which OpenCV or MediaPipe needs, is not installed; "
        f"install its package{debian} and run this again."
    )


@contextmanager
def exit_on_missing_library() -> Iterator[None]:
    """End the program with exit code 1 and one sentence if an import lacks a system library."""
    try:
        yield
    except ImportError as error:
        sentence = missing_library(error)
        if sentence is None:
            raise
        raise SystemExit(sentence) from None
