"""The golden images and their stored meshes; run it as a module to store the meshes anew.

`python -m tests.helpers.golden_faces` is for a wanted change of the mesh only:
look at what moved first.
"""

import numpy as np
from skimage.data import astronaut

from landmarks.detection.detector import FaceDetector
from landmarks.images import read_image
from tests.helpers.paths import ROOT

SAMPLE = ROOT / "data" / "sample"
POINTS = ROOT / "tests" / "golden" / "points.npz"

COMPOSITES = tuple(
    f"test/{emotion}/{emotion}_01.png"
    for emotion in ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
)


def golden_images():
    """Yield a name and an RGB image: a composite of each class and the NASA portrait."""
    for name in COMPOSITES:
        yield name, read_image(SAMPLE / name)
    yield "astronaut", astronaut()


if __name__ == "__main__":
    face_detector = FaceDetector()
    meshes = {name: face_detector.detect(image)[0].points for name, image in golden_images()}
    np.savez_compressed(POINTS, **meshes)
