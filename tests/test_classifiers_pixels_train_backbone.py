"""The command of the models that look at pixels, for a backbone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from classifiers.bundle.bundle import CARD, MODEL, WEIGHTS
from classifiers.cli import train
from classifiers.cli import train_pixels as command
from classifiers.inference.predictor import Predictor
from classifiers.models.vision import models
from classifiers.training import backbones
from classifiers.training.backbone_weights import find_weights
from classifiers.training.dataset import Rows
from data.console import BAD_INPUT, STOPPED
from landmarks.detection.detector import MESH_VERSION
from tests.helpers import small_fused
from tests.helpers.small_model import CLASSES

app = typer.Typer()
app.command()(train.main)
NAME = "resnet18"
N, FOUND = 16, 14


@pytest.fixture(scope="module")
def made():
    """Rows with pixels, of which two have no points, and those that have."""
    fused = replace(small_fused.rows(N, missed=N - FOUND), mesh=MESH_VERSION)
    parts = (fused.points, fused.y, fused.pixels)
    return fused, Rows(*(part[:FOUND] for part in parts), MESH_VERSION)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "weights.pth"
    torch.save(models.get_model(NAME, weights=None).state_dict(), path)
    return path


@pytest.fixture(autouse=True)
def quick(monkeypatch, made):
    held_out = np.arange(FOUND) >= FOUND - 4
    monkeypatch.setattr(command, "read_fused_rows", lambda *_: made)
    monkeypatch.setattr(command, "hold_out", lambda *_: held_out)
    settings = {"batch_size": 6, "augmentation": small_fused.STILL}
    monkeypatch.setattr(backbones, "FINE_TUNING", replace(backbones.FINE_TUNING, **settings))


def run(out, *arguments):
    settings = ["--model", NAME, "--out", str(out), "--epochs", "2", "--device", "cpu"]
    return CliRunner().invoke(app, ["table", "images", *settings, *map(str, arguments)])


@pytest.mark.slow
def test_a_stopped_run_goes_on_to_a_bundle_that_serves(tmp_path, made, weights, monkeypatch):
    out, train, seen = tmp_path / "model", command.train_pixel_model, []

    def interrupted(*arguments):
        *others, progress = arguments

        def stop_at_first(line):
            seen.append(line["epoch"])
            progress(line)
            if line["epoch"] == 1:
                raise KeyboardInterrupt

        return train(*others, stop_at_first)

    monkeypatch.setattr(command, "train_pixel_model", interrupted)
    stopped = run(out, "--weights", weights)
    assert stopped.exit_code == STOPPED
    assert not out.exists()
    other = run(out, "--weights", "random")
    assert other.exit_code == BAD_INPUT
    assert f"{NAME} starts from random weights" in other.output
    assert "begun with" in other.output
    done = run(out, "--weights", weights)
    assert done.exit_code == 0, done.output
    assert f"{NAME} starts from the weights in {weights.name}" in done.output
    assert seen == [1, 2]
    assert not (tmp_path / "model-run").exists()
    assert find_weights(NAME, str(out / WEIGHTS)).state is not None
    serves(out, made[0], f"begun with the weights in {weights.name}")


def serves(out, fused, begun):
    """Check that a bundle answers faces with and without points, and says what it is."""
    predictor, card = Predictor(out), (out / CARD).read_text()
    assert predictor.takes_pixels
    assert predictor.classes == CLASSES
    assert predictor.manifest["model"] == NAME
    points = np.where(fused.has_points[:, None, None], fused.points, np.nan)
    proba = predictor.predict_proba(points, fused.crops)
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)
    assert f"{(out / MODEL).stat().st_size / 1e6:.1f} MB" in card
    assert begun in card


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--weights", "nowhere.pth"), "nowhere.pth"),
        (("--weights", "random", "--votes", "votes.csv"), "--votes"),
        (("--model", "fused", "--weights", "weights.pth"), "Expected a bundle's folder"),
    ],
)
def test_what_does_not_fit_is_one_sentence(tmp_path, arguments, says):
    refused = run(tmp_path / "model", *arguments)
    assert refused.exit_code == BAD_INPUT
    assert says in refused.output
    assert refused.output.count("\n") == 1
    assert not list(tmp_path.iterdir())
