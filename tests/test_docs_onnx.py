"""The page on the ONNX file: its examples run without Mien, and answer as it does."""

import shutil
import subprocess
import sys

import onnxruntime
import pytest
from PIL import Image

from classifiers import load
from classifiers.bundle.bundle import MANIFEST, MODEL, SHIPPED
from tests.helpers.docs_pages import PAGES, blocks
from tests.helpers.paths import ROOT

PAGE = "docs/onnx.md"
RUNTIME = ROOT / "web/node_modules"


@pytest.fixture(scope="module")
def beside(tmp_path_factory, portrait):
    """The folder in which a reader of the page works, once the Python has run, and its output."""
    folder = tmp_path_factory.mktemp("onnx")
    Image.fromarray(portrait).save(folder / "photo.jpg")
    for name in (MODEL, MANIFEST):
        shutil.copy(SHIPPED / "landmarks" / name, folder)
    (code,) = (code for page, code in blocks("python") if page == PAGE)
    assert "classifiers" not in code
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout.split()


def test_the_python_says_what_mien_says(beside):
    folder, (expression, share) = beside
    (face,) = load("landmarks").predict(folder / "photo.jpg").faces
    assert expression == face.expression == "happy"
    assert float(share.rstrip("%")) == pytest.approx(100 * face.confidences["happy"], abs=5)


@pytest.mark.skipif(not shutil.which("node"), reason="Node.js is not installed")
@pytest.mark.skipif(not (RUNTIME / "onnxruntime-web").is_dir(), reason="npm installed nothing")
def test_the_javascript_says_what_the_python_says(beside):
    folder, (expression, share) = beside
    ((_, code),) = blocks("js")
    (folder / "read.mjs").write_text(code)
    (folder / "node_modules").symlink_to(RUNTIME, target_is_directory=True)
    command = ["node", "read.mjs"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == expression
    assert float(done.stdout.split()[1]) == pytest.approx(float(share.rstrip("%")) / 100, abs=0.02)


def test_the_page_lists_the_metadata():
    session = onnxruntime.InferenceSession(SHIPPED / "landmarks" / MODEL)
    for key in session.get_modelmeta().custom_metadata_map:
        assert f"`{key}`" in PAGES[PAGE]
