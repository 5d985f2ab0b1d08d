"""What the pages say of the API works when it is typed."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import threading
from base64 import b64encode

import pytest

from tests.helpers.docs_pages import ADDRESS, PAGES, blocks
from tests.helpers.fake_predictor import FakePredictor
from tests.helpers.paths import ROOT
from tests.helpers.posting import PHOTO
from web import create_app
from web.inference.service import Reader
from web.server import make_server

CALLS = [
    call
    for _, block in blocks("console")
    for call in re.findall(r"^\$ (curl .*)$", block, re.MULTILINE)
]
EXAMPLES = [code for _, code in blocks("python") if ADDRESS in code]


@pytest.fixture(scope="module")
def served():
    """Serve an application whose faces are all happy, and return its address."""
    server = make_server(create_app(Reader(FakePredictor())), "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()


@pytest.fixture
def run(served, tmp_path):
    """Return a function that runs a command beside some photos and gives what it prints."""
    for name in ("photo.jpg", "other.jpg", "neutral.jpg"):
        (tmp_path / name).write_bytes(PHOTO)
    (tmp_path / "photo.json").write_text(json.dumps({"image": b64encode(PHOTO).decode()}))

    def run(command):
        command = [word.replace(ADDRESS, served) for word in command]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
        ).stdout

    return run


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.parametrize("call", CALLS)
def test_every_call_of_curl_is_answered(run, call):
    answer = json.loads(run([*shlex.split(call), "--silent", "--fail-with-body"]))
    if "/api/predict" in call:
        assert [image["reason"] for image in answer["images"]] == [""] * max(
            call.count("image=@"), 1
        )
        face = answer["images"][0]["faces"][0]
        assert ("points" in face) == ("points=1" in call)
        assert ("explanation" in face) == ("explain=1" in call)


def test_there_are_calls_of_the_api():
    assert len(CALLS) >= 3
    assert all(ADDRESS in call for call in CALLS)


def test_the_python_example_prints_the_expressions(run):
    (code,) = EXAMPLES
    assert run([sys.executable, "-c", code]).splitlines() == [
        "photo.jpg ['happy']",
        "other.jpg ['happy']",
    ]


def test_the_page_of_the_api_lists_every_address():
    described = json.loads((ROOT / "web/openapi.json").read_text("utf-8"))["paths"]
    listed = re.findall(r"^\| `(GET|POST) (\S+)` \|", PAGES["docs/api.md"], re.MULTILINE)
    assert {(verb.upper(), path) for path in described for verb in described[path]} == set(listed)
