"""The photo page, called in process."""

import json
import logging
import re
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from markupsafe import escape
from PIL import Image

import web
from tests.helpers.fake_predictor import CONFIDENCES, FakePredictor
from tests.helpers.posting import PHOTO, PORTRAIT, encoded, post
from web import create_app
from web.errors import ERRORS
from web.inference.service import Reader
from web.uploads import MAX_PHOTO_BYTES
from web.words import WORDS, counted

TEMPLATES = Path(web.__file__).with_name("templates")
HUGE = BytesIO()
Image.new("1", (5001, 5001)).save(HUGE, "PNG")


@pytest.fixture
def client():
    return create_app(Reader(FakePredictor())).test_client()


def test_empty_page_asks_for_a_photo(client):
    response = client.get("/")
    assert response.status_code == 200
    assert f'<html lang="{WORDS["language"]}">' in response.text
    assert 'accept="image/jpeg,image/png,image/webp"' in response.text
    assert "not for work, school, hiring or policing" in response.text
    assert 'id="photo" name="image" type="file"' in response.text
    assert re.search(r'id="photo"[^>]* multiple', response.text)
    assert "<figure>" not in response.text
    assert re.search(r'<section id="result"[^>]* hidden>', response.text)


@pytest.mark.parametrize("takes_pixels", [True, False])
def test_the_page_says_what_the_model_looks_at(takes_pixels):
    html = create_app(Reader(FakePredictor(takes_pixels=takes_pixels))).test_client().get("/").text
    assert ("read from 468 points and its pixels." in html) == takes_pixels
    assert ("read from 468 points." in html) != takes_pixels


def test_reading_shows_expression_all_confidences_box_mesh_and_time(client):
    html = post(client).text
    assert re.search(r"<h4>\s*Happy <span class=\"share\">80\.0\xa0%", html)
    shown = re.findall(r'scope="row">(\w+)</th>.*?<td>([\d.]+)', html, re.DOTALL)
    assert {name: float(share) for name, share in shown} == {
        name: pytest.approx(100 * share) for name, share in CONFIDENCES.items()
    }
    box = FakePredictor().predict(np.zeros((120, 160, 3))).faces[0].face.box
    drawn = re.search(r'class="box" x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"', html)
    assert tuple(map(int, drawn.groups())) == box
    assert len(re.search(r'class="edges" d="([^"]+)"', html)[1].split("M")) == 1 + 1322
    assert re.search(r"160\xa0.\xa0120 pixels, read in \d+\xa0ms by the model fake", html)


def test_explanation_is_coloured_signed_and_listed_strongest_first(client):
    html = post(client).text
    listed = re.findall(r"<span>(\w+)</span> <strong>([^<]+)</strong>", html)
    assert listed == [
        ("mouth", "+60.0"), ("eyes", "+5.1"), ("nose", "\N{MINUS SIGN}3.4"),
        ("brows", "+2.0"), ("jaw", "+0.0"),
    ]  # fmt: skip
    fills = re.findall(r'<path class="region (\w+)" fill-opacity="([\d.]+)"', html)
    assert fills[0] == ("for", "0.75")
    assert fills[2] == ("against", "0.04")


def test_uncertain_names_the_two_best():
    html = post(create_app(Reader(FakePredictor(uncertain=True))).test_client()).text
    assert re.search(r"<h4>\s*Uncertain: happy or neutral", html)
    assert html.count('<tr class="best">') == 2


def posted(client, photos):
    """Return the page's answer to photos, by their names, that were sent in one form."""
    return client.post(
        "/", data={"image": [(BytesIO(content), name) for name, content in photos.items()]}
    )


def test_several_photos_are_answered_in_order_a_bad_one_in_its_place(client):
    response = posted(client, {"one.png": PHOTO, "note.txt": b"hello", "two.png": PHOTO})
    assert response.status_code == 200
    order = re.findall(r"<h3[^>]*>(?:<span class=\"file\">)?([\w.]+)", response.text)
    assert order[:3] == ["one.png", "note.txt", "two.png"]
    assert response.text.count(str(escape(ERRORS["unreadable"][1]))) == 1
    keys = re.findall(r'id="pixels-(\w+)"', response.text)
    assert len(set(keys)) == 2
    assert all(f'<use href="#pixels-{key}"/>' in response.text for key in keys)


