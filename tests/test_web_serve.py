"""The server and the command that starts it: what they keep off the disk, and what they say."""

import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from hashlib import sha256
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np
import pytest

from classifiers.bundle.bundle import MANIFEST, MODEL, SHIPPED
from tests.helpers.fake_predictor import FakePredictor
from tests.helpers.paths import ROOT
from tests.helpers.posting import PORTRAIT, encoded, send
from tests.helpers.processes import GUARD, children, eventually, is_running
from tests.helpers.small_fused import save_untrained
from web import create_app
from web.inference.service import Reader
from web.server import make_server

NOISE = encoded(np.random.default_rng(0).integers(0, 256, (900, 900, 3), dtype=np.uint8))


@pytest.fixture
def served():
    """Return a function that serves an application on a free port and gives its address."""
    servers = []

    def serve(app):
        server = make_server(app, "127.0.0.1", 0)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.effective_port}"

    yield serve
    for server, _ in servers:
        server.close()


def test_nothing_touches_the_disk_or_the_log(served, monkeypatch, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    opened = []
    for name in ("TemporaryFile", "SpooledTemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, lambda *args, name=name, **more: opened.append(name))
    assert len(NOISE) > 2e6
    address = served(create_app(Reader(FakePredictor())))
    assert "happy" in send(address, NOISE, "secret-name.png")
    assert opened == []
    assert "secret-name" not in caplog.text + "".join(capfd.readouterr())


ANSWER = """
import sys
from classifiers.inference.predictor import Predictor
from landmarks.images import read_image
from tests.helpers.golden_faces import COMPOSITES, SAMPLE
from tests.helpers.posting import encoded, post
from web import create_app
from web.inference.service import Reader
client = create_app(Reader(Predictor(sys.argv[1]))).test_client()
page = post(client, encoded(read_image(SAMPLE / COMPOSITES[0]))).text
training = {"torch", "torchvision", "safetensors", "sklearn", "pandas", "joblib"}
print("by the model pixels" in page, page.count('"region '), training & set(sys.modules))
"""


@pytest.mark.slow
def test_answering_by_pixels_loads_no_training_library(tmp_path):
    command = [sys.executable, "-c", ANSWER, str(save_untrained(tmp_path / "pixels"))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "True 5 set()", done.stderr


def run_command(*options):
    return subprocess.run(
        [sys.executable, "-m", "web", *options], capture_output=True, text=True, timeout=120
    )


def test_busy_port_is_one_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run_command("--port", str(port))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"Port {port} on 127.0.0.1 is taken" in done.stderr


def test_unknown_model_is_one_sentence(tmp_path):
    done = run_command("--model", str(tmp_path / "nothing"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "nothing" in done.stderr


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_command_answers_and_ends_without_a_word(stop):
    command = [sys.executable, "-m", "web", "--port", "0", "--workers", "1", "--seconds", "60"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
        answer = json.loads(send(address + "/api/predict", PORTRAIT, "astronaut.png"))
        (face,) = answer["images"][0]["faces"]
        workers = children(process.pid)
        process.send_signal(stop)
        said = process.communicate(timeout=GUARD)
    assert face["expression"] == "happy"
    assert said == ("", "")
    assert process.returncode == 0
    assert len(workers) in (1, 2)  # the spare one starts when the first is ready
    eventually(lambda: not any(map(is_running, workers)))


def test_settings_come_from_the_environment_and_requests_are_logged_on_demand():
    settings = {"MIEN_PORT": "0", "MIEN_WORKERS": "1", "MIEN_SECONDS": "60", "MIEN_LOG": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "web"],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
        assert not address.endswith(":5000")
        send(address + "/api/predict?explain=1", PORTRAIT, "secret-name.png")
        with pytest.raises(HTTPError):
            urlopen(address + "/a%0Ab")
        process.terminate()
        lines = process.communicate(timeout=GUARD)[1].splitlines()
    assert [re.sub(r"^.*?(?=POST|GET)|\d+ ms", "", line) for line in lines] == [
        "POST /api/predict 200 ",
        "GET /a%0Ab 404 ",
    ]


def test_command_without_workers_is_one_sentence(tmp_path):
    shutil.copytree(SHIPPED / "landmarks", tmp_path / "model")
    model, manifest = tmp_path / "model" / MODEL, tmp_path / "model" / MANIFEST
    model.write_bytes(b"no graph")
    said = json.loads(manifest.read_text())
    said["files"][MODEL] = sha256(b"no graph").hexdigest()
    manifest.write_text(json.dumps(said))
    done = run_command("--port", "0", "--workers", "1", "--model", str(tmp_path / "model"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Expected an ONNX model" in done.stderr


def test_command_answers_to_the_names_it_is_given():
    command = [sys.executable, "-c", NAMES, "--host", "::1", "--allow-host", "faces.lan"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=GUARD)
    assert done.stdout.split() == ["localhost", "127.0.0.1", "[::1]", "::1", "faces.lan", "12"]


NAMES = """
import typer
from web import __main__ as command


class NoWorkers:
    capacity = 4

    def __init__(self, *_args):
        pass

    def close(self):
        pass


def bind(app, host, port, threads):
    print(threads)
    raise SystemExit


command.WorkerPool = NoWorkers
command.create_app = lambda reader, hosts: print(*hosts)
command.make_server = bind
typer.run(command.main)
"""
