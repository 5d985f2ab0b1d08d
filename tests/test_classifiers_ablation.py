import json
from dataclasses import replace

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from classifiers.experiments import ablation as command
from classifiers.training.dataset import Rows
from tests.helpers import small_fused
from tests.helpers.small_model import faces

app = typer.Typer()
app.command()(command.main)
QUICK = {"epochs": 2, "n_networks": 1, "hidden": (8,)}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Few faces, of which three have no points, and no more than two runs on landmarks."""
    points, y = faces(90)
    rows = Rows(points, y, np.array([f"{i:016x}" for i in range(90)]), "a mesh")
    monkeypatch.setattr(command, "read_rows", lambda *_, votes: replace(rows, votes=votes))
    runs = {"baseline": QUICK, "no flips in training": {"flips": False, **QUICK}}
    monkeypatch.setattr(command, "LANDMARK_RUNS", runs)
    monkeypatch.setattr(command, "BALANCES", {})
    fused = small_fused.rows(60, votes=4)
    rows = Rows(fused.points[:57], fused.y[:57], fused.pixels[:57], fused.mesh)
    monkeypatch.setattr(command, "read_fused_rows", lambda *_, **__: (fused, rows))
    monkeypatch.setattr(command, "SMALL", replace(small_fused.small_network(1), classes=()))


def run(out, *arguments):
    done = CliRunner().invoke(app, ["table", *arguments, "--out", str(out)])
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in out.read_text().splitlines()]


def settings_of(lines):
    return [line["setting"] for line in lines]


NO_FLIP = "no flip TTA"


def test_every_run_gets_a_line(tmp_path):
    lines = run(tmp_path / "runs.jsonl")
    assert settings_of(lines) == ["baseline", NO_FLIP, "no flips in training"]
    assert all(0 <= line["validation_accuracy"] <= 1 for line in lines)


def test_a_stopped_run_goes_on(tmp_path):
    out = tmp_path / "runs.jsonl"
    known = {"table": command.EFFECTS, "setting": "baseline", "validation_accuracy": 2.0}
    out.write_text(json.dumps(known) + "\n")
    assert run(out)[0] == known
    assert settings_of(run(out)) == ["baseline", "no flips in training"]


def test_each_setting_of_the_landmarks_recipe_can_be_trained():
    points, y = faces(90)
    rows = Rows(points, y, np.full(90, ""), "a mesh")
    held_out = command.hold_out(rows)
    for name in ("unaligned", "without_pose"):
        step = command.FunctionTransformer(getattr(command, name))
        _, classes = command.train_landmarks(rows, held_out, features=step, **QUICK)
        assert classes == sorted(set(y))


def test_the_landmark_runs_learn_the_votes_of_their_training_rows(monkeypatch):
    points, y = faces(90)
    votes = np.eye(90, 4, dtype=np.float32)
    rows = Rows(points, y, np.full(90, ""), "a mesh", votes=votes)
    held_out = np.arange(90) % 3 == 0
    seen = []

    def start(*_, votes):
        seen.append(votes)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "fit_pipeline", start)
    with pytest.raises(KeyboardInterrupt):
        command.train_landmarks(rows, held_out, **QUICK)
    np.testing.assert_array_equal(seen[0], votes[~held_out])
    with pytest.raises(KeyboardInterrupt):
        command.train_landmarks(rows, held_out, "sklearn")
    assert seen[1] is None  # it has one output


@pytest.mark.slow
def test_fused_runs_get_lines_and_a_stopped_run_goes_on(tmp_path, monkeypatch):
    out, runs = tmp_path / "runs.jsonl", list(command.FUSED_RUNS.items())
    monkeypatch.setattr(command, "FUSED_RUNS", dict(runs[:1]))
    first = run(out, "images", "--epochs", "1")
    assert settings_of(first) == ["baseline", NO_FLIP]
    monkeypatch.setattr(command, "FUSED_RUNS", dict(runs[:3]))
    lines = run(out, "images", "--epochs", "1")
    assert lines[:2] == first
    assert settings_of(lines[2:]) == ["other seed", "no landmarks"]
    assert all(0 <= line["validation_accuracy"] <= 1 for line in lines)


def test_the_fused_runs_differ_from_the_shipped_recipe(monkeypatch):
    seen = []

    def start(fused, held_out, stops, run, network, training):
        seen.append((network, training))
        raise KeyboardInterrupt

    monkeypatch.setattr(command.fused_training, "train_fused", start)
    fused = small_fused.rows(12)
    for settings in command.FUSED_RUNS.values():
        with pytest.raises(KeyboardInterrupt):
            command.train_fused(fused, fused.has_points, 3, **settings)
    assert len({repr(settings) for settings in seen}) == len(command.FUSED_RUNS)


def test_no_image_is_trained_on_that_validates():
    fused = small_fused.rows(40)
    held_out = small_fused.rows(40).has_points[:30] & (small_fused.rows(40).y[:30] == "happy")
    half, kept = command.half_of(fused, held_out)
    assert set(fused.pixels[:30][held_out]) == set(half.pixels[: len(kept)][kept])
    assert len(half.y) < 0.8 * len(fused.y)
