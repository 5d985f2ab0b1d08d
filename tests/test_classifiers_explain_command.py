import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from classifiers.__main__ import app
from classifiers.cli import explain as command
from tests.helpers.fake_predictor import FakePredictor


@pytest.fixture
def run(monkeypatch):
    def run(*arguments, **options):
        monkeypatch.setattr(command, "Predictor", lambda model, detector: FakePredictor(**options))
        return CliRunner().invoke(app, ["explain", *map(str, arguments)])

    return run


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.new("RGB", (600, 400)).save(path)
    return path


def test_a_table_for_each_face_and_a_coloured_picture(run, photo, tmp_path):
    out = tmp_path / "why" / "photo.png"
    done = run(photo, "--output-image", out, n_faces=2)
    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines if line and line[-1] in ("for", "against")] == [
        *("mouth", "eyes", "nose", "brows", "jaw") * 2
    ]
    assert lines.count(["mouth", "+60.0", "for"]) == 2
    assert lines.count(["nose", "-3.4", "against"]) == 2
    red, _, blue = np.moveaxis(np.asarray(Image.open(out)).astype(int), 2, 0)
    assert ((blue - red) > 80).mean() > 0.01


def test_no_face_is_said(run, photo):
    done = run(photo, n_faces=0)
    assert done.exit_code == 0
    assert "no face found" in done.stdout


@pytest.mark.parametrize(
    ("out", "code", "sentence"),
    [
        ("photo.png", 1, "one of the files"),
        ("why.gif", 1, "end with .png or .jpg"),
        ("taken.png", 1, "which exists"),
        ("file/why.png", 3, "Can't write"),
    ],
)
def test_a_place_that_does_not_fit_is_one_sentence(run, photo, out, code, sentence):
    (photo.parent / "taken.png").write_bytes(photo.read_bytes())
    (photo.parent / "file").write_bytes(b"")
    done = run(photo, "--output-image", photo.parent / out)
    assert done.exit_code == code
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_unreadable_photo_is_code_2(run, tmp_path):
    done = run(tmp_path / "missing.png")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
