import json

import numpy as np
import pytest
from PIL import Image
from typer import Typer
from typer.testing import CliRunner

from classifiers.bundle import BundleError
from classifiers.commands import image as command
from landmarks.images import read_image
from tests.fake_predictor import MOVED, FakePredictor

CLASSES = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]


class PathPredictor(FakePredictor):
    """The fake of the page's tests, for paths."""

    def predict(self, path):
        return super().predict(read_image(path))


@pytest.fixture
def run(monkeypatch):
    def run(*arguments, n_faces=1, unsure=False):
        monkeypatch.setattr(command, "Predictor", lambda model: PathPredictor(n_faces, unsure))
        app = Typer()
        app.command()(command.main)
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photos" / "one.png"
    path.parent.mkdir()
    Image.fromarray(np.full((80, 120, 3), 200, np.uint8)).save(path)
    return path


def test_json_is_what_programs_are_promised(run, photo):
    done = run(photo, "--json", n_faces=2)
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert list(answer) == ["images"]
    (image,) = answer["images"]
    assert image["image"] == str(photo)
    assert image["reason"] == ""
    assert len(image["faces"]) == 2
    for face in image["faces"]:
        assert len(face["box"]) == 4
        assert face["expression"] == "happy"
        assert list(face["confidences"]) == CLASSES
        assert "explanation" not in face


def test_explain_adds_the_regions(run, photo):
    (image,) = json.loads(run(photo, "--json", "--explain").stdout)["images"]
    assert image["faces"][0]["explanation"] == MOVED
    text = run(photo, "--explain").stdout
    lines = [line.split() for line in text.splitlines()]
    regions = [line[0] for line in lines if line and line[0] in MOVED]
    assert regions == ["mouth", "eyes", "nose", "brows", "jaw"]
    assert ["mouth", "+60.0"] in lines
    assert ["nose", "-3.4"] in lines


def test_people_read_bars_and_per_cent(run, photo):
    text = run(photo).stdout
    assert str(photo) in text.replace("\n", "")
    assert "face 1" in text
    for name in CLASSES:
        assert name in text
    assert "80.0%" in text
    bars = {line.split()[0]: line.count("█") for line in text.splitlines() if "%" in line}
    assert bars["happy"] == round(0.8 * command.BAR_WIDTH)


def test_unsure_answers_name_the_two_best(run, photo):
    assert "unsure: happy or neutral" in run(photo, unsure=True).stdout
    assert "unsure:" not in run(photo).stdout
    (found,) = PathPredictor().predict(photo).faces
    assert command.verdict(found) == "happy"


def test_no_face_is_an_answer_not_a_failure(run, photo):
    done = run(photo, "--json", n_faces=0)
    assert done.exit_code == 0
    (image,) = json.loads(done.stdout)["images"]
    assert (image["image"], image["model"]) == (str(photo), "fake")
    assert (image["faces"], image["reason"]) == ([], "no-face")
    assert "no face found" in run(photo, n_faces=0).stdout


def test_an_unreadable_photo_is_a_reason_and_the_others_are_answered(run, photo):
    broken = photo.with_name("broken.png")
    broken.write_bytes(photo.read_bytes()[:60])
    missing = photo.with_name("missing.png")
    done = run(broken, photo, missing, "--json")
    assert done.exit_code == 1
    images = json.loads(done.stdout)["images"]
    assert [image["reason"] for image in images] == ["unreadable", "", "unreadable"]
    assert [len(image["faces"]) for image in images] == [0, 1, 0]
    assert done.stderr.count("\n") == 2
    assert "broken.png" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_stands_for_its_images(run, photo):
    second = photo.parent / "deeper" / "two.JPG"
    second.parent.mkdir()
    Image.open(photo).save(second)
    (photo.parent / "notes.txt").write_text("not a photo")
    images = json.loads(run(photo.parent, "--json").stdout)["images"]
    assert [image["image"] for image in images] == [str(second), str(photo)]


def test_a_folder_without_images_is_one_sentence(run, tmp_path):
    done = run(tmp_path)
    assert done.exit_code == 1
    assert "found none" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_bundle_that_does_not_fit_is_one_sentence(monkeypatch, photo):
    def refuse(model):
        raise BundleError(f"{model} is no bundle")

    monkeypatch.setattr(command, "Predictor", refuse)
    app = Typer()
    app.command()(command.main)
    done = CliRunner().invoke(app, [str(photo), "--model", "nonsense"])
    assert done.exit_code == 1
    assert done.stderr == "image: nonsense is no bundle\n"
