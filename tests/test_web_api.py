"""The API: predictions of one photo and of many, its errors, and what it says about itself."""

import json
import logging
import os
import re
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from classifiers.bundle.bundle import SHIPPED, load_manifest
from classifiers.inference.predictor import Predictor
from classifiers.inference.shifts import RELATIVE, SCALE, neutral_shift, shifted
from landmarks.mesh import REGIONS
from tests.helpers.fake_predictor import CONFIDENCES, CONTRIBUTIONS, FakePredictor
from tests.helpers.posting import PHOTO, PORTRAIT, encoded, post
from tests.helpers.refusing import Refusing
from web import create_app
from web.errors import ERRORS
from web.inference.service import Reader
from web.uploads import MAX_BODY_BYTES, MAX_PHOTO_BYTES, MAX_PHOTOS

HUGE = BytesIO()
Image.new("1", (5001, 5001)).save(HUGE, "PNG")
ADDRESS = "/api/predict"


def client_of(reader):
    return create_app(reader).test_client()


def post_many(client, *photos, path=ADDRESS, **fields):
    files = [(BytesIO(content), f"{i}.png") for i, content in enumerate(photos)]
    return client.post(path, data={"image": files, **fields})


def assert_problem(response, status, reason):
    """Check the fields of RFC 9457 and ours."""
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert {"type", "title", "status", "detail", "reason"} <= set(response.json)
    assert response.json["status"] == status
    assert response.json["reason"] == reason
    if reason in ERRORS:
        assert (status, response.json["detail"]) == ERRORS[reason]
        assert response.json["type"] == f"/api/problems#{reason}"
    else:
        assert response.json["type"] == "about:blank"


@pytest.fixture
def client():
    return client_of(Reader(FakePredictor()))


def test_one_photo_is_answered_with_model_classes_and_times(client):
    response = post(client, path=ADDRESS, name="me.png")
    assert response.status_code == 200
    assert list(response.json) == [
        *("model", "version", "classes", "uncertain_threshold", "images", "ms"),
    ]
    assert (response.json["model"], response.json["version"]) == ("fake", "1.2")
    assert response.json["classes"] == list(CONFIDENCES)
    (image,) = response.json["images"]
    expected = FakePredictor().predict(np.zeros((120, 160, 3))).to_json("me.png") | {"neutral": []}
    assert 0 <= image.pop("ms") <= response.json["ms"]
    assert image == expected
    assert re.fullmatch(r"read;dur=[\d.]+", response.headers["Server-Timing"])


def test_confidences_stay_in_the_order_of_the_classes(client):
    (image,) = json.loads(post(client, path=ADDRESS).data)["images"]
    assert list(image["faces"][0]["confidences"]) == list(CONFIDENCES)


@pytest.mark.parametrize("option", ["points", "explain"])
@pytest.mark.parametrize("place", ["query", "form"])
@pytest.mark.parametrize("value", ["0", "1"])
def test_points_and_explanation_come_when_asked_for(client, option, place, value):
    if place == "query":
        response = post_many(client, PHOTO, path=f"{ADDRESS}?{option}={value}")
    else:
        response = post_many(client, PHOTO, **{option: value})
    face = response.json["images"][0]["faces"][0]
    assert ("points" in face) == ((option, value) == ("points", "1"))
    assert ("explanation" in face) == ((option, value) == ("explain", "1"))


def test_points_are_pixels_and_the_explanation_is_the_page_s(client):
    face = post_many(client, PHOTO, path=f"{ADDRESS}?points=1&explain=1").json["images"][0][
        "faces"
    ][0]
    expected = FakePredictor().predict(np.zeros((120, 160, 3))).faces[0].face.points
    np.testing.assert_allclose(face["points"], expected, atol=0.006)
    assert face["explanation"] == CONTRIBUTIONS
    assert list(face["explanation"]) == list(REGIONS)


@pytest.mark.parametrize(
    "query", ["points=2", "points=", "explain=yes", "points=1&points=1", "explian=1"]
)
def test_other_options_are_refused(client, query):
    assert_problem(post_many(client, PHOTO, path=f"{ADDRESS}?{query}"), 400, "bad-option")
    name, value = query.split("&")[0].split("=")
    if query.count("=") == 1:
        assert_problem(post_many(client, PHOTO, **{name: value}), 400, "bad-option")


