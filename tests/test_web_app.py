"""The page and the API, called in process."""

import json
import logging
import re
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.fake_predictor import CONFIDENCES, FakePredictor
from tests.posting import PHOTO, PORTRAIT, encoded, post
from web import create_app
from web.reader import Reader
from web.uploads import MAX_PHOTO_BYTES, REFUSALS

HUGE = BytesIO()
Image.new("1", (5001, 5001)).save(HUGE, "PNG")


@pytest.fixture
def client():
    return create_app(Reader(FakePredictor())).test_client()


def test_empty_page_asks_for_a_photo(client):
    response = client.get("/")
    assert response.status_code == 200
    assert 'type="file"' in response.text
    assert 'accept="image/jpeg,image/png,image/webp"' in response.text
    assert "not for work, school, hiring or policing" in response.text
    assert "<figure>" not in response.text


@pytest.mark.parametrize("takes_pixels", [True, False])
def test_the_page_says_what_the_model_looks_at(takes_pixels):
    html = create_app(Reader(FakePredictor(takes_pixels=takes_pixels))).test_client().get("/").text
    assert ("read from 468 points and its pixels." in html) == takes_pixels
    assert ("read from 468 points." in html) != takes_pixels


def test_reading_shows_expression_all_confidences_box_mesh_and_time(client):
    html = post(client).text
    assert re.search(r"<h3>\s*Happy <span class=\"share\">80\.0\xa0%", html)
    shown = re.findall(r'scope="row">(\w+)</th>.*?<td>([\d.]+)', html, re.DOTALL)
    assert {name: float(share) for name, share in shown} == {
        name: pytest.approx(100 * share) for name, share in CONFIDENCES.items()
    }
    box = FakePredictor().read(np.zeros((120, 160, 3))).faces[0].face.box
    drawn = re.search(r'class="box" x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"', html)
    assert tuple(map(int, drawn.groups())) == box
    assert len(re.search(r'class="edges" d="([^"]+)"', html)[1].split("M")) == 1 + 1322
    assert re.search(r"160&nbsp;.&nbsp;120 pixels, read in \d+&nbsp;ms", html)


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


def test_unsure_names_the_two_best():
    html = post(create_app(Reader(FakePredictor(unsure=True))).test_client()).text
    assert "Unsure: happy or neutral" in html
    assert html.count('<tr class="best">') == 2


def test_several_faces_are_numbered():
    html = post(create_app(Reader(FakePredictor(n_faces=3))).test_client()).text
    assert "3 faces found" in html
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
    response = post(client, encoded(np.full((50, 60, 3), 9, np.uint8), form), path="/api/predict")
    assert response.status_code == 200


def test_phone_photo_with_a_second_picture_inside_is_read(client):
    buffer = BytesIO()
    frames = [Image.new("RGB", (60, 50)), Image.new("RGB", (20, 10))]
    frames[0].save(buffer, "MPO", save_all=True, append_images=frames[1:])
    html = post(client, buffer.getvalue(), "phone.jpg").text
    assert 'viewBox="0 0 60 50"' in html


