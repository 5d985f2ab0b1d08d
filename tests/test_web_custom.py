"""Teaching over the API."""

import sys
import threading
import time
from io import BytesIO

import numpy as np
import pytest

from classifiers.custom.dataset import from_npz
from tests.helpers.custom_datasets import form, recorded
from tests.helpers.fake_predictor import FakePredictor
from web import create_app
from web.inference.service import Reader
from web.routes.custom import MAX_BODY_BYTES, Trainer


def python(code):
    return (sys.executable, "-c", f"import sys, time; {code}")


ECHO = python("sys.stdout.buffer.write(sys.stdin.buffer.read())")
FAIL = python("sys.exit('Traceback: secret')")
SLEEP = python("time.sleep(60)")


@pytest.fixture
def app():
    app = create_app(Reader(FakePredictor()))
    app.extensions["trainer"] = Trainer(ECHO)
    return app


def post(app, text, points, **headers):
    data = {"dataset": text, "points": (BytesIO(points), "points")}
    return app.test_client().post("/api/teach", data=data, headers=headers)


def problem(response, status):
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    assert response.json["status"] == status
    return response.json["detail"]


def test_a_dataset_goes_to_the_command_and_its_zip_comes_back(app):
    points, labels = recorded(8)
    response = post(app, *form(points, labels))
    assert response.status_code == 200
    assert response.mimetype == "application/zip"
    assert response.headers["Content-Disposition"] == "attachment; filename=custom-classes.zip"
    assert response.headers["Cache-Control"] == "no-store"
    heard = from_npz(response.data)
    np.testing.assert_array_equal(heard.points, points)
    assert heard.y.tolist() == labels.tolist()


@pytest.mark.parametrize(
    ("cut", "said"), [(4, "5616 bytes of points for each"), (5616 * 24, "got 0 bytes")]
)
def test_a_dataset_that_does_not_fit_gets_its_sentence(app, cut, said):
    text, points = form(*recorded(8))
    assert said in problem(post(app, text, points[:-cut]), 422)


def test_other_bodies_get_their_sentences(app):
    client = app.test_client()
    text, points = form(*recorded(8))
    for body in ({"data": b"{}"}, {"json": {}}, {"data": {"dataset": text}}):
        assert "multipart/form-data" in problem(client.post("/api/teach", **body), 415)
    missing = client.post("/api/teach", data={"dataset": text}, content_type="multipart/form-data")
    assert "send both" in problem(missing, 400)
    data = {"points": (BytesIO(points), "points")}
    assert "send both" in problem(client.post("/api/teach", data=data), 400)
    assert client.get("/api/teach").status_code == 405


def test_more_than_a_dataset_needs_is_not_read(app):
    said = problem(post(app, "{}", bytes(MAX_BODY_BYTES)), 413)
    assert said.startswith("A dataset has at most 800 faces")


def test_other_sites_cannot_teach(app):
    response = post(app, *form(*recorded(8)), Origin="http://elsewhere.example")
    problem(response, 403)


def test_one_dataset_is_learned_at_a_time(app):
    app.extensions["trainer"] = Trainer(SLEEP, max_seconds=2)
    answers = []
    sent = form(*recorded(8))
    first = threading.Thread(target=lambda: answers.append(post(app, *sent)))
    first.start()
    while app.extensions["trainer"]._free.acquire(blocking=False):
        app.extensions["trainer"]._free.release()
        time.sleep(0.01)
    second = post(app, *sent)
    assert "training for another visitor" in problem(second, 503)
    assert second.headers["Retry-After"] == "10"
    first.join()
    assert "ended after 2 s" in problem(answers[0], 503)


def test_a_dataset_that_takes_too_long_is_ended_and_the_next_one_is_learned(app, tmp_path):
    late = tmp_path / "late"
    trainer = Trainer(python(f"time.sleep(1); open({str(late)!r}, 'w')"), max_seconds=0.5)
    app.extensions["trainer"] = trainer
    sent = form(*recorded(8))
    response = post(app, *sent)
    assert "ended after 0.5 s" in problem(response, 503)
    assert response.headers["Retry-After"] == "10"
    trainer.command, trainer.max_seconds = ECHO, 60
    assert post(app, *sent).status_code == 200
    time.sleep(1)
    assert not late.exists()


def test_a_fault_stays_in_the_log(app, caplog):
    app.extensions["trainer"] = Trainer(FAIL)
    response = post(app, *form(*recorded(8)))
    assert "the log of the server says why" in problem(response, 500)
    assert b"secret" not in response.data
    assert "secret" in caplog.text
