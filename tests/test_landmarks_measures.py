import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from landmarks.detection.detector import shared_detector
from landmarks.images import read_image
from landmarks.measures import MEASURES, NAMES, measure
from landmarks.mesh import CANONICAL, MIRROR, mirrored
from tests.helpers.paths import ROOT

CLASSES = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
POSE = NAMES[:3]


@pytest.fixture(scope="module")
def faces():
    """Return the points (70, 468, 3) of the sample's test composites, ten a class."""
    paths = [
        ROOT / f"data/sample/test/{name}/{name}_{number:02}.png"
        for name in CLASSES
        for number in range(1, 11)
    ]
    return np.stack([shared_detector().detect(read_image(path))[0].points for path in paths])


@pytest.fixture(scope="module")
def means(faces):
    """Return measure -> class -> mean over the class's composites."""
    by_class = measure(faces).reshape(len(CLASSES), 10, -1).mean(axis=1)
    return {
        name: dict(zip(CLASSES, column, strict=True))
        for name, column in zip(NAMES, by_class.T, strict=True)
    }


def named(points):
    return dict(zip(NAMES, measure(points[None])[0], strict=True))


def test_place_and_size_change_nothing(faces):
    np.testing.assert_allclose(measure(3 * faces + [50, -7, 4]), measure(faces), atol=1e-3)


def test_a_turn_of_the_head_changes_the_pose_alone(faces):
    turn = Rotation.from_euler("YXZ", (20, -10, 15), degrees=True).as_matrix()
    shape = slice(len(POSE), None)
    turned = measure(faces.astype(float) @ turn.T)
    np.testing.assert_allclose(turned[:, shape], measure(faces)[:, shape], atol=1e-6)
    assert np.abs(turned[:, :3] - measure(faces)[:, :3]).min() > 5


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"), [(0, 0, 0), (35, 0, 0), (0, 25, 0), (0, 0, -30), (-40, 20, 60)]
)
def test_the_pose_is_that_of_a_turned_mean_face(yaw, pitch, roll):
    """SciPy's angles are right-handed: the nose goes left and down as they grow."""
    turn = Rotation.from_euler("YXZ", (-yaw, -pitch, roll), degrees=True).as_matrix()
    got = named(100 * CANONICAL.astype(float) @ turn.T + 300)
    assert [got[name] for name in POSE] == pytest.approx([yaw, pitch, roll], abs=1e-3)


def test_the_nose_points_where_the_pose_says():
    turn = Rotation.from_euler("YXZ", (-30, -20, 0), degrees=True).as_matrix()
    points = CANONICAL.astype(float) @ turn.T
    right_and_down = points[1] - points[[33, 263, 61, 291]].mean(axis=0)
    plain = CANONICAL[1] - CANONICAL[[33, 263, 61, 291]].mean(axis=0)
    assert right_and_down[0] > plain[0] + 0.1
    assert right_and_down[1] < plain[1] - 0.1


def test_mirroring_swaps_left_and_right(faces):
    swapped = {"_right": "_left", "_left": "_right"}
    plain, flipped = measure(faces), measure(mirrored(faces, 500.0))
    for i, name in enumerate(NAMES):
        end = name[name.rfind("_") :]
        other = name.removesuffix(end) + swapped.get(end, end)
        sign = -1 if name in ("yaw", "roll", "smile_asymmetry") else 1
        np.testing.assert_allclose(
            flipped[:, i], sign * plain[:, NAMES.index(other)], atol=1e-4, err_msg=name
        )


def test_left_is_the_persons_own():
    points = CANONICAL.copy()
    points[[386, 385, 387]] -= [0, 0.05, 0]  # the upper lid on the right of the image
    assert points[386, 0] > 0
    got = named(points)
    assert got["eye_opening_left"] > got["eye_opening_right"] + 0.02


