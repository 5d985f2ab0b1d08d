"""A predictor without a model, so that the page's tests are quick and say what they expect."""

from dataclasses import dataclass, field

import numpy as np

from landmarks.mesh import CANONICAL

CONFIDENCES = {
    "angry": 0.01,
    "disgust": 0.02,
    "fear": 0.03,
    "happy": 0.8,
    "neutral": 0.06,
    "sad": 0.04,
    "surprise": 0.04,
}
MOVED = {"brows": 0.02, "eyes": 0.051, "nose": -0.034, "mouth": 0.6, "jaw": 0.0}


@dataclass
class FakeFace:
    points: np.ndarray
    box: tuple[int, int, int, int]


@dataclass
class FakeFaceReading:
    face: FakeFace
    unsure: bool = False
    expression: str = "happy"
    second: str = "neutral"
    confidences: dict = field(default_factory=lambda: dict(CONFIDENCES))

    def explanation(self):
        return dict(MOVED)


@dataclass
class FakeReading:
    faces: list
    reason: str
    width: int
    height: int

    def to_json(self, name):
        faces = [
            {
                "box": list(found.face.box),
                "expression": found.expression,
                "confidences": found.confidences,
                "unsure": found.unsure,
            }
            for found in self.faces
        ]
        return {"image": name, "faces": faces, "reason": self.reason}


class FakePredictor:
    """Finds `n_faces` faces side by side in every photo."""

    manifest = {"name": "fake", "version": "1.2"}  # noqa: RUF012

    def __init__(self, n_faces=1, unsure=False):
        self.n_faces = n_faces
        self.unsure = unsure

    def read(self, rgb):
        height, width, _ = rgb.shape
        side = 0.6 * min(height, width / max(self.n_faces, 1))
        faces = [self._face(i, side, width, height) for i in range(self.n_faces)]
        return FakeReading(faces, "" if faces else "no-face", width, height)

    def _face(self, number, side, width, height):
        centre = np.array([width * (number + 0.5) / self.n_faces, height / 2, 0])
        points = (CANONICAL * side / np.ptp(CANONICAL[:, 1]) + centre).astype(np.float32)
        x, y = np.floor(points.min(axis=0))[:2].astype(int).tolist()
        w, h = np.ceil(np.ptp(points, axis=0))[:2].astype(int).tolist()
        return FakeFaceReading(FakeFace(points, (x, y, w, h)), self.unsure)
