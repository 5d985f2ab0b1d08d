"""Broken files and bombs, posted to the application: a sentence each, and hardly any memory."""

import io
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.fake_predictor import FakePredictor
from tests.helpers.paths import ROOT
from tests.helpers.posting import encoded, post
from tests.reliability.bombs import BOMBS
from tests.reliability.mutants import good_images, mutants
from web import create_app
from web.inference.service import Reader


@pytest.fixture(scope="module")
def client():
    return create_app(Reader(FakePredictor())).test_client()


def test_good_images_of_every_kind_are_read(client):
    for name, content in good_images().items():
        assert post(client, content, path="/api/predict").status_code == 200, name


def test_no_mutant_is_an_error_of_the_server(client, caplog):
    statuses = Counter()
    for name, content in mutants(300):
        response = post(client, content, path="/api/predict")
        statuses[response.status_code] += 1
        assert response.status_code in (200, 413, 415), name
    assert statuses[415] > 50
    assert statuses[200] > 50  # else they'd be broken before they reach a decoder
    assert "Traceback" not in caplog.text


def test_mutants_are_the_same_for_the_same_seed():
    assert list(mutants(20)) == list(mutants(20))
    assert list(mutants(20)) != list(mutants(20, seed=1))


READ_ALL = """
import json, re, resource, sys, time
from pathlib import Path
from landmarks.images import PAGE_FORMATS, ImageError, read_image
from tests.reliability.bombs import BOMBS
contents = {name: bomb.make() for name, bomb in BOMBS.items()}
data = int(re.search(r"VmData:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (data + 50 * 2**20,) * 2)
told = {}
for name, content in contents.items():
    begin = time.process_time()
    try:
        told[name] = list(read_image(content, PAGE_FORMATS).shape)
    except ImageError as error:
        told[name] = error.reason
    except MemoryError:
        told[name] = "more than 50 MB"
    assert time.process_time() - begin < 2, name
print(json.dumps(told))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="limits of memory need Linux")
def test_bombs_are_decoded_or_refused_within_50_megabytes():
    command = [sys.executable, "-W", "error", "-c", READ_ALL]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    pictures = {name for name, what in told.items() if isinstance(what, list)}
    assert pictures == {name for name, bomb in BOMBS.items() if bomb.is_picture}
    refused = {what for what in told.values() if not isinstance(what, list)}
    assert refused == {"too-large", "unreadable", "unsupported"}


def test_the_famous_bomb_is_17_kilobytes():
    assert len(BOMBS["PNG, 17 KB"].make()) < 18_000


@pytest.mark.parametrize("name", ["PNG, 17 KB", "JPEG, size announced", "WebP, size announced"])
def test_a_bomb_gets_a_sentence(client, name):
    response = post(client, BOMBS[name].make(), path="/api/predict")
    assert response.status_code == 413
    assert response.json["reason"] == "too-large"


def test_exif_that_lies_does_not_fill_the_log(capfd):
    code = (
        "from landmarks.images import read_image\n"
        "from tests.reliability.bombs import BOMBS\n"
        "print(read_image(BOMBS['JPEG, Exif'].make()).shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "(64, 64, 3)\n"
    assert done.stderr == ""


def test_a_picture_within_another_file_is_that_other_file(client):
    photo = encoded(np.zeros((9, 9, 3), np.uint8))
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9)).save(buffer, "GIF")
    for content in (
        b"%PDF-1.7\n" + photo,
        b"<svg/>" + photo,
        buffer.getvalue() + photo,
        b"PK" + photo,
    ):
        assert post(client, content, path="/api/predict").status_code == 415
