"""The walk through the whole loop runs from any folder, needs no network, and reads well."""

import json
import os
import re
import subprocess
import sys

import pytest
from PIL import Image

from tests.helpers.paths import ROOT

WALK = (ROOT / "docs/walkthrough.py").read_text("utf-8")


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """Walk in an empty folder; return what was printed and the folder of what was made."""
    folder = tmp_path_factory.mktemp("walk")
    done = subprocess.run(
        [sys.executable, ROOT / "docs/walkthrough.py"],
        cwd=folder,
        env=os.environ | {"MPLBACKEND": "agg", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, folder / "build" / "walk"


@pytest.mark.slow
def test_every_step_leaves_what_it_says(walked):
    _, out = walked
    made = {path.relative_to(out).as_posix() for path in out.rglob("*")}
    assert {"photos.csv", "points.png", "walk.png"} <= made
    assert {"features/features.json", "model/model.onnx", "evaluation/report.json"} <= made
    for figure in ("points.png", "walk.png"):
        assert len(Image.open(out / figure).convert("RGB").getcolors(1 << 24)) > 100


@pytest.mark.slow
def test_the_model_has_learned_and_explains_itself(walked):
    said, out = walked
    assert json.loads((out / "evaluation/report.json").read_text())["accuracy"] > 0.7
    assert re.search(r"^surprise, \d+\.\d%$", said, re.MULTILINE)
    assert re.findall(r"^  (\w+) +[+-]", said, re.MULTILINE) == [
        "brows",
        "eyes",
        "nose",
        "mouth",
        "jaw",
    ]


def test_cells_open_as_a_notebook_and_the_readme_links_it():
    cells = re.split(r"^# %%", WALK, flags=re.MULTILINE)[1:]
    prose = [cell for cell in cells if cell.startswith(" [markdown]\n")]
    assert len(prose) >= 5
    assert all(line.startswith("#") for cell in prose for line in cell.splitlines()[1:] if line)
    for cell in cells:
        compile(cell.partition("\n")[2], "cell", "exec")
    assert "(docs/walkthrough.py)" in (ROOT / "README.md").read_text("utf-8")
