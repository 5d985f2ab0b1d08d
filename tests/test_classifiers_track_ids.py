import numpy as np
import pytest

from classifiers.inference.smoothing import Smoother
from classifiers.inference.track_ids import TrackIds, iou

LEFT, RIGHT = (0, 0, 100, 100), (300, 0, 100, 100)


def moved(box, by):
    return (box[0] + by, *box[1:])


def test_faces_keep_their_numbers_while_they_move_whatever_order_they_come_in():
    track_ids = TrackIds()
    assert track_ids.assign([LEFT, RIGHT], 0.0) == [1, 2]
    assert track_ids.assign([moved(RIGHT, -30), moved(LEFT, 30)], 0.04) == [2, 1]
    assert track_ids.assign([moved(LEFT, 60), moved(RIGHT, -60)], 0.08) == [1, 2]


def test_pairs_are_the_best_together_not_the_best_alone():
    """The first box overlaps known face 1 more than the second does, but has another choice."""
    track_ids = TrackIds()
    track_ids.assign([(0, 0, 100, 100), (60, 0, 100, 100)], 0.0)
    boxes = [(28, 0, 100, 100), (-40, 0, 100, 100)]
    assert track_ids.assign(boxes, 0.04) == [2, 1]


def test_a_new_face_gets_a_new_number_and_none_is_given_twice():
    track_ids = TrackIds()
    assert track_ids.assign([LEFT], 0.0) == [1]
    assert track_ids.assign([LEFT, RIGHT], 0.1) == [1, 2]
    assert track_ids.assign([RIGHT], 0.2) == [2]
    assert track_ids.assign([], 5.0) == []
    assert track_ids.assign([LEFT], 5.1) == [3]


def test_a_jump_is_another_face():
    track_ids = TrackIds()
    assert track_ids.assign([LEFT], 0.0) == [1]
    assert track_ids.assign([moved(LEFT, 60)], 0.04) == [2]


def test_a_face_missed_for_a_moment_keeps_its_number():
    track_ids = TrackIds()
    track_ids.assign([LEFT], 0.0)
    for seconds in np.arange(0.1, 1.0, 0.1):
        track_ids.assign([], seconds)
    assert track_ids.assign([LEFT], 1.0) == [1]
    track_ids.assign([], 1.1)
    track_ids.assign([], 2.1)
    assert track_ids.assign([LEFT], 2.2) == [2]


def test_frames_far_apart_still_follow_from_one_to_the_next():
    track_ids = TrackIds()
    assert [track_ids.assign([LEFT], seconds) for seconds in (0.0, 10.0, 20.0)] == [[1], [1], [1]]


def test_after_a_cut_every_face_is_new():
    track_ids = TrackIds()
    track_ids.assign([LEFT], 0.0)
    track_ids.reset()
    assert track_ids.assign([LEFT], 0.04) == [2]


def test_overlap_is_the_area_of_both_over_the_area_of_either():
    areas = iou([(0, 0, 10, 10)], [(5, 0, 10, 10), (20, 20, 5, 5), (0, 0, 10, 10)])
    assert areas == pytest.approx(np.array([[1 / 3, 0, 1]]))
    assert iou([(0, 0, 0, 0)], [(0, 0, 0, 0)]) == 0


def test_smoothing_is_the_same_at_any_frame_rate():
    """A step from one class to the other has come to 1 - 1/e after tau seconds."""
    for rate in (5, 20, 100):
        smoother = Smoother(tau=0.4)
        smoother.smooth([7], np.array([[1.0, 0.0]]), 0.0)
        for k in range(1, round(0.4 * rate) + 1):
            proba = smoother.smooth([7], np.array([[0.0, 1.0]]), k / rate)
        assert proba == pytest.approx(np.array([[np.exp(-1), 1 - np.exp(-1)]]))


def test_smoothing_keeps_faces_apart_and_starts_with_the_first_answer():
    smoother = Smoother(tau=1.0)
    first = np.array([[0.8, 0.2], [0.1, 0.9]])
    assert smoother.smooth([1, 2], first, 0.0) == pytest.approx(first)
    swapped = smoother.smooth([2, 1], first[::-1], 0.5)
    assert swapped == pytest.approx(first[::-1])


def test_no_smoothing_leaves_answers_as_they_are():
    smoother = Smoother(tau=0)
    for seconds, proba in enumerate(([[1.0, 0.0]], [[0.0, 1.0]])):
        assert smoother.smooth([1], np.array(proba), seconds).tolist() == proba


def test_smoothing_forgets_faces_that_are_gone():
    smoother = Smoother(tau=0.1)
    for number in range(1000):
        smoother.smooth([number], np.array([[1.0]]), float(number))
    assert len(smoother._means) < 5