def test_ids_on_a_page_are_each_there_once(client):
    html = posted(client, {"one.png": PHOTO, "two.png": PHOTO}).text
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    aimed = re.findall(r'(?:href="#|for="|aria-labelledby="|aria-describedby=")([^"]+)"', html)
    assert set(aimed) <= set(ids)


def test_each_reading_carries_the_api_s_element(client):
    html = post(client, name="</script><b>.png").text
    element = json.loads(re.search(r'class="element">(.*?)</script>', html)[1])
    answer = post(client, name="</script><b>.png", path="/api/predict").json["images"][0]
    assert {**element, "ms": 0} == {**answer, "ms": 0}


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"hevc", b"mif1", b"msf1"])
def test_a_phone_s_heic_photo_is_told_how_to_become_a_jpeg(client, brand):
    response = post(client, b"\0\0\0\x18ftyp" + brand + bytes(12), "IMG_1.HEIC")
    assert response.status_code == 415
    assert "Save it as JPEG" in response.text


def test_no_sentence_stands_in_a_template():
    """Every word that a visitor reads is in en.json, so that a translation is one file."""
    for template in TEMPLATES.glob("*.html"):
        code = r"{#.*?#}|{%.*?%}|{{.*?}}|<!doctype html>|<meta[^>]*>"
        markup = re.sub(code, "", template.read_text("utf-8"), flags=re.DOTALL)
        named = re.findall(r'\b(?:aria-label|alt|title|placeholder)="([^"]*)"', markup)
        assert "".join([*named, *re.findall(r">([^<]*)", markup)]).split() == [], template.name


def test_no_word_of_the_english_file_is_left_over_or_missing():
    assert set(WORDS["errors"]) == set(ERRORS)
    sources = [*TEMPLATES.glob("*.html"), *(TEMPLATES.parent / "static").rglob("*.js")]
    pages = Path(web.__file__).with_name("routes").joinpath("pages.py").read_text("utf-8")
    text = "".join(path.read_text("utf-8") for path in sources)
    for room in ("site", "photos", "prediction", "api"):
        for name in WORDS[room]:
            found = re.search(rf"words\.({room}\.)?{name}\b", text) or f'"{name}"' in pages
            assert found, f"{room}.{name}"
        used = set(re.findall(rf"words\.{room}\.(\w+)", text))
        assert used <= set(WORDS[room])


@pytest.mark.parametrize(("count", "said"), [(1, "One for 1"), (0, "0 of them"), (7, "7 of them")])
def test_a_sentence_depends_on_its_number(count, said):
    assert counted({"1": "One for {count}", "other": "{count} of them"}, count) == said


def test_several_faces_are_numbered():
    html = post(create_app(Reader(FakePredictor(n_faces=3))).test_client()).text
    assert "3 faces</span>" in html
    assert [f"Face {i}" in html for i in (1, 2, 3, 4)] == [True, True, True, False]
    assert html.count('class="box"') == 3


def test_photo_comes_back_upright_small_and_without_its_exif(client):
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010E] = "where I live"
    rgb = np.zeros((1000, 3000, 3), np.uint8)
    html = post(client, encoded(rgb, "JPEG", exif=exif), "p.jpg").text
    assert 'viewBox="0 0 1000 3000"' in html
    data = b64decode(re.search(r"data:image/jpeg;base64,([^\"]+)", html)[1])
    with Image.open(BytesIO(data)) as picture:
        assert picture.size == (400, 1200)
        assert not picture.getexif()
    assert b"where I live" not in data


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_page_formats_are_read(client, form):
    response = post(client, encoded(np.full((50, 60, 3), 9, np.uint8), form))
    assert response.status_code == 200


