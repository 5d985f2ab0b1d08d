import os
import threading

import numpy as np
import pytest

from landmarks.detection import mediapipe_graphs
from landmarks.detection.mediapipe_graphs import _Graph, bare_call, mesh_points

CONFIDENCE = 0.5


class LateWriter:
    """Stands for a solution whose threads write to stderr after it was made, as on a busy core."""

    def __init__(self):
        self._graph_outputs, self._simulated_timestamp = {}, 0
        self._made = threading.Event()
        self._graph = self
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def _write(self):
        self._made.wait(5)
        os.write(2, b"W0000 Created TensorFlow Lite XNNPACK delegate for CPU.\n")

    def add_packet_to_input_stream(self, name, packet):
        self._made.set()
        self._thread.join()

    def wait_until_idle(self):
        self._graph_outputs["answers"] = self

    def is_empty(self):
        return True


def test_what_threads_of_a_new_graph_write_is_dropped_however_late(capfd):
    graph = _Graph(LateWriter, "answers")
    assert graph.messages(np.zeros((8, 8, 3), np.uint8)) == []
    os.write(2, b"ours\n")
    assert capfd.readouterr().err == "ours\n"


def test_the_points_are_those_of_mediapipes_own_call(portrait):
    found = mesh_points(portrait, CONFIDENCE)
    (face,) = bare_call(CONFIDENCE)(portrait).multi_face_landmarks
    height, width = portrait.shape[:2]
    expected = [(p.x * width, p.y * height, p.z * width) for p in face.landmark]
    np.testing.assert_allclose(found, expected[: len(found)], rtol=1e-6)


@pytest.mark.parametrize("short_range", [False, True])
def test_an_image_without_a_face_has_no_keypoints(short_range):
    blank = np.full((64, 64, 3), 128, np.uint8)
    assert mediapipe_graphs.face_keypoints(blank, short_range) == []
