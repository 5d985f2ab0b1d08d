import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.inference.annotate import (
    AGAINST,
    FOR,
    MIN_SIDE,
    Annotation,
    annotate,
    annotations_of,
    place_label,
)
from landmarks.mesh import REGIONS
from tests.helpers.fake_predictor import CONTRIBUTIONS, FakePredictor


def prediction(height=400, width=600, **options):
    return FakePredictor(**options).predict(np.zeros((height, width, 3), np.uint8))


def test_a_label_says_expression_and_confidence_and_the_number_where_there_are_several():
    assert [annotation.text for annotation in annotations_of(prediction())] == ["happy 80%"]
    assert [annotation.text for annotation in annotations_of(prediction(n_faces=2))] == [
        "1 happy 80%",
        "2 happy 80%",
    ]
    assert [annotation.text for annotation in annotations_of(prediction(uncertain=True))] == [
        "happy or neutral? 80%"
    ]


@pytest.mark.parametrize(("side", "expected"), [(60, 480), (300, 600), (480, 480), (2000, 2000)])
def test_only_small_pictures_are_enlarged(side, expected):
    picture = annotate(np.zeros((side, side // 2, 3), np.uint8), [])
    assert picture.size == (expected // 2, expected)
    assert expected >= MIN_SIDE


@pytest.mark.parametrize("ground", [0, 128, 255])
@pytest.mark.parametrize("side", [100, 500, 4000])
def test_box_and_label_are_seen_on_any_ground_at_any_size(ground, side):
    rgb = np.full((side, side, 3), ground, np.uint8)
    annotation = Annotation(
        (round(0.3 * side), round(0.4 * side), round(0.4 * side), round(0.4 * side)), "sad"
    )
    drawn = np.asarray(annotate(rgb, [annotation]).convert("L")).astype(int)
    share = len(drawn) / side
    row = drawn[round(0.6 * side * share)]
    edge = row[round(0.28 * side * share) : round(0.32 * side * share)]
    assert np.ptp(edge) > 100, "the box's left line"
    label = drawn[round(0.3 * len(drawn)) : round(0.4 * len(drawn)) - 2]
    if ground < 200:
        assert (label > 200).any(axis=1).sum() >= 8 * len(drawn) / 900, "the letters' height"
    assert (label < 100).any(), "the label's ground"
    assert (drawn[-5:, -5:] == ground).all(), "the rest is as it was"


boxes = st.tuples(
    st.integers(-50, 640), st.integers(-50, 480), st.integers(1, 400), st.integers(1, 400)
).map(lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3]))


@settings(max_examples=60, deadline=None)
@given(boxes, st.sampled_from([(640, 480), (480, 90), (90, 480)]))
def test_a_label_stays_inside_the_picture(box, size):
    (left, top, right, bottom), letters = place_label("12 fear or surprise? 48%", box, size)
    assert min(left, top) >= 0
    assert right < size[0]
    assert bottom < size[1]
    assert letters > 4


def test_a_label_stands_on_its_box():
    (left, _, _, bottom), _ = place_label("happy 98%", (100, 200, 200, 320), (640, 480))
    assert (left, bottom) == (100, 199)


def test_a_crowd_of_small_faces_is_enlarged_for_its_labels_but_a_video_s_frame_is_not():
    rgb, annotations = (
        np.zeros((300, 600, 3), np.uint8),
        [Annotation((9, 9, 31, 31), "sad 50%")] * 3,
    )
    assert annotate(rgb, annotations, enlarge_small_faces=True).size == (1800, 900)
    assert annotate(rgb, annotations).size == (600, 300)
    large = np.zeros((2000, 2000, 3), np.uint8)
    assert annotate(large, annotations, enlarge_small_faces=True).size == (2000, 2000)


def test_the_mesh_is_drawn_where_it_is_asked_for():
    rgb = np.zeros((400, 600, 3), np.uint8)
    plain, meshed = (
        np.asarray(annotate(rgb, annotations_of(prediction(), mesh))) for mesh in (0, 1)
    )
    x, y, width, height = prediction().faces[0].face.box
    inside = np.s_[y + 5 : y + height - 5, x + 5 : x + width - 5]
    assert not plain[inside].any()
    assert (meshed[inside].max(axis=2) > 40).mean() > 0.1


def test_regions_for_and_against_get_the_page_s_colours_by_strength():
    rgb = np.zeros((400, 600, 3), np.uint8)
    (annotation,) = annotations_of(prediction(), explain=True)
    assert annotation.contributions == CONTRIBUTIONS
    drawn = np.asarray(annotate(rgb, [annotation._replace(text="")])).astype(int)

    x, y, width, height = annotation.box
    mouth = drawn[y + 2 * height // 3 : y + height - 5, x + 5 : x + width - 5].reshape(-1, 3)
    np.testing.assert_allclose(mouth[mouth.sum(axis=1).argmax()], 0.75 * np.array(FOR), atol=3)
    x, y = annotation.points[REGIONS["nose"], :2].mean(axis=0).round().astype(int)
    share = abs(CONTRIBUTIONS["nose"]) / CONTRIBUTIONS["mouth"]
    np.testing.assert_allclose(drawn[y, x], 0.75 * share * np.array(AGAINST), atol=3)


def test_a_face_out_of_the_picture_is_no_failure():
    points = np.full((468, 3), -900.0)
    annotation = Annotation((-950, -950, 60, 60), "sad 50%", points, dict(CONTRIBUTIONS))
    assert annotate(
        np.zeros((50, 50, 3), np.uint8), [annotation, annotation._replace(contributions=None)]
    )
