import json

import numpy as np
import pytest
from PIL import Image
from typer import Typer
from typer.testing import CliRunner

from classifiers.cli import evaluate
from classifiers.evaluation import evaluate as evaluation
from classifiers.evaluation import inputs
from classifiers.evaluation.report_table import text_of
from data.errors import DataError
from data.features.extraction import extract_features
from data.features.schema import MANIFEST
from landmarks.detection.detector import MESH_VERSION
from tests.helpers.face_folder import write_faces
from tests.helpers.labelled_features import (
    CLASSES,
    ROWS,
    FakePredictor,
    face,
    row,
    write_features,
)

pytestmark = pytest.mark.usefixtures("no_pictures")


@pytest.fixture
def run(monkeypatch, bundle):
    def run(*arguments):
        monkeypatch.setattr(evaluate, "Predictor", lambda model, mirror: FakePredictor(bundle))
        monkeypatch.setattr(evaluation, "train_pixels", lambda folder: frozenset({"a2", "t1", ""}))
        app = Typer()
        app.command()(evaluate.main)
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


def test_a_feature_folder_is_measured_on_its_test_split(tmp_path, run):
    features = write_features(tmp_path / "features", ROWS)
    out = tmp_path / "out"
    done = run(features, "fake", out)
    assert done.exit_code == 0, done.output
    report = json.loads((out / "report.json").read_text())
    assert report["split"] == "test"
    assert (report["n_images"], report["n_found"], report["n_missed"]) == (6, 5, 1)
    assert report["accuracy"] == pytest.approx(4 / 5)
    assert report["accuracy_with_misses"] == pytest.approx(4 / 6)
    assert report["n_copies"] == 1
    assert report["accuracy_without_copies"] == 1.0
    assert report["per_class"]["angry"]["recall"] == 0.5
    assert report["per_class"]["sad"]["recall_with_misses"] == 0.5
    assert report["model"]["seed"] == 7
    assert report["model"]["bytes"] == 1000
    assert report["model"]["ms_per_face"] > 0
    assert len(list(out.glob("*.png"))) == 6
    assert len((out / "predictions.csv").read_text().splitlines()) == 7
    for text in ("the split test", "6 images, 5 found, 1 missed", "66.7% (30-90) of all images"):
        assert text in done.stdout


def test_another_split_and_all(tmp_path, run):
    features = write_features(tmp_path / "features", ROWS)
    for split, n_images in (("training", 1), ("all", 7)):
        assert run(features, "fake", tmp_path / split, "--split", split).exit_code == 0
        report = json.loads((tmp_path / split / "report.json").read_text())
        assert report["n_images"] == n_images


def test_a_class_that_the_model_lacks_is_refused_or_left_out_and_counted(tmp_path, run):
    rows = [*ROWS, face("c1", "contempt", "sad")]
    features = write_features(tmp_path / "features", rows)
    done = run(features, "fake", tmp_path / "out")
    assert done.exit_code == 1
    assert "found contempt" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out" / "report.json").exists()
    done = run(features, "fake", tmp_path / "out", "--ignore-unknown")
    assert done.exit_code == 0
    assert json.loads((tmp_path / "out" / "report.json").read_text())["n_ignored"] == 1
    assert "1 images of classes the model lacks" in done.stdout


def test_many_unreadable_images_are_code_2_with_the_report_written(tmp_path, run):
    features = write_features(tmp_path / "f", [*ROWS, row("x", "sad", reason="unreadable")])
    done = run(features, "fake", tmp_path / "out")
    assert done.exit_code == 2
    assert "1 of 7 images can't be read" in done.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["n_unreadable"] == 1
    assert report["accuracy_with_misses"] == pytest.approx(4 / 7)


def test_an_out_that_cannot_be_written_is_code_3(tmp_path, run):
    features = write_features(tmp_path / "features", ROWS)
    (tmp_path / "file").write_text("")
    done = run(features, "fake", tmp_path / "file" / "out")
    assert done.exit_code == 3
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("broken", [{"mesh": "another"}, {"files": {}}, []])
def test_features_that_do_not_fit_are_one_sentence(tmp_path, run, broken):
    features = write_features(tmp_path / "features", ROWS)
    manifest = json.loads((features / MANIFEST).read_text())
    content = manifest | broken if len(broken) and "mesh" in broken else broken
    (features / MANIFEST).write_text(json.dumps(content))
    done = run(features, "fake", tmp_path / "out")
    assert done.exit_code == 1
    assert "again" in done.stderr
    assert done.stderr.count("\n") == 1


def test_images_that_are_not_there_are_one_sentence(tmp_path, run):
    done = run(tmp_path / "none", "fake", tmp_path / "out")
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("splits", "wanted", "chosen"),
    [
        ({"train", "test"}, "", "test"),
        ({"all"}, "", "all"),
        ({"train"}, "", "train"),
        ({"train", "validation"}, "val", "validation"),
        ({"train", "private"}, "all", "all"),
    ],
)
def test_the_split_to_measure(splits, wanted, chosen):
    assert inputs.choose_split(splits, wanted) == chosen


