from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from classifiers.bundle.bundle import CARD, load_manifest, train_pixels
from classifiers.cli import train
from classifiers.cli import train_pixels as command
from classifiers.inference.predictor import Predictor
from classifiers.training import pixels
from classifiers.training.dataset import Rows
from classifiers.training.fine_tuning import find_initial_networks
from data.console import BAD_INPUT, STOPPED
from data.errors import DataError
from landmarks.detection.detector import MESH_VERSION, Face
from landmarks.face_crop import SIDE
from landmarks.mesh import REGIONS
from tests.helpers import small_fused
from tests.helpers.small_model import CLASSES

app = typer.Typer()
app.command()(train.main)
FOUND = 57


@pytest.fixture(scope="module")
def made():
    """Rows with pixels, of which three have no points, and those that have."""
    fused = replace(small_fused.rows(60), mesh=MESH_VERSION)
    parts = (fused.points, fused.y, fused.pixels)
    return fused, Rows(*(part[:FOUND] for part in parts), MESH_VERSION)


@pytest.fixture(scope="module", autouse=True)
def _quick(made):
    network = small_fused.small_network(8)
    networks = {"fused": network, "cnn": replace(network, landmarks=False)}
    training = small_fused.small_training(epochs=12, augmentation=small_fused.STILL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pixels, "NETWORKS", networks)
        patch.setattr(pixels, "RECIPE", training)
        patch.setattr(command, "read_fused_rows", lambda *_: made)
        yield


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """The bundle of a training of one epoch."""
    out = tmp_path_factory.mktemp("short") / "model"
    assert run(out, epochs=1).exit_code == 0
    return out


def run(out, *arguments, epochs=12):
    settings = ["--model", "fused", "--out", str(out), "--epochs", str(epochs), *arguments]
    return CliRunner().invoke(app, ["table", "images", *settings])


@pytest.mark.parametrize(
    ("model", "networks"), [("fused", 1), pytest.param("cnn", 2, marks=pytest.mark.slow)]
)
def test_trains_a_bundle_that_serves(tmp_path, made, model, networks):
    out = tmp_path / "model"
    keep = () if model == "cnn" else ("--keep-run",)
    done = run(out, "--model", model, "--average", str(networks), *keep, epochs=30)
    assert done.exit_code == 0, done.output
    files = ("checkpoint.pt", "curves.jsonl")
    folder = tmp_path / "model-run"
    left = {str(path.relative_to(folder)) for path in folder.rglob("*.*")}
    kept = {f"network-{n + 1}/{name}" for n in range(networks) for name in files}
    assert left == (kept if keep else set())
    curves = pd.read_csv(out / "curves.csv")
    assert curves.groupby("network")["epoch"].max().tolist() == [30] * networks
    predictor, fused = Predictor(out), made[0]
    assert predictor.takes_pixels
    assert predictor.classes == CLASSES
    assert predictor.manifest["model"] == model
    points = np.where(fused.has_points[:, None, None], fused.points, np.nan)
    proba = predictor.predict_proba(points, fused.crops)
    assert (np.array(CLASSES)[proba.argmax(axis=1)] == fused.y).mean() > 0.8
    rest = np.array(predictor.manifest["neutral_crop"])
    neutral = fused.crops[fused.y == "neutral"]
    assert rest.shape == (SIDE, SIDE)
    assert np.abs(rest - neutral.mean(axis=0)).mean() < 5


def test_starts_from_a_bundle(tmp_path, short, monkeypatch):
    out, networks = tmp_path / "model", find_initial_networks(str(short))
    before = networks.pixels | {"00000000000000ab"}
    networks = networks._replace(pixels=before)
    monkeypatch.setattr(command, "find_initial_networks", lambda _: networks)
    done = run(out, "--weights", str(short), "--set", "lr=0.01", epochs=1)
    assert done.exit_code == 0, done.output
    assert "fused starts from the weights of model, SHA-256 " in done.stderr
    assert ", begun with the weights of model, SHA-256 " in (out / CARD).read_text()
    assert load_manifest(out)["classifier"].count("origin='the weights of model, ") == 1
    n = load_manifest(out)["data"]["n_validation"]
    assert f"{n} of {n} validation images had a part in these weights" in done.stderr
    assert f"\n{n} of the validation images had a part in the weights" in (out / CARD).read_text()
    assert "had a part" not in (short / CARD).read_text()
    assert "epoch 1 was kept, the last." in done.stdout
    assert before <= train_pixels(out)
    pixels_alone = run(tmp_path / "other", "--model", "cnn", "--weights", str(short), epochs=1)
    assert pixels_alone.exit_code == BAD_INPUT
    assert "Expected landmarks True as in the bundle that WEIGHTS= names" in pixels_alone.stderr


def test_a_reading_of_pixels_is_explained(short, made, monkeypatch):
    predictor = Predictor(short)
    face = Face(made[0].points[0] + 100)
    face_detector = type("OneFace", (), {"detect": lambda *_: [face]})()
    monkeypatch.setattr(
        "classifiers.inference.predictor.shared_detector", lambda detector: face_detector
    )
    (prediction,) = predictor.predict(np.full((400, 400, 3), 90, np.uint8)).faces
    assert list(prediction.explanation()) == list(REGIONS)


@pytest.mark.usefixtures("no_export")
def test_a_stopped_run_goes_on(tmp_path, monkeypatch):
    out, seen = tmp_path / "model", []
    train = command.train_pixel_model

    def interrupted(*arguments):
        *others, progress = arguments

        def stop_at_three(line):
            seen.append(line["epoch"])
            progress(line)
            if len(seen) == 3:
                raise KeyboardInterrupt

        return train(*others, stop_at_three)

    monkeypatch.setattr(command, "train_pixel_model", interrupted)
    stopped = run(out)
    assert stopped.exit_code == STOPPED
    assert "goes on from the last epoch" in stopped.output
    assert not out.exists()
    assert run(out).exit_code == 0
    epochs = list(range(1, 13))
    assert seen == epochs
    curves = pd.read_csv(out / "curves.csv")
    assert curves["epoch"].tolist() == epochs
    assert load_manifest(out)["classes"] == list(CLASSES)


@pytest.mark.usefixtures("no_export")
def test_other_settings_do_not_go_on_with_a_run(short):
    assert run(short, "--keep-run", epochs=1).exit_code == 0
    other = run(short, epochs=2)
    assert other.exit_code == BAD_INPUT
    assert "begun with" in other.output
    assert load_manifest(short)["classes"] == list(CLASSES)


def test_bad_input_is_one_sentence(tmp_path, monkeypatch):
    def refuse(*_):
        raise DataError("Expected a face, got none.")

    monkeypatch.setattr(command, "read_fused_rows", refuse)
    refused = run(tmp_path / "model")
    assert refused.exit_code == BAD_INPUT
    assert refused.output.strip() == "Expected a face, got none."
    (tmp_path / "mine").write_text("mine")
    assert "nothing there was touched" in run(tmp_path / "mine").output
