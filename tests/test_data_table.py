import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from data.__main__ import app
from data.errors import DataError
from data.features.schema import COLUMNS, file_stem, header_line, row_line
from data.features.table import META_COLUMNS, largest_faces, points_of, read_pixels, read_table
from landmarks.measures import NAMES as MEASURE_NAMES
from landmarks.measures import measure
from landmarks.mesh import CANONICAL

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
SCALES = st.sampled_from([1e-2, 1.0, 48.0, 5000.0, 40000.0])


def row(**changes):
    usual = dict(zip(META_COLUMNS, ("a.png", "sad", "all", 1, 48, 48, 1, ""), strict=True))
    return usual | {"points": np.zeros((468, 3), np.float32)} | changes


def write(path, *rows):
    path.write_text(header_line() + "".join(map(row_line, rows)), encoding="utf-8", newline="")
    return path


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(names=st.lists(NAMES, min_size=3, max_size=3), scale=SCALES, seed=st.integers(0, 99))
def test_what_is_written_is_read_back(tmp_path, names, scale, seed):
    points = np.random.default_rng(seed).normal(0, scale, (468, 3)).astype(np.float32)
    image, label, reason = names
    path = tmp_path / "table.csv"
    found = row(image=image, label=label, points=points)
    missed = row(image=image, success=0, reason=reason, points=None)
    table = read_table(write(path, found, missed))
    assert table.loc[0, "image"] == image
    assert table.loc[0, "label"] == label
    assert list(table["reason"]) == ["", reason]
    read = points_of(table)
    assert read.dtype == np.float32
    assert np.abs(read[0] - points).max() <= 0.0005 + scale * 1e-6
    assert np.isnan(read[1]).all()
    # What was read is what a second writing and reading gives.
    again = read_table(write(path, row(points=read[0])))
    np.testing.assert_array_equal(points_of(again)[0], read[0])


def test_pandas_reads_it_without_arguments(tmp_path):
    path = write(tmp_path / "table.csv", row(), row(success=0, reason="no-face", points=None))
    table = pd.read_csv(path)
    assert tuple(table.columns) == COLUMNS
    assert list(table["success"]) == [1, 0]
    assert table["x_0"].isna().tolist() == [False, True]


def test_words_that_pandas_takes_for_missing_stay_words(tmp_path):
    table = read_table(write(tmp_path / "table.csv", row(label="None", image="NA")))
    assert table.loc[0, ["image", "label"]].tolist() == ["NA", "None"]


def test_a_folder_is_read_whole_and_in_order(tmp_path):
    for name in ("train/sad", "test/sad"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(tmp_path / f"{name}.csv", row(split=name.split("/")[0]))
    assert list(read_table(tmp_path)["split"]) == ["test", "train"]
    both = [tmp_path / "train/sad.csv", tmp_path / "test"]
    assert list(read_table(both)["split"]) == ["train", "test"]


def test_only_files_that_the_manifest_names_are_read(tmp_path):
    (tmp_path / "all").mkdir()
    write(tmp_path / "all/sad.csv", row())
    write(tmp_path / "all/left_over.csv", row())
    (tmp_path / "features.json").write_text(
        '{"format": 3, "mesh": "", "splits": {}, "files": {"all/sad.csv": 1}}'
    )
    assert len(read_table(tmp_path)) == 1


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("x_0,", "other,", "x_0"),
        ("reason,", "because,", "reason"),
        ("a.png,sad,all,1,48", "a.png,sad,all,one,48", "isn't a feature CSV"),
        ("48,1,,0.000", "48,1,,", "lack points"),
        ("48,1,,0.000", "48,1,,inf", "lack points"),
        ("48,1,,0.000", "48,1,,left", "isn't a feature CSV"),
        ("48,48,1,", "48,48,2,", "0 or 1"),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path, old, new, says):
    path = write(tmp_path / "table.csv", row())
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(DataError, match=says):
        read_table(path)


def test_missing_or_unfinished_folders_are_refused(tmp_path):
    with pytest.raises(DataError, match="make features"):
        read_table(tmp_path)
    with pytest.raises(DataError, match="make features"):
        read_pixels(tmp_path)
    (tmp_path / ".parts").mkdir()
    with pytest.raises(DataError, match="unfinished"):
        read_table(tmp_path)
    (tmp_path / "empty.csv").touch()
    with pytest.raises(DataError, match="lacks 1412"):
        read_table(tmp_path / "empty.csv")


def test_a_class_may_be_called_anything():
    names = [
        "happy",
        "très content",
        "..",
        ".",
        "a/b",
        "a%2Fb",
        "/etc",
        "x" * 400,
        "x" * 401,
        "q ",
        "",
    ]
    stems = [file_stem(name) for name in names]
    assert stems[:2] == names[:2]
    assert len(set(stems)) == len(names)
    for stem in stems:
        assert "/" not in stem
        assert not stem.startswith(".")
        assert len(stem.encode()) < 250


def test_a_folder_of_another_format_is_refused(tmp_path):
    (tmp_path / "features.json").write_text(
        '{"format": 2, "mesh": "", "splits": {}, "files": {"all/sad.csv": 1}}'
    )
    with pytest.raises(DataError, match="Expected features of format 3, got format 2"):
        read_table(tmp_path)


def test_the_largest_face_of_an_image_is_the_one_of_the_largest_box(tmp_path):
    small, large = CANONICAL * 10 + 50, CANONICAL * 30 + 90
    faces = [row(points=small), row(face=2, points=large), row(image="b.png", points=small)]
    table = largest_faces(read_table(write(tmp_path / "table.csv", *faces)))
    assert table[["image", "face"]].to_numpy().tolist() == [["a.png", 2], ["b.png", 1]]


def test_measures_of_a_table_are_those_of_its_points(tmp_path):
    points = (100 * CANONICAL).astype(np.float32)
    path = write(tmp_path / "t.csv", row(points=points), row(success=0, reason="x", points=None))
    out = tmp_path / "measures.csv"
    done = CliRunner().invoke(app, ["measures", str(path), str(out)])
    assert done.output == f"The measures of 1 faces are in {out}.\n"
    table = pd.read_csv(out)
    assert list(table.columns) == [*META_COLUMNS, *MEASURE_NAMES]
    np.testing.assert_allclose(
        table.loc[0, list(MEASURE_NAMES)].astype(float), measure(points[None])[0], atol=0.01
    )
    assert table.loc[1, list(MEASURE_NAMES)].isna().all()
    again = CliRunner().invoke(app, ["measures", str(path), str(out)])
    assert again.exit_code == 1
    assert "which exists; name another place" in again.output
    assert out.read_text().startswith("image,label")
