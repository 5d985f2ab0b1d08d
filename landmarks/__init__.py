"""Turn an image or a video into faces, each 468 points: this package imports no other of Mien."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from landmarks.detection.detector import Face, FaceDetector
    from landmarks.images import read_image
    from landmarks.mesh import N_POINTS
    from landmarks.video.tracker import FaceTracker

__version__ = "0.1.0"
"""Version of Mien, which bundles and feature tables name."""

__all__ = ["N_POINTS", "Face", "FaceDetector", "FaceTracker", "__version__", "read_image"]

_MODULES = {
    "Face": "landmarks.detection.detector",
    "FaceDetector": "landmarks.detection.detector",
    "FaceTracker": "landmarks.video.tracker",
    "N_POINTS": "landmarks.mesh",
    "read_image": "landmarks.images",
}


def __getattr__(name: str) -> object:
    """Import an exported name when it is first used: OpenCV and the topology take time to load."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
