import csv
import json

import numpy as np
import pytest
from PIL import Image

from classifiers.training.read_dataset import hold_out
from classifiers.training.read_pixel_dataset import read_crops, read_fused_rows
from data.errors import DataError
from data.features.extraction import extract_features
from data.features.schema import MANIFEST, PIXELS, header_line, row_line
from landmarks.face_crop import face_crop
from landmarks.images import pixel_hash, read_image
from tests.helpers.face_folder import write_faces
from tests.helpers.small_model import faces

N, MISSED = 30, 3


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Return a folder of images and the feature folder of them, the last faces missed."""
    source, table = tmp_path_factory.mktemp("images"), tmp_path_factory.mktemp("features")
    random = np.random.default_rng(0)
    points, y = faces(N)
    lines, pixels = {}, ["image\tsplit\tlabel\tpixels"]
    for i, label in enumerate(y):
        name = f"train/{label}/{i}.png"
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        image = random.integers(0, 255, (48, 48, 3), dtype=np.uint8)
        Image.fromarray(image).save(source / name)
        row = {"image": name, "label": label, "split": "train", "face": 0, "width": 48}
        row |= {"height": 48, "success": 1, "reason": "", "points": points[i]}
        if i >= N - MISSED:
            row |= {"success": 0, "reason": "no-face", "points": None}
        lines.setdefault(label, []).append(row_line(row))
        pixels.append(f"{name}\ttrain\t{label}\t{pixel_hash(image)}")
    for label, rows in lines.items():
        (table / f"{label}.csv").write_text(header_line() + "".join(rows))
    (table / PIXELS).write_text("\n".join(pixels) + "\n")
    files = [f"{label}.csv" for label in sorted(lines)]
    (table / MANIFEST).write_text(
        json.dumps({"format": 3, "mesh": "made up", "splits": {}, "files": files})
    )
    return source, table


def test_each_face_comes_with_the_pixels_of_its_image(dataset):
    source, table = dataset
    rows, with_points = read_fused_rows([table], source)
    points, y = faces(N)
    assert len(rows.y) == N
    np.testing.assert_array_equal(rows.has_points, np.arange(N) < N - MISSED)
    assert len(hold_out(with_points)) == N - MISSED
    for row in (0, N // 2, N - 1):
        pixels = rows.pixels[row]
        path = next(p for p in source.rglob("*.png") if pixel_hash(read_image(p)) == pixels)
        i = int(path.stem)
        assert rows.y[row] == y[i]
        image = read_image(path)
        found = rows.has_points[row]
        np.testing.assert_allclose(rows.points[row], points[i] if found else 0, atol=1e-3)
        expected = face_crop(image, rows.points[row] if found else None)
        np.testing.assert_array_equal(rows.crops[row], expected)
        np.testing.assert_array_equal(rows.whole_images[row], face_crop(image, None))
    assert rows.votes.shape == (N, 0)


def test_the_test_split_s_name_of_a_class_changes_none(dataset, tmp_path):
    source, table = dataset
    for path in table.iterdir():
        text = path.read_text().replace(",happy,", ",joy,").replace("\thappy\t", "\tjoy\t")
        (tmp_path / path.name).write_text(text)
    with (tmp_path / PIXELS).open("a") as file:
        file.write(f"test/happy/1.png\ttest\thappy\t{'0' * 16}\n")
    rows, _ = read_fused_rows([tmp_path], source)
    assert set(rows.y) == {"joy", "neutral", "sad"}
    assert len(rows.y) == N


def test_an_image_of_the_split_validation_that_has_no_face_does_not_train(tmp_path):
    names = {"train/happy": 3, "train/sad": 3, "val/happy": 2, "val/sad": 2}
    source = write_faces(tmp_path / "images", names)
    for shade, place in enumerate(("train/sad", "train/happy", "val/sad", "val/happy")):
        Image.new("L", (60, 60), 40 * shade).save(source / place / "blank.png")
    extract_features(source, tmp_path / "table", workers=1)
    fused, rows = read_fused_rows([tmp_path / "table"], source)
    assert len(rows.y) == 10
    assert rows.validates.sum() == 4
    assert (~fused.has_points).sum() == 2


def test_classes_can_be_left_out(dataset):
    rows, _ = read_fused_rows([dataset[1]], dataset[0], ["happy", "sad"])
    assert set(rows.y) == {"happy", "sad"}
    assert len(rows.y) == N * 2 // 3


def test_votes_are_shares(dataset, tmp_path):
    source, table = dataset
    votes = tmp_path / "votes.csv"
    names = sorted(p.relative_to(source).as_posix() for p in source.rglob("*.png"))
    with votes.open("w", newline="") as file:
        csv.writer(file).writerows([["image", "a", "b"], *([name, 1, 3] for name in names[1:])])
    rows, _ = read_fused_rows([table], source, votes=votes)
    assert sorted(map(tuple, np.unique(rows.votes, axis=0).tolist())) == [(0, 0), (0.25, 0.75)]
    assert (rows.votes.sum(axis=1) == 0).sum() == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [("a,b\n1,2\n", "column image"), ("image,a\nx.png,many\n", "column image"), (None, "another")],
)
def test_votes_that_do_not_fit_are_refused(dataset, tmp_path, text, said):
    votes = tmp_path / "votes.csv"
    if text is not None:
        votes.write_text(text)
    with pytest.raises(DataError, match=said):
        read_fused_rows([dataset[1]], dataset[0], votes=votes)


def test_votes_on_other_images_are_refused(dataset, tmp_path):
    votes = tmp_path / "votes.csv"
    votes.write_text("image,a\nelsewhere.png,1\n")
    with pytest.raises(DataError, match="none of them"):
        read_fused_rows([dataset[1]], dataset[0], votes=votes)


def test_other_images_are_refused(dataset, tmp_path):
    (tmp_path / "train" / "happy").mkdir(parents=True)
    Image.new("L", (48, 48)).save(tmp_path / "train" / "happy" / "other.png")
    with pytest.raises(DataError, match="that the features were made of"):
        read_fused_rows([dataset[1]], tmp_path)


def test_an_image_that_broke_since_is_refused(tmp_path):
    (tmp_path / "happy").mkdir()
    (tmp_path / "happy" / "a.png").write_bytes(b"no image")
    with pytest.raises(DataError, match="any more"):
        read_crops(tmp_path, ["happy/a.png"], [None])


def test_a_table_without_hashes_is_refused(dataset, tmp_path):
    for path in dataset[1].glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(DataError, match=PIXELS):
        read_fused_rows([tmp_path], dataset[0])


def test_images_may_come_from_fer2013_csv(tmp_path):
    random = np.random.default_rng(0)
    grey = random.integers(0, 255, (2, 48, 48))
    lines = [f"3,{' '.join(map(str, image.ravel()))},Training" for image in grey]
    path = tmp_path / "fer2013.csv"
    path.write_text("emotion,pixels,Usage\n" + "\n".join(lines) + "\n")
    crops, whole_images = read_crops(path, ["fer2013.csv:3", "fer2013.csv:2"], [None, None])
    expected = face_crop(np.repeat(grey[1].astype(np.uint8)[:, :, None], 3, axis=2), None)
    np.testing.assert_array_equal(crops[0], expected)
    np.testing.assert_array_equal(crops, whole_images)
