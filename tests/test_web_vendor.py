"""What the server gives the live tab: its model, its packages, and rules no looser than needed."""

import json

import pytest

from classifiers.bundle.bundle import MODEL, resolve
from classifiers.inference.smoothing import TAU
from landmarks.mesh import EDGES, MIRROR
from landmarks.video.tracks import MAX_AGE_S, MIN_IOU
from tests.helpers.fake_predictor import CONFIDENCES, FakePredictor
from web import create_app
from web.inference.service import Reader
from web.routes import live


@pytest.fixture
def client():
    return create_app(Reader(FakePredictor())).test_client()


@pytest.mark.parametrize("takes_pixels", [False, True])
def test_the_browser_gets_the_model_that_is_served(takes_pixels):
    name = "fused" if takes_pixels else "landmarks"
    predictor = FakePredictor(takes_pixels=takes_pixels)
    predictor.folder = resolve(name)
    client = create_app(Reader(predictor)).test_client()
    assert client.get("/live/model.onnx").data == (resolve(name) / MODEL).read_bytes()
    said = client.get("/live/bundle.json").json
    assert said["name"] == name
    assert (said["crop"] is not None) == takes_pixels


def test_a_bundle_named_by_a_relative_path_is_found(monkeypatch):
    predictor = FakePredictor()
    monkeypatch.chdir(predictor.folder.parent)
    predictor.folder = resolve("landmarks").relative_to(predictor.folder.parent)
    assert create_app(Reader(predictor)).test_client().get("/live/model.onnx").status_code == 200


def test_the_bundle_says_what_scripts_need(client):
    said = client.get("/live/bundle.json").json
    assert said["classes"] == list(CONFIDENCES)
    assert 0 < said["uncertain_threshold"] < 1
    assert said["mirror"] == MIRROR.tolist()
    assert said["edges"] == EDGES.tolist()
    assert said["tracking"] == {"min_iou": MIN_IOU, "max_age_s": MAX_AGE_S, "tau": TAU}


@pytest.mark.parametrize(
    "name", ["", "../server.py", "%2e%2e/server.py", "onnxruntime-web/package.json", ".npmrc"]
)
def test_only_listed_files_are_served(client, name):
    assert client.get(f"/vendor/{name}").status_code == 404


@pytest.mark.skipif(not live.installed(), reason="no web/node_modules: install npm, then make web")
@pytest.mark.parametrize("name", live.FILES)
def test_listed_files_are_served_with_their_type_and_kept(client, name):
    answer = client.get(f"/vendor/{name}")
    assert answer.status_code == 200
    assert answer.mimetype == live.FILES[name]
    assert "no-store" not in answer.headers["Cache-Control"]
    again = client.get(f"/vendor/{name}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_page_says_what_is_missing(client, monkeypatch, tmp_path):
    monkeypatch.setattr(live, "NODE_MODULES", tmp_path)
    text = client.get("/live").text
    assert "install Node.js with npm" in text
    assert "<button" not in text
    assert client.get(f"/vendor/{next(iter(live.FILES))}").status_code == 404


def test_only_the_worker_may_make_functions_of_text(client):
    rules = {
        path: client.get(path).headers["Content-Security-Policy"]
        for path in ("/", "/live", "/live/mesh-worker.js", "/static/live/mesh-worker.js")
    }
    assert "'unsafe-eval'" in rules.pop("/live/mesh-worker.js")
    assert "'wasm-unsafe-eval'" in rules["/live"]
    assert not any("'unsafe-eval'" in rule for rule in rules.values())
    assert "wasm" not in rules["/"]


def test_the_lock_file_names_no_host():
    text = live.NODE_MODULES.with_name("package-lock.json").read_text("utf-8")
    assert json.loads(text)["lockfileVersion"] == 3
    assert "://" not in text
