"""Readings that people keep from the page: copied as JSON, saved as CSV and as PNG."""

import csv
import json
from io import BytesIO, StringIO

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from classifiers.cli.outputs import Sheet
from classifiers.inference.tables import Schema
from tests.helpers.browsing import PHOTO, needs_chromium, photos
from tests.helpers.fake_predictor import CONFIDENCES, FakePredictor
from tests.helpers.posting import encoded

pytestmark = needs_chromium

CLIPBOARD = """() => Object.defineProperty(navigator, "clipboard", {
    value: {writeText: async (text) => { window.copied = text; }},
})"""


def read(page, files):
    page.set_input_files("#photo", files)
    expect(page.locator(".results .prediction")).to_have_count(len(files))


def saved(page, name):
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def element(name):
    return FakePredictor().predict(np.zeros((512, 512, 3))).to_json(name) | {"neutral": []}


def test_one_reading_is_copied_as_the_api_s_element(visit, address):
    page = visit(address)
    page.evaluate(CLIPBOARD)
    read(page, [PHOTO])
    page.get_by_role("button", name="Copy JSON").click()
    expect(page.get_by_role("status")).to_have_text("Copied as JSON.")
    copied = json.loads(page.evaluate("copied"))
    assert copied.pop("ms") >= 0
    assert copied == element("astronaut.png")


def test_all_readings_are_copied_as_images(visit, address):
    page = visit(address)
    page.evaluate(CLIPBOARD)
    read(page, photos(2))
    page.get_by_role("button", name="Copy all as JSON").click()
    expect(page.get_by_role("status")).to_have_text("Copied as JSON.")
    images = json.loads(page.evaluate("copied"))["images"]
    assert [image["image"] for image in images] == ["0.png", "1.png"]


def test_where_nothing_may_be_copied_the_json_is_saved(visit, address):
    page = visit(address)
    page.evaluate("() => Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    read(page, [PHOTO])
    name, content = saved(page, "Copy JSON")
    assert name == "astronaut.json"
    assert json.loads(content)["image"] == "astronaut.png"
    expect(page.get_by_role("status")).to_contain_text("saved as astronaut.json")


def test_csv_is_the_one_that_a_command_writes(visit, address_of_two, tmp_path):
    page = visit(address_of_two)
    wicked = '=HYPERLINK("x"),1.png'
    broken = PHOTO | {"name": "broken.png", "buffer": b"no photo"}
    page.set_input_files("#photo", [PHOTO | {"name": wicked}, broken, PHOTO])
    expect(page.locator(".results .prediction")).to_have_count(2)
    expect(page.locator(".results .error")).to_have_count(1)
    name, content = saved(page, "Save all as CSV")
    assert name == "photos.csv"
    text = content.decode()
    assert text.count("\r\n") == text.count("\n") == 6
    rows = list(csv.DictReader(StringIO(text, newline="")))
    assert [(row["image"], row["face"]) for row in rows] == [
        (f"'{wicked}", "1"), (f"'{wicked}", "2"), ("broken.png", "0"),
        ("astronaut.png", "1"), ("astronaut.png", "2"),
    ]  # fmt: skip
    assert list(rows[0]) == Schema(tuple(CONFIDENCES)).names
    found = FakePredictor(n_faces=2).predict(np.zeros((512, 512, 3))).faces[1]
    box = tuple(int(rows[1][side]) for side in ("x", "y", "width", "height"))
    assert box == found.face.box
    assert {name: float(rows[0][name]) for name in CONFIDENCES} == CONFIDENCES
    assert rows[0]["uncertain"] == "true"
    prediction = FakePredictor(n_faces=2, uncertain=True).predict(np.zeros((512, 512, 3)))
    schema = Schema(tuple(CONFIDENCES))
    with Sheet(tmp_path / "faces.csv", schema.columns) as sheet:
        sheet.add(schema.photo_rows(wicked, prediction, ""))
        sheet.add(schema.photo_rows("broken.png", None, "unreadable"))
        sheet.add(schema.photo_rows("astronaut.png", prediction, ""))
    assert content == (tmp_path / "faces.csv").read_bytes()


def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(visit, address):
    page = visit(address)
    starts = list("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
    text = page.evaluate(
        """async (starts) => {
            const { csv } = await import("/static/files.js");
            return csv(starts.map((start) => [`${start}1`, -1]));
        }""",
        starts,
    )
    rows = list(csv.reader(StringIO(text, newline="")))
    assert rows == [[f"'{start}1", "-1"] for start in starts]


@pytest.mark.parametrize(("side", "saved_side"), [(512, 512), (1600, 1200), (64, 448)])
def test_png_has_the_shown_size_a_box_and_a_label(visit, address, side, saved_side):
    page = visit(address)
    photo = encoded(np.full((side, side, 3), 120, np.uint8))
    read(page, [PHOTO | {"buffer": photo}])
    name, content = saved(page, "Save PNG")
    assert name == "astronaut-mien.png"
    with Image.open(BytesIO(content)) as picture:
        assert picture.size == (saved_side, saved_side)
        pixels = np.asarray(picture.convert("L")).astype(int)
    box = FakePredictor().predict(np.zeros((side, side, 3))).faces[0].face.box
    x, y, width, _ = (round(edge * saved_side / side) for edge in box)
    assert pixels[y, x + width // 2] > 200  # the box's upper edge
    label = pixels[y - 16 : y - 4, x + 4 : x + 60]
    assert label.min() < 60  # its ground
    assert label.max() > 200  # its letters
    assert pixels[saved_side - 5, 5] == pytest.approx(120, abs=3)  # the photo as it was
