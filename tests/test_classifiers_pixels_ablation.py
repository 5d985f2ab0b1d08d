import json
from dataclasses import replace

import pytest
import typer
from typer.testing import CliRunner

from classifiers.labelled import Rows
from classifiers.pixels import ablation as command
from tests import small_fused

app = typer.Typer()
app.command()(command.main)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Faces of which three have no points, and a network that is trained in a blink."""
    fused = small_fused.rows(60, votes=4)
    rows = Rows(fused.points[:57], fused.y[:57], fused.pixels[:57], fused.mesh)
    monkeypatch.setattr(command, "read_fused_rows", lambda *_, **__: (fused, rows))
    monkeypatch.setattr(command, "SMALL", replace(small_fused.small_network(1), classes=()))


def lines(out):
    return [json.loads(line) for line in out.read_text().splitlines()]


def run(out):
    return CliRunner().invoke(app, ["table", "images", "--epochs", "1", "--out", str(out)])


def test_every_trial_gets_a_line_and_a_stopped_run_goes_on(tmp_path, monkeypatch):
    out, trials = tmp_path / "trials.jsonl", command.TRIALS
    monkeypatch.setattr(command, "TRIALS", trials[:1])
    assert run(out).exit_code == 0
    first = lines(out)
    assert [line["change"] for line in first] == ["none", *command.AT_TEST]
    monkeypatch.setattr(command, "TRIALS", trials[:3])
    monkeypatch.setattr(command, "AT_TEST", {})
    assert run(out).exit_code == 0
    assert lines(out)[:3] == first
    assert [line["change"] for line in lines(out)[3:]] == ["other seed", "no landmarks"]
    assert all(0 <= line["validation_accuracy"] <= 1 for line in lines(out))


def test_the_trials_differ_from_the_shipped_recipe(tmp_path, monkeypatch):
    seen = []

    def fit_fused(fused, held_out, stops, run, network, training):
        seen.append((network, training))
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "fit_fused", fit_fused)
    for _, settings in command.TRIALS:
        with pytest.raises(KeyboardInterrupt):
            command._trial(small_fused.rows(12), small_fused.rows(12).has_points, "", 3, **settings)
    assert len({repr(settings) for settings in seen}) == len(command.TRIALS)


def test_no_image_is_trained_on_that_validates():
    fused = small_fused.rows(40)
    held_out = small_fused.rows(40).has_points[:30] & (small_fused.rows(40).y[:30] == "happy")
    half, kept = command._half(fused, held_out)
    assert set(fused.pixels[:30][held_out]) == set(half.pixels[: len(kept)][kept])
    assert len(half.y) < 0.8 * len(fused.y)
