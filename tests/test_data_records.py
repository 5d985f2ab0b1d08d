import io

import cv2
import numpy as np
import pytest
from PIL import Image

from data import fer2013
from data.features.records import extract_chunk
from data.sources import ImageRef
from landmarks.detection.detector import shared_detector
from landmarks.images import pixel_hash

KEYS = {
    *("image", "label", "split", "face", "width", "height"),
    *("success", "reason", "pixels", "points"),
}


def tiny_face(portrait):
    crop = cv2.cvtColor(portrait[60:180, 165:285], cv2.COLOR_RGB2GRAY)
    return cv2.resize(crop, (48, 48), interpolation=cv2.INTER_AREA)


def ref(path, row=None):
    return ImageRef(f"{path.name}:{row}", "happy", "train", str(path), row)


@pytest.fixture
def faces_csv(tmp_path, portrait):
    """Three faces of different brightness between records that hold none."""
    face = tiny_face(portrait)
    text = [" ".join(map(str, (face // share).ravel())) for share in (1, 2, 3)]
    records = [text[0], "1 2 3", text[1], "", "x " * 2304, "300 " * 2304, "9" * 30, text[2]]
    path = tmp_path / "fer2013.csv"
    lines = [f"3,{pixels},Training" for pixels in records]
    path.write_text("\n".join(["emotion,pixels,Usage", *lines, "6"]) + "\n")
    return path, face


def test_a_photo_gives_a_row_a_face(tmp_path, portrait):
    path = tmp_path / "two.png"
    Image.fromarray(np.hstack([portrait, portrait])).save(path)
    rows = extract_chunk([ref(path)])
    assert [row["face"] for row in rows] == [1, 2]
    for row in rows:
        assert row.keys() == KEYS
        assert (row["success"], row["reason"]) == (1, "")
        assert (row["width"], row["height"]) == (1024, 512)
        assert row["points"].shape == (468, 3)


@pytest.mark.parametrize("kind", ["grey", "cmyk", "16-bit", "exif"])
def test_every_kind_of_photo_gives_nearly_the_same_mesh(tmp_path, portrait, kind):
    path, exif, options = tmp_path / "photo", Image.Exif(), {"format": "JPEG", "quality": 95}
    image = Image.fromarray(portrait)
    if kind == "grey":
        image = image.convert("L")
    elif kind == "cmyk":
        image = image.convert("CMYK")
    elif kind == "16-bit":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
        options = {"format": "PNG"}
    else:
        image, exif[0x0112] = image.transpose(Image.Transpose.ROTATE_90), 6
        options["exif"] = exif
    image.save(path, **options)
    (row,) = extract_chunk([ref(path)])
    expected = shared_detector().detect(portrait)[0].points
    assert np.abs(row["points"] - expected)[:, :2].mean() < 0.03 * np.ptp(expected[:, 0])


def test_what_gives_no_face_keeps_a_row_with_the_reason(tmp_path):
    contents = {"blank.png": None, "text.jpg": b"hello", "empty.jpg": b""}
    buffer = io.BytesIO()
    Image.new("L", (60, 40)).save(buffer, "PNG")
    contents["blank.png"] = buffer.getvalue()
    contents["cut.png"] = buffer.getvalue()[:-25]
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    rows = extract_chunk([ref(tmp_path / name) for name in (*contents, "missing.jpg")])
    assert [row["reason"] for row in rows] == [
        *("no-face", "unreadable", "empty", "unreadable", "unreadable")
    ]
    assert [(row["width"], row["height"]) for row in rows] == [(60, 40)] + [(0, 0)] * 4
    for row in rows:
        assert row.keys() == KEYS
        assert (row["success"], row["points"]) == (0, None)


def test_csv_records_are_found_by_their_number(faces_csv):
    path, face = faces_csv
    rows = extract_chunk([ref(path, 7), ref(path, 0), ref(path, 2)])
    expected = [pixel_hash(np.dstack([face // share] * 3)) for share in (3, 1, 2)]
    assert [row["pixels"] for row in rows] == expected
    assert all(row["success"] == 1 and row["width"] == 48 for row in rows)


@pytest.mark.parametrize("row", [1, 3, 4, 5, 6, 8, 9])
def test_a_record_without_2304_grey_values_is_unreadable(faces_csv, row):
    (found,) = extract_chunk([ref(faces_csv[0], row)])
    assert (found["success"], found["reason"]) == (0, "unreadable")


def test_a_csv_that_is_gone_makes_its_images_unreadable(tmp_path):
    assert extract_chunk([ref(tmp_path / "gone.csv", 0)])[0]["reason"] == "unreadable"


def test_a_chunk_reads_its_csv_once(faces_csv, monkeypatch):
    passes = []
    read = fer2013.read_pixels
    monkeypatch.setattr(
        fer2013, "read_pixels", lambda path, rows: passes.append(rows) or read(path, rows)
    )
    assert len(extract_chunk([ref(faces_csv[0], row) for row in (0, 2, 7)])) == 3
    assert passes == [{0, 2, 7}]


def test_rows_dont_depend_on_the_order_of_images(faces_csv):
    refs = [ref(faces_csv[0], row) for row in range(9)]
    forward, backward = extract_chunk(refs), extract_chunk(refs[::-1])[::-1]
    for one, other in zip(forward, backward, strict=True):
        for key in ("points",):
            np.testing.assert_array_equal(one.pop(key), other.pop(key))
        assert one == other
