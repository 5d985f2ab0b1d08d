"""MediaPipe's graphs, the only file that imports it: pixels go in, plain arrays come out.

A graph is made once a process and kept: making and closing them leaks 1.7 MB each. None of them may
be shared by threads without a lock, nor used after a fork, nor ever be shown an image of no pixels.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from importlib.metadata import version
from typing import Any

import numpy as np

from landmarks.mesh import N_POINTS

MEDIAPIPE = version("mediapipe")

MIN_SCORE = 0.5
"""Score below which the detector drops a detection."""

_FRAME_MICROSECONDS = 33_333
"""Time between two images, as MediaPipe's own `process` counts it."""

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
    faces = _face_mesh(confidence).messages(pixels)
    if not faces:
        return None
    # The message's bytes are fixed-width: reading them at once saves 5 % of the whole call.
    landmarks = np.frombuffer(faces[0].SerializeToString(), _LANDMARK)[:N_POINTS]
    height, width = pixels.shape[:2]
    return np.stack(
        [landmarks["x"] * width, landmarks["y"] * height, landmarks["z"] * width], axis=1
    ).astype(np.float64)


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
    size = np.array(pixels.shape[1::-1])
    detections = _face_detector(int(not short_range)).messages(pixels)
    return [
        (
            detection.score[0],
            _box_corners(detection.location_data.relative_bounding_box) * size,
            np.array([(k.x, k.y) for k in detection.location_data.relative_keypoints[:4]]) * size,
        )
        for detection in detections
    ]


def bare_call(confidence: float) -> Callable[[np.ndarray], object]:
    """Return MediaPipe's own call behind `mesh_points`, to measure what is put around it."""
    return _face_mesh(confidence).solution.process


def connections(name: str) -> frozenset[tuple[int, int]]:
    """Return the edges of one of MediaPipe's lists, such as ``"LIPS"`` or ``"TESSELATION"``."""
    return getattr(_solutions().face_mesh_connections, f"FACEMESH_{name}")


class _Graph:
    """One of MediaPipe's solutions for unrelated images, and the output stream that is read.

    Parameters
    ----------
    make : callable
        Makes MediaPipe's object.
    stream : str
    """

    def __init__(self, make: Callable[[], Any], stream: str) -> None:
        self._make, self._stream = make, stream
        self._is_new = True

    @cached_property
    def solution(self) -> Any:
        """MediaPipe's object, made when it is first needed."""
        return self._make()

    def messages(self, pixels: np.ndarray) -> list[Any]:
        """Return what the solution's `process` has for an image, empty where it has None.

        That method makes a class for each answer, which takes 4 % of the whole call.
        """
        from mediapipe.python import packet_creator, packet_getter
        from mediapipe.python._framework_bindings.image_frame import ImageFormat

        # The graph's threads write while it is made, too, and may do so when that call is over.
        with _silence(self._is_new):
            solution = self.solution
            solution._graph_outputs.clear()
            solution._simulated_timestamp += _FRAME_MICROSECONDS
            packet = packet_creator.create_image_frame(pixels, image_format=ImageFormat.SRGB)
            packet = packet.at(solution._simulated_timestamp)
            solution._graph.add_packet_to_input_stream("image", packet)
            solution._graph.wait_until_idle()
        answer = solution._graph_outputs[self._stream]
        if answer.is_empty():
            return []
        self._is_new = False
        return packet_getter.get_proto_list(answer)


@cache
def _face_mesh(confidence: float) -> _Graph:
    """Return Face Mesh: refined landmarks, static mode, the likeliest face."""
    return _Graph(
        lambda: _solutions().face_mesh.FaceMesh(
            static_image_mode=True,
            max_num_faces=1,
            refine_landmarks=True,
            min_detection_confidence=confidence,
        ),
        "multi_face_landmarks",
    )


@cache
def _face_detector(model_selection: int) -> _Graph:
    """Return the detector of short range (0), or of full range (1).

    That of full range finds small faces and faces that lie on their side, too.
    """
    return _Graph(
        lambda: _solutions().face_detection.FaceDetection(
            model_selection=model_selection, min_detection_confidence=MIN_SCORE
        ),
        "detections",
    )


def _box_corners(box: Any) -> np.ndarray:
    return np.array([(box.xmin, box.ymin), (box.xmin + box.width, box.ymin + box.height)])


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
