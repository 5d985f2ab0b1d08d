import json

import numpy as np
import pytest

from classifiers.bundle import bundle
from classifiers.bundle.bundle import (
    BundleError,
    load_manifest,
    resolve,
    save_bundle,
    train_pixels,
)
from tests.helpers.small_bundle import MANIFEST

FILES = dict.fromkeys(bundle.FILES, b"content")


@pytest.fixture
def folder(tmp_path):
    return save_bundle(tmp_path / "small", MANIFEST, FILES)


def change(folder, **fields):
    path = folder / bundle.MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_what_was_saved_is_loaded(folder):
    manifest = load_manifest(folder, "a mesh")
    assert {key: manifest[key] for key in MANIFEST} == MANIFEST
    assert manifest["format"] == bundle.FORMAT
    assert set(manifest["files"]) == set(bundle.FILES)
    assert resolve(folder) == folder


@pytest.mark.parametrize("name", bundle.FILES)
def test_an_altered_file_is_refused(folder, name):
    (folder / name).write_bytes(b"Content")
    with pytest.raises(BundleError, match="SHA-256"):
        load_manifest(folder)


@pytest.mark.parametrize("name", bundle.FILES)
def test_a_missing_file_is_refused(folder, name):
    (folder / name).unlink()
    with pytest.raises(BundleError, match=f"Expected {name}"):
        load_manifest(folder)


def test_another_mesh_is_refused(folder):
    with pytest.raises(BundleError, match=r"another mesh.*for a mesh"):
        load_manifest(folder, "another mesh")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"format": 2}, "Expected a bundle of format 3, got 2.*; train it again"),
        ({"inputs": ["crops"]}, "Expected inputs"),
        ({"inputs": ["points", "crops", "has_points"]}, "Expected neutral_crop"),
        ({"classes": ["happy", "happy"]}, "two different classes"),
        ({"classes": None}, "Expected classes"),
        ({"calibration": "warm"}, "Expected calibration"),
        ({"files": []}, "Expected files"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(folder, fields, said):
    change(folder, **fields)
    with pytest.raises(BundleError, match=said):
        load_manifest(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_a_manifest_that_is_none_is_refused(folder, text):
    (folder / bundle.MANIFEST).write_text(text)
    with pytest.raises(BundleError, match="manifest"):
        load_manifest(folder)


def test_an_unknown_name_is_refused():
    with pytest.raises(BundleError, match="got nowhere"):
        resolve("nowhere")


def test_shipped_names_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "SHIPPED", tmp_path)
    saved = save_bundle(tmp_path / "shipped", MANIFEST, FILES)
    assert resolve("shipped") == saved


def test_an_old_bundle_is_replaced_whole(folder):
    save_bundle(folder, MANIFEST | {"seed": 5}, FILES)
    assert load_manifest(folder)["seed"] == 5
    assert [path.name for path in folder.parent.iterdir()] == ["small"]


def test_a_folder_that_is_no_bundle_is_left_alone(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"mine")
    with pytest.raises(BundleError, match="nothing there was touched"):
        save_bundle(tmp_path, MANIFEST, FILES)
    assert (tmp_path / "photo.jpg").read_bytes() == b"mine"


def test_a_disk_that_refuses_leaves_the_old_bundle(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(bundle.BundleNotWritable, match="No space left"):
        save_bundle(folder, MANIFEST | {"seed": 5}, FILES)
    monkeypatch.undo()
    assert load_manifest(folder)["seed"] == 0
    assert [path.name for path in folder.parent.iterdir()] == ["small"]


def test_pixels_are_hashes_of_sixteen_digits(folder):
    np.save(folder / bundle.PIXELS, np.array([255, 2**64 - 1], dtype=np.uint64))
    assert train_pixels(folder) == {"00000000000000ff", "f" * 16}