def test_many_photos_are_answered_in_order(client):
    sizes = [(30 + i, 40) for i in range(MAX_PHOTOS)]
    photos = [encoded(np.zeros((*size, 3), np.uint8)) for size in sizes]
    images = post_many(client, *photos).json["images"]
    assert [image["image"] for image in images] == [f"{i}.png" for i in range(MAX_PHOTOS)]
    assert [(image["height"], image["width"]) for image in images] == sizes


def test_a_bad_photo_among_many_gets_its_reason_in_its_place(client):
    response = post_many(client, PHOTO, b"nothing", PHOTO)
    assert response.status_code == 200
    good, bad, other = response.json["images"]
    assert (good["reason"], other["reason"]) == ("", "")
    assert bad == {
        "image": "1.png",
        "faces": [],
        "reason": "unreadable",
        "detail": ERRORS["unreadable"][1],
    }


def test_many_photos_that_are_all_bad_are_still_answered(client):
    response = post_many(client, b"a", b"b")
    assert response.status_code == 200
    assert [image["reason"] for image in response.json["images"]] == ["unreadable"] * 2


def test_one_of_many_that_met_a_busy_server_gets_its_reason():
    response = post_many(client_of(Refusing("busy", [b"second"])), PHOTO, b"second")
    assert response.status_code == 200
    assert [image["reason"] for image in response.json["images"]] == ["", "busy"]


@pytest.mark.parametrize("photos", [[PHOTO], [PHOTO, PHOTO]])
def test_a_busy_server_says_when_to_come_back(photos):
    response = post_many(client_of(Refusing("busy")), *photos)
    assert_problem(response, 503, "busy")
    assert int(response.headers["Retry-After"]) >= 1


BAD = [
    (b"not a photo", 415, "unreadable"),
    (PHOTO[: len(PHOTO) // 2], 415, "unreadable"),
    (encoded(np.zeros((9, 9, 3), np.uint8), "GIF"), 415, "unsupported"),
    (encoded(np.zeros((9, 9, 3), np.uint8), "TIFF"), 415, "unsupported"),
    (HUGE.getvalue(), 413, "too-large"),
    (bytes(MAX_PHOTO_BYTES + 1), 413, "too-heavy"),
]


@pytest.mark.parametrize(("content", "status", "reason"), BAD, ids=[bad[2] for bad in BAD])
def test_one_photo_that_can_t_be_read_is_a_problem_with_its_name(client, content, status, reason):
    response = post(client, content, "me.png", ADDRESS)
    assert_problem(response, status, reason)
    assert response.json["image"] == "me.png"


def test_a_photo_without_a_face_is_a_problem_that_names_it():
    response = post(client_of(Reader(FakePredictor(n_faces=0))), path=ADDRESS, name="wall.png")
    assert_problem(response, 422, "no-face")
    assert response.json["image"] == "wall.png"


@pytest.mark.parametrize("reason", ["too-slow", "too-much-memory", "crashed"])
def test_what_goes_wrong_in_a_worker_is_a_problem_of_its_photo_alone(reason):
    reader = Refusing(reason, [b"mean"])
    assert_problem(post(client_of(reader), b"mean", path=ADDRESS), ERRORS[reason][0], reason)
    images = post_many(client_of(reader), b"mean", PHOTO).json["images"]
    assert [image["reason"] for image in images] == [reason, ""]


@pytest.mark.parametrize("data", [{"image": "text"}, {"photo": (BytesIO(PHOTO), "p.png")}])
def test_a_form_without_a_photo_is_a_problem(client, data):
    response = client.post(ADDRESS, data=data, content_type="multipart/form-data")
    assert_problem(response, 400, "missing")


def test_a_photo_in_another_field_is_not_dropped(client):
    assert "curl -F image=@photo.jpg" in ERRORS["missing"][1]
    response = post_many(client, PHOTO, images=(BytesIO(PHOTO), "other.png"))
    assert_problem(response, 400, "wrong-field")
    assert post_many(client, PHOTO, images=(BytesIO(), "")).status_code == 200


def test_a_neutral_face_moves_the_confidences_and_is_named_in_each_result(client):
    neutral = [(BytesIO(PHOTO), "rest.png")]
    images = post_many(client, PHOTO, PHOTO, neutral=neutral).json["images"]
    proba = np.array([list(CONFIDENCES.values())])
    (moved,) = shifted(proba, neutral_shift(proba, list(CONFIDENCES), RELATIVE[False]), SCALE)
    # The photo is the neutral one: its face is neutral.
    assert list(CONFIDENCES)[moved.argmax()] == "neutral"
    for image in images:
        assert image["neutral"] == ["rest.png"]
        assert set(image["faces"][0]["measure_changes"].values()) == {0.0}
        confidences = image["faces"][0]["confidences"]
        assert list(confidences.values()) == pytest.approx(moved.tolist(), abs=1e-6)


def test_a_neutral_photo_without_a_face_is_a_problem_that_names_it():
    client = client_of(Refusing("no-face", [b"wall"]))
    response = post_many(client, PHOTO, neutral=(BytesIO(b"wall"), "wall.png"))
    assert_problem(response, 422, "no-face")
    assert response.json["image"] == "wall.png"


def test_a_model_without_the_class_neutral_takes_no_neutral_photo():
    reader = Reader(FakePredictor())
    reader.manifest = reader.manifest | {"classes": ["smile", "frown"]}
    response = post_many(client_of(reader), PHOTO, neutral=(BytesIO(PHOTO), "rest.png"))
    assert_problem(response, 400, "no-neutral")


def test_photos_in_base64_are_read_as_those_of_a_form(client):
    text = b64encode(PHOTO).decode()
    fields = {"image": [text, f"data:image/png;base64,{text}"], "neutral": text, "explain": True}
    images = client.post(ADDRESS, json=fields).json["images"]
    assert [image["image"] for image in images] == ["1", "2"]
    assert all(image["neutral"] == ["1"] for image in images)
    form = post_many(client, PHOTO, neutral=(BytesIO(PHOTO), "1"), explain="1")
    assert images[0]["faces"] == form.json["images"][0]["faces"]
    assert client.post(ADDRESS, json={"image": text}).status_code == 200


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ([], "bad-json"),
        ({"image": "no base64!"}, "bad-json"),
        ({"image": 7}, "bad-json"),
        ({"image": "QUJD", "neutral": {}}, "bad-json"),
        ({"image": [7]}, "bad-json"),
        ({}, "missing"),
        ({"image": []}, "missing"),
        ({"image": ["QUJD"] * (MAX_PHOTOS + 1)}, "too-many"),
        ({"image": "QUJD", "explain": "yes"}, "bad-option"),
        ({"image": "QUJD", "explain": 1}, "bad-option"),
        ({"image": "QUJD", "other": True}, "bad-option"),
        ({"image": b64encode(bytes(MAX_PHOTO_BYTES + 1)).decode()}, "too-heavy"),
    ],
)
def test_other_json_is_a_problem(client, fields, reason):
    assert_problem(client.post(ADDRESS, json=fields), ERRORS[reason][0], reason)


