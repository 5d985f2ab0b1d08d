import numpy as np
import pytest

from landmarks.detection.detector import shared_detector
from landmarks.detection.registry import DETECTORS
from landmarks.detection.validation import disagreement
from landmarks.images import read_image
from landmarks.video import tracker
from landmarks.video.tracker import FaceTracker
from tests.helpers.video_maker import moving

SIZE = (640, 512)


@pytest.fixture
def searches(monkeypatch):
    """Count the searches of whole frames."""
    count = []
    detect = tracker.detect
    monkeypatch.setattr(tracker, "detect", lambda *a: count.append(1) or detect(*a))
    return count


def test_a_face_is_followed_where_the_photo_path_finds_it(portrait, searches):
    tracker = FaceTracker()
    for number, frame in enumerate(moving(portrait, 10, SIZE, step=(8, 0))):
        (face,) = tracker.track(frame, number / 25).values()
        assert tracker.is_cut == (number == 0)
        if number in (0, 9):
            (exact,) = shared_detector().detect(frame)
            # The first is that very face; one look of the last differs by the mesh's scatter.
            limit = 1e-6 if number == 0 else 0.05
            assert disagreement(face.points, exact.points) < limit
    assert len(searches) == 2  # at 0 and at 0.2 s


def test_after_a_cut_everything_is_searched_anew(portrait, searches):
    tracker = FaceTracker()
    frame = next(moving(portrait, 1, SIZE))
    tracker.track(frame, 0.0)
    assert tracker.track(np.full_like(frame, 20), 0.04) == {}
    assert tracker.is_cut
    assert list(tracker.track(frame, 0.08)) == [2]
    assert tracker.is_cut
    assert len(searches) == 3


def test_a_face_that_leaves_is_lost_and_one_that_comes_is_found(portrait):
    tracker = FaceTracker()
    here, nowhere = next(moving(portrait, 1, SIZE)), np.full((512, 640, 3), 120, np.uint8)
    nowhere[:, :320], nowhere[:, 320:] = here[:, 320:], here[:, 320:]  # alike, but for the face
    frames = [here, here, nowhere, here]
    found = [len(tracker.track(frame, k / 10)) for k, frame in enumerate(frames)]
    assert found == [1, 1, 0, 1]


def test_a_face_that_is_covered_for_a_moment_keeps_its_track_id(portrait):
    tracker = FaceTracker()
    here = next(moving(portrait, 1, SIZE))
    covered = here.copy()
    covered[40:260, 150:420] = 120
    frames = [here, covered, covered, here, covered, covered, covered, covered, covered, here]
    found = [list(tracker.track(frame, k / 4)) for k, frame in enumerate(frames)]
    assert found == [[1], [], [], [1], [], [], [], [], [], [2]]


def test_several_faces_are_followed_as_far_as_wanted():
    faces = [read_image(f"data/sample/test/{name}/{name}_01.png") for name in ("angry", "surprise")]
    side = faces[0].shape[0]
    frame = np.full((2 * side, 4 * side, 3), 120, np.uint8)
    for k, face in enumerate(faces):
        frame[side // 2 : side // 2 + side, (2 * k) * side + side // 2 :][:, :side] = face
    for most in (1, 2, 4):
        tracker = FaceTracker(most)
        for k in range(3):
            assert len(tracker.track(frame, k / 10)) == min(most, 2)


def test_the_other_detector_leads_to_the_same_points(portrait, searches, monkeypatch):
    asked = []
    there = tracker.mtcnn.detect
    monkeypatch.setattr(tracker.mtcnn, "detect", lambda image: asked.append(1) or there(image))
    trackers = [FaceTracker(), FaceTracker(detector="mtcnn")]
    for number, frame in enumerate(moving(portrait, 4, SIZE, step=(8, 0))):
        (face,), (other,) = (tracker.track(frame, number / 10).values() for tracker in trackers)
        assert disagreement(face.points, other.points) < 0.05
    assert len(searches) == len(asked) == 2  # each tracker's own at 0 and at 0.2 s


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_picture_of_no_pixels_worth_has_no_faces(detector):
    tracker = FaceTracker(detector=detector)
    for size in ((1, 1), (3, 200), (40, 40)):
        assert tracker.track(np.zeros((*size, 3), np.uint8), 0.0) == {}
