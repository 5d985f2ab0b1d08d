import json
import tracemalloc
from io import BytesIO

import numpy as np
import pytest

from classifiers.custom.dataset import (
    FACE_BYTES,
    MAX_FACES,
    DatasetError,
    from_npz,
    read_dataset,
    to_npz,
)
from tests.helpers.custom_datasets import form, recorded


def test_a_dataset_survives_the_way_to_the_command():
    points, labels = recorded(8)
    dataset = from_npz(to_npz(read_dataset(*form(points, labels, [[320, 200]] * 24))))
    np.testing.assert_array_equal(dataset.points, points)
    assert dataset.points.dtype == np.float32
    assert dataset.y.tolist() == labels.tolist()
    assert dataset.sizes.tolist() == [[320, 200]] * 24


@pytest.mark.parametrize("name", ["Grübeln", "left-wink 2", "don't know", "微笑", "o_O", 32 * "m"])
def test_a_name_may_be_any_word(name):
    points, labels = recorded(8, {name: 0, "other": 0.2})
    assert name in read_dataset(*form(points, labels)).y


@pytest.mark.parametrize(
    "name",
    ["", " smile", "smile ", "=1+1", "-smile", "a/b", "..", "a\nb", "a,b", "<b>", "😀", 33 * "m",
     "\ud800", "a\u202eb", "a\0b"],
)  # fmt: skip
def test_a_name_that_is_syntax_somewhere_is_refused(name):
    points, labels = recorded(8, {"other": 0.2, "more": 0})
    names = [name if label == "more" else label for label in labels]
    with pytest.raises(DatasetError, match=r"^Expected names of 1 to 32 letters.*rename it\.$"):
        read_dataset(*form(points, names))


def test_one_endless_name_takes_no_memory_for_every_face():
    points, labels = recorded(100, {"a": 0, "b": 0.2})
    text, content = form(points, [400_000 * "m", *labels[1:]])
    tracemalloc.start()
    with pytest.raises(DatasetError, match=r"^Expected names"):
        read_dataset(text, content)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


def test_names_that_differ_in_case_only_are_refused():
    points, labels = recorded(8, {"Smile": 0, "smile": 0.2})
    with pytest.raises(DatasetError, match="differ in case only"):
        read_dataset(*form(points, labels))


@pytest.mark.parametrize(
    ("n", "names", "said"),
    [
        (8, {"only": 0}, "2 to 8 expressions with faces, got 1"),
        (8, {f"c{i}": 0 for i in range(9)}, "2 to 8 expressions with faces, got 9"),
        (7, {"a": 0, "b": 0}, "8 faces or more of each expression, got 7"),
        (MAX_FACES // 2 + 1, {"a": 0, "b": 0}, f"at most {MAX_FACES} faces, got 802"),
    ],
)
def test_too_few_and_too_many_are_one_sentence(n, names, said):
    with pytest.raises(DatasetError, match=said) as error:
        read_dataset(*form(*recorded(n, names)))
    assert str(error.value).count(". ") == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, 20_001])
def test_points_that_are_no_pixels_are_refused(value):
    points, labels = recorded(8)
    points[5, 100, 2] = value
    with pytest.raises(DatasetError, match="in 1 of 24, first in number 5"):
        read_dataset(*form(points, labels))


@pytest.mark.parametrize("flat", [0, np.array([1, 1, 0]), np.array([0, 0, 1])])
def test_points_without_a_face_in_them_are_refused(flat):
    points, labels = recorded(8)
    points[5] = 300 + flat * np.zeros((468, 1))
    with pytest.raises(DatasetError, match="in 1 of 24, first in number 5"):
        read_dataset(*form(points, labels))


@pytest.mark.parametrize("cut", [1, 4, FACE_BYTES])
def test_other_numbers_of_points_than_labels_are_refused(cut):
    text, points = form(*recorded(8))
    with pytest.raises(DatasetError, match=f"for each of 24 labels, got {len(points) - cut}"):
        read_dataset(text, points[:-cut])


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", '{"labels": 3, "sizes": []}', '{"labels": [1], "sizes": [[1, 2]]}',
     '{"labels": ["a"], "sizes": [[1, 2], [3]]}', 10_000 * "[", '{"labels": ["a"]}'],
)  # fmt: skip
def test_json_of_another_shape_is_refused(text):
    with pytest.raises(DatasetError, match=r'^Expected JSON like \{"labels"'):
        read_dataset(text, b"")


@pytest.mark.parametrize(
    "size", [[640], [640, 480, 3], [0, 480], [640, 20_001], [640, 480.5], ["a", "b"], [2**70, 2]]
)
def test_sizes_of_no_picture_are_refused(size):
    points, labels = recorded(8)
    with pytest.raises(DatasetError, match=r"^Expected (width and height|JSON like)"):
        read_dataset(*form(points, labels, [size] * 24))


def test_what_is_no_dataset_is_refused_and_nothing_is_unpickled():
    for content in (b"", b"PK\x03\x04 and so on", json.dumps({}).encode(), packed_object()):
        with pytest.raises(DatasetError, match=r"^Expected a dataset, an \.npz file"):
            from_npz(content)


def packed_object():
    buffer = BytesIO()
    np.savez(buffer, points=np.array([{}]), y=np.array(["a"]), sizes=np.array([[1, 2]]))
    return buffer.getvalue()