@pytest.mark.parametrize(("wanted", "sentence"), [("", "split test"), ("test", "split test")])
def test_a_split_that_is_not_there_is_refused(wanted, sentence):
    with pytest.raises(DataError, match=f"Expected a {sentence}, found train, validation"):
        inputs.choose_split({"train", "validation"}, wanted)


def test_classes_are_matched_by_meaning_in_both():
    labels = ["happiness", "Sad", "other"]
    known = evaluation.match_classes(labels, ["joy", "sadness"], ignore_unknown=True)
    assert known == {"happiness": "joy", "Sad": "sadness"}
    with pytest.raises(DataError, match="found other"):
        evaluation.match_classes(["other"], ["joy"], ignore_unknown=True)


def test_from_the_images_on_only_the_split_is_searched(tmp_path, monkeypatch, bundle):
    images = write_faces(tmp_path / "images", {"train/happy": 3, "test/happiness": 2})
    (images / "test" / "happiness" / "empty.png").write_bytes(b"")
    folder, split, source = inputs.features_of(images, tmp_path / "out", "", 1, "loky")
    assert (folder, split) == (tmp_path / "out" / "features", "test")
    monkeypatch.setattr(evaluation, "train_pixels", lambda folder: frozenset())
    predictor = FakePredictor(bundle)
    monkeypatch.setattr(predictor, "predict_proba", lambda p, _: np.tile([0, 1, 0], (len(p), 1)))
    report, _ = evaluation.evaluate(predictor, folder, split)
    assert (report["n_images"], report["n_found"], report["n_unreadable"]) == (3, 2, 1)
    pixels, _ = evaluation.evaluate(PixelPredictor(bundle), folder, split, images=source)
    assert (pixels["n_images"], pixels["n_found"], pixels["n_unreadable"]) == (3, 2, 1)
    assert report["accuracy_with_misses"] == pytest.approx(2 / 3)


def test_another_detector_has_features_of_its_own(tmp_path, monkeypatch, bundle):
    images = write_faces(tmp_path / "images", {"test/happiness": 2})
    where = (images, tmp_path / "out", "", 1, "loky", "mtcnn")
    folder, split, source = inputs.features_of(*where)
    assert folder == tmp_path / "out" / "features-mtcnn"
    manifest = evaluation.read_manifest(folder)
    assert (manifest["mesh"], manifest["detector"]) == (MESH_VERSION, "mtcnn")
    with pytest.raises(DataError, match="another detector"):
        extract_features(source, folder, workers=1)
    monkeypatch.setattr(evaluation, "train_pixels", lambda folder: frozenset())
    predictor = FakePredictor(bundle)
    monkeypatch.setattr(predictor, "predict_proba", lambda p, _: np.tile([0, 1, 0], (len(p), 1)))
    report, _ = evaluation.evaluate(predictor, folder, split)
    assert report["model"]["name"].endswith(", faces by mtcnn")


def test_features_of_another_detector_than_was_asked_for_are_refused(tmp_path):
    folder = write_features(tmp_path, [face("a.png", "happy", "happy")])
    with pytest.raises(DataError, match="the detector mtcnn, got features of mesh"):
        inputs.features_of(folder, tmp_path / "out", "", 1, "loky", "mtcnn")


class PixelPredictor(FakePredictor):
    """Answers by the brightness of a crop, a third of the range for each class."""

    takes_pixels = True

    def predict_proba(self, points, crops=None):
        self.seen = np.isfinite(points).all(axis=(1, 2))
        return np.eye(3)[crops[:, 28, 28] // 86]


@pytest.fixture
def pictures(tmp_path):
    """Images whose brightness tells their class, and features that missed one of them."""
    rows = []
    for number, label in enumerate(CLASSES):
        for name in "ab":
            path = tmp_path / "images" / "test" / label / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (220, 220), (90 * number,) * 3).save(path)
            rows.append(face(f"test/{label}/{name}.png", label, "happy"))
    rows[-1] = row("test/sad/b.png", "sad", reason="no-face")
    rows.append(row("test/sad/c.png", "sad", reason="unreadable"))
    return tmp_path / "images", write_features(tmp_path / "features", rows)


def test_a_model_of_pixels_answers_missed_faces_too(pictures, bundle, monkeypatch):
    monkeypatch.setattr(evaluation, "train_pixels", lambda folder: frozenset())
    images, features = pictures
    predictor = PixelPredictor(bundle)
    report, _ = evaluation.evaluate(predictor, features, "test", images=images)
    assert report["n_missed"] == report["n_unreadable"] == 1
    assert (report["n_images"], report["n_found"], report["n_predicted"]) == (7, 5, 6)
    text = text_of({"source": "images", **report})
    assert "7 images, 5 found, 1 missed, 1 unreadable" in text
    assert "100.0% (61-100) of found faces and missed images, which are read whole" in text
    assert report["accuracy"] == 1
    assert report["accuracy_with_misses"] == pytest.approx(6 / 7)
    with pytest.raises(DataError, match="name the images"):
        evaluation.evaluate(predictor, features, "test", images=features)
