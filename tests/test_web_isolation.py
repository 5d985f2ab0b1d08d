"""Visitors at the same time and after one another: nobody gets anything of somebody else's."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
import psutil
import pytest

from tests.helpers.fake_predictor import FakePredictor
from tests.helpers.posting import encoded
from tests.reliability.isolation import border_of, colours, is_own
from tests.reliability.mutants import mutants
from tests.reliability.server import Answered
from web import create_app
from web.inference.service import Reader

MARKED = (255, 0, 255)


@pytest.fixture(scope="module")
def app():
    return create_app(Reader(FakePredictor()))


def photo_of(colour):
    return encoded(np.full((90, 120, 3), colour, np.uint8))


def name_of(colour):
    return "visitor-{}-{}-{}.png".format(*colour)


def ask(app, content, name):
    """Post a photo to the page, as one visitor."""
    response = app.test_client().post("/", data={"image": (BytesIO(content), name)})
    return Answered(name, response.status_code, 0.0, response.text, "")


def test_visitors_at_the_same_time_get_their_own_pictures(app):
    seen = colours(48)
    together = threading.Barrier(8)

    def visit(colour):
        together.wait(timeout=60)
        return ask(app, photo_of(colour), name_of(colour))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(visit, seen))
    assert [answer.status for answer in answers] == [200] * len(seen)
    assert all(is_own(answer, colour) for answer, colour in zip(answers, seen, strict=True))


def test_another_visitors_picture_would_be_seen(app):
    first, second = colours(2)
    answer = ask(app, photo_of(first), name_of(first))
    assert is_own(answer, first)
    assert not is_own(answer, second)


def test_broken_uploads_after_a_good_one_show_and_leave_nothing(app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    good = ask(app, photo_of(MARKED), name_of(MARKED))
    assert np.abs(border_of(good.text)[0] - MARKED).max() < 12
    before = psutil.Process(os.getpid()).num_fds()
    for name, content in mutants(200, seed=5):
        answer = ask(app, content, "broken")
        assert answer.status in (200, 413, 415), name
        assert "visitor-" not in answer.text
        assert not any(np.abs(border - MARKED).max() < 60 for border in border_of(answer.text))
    assert psutil.Process(os.getpid()).num_fds() <= before
    assert list(tmp_path.iterdir()) == []
