import json

import numpy as np

from data.features.from_arrays import feature_files
from data.features.schema import MANIFEST, PIXELS
from data.features.table import points_of, read_manifest, read_pixels, read_table
from tests.helpers.custom_datasets import recorded


def test_make_features_readers_take_what_was_found_elsewhere(tmp_path):
    points, labels = recorded(8, {"left wink": 0, "CON": 0.2})
    sizes = np.tile([640, 480], (16, 1))
    for name, content in feature_files(points, labels, sizes).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    table = read_table(tmp_path).sort_values("image")
    assert table["label"].tolist() == labels.tolist()
    assert set(table["split"]) == {"all"}
    assert set(table["width"]) == {640}
    assert table["success"].all()
    np.testing.assert_allclose(points_of(table), points, atol=5.1e-4)
    assert read_pixels(tmp_path)["image"].tolist() == sorted(table["image"], key=image_order(table))
    assert read_manifest(tmp_path)["found"] == 16


def image_order(table):
    """Return the order of the files: by class, then by recording."""
    places = table.sort_values(["label", "image"])["image"].tolist()
    return places.index


def test_only_what_make_features_would_write_is_in_it():
    points, labels = recorded(8, {"a": 0, "b": 0.2})
    files = feature_files(points, labels, np.ones((16, 2), int))
    assert set(files) == {"all/a.csv", "all/b.csv", PIXELS, MANIFEST}
    assert json.loads(files[MANIFEST])["files"]["all/a.csv"] == len(files["all/a.csv"])
