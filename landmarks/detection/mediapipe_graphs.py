"""MediaPipe's graphs, the only file that imports it: pixels go in, plain arrays come out.

A graph is made once a process and kept: making and closing them leaks 1.7 MB each. None of them may
be shared by threads without a lock, nor used after a fork, nor ever be shown an image of no pixels.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np

from landmarks.mesh import N_POINTS

MEDIAPIPE = version("mediapipe")

MIN_SCORE = 0.5
"""Score below which the detector drops a detection."""

_LANDMARK = np.dtype([("", "V3"), ("x", "<f4"), ("", "V1"), ("y", "<f4"), ("", "V1"), ("z", "<f4")])


def mesh_points(pixels: np.ndarray, confidence: float) -> np.ndarray | None:
    """Find the mesh of the likeliest face in an image.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (h, w, 3)
        RGB, not empty.
    confidence : float, 0..1
        Least confidence of Face Mesh's own detector; each value has a graph of its own.

    Returns
    -------
    ndarray of float64, shape (468, 3), or None
        Pixels of the image, without the iris; neither checked nor averaged.
    """
    return _face_mesh(confidence).points(pixels)


def face_keypoints(
    pixels: np.ndarray, short_range: bool = False
) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """Detect the faces of an image.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (h, w, 3)
        RGB, not empty.
    short_range : bool, default False
        Use MediaPipe's short-range detector, which finds large upright faces in a third of the
        time, instead of the full-range one.

    Returns
    -------
    list of (score, corners, keypoints)
        Score 0 to 1; the box's corners (2, 2) and right eye, left eye, nose and mouth (4, 2) in
        pixels of the image.
    """
    return _face_detector(int(not short_range)).keypoints(pixels)


def bare_call(confidence: float) -> Callable[[np.ndarray], object]:
    """Return MediaPipe's own call behind `mesh_points`, to measure what is put around it."""
    return _face_mesh(confidence).graph.process


def connections(name: str) -> frozenset[tuple[int, int]]:
    """Return the edges of one of MediaPipe's lists, such as ``"LIPS"`` or ``"TESSELATION"``."""
    return getattr(_solutions().face_mesh_connections, f"FACEMESH_{name}")


class _FaceMesh:
    """Face Mesh for unrelated images: refined landmarks, static mode, the likeliest face."""

    def __init__(self, confidence: float) -> None:
        self._is_new = True
        with _silence(self._is_new):
            self.graph = _solutions().face_mesh.FaceMesh(
                static_image_mode=True,
                max_num_faces=1,
                refine_landmarks=True,
                min_detection_confidence=confidence,
            )

    def points(self, pixels: np.ndarray) -> np.ndarray | None:
        """Return the points (468, 3) in pixels of the image, without the iris, or None."""
        with _silence(self._is_new):
            faces = self.graph.process(pixels).multi_face_landmarks
        if not faces:
            return None
        self._is_new = False
        # The message's bytes are fixed-width: reading them at once saves 5 % of the whole call.
        landmarks = np.frombuffer(faces[0].SerializeToString(), _LANDMARK)[:N_POINTS]
        height, width = pixels.shape[:2]
        return np.stack(
            [landmarks["x"] * width, landmarks["y"] * height, landmarks["z"] * width], axis=1
        ).astype(np.float64)


class _FaceDetector:
    """MediaPipe's detector of short range (0) or of full range (1).

    That of full range finds small faces and faces that lie on their side, too.
    """

    def __init__(self, model_selection: int) -> None:
        self._is_new = True
        with _silence(self._is_new):
            self.graph = _solutions().face_detection.FaceDetection(
                model_selection=model_selection, min_detection_confidence=MIN_SCORE
            )

    def keypoints(self, pixels: np.ndarray) -> list[tuple[float, np.ndarray, np.ndarray]]:
        """Return score, box corners (2, 2) and right eye, left eye, nose, mouth (4, 2) of each."""
        with _silence(self._is_new):
            detections = self.graph.process(pixels).detections or []
        self._is_new = False
        size = np.array(pixels.shape[1::-1])
        return [
            (
                detection.score[0],
                _box_corners(detection.location_data.relative_bounding_box) * size,
                np.array([(k.x, k.y) for k in detection.location_data.relative_keypoints[:4]])
                * size,
            )
            for detection in detections
        ]


def _box_corners(box: Any) -> np.ndarray:
    return np.array([(box.xmin, box.ymin), (box.xmin + box.width, box.ymin + box.height)])


_face_mesh = cache(_FaceMesh)
_face_detector = cache(_FaceDetector)


def _solutions() -> Any:
    """Import MediaPipe late: it takes seconds, and who only reads a table needs none of it."""
    import mediapipe

    return mediapipe.solutions


@contextlib.contextmanager
def _silence(needed: bool) -> Iterator[None]:
    """Drop what C++ writes to stderr: each graph warns in its first runs, whatever the level."""
    if not needed:
        yield
        return
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