@pytest.mark.parametrize(
    ("moved", "by", "name"),
    [
        ([107, 55], (0, -0.1, 0), "inner_brow_height_right"),
        ([70, 46], (0, -0.1, 0), "outer_brow_height_right"),
        ([285], (0.1, 0, 0), "brow_distance"),
        ([144, 145, 153], (0, 0.05, 0), "eye_opening_right"),
        ([50], (0, -0.1, 0), "cheek_raise_right"),
        ([129, 358], (0, -0.1, 0), "nose_wrinkle"),
        ([14], (0, 0.1, 0), "mouth_opening"),
        ([291], (0.1, 0, 0), "mouth_width"),
        ([0], (0, -0.1, 0), "lip_thickness"),
        ([61], (0, -0.1, 0), "lip_corner_height_right"),
        ([291], (0, -0.1, 0), "smile_asymmetry"),
        ([152], (0, 0.1, 0), "jaw_drop"),
    ],
)
def test_each_measure_grows_with_what_it_is_named_for(moved, by, name):
    points = CANONICAL.astype(float)
    points[moved] += by
    assert named(points)[name] > named(CANONICAL)[name] + 0.02
    back = CANONICAL.astype(float)
    back[MIRROR[moved]] += by
    if name.endswith("_right"):
        assert named(back)[name] == pytest.approx(named(CANONICAL)[name], abs=0.01)


@pytest.mark.parametrize(
    ("name", "largest", "smallest"),
    [
        ("mouth_opening", ("surprise", "angry"), ("neutral",)),
        ("mouth_width", ("happy",), ("surprise",)),
        ("lip_corner_height_right", ("happy",), ("neutral",)),
        ("eye_opening_left", ("surprise",), ("sad", "disgust")),
        ("inner_brow_height_left", ("surprise",), ("angry", "disgust")),
        ("outer_brow_height_right", ("surprise",), ("angry", "disgust", "sad")),
        ("brow_distance", ("surprise",), ("angry", "sad", "disgust")),
        ("cheek_raise_left", ("happy",), ("surprise",)),
        ("lip_thickness", ("neutral",), ("happy",)),
        ("jaw_drop", ("angry", "surprise"), ("sad",)),
    ],
)
def test_composites_of_the_classes_are_ordered_as_faces_are(means, name, largest, smallest):
    assert max(means[name], key=means[name].get) in largest
    assert min(means[name], key=means[name].get) in smallest


def test_a_nose_wrinkles_in_disgust_and_not_in_surprise(means):
    wrinkled = means["nose_wrinkle"]
    assert wrinkled["disgust"] > wrinkled["neutral"] > wrinkled["surprise"]


def test_nearly_all_composites_lie_within_the_ranges(faces):
    low, high = np.array([(each.low, each.high) for each in MEASURES]).T
    found = measure(faces)
    assert ((found > low) & (found < high)).mean(axis=0).min() > 0.95


def test_the_mean_face_looks_straight_ahead_and_moves_nothing():
    straight = named(CANONICAL)
    for name in (*POSE, "smile_asymmetry", "jaw_drop", "nose_wrinkle", "cheek_raise_left"):
        assert straight[name] == pytest.approx(0, abs=1e-4)


def test_a_face_without_points_has_no_measures_and_others_keep_theirs(faces):
    two = np.stack([np.full((468, 3), np.nan), faces[0]])
    assert np.isnan(measure(two)[0]).all()
    np.testing.assert_allclose(measure(two)[1], measure(faces[:1])[0], atol=1e-9)
    assert measure(faces[:0]).shape == (0, len(NAMES))


def test_points_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"got \(468, 3\); of one face take points\[None\]"):
        measure(CANONICAL)


def test_a_photo_that_is_turned_and_shrunk_has_its_roll_and_the_same_shape(portrait):
    height, width = portrait.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -20, 0.8)  # clockwise
    turned = cv2.warpAffine(portrait, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    before, after = (
        measure(shared_detector().detect(p)[0].points[None])[0] for p in (portrait, turned)
    )
    roll = NAMES.index("roll")
    assert after[roll] - before[roll] == pytest.approx(20, abs=3)
    np.testing.assert_allclose(after[3:], before[3:], atol=0.03)