BAD = [
    (b"not a photo", "note.jpg", 415, None),
    (b"", "empty.png", 415, None),
    (PHOTO[: len(PHOTO) // 2], "cut.png", 415, "unreadable"),
    (encoded(np.zeros((9, 9, 3), np.uint8), "GIF"), "moving.gif", 415, "unsupported"),
    (encoded(np.zeros((9, 9, 3), np.uint8), "TIFF"), "scan.jpg", 415, "unsupported"),
    (HUGE.getvalue(), "huge.png", 413, "too-large"),
    (bytes(MAX_PHOTO_BYTES + 1), "heavy.jpg", 413, "too-heavy"),
    (bytes(2 * MAX_PHOTO_BYTES), "heavier.jpg", 413, "too-heavy"),
]


@pytest.mark.parametrize(("content", "name", "status", "reason"), BAD, ids=lambda v: str(v)[:12])
def test_bad_files_get_a_sentence_on_the_page_and_in_the_api(client, content, name, status, reason):
    answer = post(client, content, name, "/api/predict")
    assert answer.status_code == status
    assert answer.json["faces"] == []
    assert answer.json["error"] == REFUSALS[answer.json["reason"]][1]
    assert reason in (None, answer.json["reason"])
    html = post(client, content, name)
    assert html.status_code == status
    assert answer.json["error"].replace("'", "&#39;") in html.text


def test_photo_without_a_face_is_422():
    client = create_app(Reader(FakePredictor(n_faces=0))).test_client()
    answer = post(client, path="/api/predict", name="wall.png")
    assert answer.status_code == 422
    assert (answer.json["image"], answer.json["faces"]) == ("wall.png", [])
    assert answer.json["reason"] == "no-face"
    page = post(client)
    assert page.status_code == 422
    assert "No face was found" in page.text


@pytest.mark.parametrize("data", [{}, {"image": "text"}, {"photo": (BytesIO(PHOTO), "p.png")}])
def test_missing_photo_is_400(client, data):
    answer = client.post("/api/predict", data=data)
    assert answer.status_code == 400
    assert answer.json["reason"] == "missing"


def test_form_sent_without_choosing_is_400(client):
    response = client.post("/", data={"image": (BytesIO(b""), "")})
    assert response.status_code == 400
    assert "Choose a JPEG, PNG or WebP photo first" in response.text


def test_file_of_exactly_8_mb_is_read(client):
    jpeg = encoded(np.zeros((50, 60, 3), np.uint8), "JPEG")
    assert post(client, jpeg.ljust(MAX_PHOTO_BYTES, b"\0")).status_code == 200


def test_api_answers_one_element_with_classes_in_order(client):
    response = post(client, path="/api/predict", name="me.png")
    expected = FakePredictor().read(np.zeros((120, 160, 3))).to_json("me.png")
    assert response.json == expected
    assert list(json.loads(response.data)["faces"][0]["confidences"]) == list(CONFIDENCES)
    assert re.fullmatch(r"read;dur=[\d.]+", response.headers["Server-Timing"])


def test_health_names_the_model(client):
    assert client.get("/healthz").json == {"status": "ok", "model": "fake", "version": "1.2"}


@pytest.mark.parametrize("name", ["<script>alert(1)</script>.png", "'><img src=x onerror=a>.png"])
def test_file_name_is_never_markup(client, name):
    page = post(client, name=name)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    answer = post(client, name=name, path="/api/predict")
    assert answer.mimetype == "application/json"
    assert answer.json["image"] == name


def test_headers_forbid_what_the_page_does_not_use(client):
    response = post(client)
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in response.headers
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|<style|https?:", response.text)


@pytest.mark.parametrize(("method", "path", "status"), [
    ("get", "/api/predict", 405), ("get", "/api/nothing", 404), ("get", "/nothing", 404),
])  # fmt: skip
def test_wrong_addresses_get_a_sentence(client, method, path, status):
    response = getattr(client, method)(path)
    assert response.status_code == status
    assert (response.mimetype == "application/json") == path.startswith("/api/")


def test_failure_inside_is_a_500_that_tells_strangers_nothing(caplog):
    class Broken(FakePredictor):
        def read(self, rgb):
            raise RuntimeError("inner detail")

    caplog.set_level(logging.DEBUG)
    client = create_app(Broken()).test_client()
    for path in ("/", "/api/predict"):
        response = post(client, name="secret-name.png", path=path)
        assert response.status_code == 500
        assert "inner detail" not in response.text
    assert "inner detail" in caplog.text
    assert "secret-name" not in caplog.text


# With the shipped model


@pytest.fixture(scope="module")
def real_client():
    return create_app().test_client()


def test_portrait_is_a_smile_on_the_page_and_in_the_api(real_client):
    answer = post(real_client, PORTRAIT, "astronaut.png", "/api/predict")
    assert answer.status_code == 200
    (face,) = answer.json["faces"]
    assert face["expression"] == "happy"
    assert sum(face["confidences"].values()) == pytest.approx(1, abs=1e-3)
    x, y, width, height = face["box"]
    assert x < 230 < x + width
    assert y < 120 < y + height
    assert re.search(r"<h3>\s*Happy", post(real_client, PORTRAIT).text)


def test_mouth_speaks_loudest_for_the_smile(real_client):
    html = post(real_client, PORTRAIT).text
    assert re.search(r"<span>mouth</span> <strong>\+", re.search(r"<ul>.*?</li>", html, re.S)[0])


def test_health_of_the_shipped_model(real_client):
    answer = real_client.get("/healthz").json
    assert answer["status"] == "ok"
    assert answer["model"]
    assert answer["version"]


def test_eight_threads_get_the_answer_that_one_gets(real_client):
    app = real_client.application
    alone = post(real_client, PORTRAIT, path="/api/predict").json
    with ThreadPoolExecutor(8) as pool:
        jobs = [
            pool.submit(post, app.test_client(), PORTRAIT, "photo.png", "/api/predict")
            for _ in range(24)
        ]
        assert all(job.result().json == alone for job in jobs)


def test_blank_photo_has_no_face(real_client):
    assert post(real_client).status_code == 422
