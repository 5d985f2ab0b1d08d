"""A predictor without a model, so that the page's tests are quick and say what they expect."""

from copy import copy

import numpy as np

from classifiers.bundle.bundle import load_manifest, resolve
from classifiers.inference.predictor import FacePrediction, ImagePrediction
from classifiers.inference.shifts import SCALE, shifted
from landmarks.detection.detector import Face
from landmarks.images import Reason
from landmarks.mesh import CANONICAL
from landmarks.quality import quality_of

CONFIDENCES = {
    "angry": 0.01,
    "disgust": 0.02,
    "fear": 0.03,
    "happy": 0.8,
    "neutral": 0.06,
    "sad": 0.04,
    "surprise": 0.04,
}
CONTRIBUTIONS = {"brows": 0.02, "eyes": 0.051, "nose": -0.034, "mouth": 0.6, "jaw": 0.0}


class FakePredictor:
    """Finds `n_faces` faces side by side in every photo."""

    folder = resolve("landmarks")
    detector = "mesh"
    meshes = 2
    shift = ()
    neutral_measures = None
    min_confidence = 0.5
    scale = 1.0
    manifest = load_manifest(folder) | {"name": "fake", "version": "1.2"}

    def __init__(self, n_faces=1, uncertain=False, takes_pixels=False):
        self.n_faces = n_faces
        self.uncertain = uncertain
        self.takes_pixels = takes_pixels

    def shifted(self, shift):
        """Return one whose confidences are moved, as `Predictor.shifted` does."""
        other = copy(self)
        other.shift = shift
        return other

    def predict(self, rgb):
        height, width, _ = rgb.shape
        side = 0.6 * min(height, width / max(self.n_faces, 1))
        faces = [self._face_prediction(i, side, width, height) for i in range(self.n_faces)]
        return ImagePrediction(
            faces, "" if faces else Reason.NO_FACE, width, height, self.manifest["name"]
        )

    def _confidences(self):
        if not len(self.shift):
            return dict(CONFIDENCES)
        (proba,) = shifted(np.array([list(CONFIDENCES.values())]), self.shift, SCALE)
        return dict(zip(CONFIDENCES, proba.tolist(), strict=True))

    def _face_prediction(self, number, side, width, height):
        centre = np.array([width * (number + 0.5) / self.n_faces, height / 2, 0])
        points = CANONICAL * side / np.ptp(CANONICAL[:, 1]) + centre
        face = Face(points.astype(np.float32))
        return FacePrediction(
            face=face,
            expression="happy",
            second="neutral",
            confidences=self._confidences(),
            uncertain=self.uncertain,
            quality=quality_of(np.zeros((height, width, 3), np.uint8), face),
            _explain=lambda: dict(CONTRIBUTIONS),
        )
