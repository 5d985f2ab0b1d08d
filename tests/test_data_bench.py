import re

import pytest
from typer.testing import CliRunner

from classifiers.experiments import benchmark_features

FACES = {"sad": 4}


@pytest.fixture
def command():
    app = benchmark_features.typer.Typer()
    app.command()(benchmark_features.bench)
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.mark.slow
def test_it_prints_the_rates_and_their_ratios(faces, command):
    done = command(faces, "--count", 8, "--workers", 2)
    assert done.exit_code == 0, done.output
    bare, together, rate = map(float, re.findall(r"([\d.]+) images/s", done.output))
    ratio = float(re.search(r"ratio to 2 x the bare loop +([\d.]+)", done.output)[1])
    assert ratio == pytest.approx(rate / (2 * bare), abs=0.01)
    ratio = float(re.search(r"ratio to the loops at once +([\d.]+)", done.output)[1])
    assert ratio == pytest.approx(rate / together, abs=0.01)
    calls = float(re.search(r"processor time of an image +([\d.]+) bare calls", done.output)[1])
    assert calls > 2  # the meshes, and with eight images mostly the start


def test_without_an_image_it_says_so(tmp_path, command):
    (tmp_path / "sad").mkdir()
    (tmp_path / "sad" / "1.png").touch()
    done = command(tmp_path)
    assert done.exit_code == 1
    assert "None of the images" in done.output
