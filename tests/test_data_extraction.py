import json
import os
import shutil

import joblib
import numpy as np
import pytest
from PIL import Image

from data.errors import DataError, StorageError
from data.features import chunks, extraction
from data.features.chunks import plan_chunks
from data.features.extraction import extract_features
from data.features.table import points_of, read_pixels, read_table
from data.sources import read_images
from tests.helpers.face_folder import contents, write_faces

FACES = {"train/happy": 9, "train/sad": 3, "test/happy": 2}


@pytest.fixture(scope="module")
def features(faces, tmp_path_factory):
    out = tmp_path_factory.mktemp("features")
    extract_features(faces, out, workers=1)
    return out


def test_a_csv_per_split_and_class(features):
    tables = ("test/happy.csv", "train/happy.csv", "train/sad.csv")
    assert sorted(map(str, contents(features))) == sorted(["features.json", "pixels.tsv", *tables])


def test_a_row_per_image(faces, features):
    table = read_table(features)
    assert sorted(table["image"]) == sorted(ref.image for ref in read_images(faces))
    assert table["success"].mean() > 0.9
    assert (table[["width", "height"]] == 48).all(axis=None)


def test_photos_without_classes_get_landmarks_and_no_label(tmp_path):
    write_faces(tmp_path, {"photos": 2})
    extract_features(tmp_path / "photos", tmp_path / "out", workers=1)
    table = read_table(tmp_path / "out")
    assert table["label"].tolist() == ["", ""]
    assert sorted(map(str, contents(tmp_path / "out"))) == sorted(
        ["features.json", "pixels.tsv", "all/unlabelled.csv"]
    )


def test_the_manifest_counts_and_says_what_made_it(features):
    manifest = json.loads((features / "features.json").read_text())
    assert (manifest["format"], manifest["mesh"]) == (3, extraction.MESH_VERSION)
    assert manifest["meshes"] == 2
    assert manifest["images"] == 14
    assert manifest["found"] + manifest["missed"] == 14
    assert manifest["splits"]["train"]["sad"]["images"] == 3


def test_pixels_tell_copies(faces, tmp_path):
    copied = shutil.copytree(faces, tmp_path / "copied")
    shutil.copy(copied / "train/sad/000.png", copied / "test/happy/copy.png")
    extract_features(copied, tmp_path / "out", workers=1)
    pixels = read_pixels(tmp_path / "out")
    assert len(pixels) == 15
    same = pixels[pixels["pixels"].duplicated(keep=False)]
    assert sorted(same["image"]) == ["test/happy/copy.png", "train/sad/000.png"]


def test_files_that_are_no_usable_image_are_rows_with_reasons(tmp_path):
    folder = write_faces(tmp_path / "faces", {"sad": 1}) / "sad"
    whole = (folder / "000.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[:200])
    (folder / "empty.png").touch()
    (folder / "text.jpg").write_text("no image")
    (folder / "gone.png").symlink_to("nowhere.png")
    (folder / "jpeg, not.png").write_bytes(whole)
    Image.new("1", (6000, 5000)).save(folder / "huge.png")
    done = extract_features(tmp_path / "faces", tmp_path / "out", workers=1)
    reasons = read_table(tmp_path / "out").set_index("image")["reason"].to_dict()
    assert reasons == {
        "sad/000.png": "",
        "sad/cut.png": "unreadable",
        "sad/empty.png": "empty",
        "sad/gone.png": "unreadable",
        "sad/huge.png": "too-large",
        "sad/jpeg, not.png": "",
        "sad/text.jpg": "unreadable",
    }
    assert done["unreadable"] == 5


def test_a_list_may_name_an_image_twice(faces, tmp_path):
    path = tmp_path / "list.csv"
    image = faces / "train/sad/000.png"
    path.write_text("path,label\n" + f"{image},a/b\n" * 3)
    assert extract_features(path, tmp_path / "out", workers=1)["images"] == 3
    assert (tmp_path / "out/all/a%2Fb.csv").is_file()


def test_fer2013_csv_gives_the_points_of_the_same_images(faces, features, tmp_path):
    table = read_table(features / "train/sad.csv")
    lines = ["emotion,pixels,Usage", "4,1 2 3,Training"]
    for image in table["image"]:
        pixels = " ".join(map(str, np.asarray(Image.open(faces / image)).ravel()))
        lines.append(f"4,{pixels},Training")
    (tmp_path / "fer2013.csv").write_text("\n".join(lines) + "\n")
    extract_features(tmp_path / "fer2013.csv", tmp_path / "out", workers=1)
    again = read_table(tmp_path / "out")
    assert again["reason"].tolist() == ["unreadable", *table["reason"]]
    np.testing.assert_array_equal(points_of(again)[1:], points_of(table))


def test_two_workers_write_the_same_bytes_as_one(faces, features, tmp_path, monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK_SIZE", 2)
    extract_features(faces, tmp_path, workers=2)
    assert contents(tmp_path) == contents(features)


def test_workers_started_elsewhere_find_the_images(faces, features, tmp_path, monkeypatch):
    joblib.Parallel(2)(joblib.delayed(os.getcwd)() for _ in range(2))
    monkeypatch.chdir(faces.parent)
    extract_features(faces.name, tmp_path, workers=2)
    assert contents(tmp_path) == contents(features)


def test_finished_chunks_are_not_done_again(faces, features, tmp_path, monkeypatch):
    planned = plan_chunks(read_images(faces), tmp_path)
    planned[0].part.parent.mkdir()
    chunks.extract_part(planned[0], os.getpid())
    (tmp_path / ".parts" / "half.tmp").touch()
    reports = []
    extract_features(faces, tmp_path, workers=1, progress=lambda *report: reports.append(report))
    assert reports[0] == (len(planned[0].refs), 14)
    assert reports[-1] == (14, 14)
    assert contents(tmp_path) == contents(features)


def test_an_image_that_changed_since_is_read_again(faces, tmp_path):
    copied = shutil.copytree(faces, tmp_path / "copied")
    before = plan_chunks(read_images(copied), tmp_path)
    os.utime(copied / "train/sad/000.png", (2e9, 2e9))
    after = plan_chunks(read_images(copied), tmp_path)
    assert [old.part == new.part for old, new in zip(before, after, strict=True)].count(False) == 1


def test_what_is_finished_stays(faces, features):
    written = (features / "features.json").stat().st_mtime_ns
    assert extract_features(faces, features)["images"] == 14
    assert (features / "features.json").stat().st_mtime_ns == written


def test_a_lost_csv_is_made_again(faces, features, tmp_path):
    copied = shutil.copytree(features, tmp_path / "copied")
    (copied / "train/sad.csv").unlink()
    extract_features(faces, copied, workers=1)
    assert contents(copied) == contents(features)


def test_a_folder_of_other_features_is_left_alone(faces, features, tmp_path):
    other = write_faces(tmp_path / "other", {"sad": 1})
    before = contents(features)
    with pytest.raises(DataError, match="other images"):
        extract_features(other, features)
    assert contents(features) == before
    (tmp_path / "features.json").write_text("[]")
    with pytest.raises(DataError, match="isn't what make features writes"):
        extract_features(faces, tmp_path)


def test_an_unknown_backend_is_one_sentence(faces, tmp_path):
    with pytest.raises(DataError, match="no backend 'abacus'"):
        extract_features(faces, tmp_path, backend="abacus")


def test_a_full_disk_is_seen_before_the_work(faces, tmp_path, monkeypatch):
    full = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(extraction.shutil, "disk_usage", lambda path: full)
    with pytest.raises(StorageError, match="0 MB free"):
        extract_features(faces, tmp_path)
