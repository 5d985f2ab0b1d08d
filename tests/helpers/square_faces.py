"""Make videos whose faces are coloured squares, with a detector and a model for them."""

from functools import partial

import cv2
import numpy as np

from classifiers.inference import video
from classifiers.inference.predictions import FacePrediction
from landmarks.detection.detector import Face
from landmarks.mesh import CANONICAL
from landmarks.quality import quality_of
from landmarks.video.tracks import Tracks
from tests.helpers.fake_predictor import CONTRIBUTIONS, FakePredictor

GREY = 120
RED, GREEN = (255, 40, 40), (40, 255, 40)
"""An angry face and a happy one."""

CONFIDENCE = 0.9


def squares(*faces, size=(160, 120)):
    """Return a frame with a square for each (x, y, side, colour)."""
    frame = np.full((size[1], size[0], 3), GREY, np.uint8)
    for x, y, side, colour in faces:
        frame[y : y + side, x : x + side] = colour
    return frame


class SquareTracker:
    """Track squares; every frame far from the last is a cut."""

    def __init__(self, max_faces=4, detector="mesh", meshes=2):
        self.max_faces, self._grey = max_faces, None
        self._tracks = Tracks()

    def track(self, image, seconds):
        if self._grey is None or abs(image[0, 0].mean() - self._grey) > 60:
            self._tracks.end_all()
        self._grey = image[0, 0].mean()
        bright = (image.max(axis=2) > self._grey + 60).astype(np.uint8)
        stats = cv2.connectedComponentsWithStats(bright)[2][1:]
        boxes = [row[:4] for row in stats.tolist() if row[4] > 50]
        faces = [Face(_points(*box)) for box in boxes][: self.max_faces]
        return self._tracks.update(faces, seconds)


class ColourPredictor(FakePredictor):
    """Reads a red square as angry, a green one as happy."""

    classes = tuple(FakePredictor.manifest["classes"])

    def predict_faces(self, rgb, faces, smooth=None):
        if not faces:
            return []
        proba = np.array([self._proba(rgb, face.box) for face in faces])
        quality = [quality_of(rgb, face) for face in faces]
        return list(map(self._in_words, faces, quality, smooth(proba) if smooth else proba))

    def _proba(self, rgb, box):
        x, y, width, height = box
        red, green, _ = rgb[y + height // 2, x + width // 2]
        proba = np.full(len(self.classes), (1 - CONFIDENCE) / (len(self.classes) - 1))
        proba[self.classes.index("angry" if red > green else "happy")] = CONFIDENCE
        return proba

    def _in_words(self, face, quality, proba):
        first, second = np.argsort(-proba)[:2]
        return FacePrediction(
            face,
            self.classes[first],
            self.classes[second],
            dict(zip(self.classes, proba.tolist(), strict=True)),
            bool(proba[first] < 0.5),
            quality,
            partial(dict, CONTRIBUTIONS),
        )


def use_squares(monkeypatch, command):
    """Let a command's module see squares in place of faces."""
    monkeypatch.setattr(video, "FaceTracker", SquareTracker)
    monkeypatch.setattr(command, "open_predictor", lambda *_: ColourPredictor())


def _points(x, y, width, height):
    """Return the mean face, stretched to a box."""
    flat = CANONICAL - CANONICAL.min(axis=0)
    stretched = flat / flat.max(axis=0) * np.array([width - 1, height - 1, width])
    return (stretched + np.array([x + 0.01, y + 0.01, 0])).astype(np.float32)