def test_phone_photo_with_a_second_picture_inside_is_read(client):
    buffer = BytesIO()
    frames = [Image.new("RGB", (60, 50)), Image.new("RGB", (20, 10))]
    frames[0].save(buffer, "MPO", save_all=True, append_images=frames[1:])
    html = post(client, buffer.getvalue(), "phone.jpg").text
    assert 'viewBox="0 0 60 50"' in html


BAD = [
    (b"not a photo", "note.jpg", 415, "unreadable"),
    (b"", "empty.png", 415, "empty"),
    (PHOTO[: len(PHOTO) // 2], "cut.png", 415, "unreadable"),
    (encoded(np.zeros((9, 9, 3), np.uint8), "GIF"), "moving.gif", 415, "unsupported"),
    (encoded(np.zeros((9, 9, 3), np.uint8), "TIFF"), "scan.jpg", 415, "unsupported"),
    (HUGE.getvalue(), "huge.png", 413, "too-large"),
    (bytes(MAX_PHOTO_BYTES + 1), "heavy.jpg", 413, "too-heavy"),
    (bytes(2 * MAX_PHOTO_BYTES), "heavier.jpg", 413, "too-heavy"),
]


@pytest.mark.parametrize(("content", "name", "status", "reason"), BAD, ids=lambda v: str(v)[:12])
def test_bad_files_get_their_sentence_by_their_name(client, content, name, status, reason):
    response = post(client, content, name)
    assert response.status_code == status
    assert str(escape(ERRORS[reason][1])) in response.text
    assert f"{name} was not read" in response.text


def test_photo_without_a_face_is_422():
    response = post(create_app(Reader(FakePredictor(n_faces=0))).test_client())
    assert response.status_code == 422
    assert "No face was found" in response.text


def test_form_sent_without_choosing_is_400(client):
    response = client.post("/", data={"image": (BytesIO(b""), "")})
    assert response.status_code == 400
    assert "Choose a JPEG, PNG or WebP photo first" in response.text


def test_file_of_exactly_8_mb_is_read(client):
    jpeg = encoded(np.zeros((50, 60, 3), np.uint8), "JPEG")
    assert post(client, jpeg.ljust(MAX_PHOTO_BYTES, b"\0")).status_code == 200


@pytest.mark.parametrize("name", ["<script>alert(1)</script>.png", "'><img src=x onerror=a>.png"])
def test_file_name_is_never_markup(client, name):
    page = post(client, name=name)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text


def test_page_has_no_code_and_no_style_of_its_own(client):
    response = post(client)
    assert "Set-Cookie" not in response.headers
    code = r'<script(?![^>]*(\bsrc=|type="application/json"))|\sstyle=|\son\w+=|<style|https?://(?!localhost)'
    assert not re.search(code, response.text)


@pytest.mark.parametrize(
    ("method", "path", "status"), [("get", "/nothing", 404), ("put", "/", 405)]
)
def test_wrong_addresses_get_a_sentence(client, method, path, status):
    response = getattr(client, method)(path)
    assert response.status_code == status
    assert str(escape(WORDS["statuses"][str(status)])) in response.text


def test_failure_inside_is_a_500_that_tells_visitors_nothing(caplog):
    class Broken(FakePredictor):
        def predict(self, rgb):
            raise RuntimeError("inner detail")

    caplog.set_level(logging.DEBUG)
    client = create_app(Reader(Broken())).test_client()
    response = post(client, name="secret-name.png")
    assert response.status_code == 500
    assert "inner detail" not in response.text
    assert "inner detail" in caplog.text
    assert "secret-name" not in caplog.text


# With the shipped model


@pytest.fixture(scope="module")
def real_client():
    return create_app().test_client()


def test_portrait_is_a_smile(real_client):
    assert re.search(r"<h4>\s*Happy", post(real_client, PORTRAIT).text)


def test_mouth_speaks_loudest_for_the_smile(real_client):
    html = post(real_client, PORTRAIT).text
    assert re.search(r"<span>mouth</span> <strong>\+", re.search(r"<ul>.*?</li>", html, re.S)[0])


def test_blank_photo_has_no_face(real_client):
    assert post(real_client).status_code == 422
