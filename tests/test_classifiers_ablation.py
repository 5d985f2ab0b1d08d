import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from classifiers import ablation as command
from classifiers.labelled import Rows
from landmarks.views import N_VIEWS, pack
from tests.small_model import faces

app = typer.Typer()
app.command()(command.main)
QUICK = {"epochs": 2, "n_networks": 1, "hidden": (8,)}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Faces whose views scatter, and no more than three trials."""
    points, y = faces(90)
    scatter = np.random.default_rng(0).normal(0, 0.5, (90, N_VIEWS, *points.shape[1:]))
    views = np.stack(list(map(pack, points, (points[:, None] + scatter).astype(np.float32))))
    rows = Rows(points, y, np.array([f"{i:016x}" for i in range(90)]), "a mesh", views)
    monkeypatch.setattr(command, "read_rows", lambda _: rows)
    trials = ({"change": "none", **QUICK}, {"change": "no views", "views": 0, **QUICK})
    monkeypatch.setattr(command, "TRIALS", trials)
    monkeypatch.setattr(command, "BALANCES", {})


def run(out):
    done = CliRunner().invoke(app, ["table", "--out", str(out)])
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in out.read_text().splitlines()]


def test_every_trial_gets_a_line(tmp_path):
    lines = run(tmp_path / "trials.jsonl")
    assert [line["change"] for line in lines] == ["none", "no views"]
    for line in lines:
        assert 0 <= line["validation_accuracy"] <= 1
        assert 0 <= line["same_answer_to_half_the_views"] <= 1


def test_a_stopped_run_goes_on(tmp_path):
    out = tmp_path / "trials.jsonl"
    known = {"table": "What one change does", "change": "none", "validation_accuracy": 2.0}
    out.write_text(json.dumps(known) + "\n")
    assert run(out)[0] == known
    assert [line["change"] for line in run(out)] == ["none", "no views"]