def test_broken_json_is_a_problem(client):
    response = client.post(ADDRESS, data=b"{", content_type="application/json")
    assert_problem(response, 400, "bad-json")


@pytest.mark.parametrize("kind", ["image/png", "text/plain", None])
def test_a_body_that_is_no_form_is_a_problem(client, kind):
    assert_problem(client.post(ADDRESS, data=PHOTO, content_type=kind), 415, "not-a-form")


def test_one_photo_too_many_is_a_problem(client):
    assert f"More than {MAX_PHOTOS} photos" in ERRORS["too-many"][1]
    assert_problem(post_many(client, *[PHOTO] * (MAX_PHOTOS + 1)), 400, "too-many")


def test_a_body_that_is_too_large_is_a_problem_before_it_is_read(client):
    half = bytes(MAX_BODY_BYTES // 2)
    assert_problem(post_many(client, half, half), 413, "too-much")


def test_a_thousand_fields_are_a_problem(client):
    fields = {f"f{i}": "x" for i in range(1001)}
    assert_problem(post_many(client, PHOTO, **fields), 413, "too-much")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE"])
def test_other_methods_are_told_which_there_are(client, method):
    response = client.open(ADDRESS, method=method)
    assert response.status_code == 405
    assert {"POST", "OPTIONS"} == set(response.headers["Allow"].split(", "))
    if method != "HEAD":
        assert_problem(response, 405, "method-not-allowed")


@pytest.mark.parametrize(
    "path", ["/api/models", "/api/problems", "/healthz", "/readyz", "/metrics", "/openapi.json"]
)
def test_what_only_answers_takes_head_and_options_and_no_post(client, path):
    whole, head = client.get(path), client.head(path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.content_type == whole.content_type
    options = client.options(path)
    assert options.status_code == 200
    assert {"GET", "HEAD", "OPTIONS"} == set(options.headers["Allow"].split(", "))
    assert_problem(client.post(path), 405, "method-not-allowed")


def test_unknown_addresses_are_problems_under_api_and_pages_elsewhere(client):
    assert_problem(client.get("/api/nothing"), 404, "not-found")
    page = client.get("/nothing")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    page = client.put("/")
    assert page.status_code == 405
    assert "POST" in page.headers["Allow"]


def test_a_fault_inside_is_a_500_that_tells_visitors_nothing(caplog):
    class Broken(FakePredictor):
        def predict(self, rgb):
            raise RuntimeError("inner detail")

    caplog.set_level(logging.DEBUG)
    response = post(client_of(Reader(Broken())), name="secret-name.png", path=ADDRESS)
    assert_problem(response, 500, "internal-server-error")
    assert "inner detail" not in response.text
    assert "inner detail" in caplog.text
    assert "secret-name" not in caplog.text


def test_a_problem_s_type_leads_to_the_list_of_all(client):
    problem = post(client, b"", path=ADDRESS).json
    kinds = client.get(problem["type"]).json["problems"]
    assert {kind["type"] for kind in kinds} == {f"/api/problems#{reason}" for reason in ERRORS}
    (kind,) = [kind for kind in kinds if kind["type"] == problem["type"]]
    assert kind.items() <= problem.items()


def test_models_are_the_shipped_ones_and_the_one_that_answers(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"12345")
    reader = Reader(FakePredictor())
    reader.folder = folder
    own, *shipped = client_of(reader).get("/api/models").json["models"]
    assert (own["name"], own["version"], own["served"]) == ("fake", "1.2", True)
    assert own["bytes"] == 5
    assert [(model["name"], model["served"]) for model in shipped] == [
        ("fused", False),
        ("landmarks", False),
    ]
    assert [model["takes_pixels"] for model in shipped] == [True, False]
    for model in shipped:
        manifest = load_manifest(SHIPPED / model["name"])
        assert model["metrics"] == manifest["metrics"]
        assert model["classes"] == manifest["classes"]
        assert model["input"] == manifest["input"]


@pytest.mark.parametrize("named", ["landmarks", os.path.relpath(SHIPPED / "landmarks")])
def test_a_shipped_model_that_answers_is_listed_once(named):
    served, other = client_of(Reader(Predictor(named))).get("/api/models").json["models"]
    assert (served["name"], served["served"]) == ("landmarks", True)
    assert (other["name"], other["served"]) == ("fused", False)


def test_a_model_that_is_never_sure_has_a_figure_that_json_can_say():
    reader = Reader(FakePredictor())
    metrics = reader.manifest["metrics"] | {"selective_accuracy": float("nan")}
    reader.manifest = reader.manifest | {"metrics": metrics}
    text = client_of(reader).get("/api/models").text
    assert "NaN" not in text
    assert json.loads(text)["models"][0]["metrics"]["selective_accuracy"] is None


def test_health_names_the_model_and_ready_says_when_photos_can_be_read(client):
    assert client.get("/healthz").json == {"status": "ok", "model": "fake", "version": "1.2"}
    assert client.get("/readyz").json == {"status": "ready"}
    waiting = client_of(Refusing("busy"))
    assert waiting.get("/healthz").status_code == 200
    response = waiting.get("/readyz")
    assert_problem(response, 503, "not-ready")
    assert "Retry-After" in response.headers


# With the shipped model


@pytest.fixture(scope="module")
def real_client():
    return create_app().test_client()


def test_portrait_is_a_smile(real_client):
    answer = post(real_client, PORTRAIT, "astronaut.png", ADDRESS).json
    (face,) = answer["images"][0]["faces"]
    assert face["expression"] == "happy"
    assert list(face["confidences"]) == answer["classes"]
    assert sum(face["confidences"].values()) == pytest.approx(1, abs=1e-3)
    x, y, width, height = face["box"]
    assert x < 230 < x + width
    assert y < 120 < y + height


def test_eight_threads_get_the_answer_that_one_gets(real_client):
    app = real_client.application

    def faces():
        return post(app.test_client(), PORTRAIT, path=ADDRESS).json["images"][0]["faces"]

    alone = faces()
    with ThreadPoolExecutor(8) as pool:
        assert all(job.result() == alone for job in [pool.submit(faces) for _ in range(8)])
