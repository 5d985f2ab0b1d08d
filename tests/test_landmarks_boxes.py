import numpy as np
import pytest

from landmarks.boxes import area, corners, iou, is_same, match, overlap, reading_order

BOX = np.array([0.0, 0.0, 10.0, 20.0])


def test_the_box_of_points_holds_them():
    points = np.array([[1, 5, 0], [4, 2, 9]], float)
    assert corners(points).tolist() == [1, 2, 4, 5]
    assert area(corners(points)) == 9


@pytest.mark.parametrize(
    ("shift", "expected"), [((0, 0), 1), ((5, 0), 0.5), ((10, 0), 0), ((99, 99), 0)]
)
def test_the_overlap_is_a_share_of_the_smaller_box(shift, expected):
    moved = BOX + np.tile(shift, 2)
    assert overlap(BOX, moved) == overlap(moved, BOX) == pytest.approx(expected)
    assert is_same(BOX, [moved]) == (expected > 0.5)


def test_a_box_in_another_overlaps_it_wholly():
    assert overlap(BOX, np.array([2.0, 2, 4, 4])) == 1
    assert not is_same(BOX, [])


def test_iou_is_the_area_of_both_over_the_area_of_either():
    square = np.array([0.0, 0, 10, 10])
    others = [(5, 0, 15, 10), (20, 20, 25, 25), (0, 0, 10, 10)]
    assert [iou(square, np.array(other)) for other in others] == pytest.approx([1 / 3, 0, 1])
    assert iou(np.zeros(4), np.zeros(4)) == 0


def test_iou_of_boxes_that_shift():
    square = np.array([0.0, 0.0, 2.0, 2.0])
    assert iou(square, square) == 1
    assert iou(square, square + 1) == pytest.approx(1 / 7)
    assert iou(square, square + 2) == 0


def test_boxes_without_a_partner_stay_unmatched():
    assert match([BOX, BOX + 100], [BOX + 1], 0.3) == {0: 0}
    assert match([BOX], [BOX + 8], 0.3) == match([BOX], [], 0.3) == match([], [BOX], 0.3) == {}


def test_boxes_are_read_by_rows_from_the_left():
    places = [(300, 8), (0, 0), (150, -6), (160, 205), (10, 190)]
    boxes = [np.array([x, y, x + 100, y + 100], float) for x, y in places]
    assert reading_order(boxes) == [1, 2, 0, 4, 3]


def test_a_pixel_up_or_down_does_not_change_the_order():
    boxes = [np.array([x, y, x + 50, y + 50], float) for x, y in [(0, 1), (60, 0), (120, 2)]]
    assert reading_order(boxes) == [0, 1, 2]
    assert reading_order([]) == []
