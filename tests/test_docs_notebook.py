"""The analysis notebook runs in an empty copy of what it needs, and leaves its figure and table."""

import csv
import json
import os
import subprocess
import sys

import pytest
from PIL import Image

from tests.helpers.paths import ROOT

NOTEBOOK = json.loads((ROOT / "docs/analysis.ipynb").read_text("utf-8"))


@pytest.mark.slow
def test_the_notebook_runs_from_photos_and_a_video_to_a_figure_and_a_table(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/sample").symlink_to(ROOT / "data/sample")
    cells = ["".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(cells)],
        cwd=tmp_path,
        env=os.environ | {"MPLBACKEND": "agg", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "Confidences are relative to each track's face from 0 to 1 s." in done.stdout
    out = tmp_path / "build/analysis"
    assert len(Image.open(out / "talk.png").convert("RGB").getcolors(1 << 24)) > 100
    with (out / "table.csv").open(newline="") as file:
        rows = [row[:3] for row in csv.reader(file)][3:]
    faces = {(source, expression): int(count) for source, expression, count in rows}
    assert sum(count for (source, _), count in faces.items() if source == "photos") == 70
    assert faces["video", "neutral"] + faces["video", "happy"] == 40
    # The face is neutral for one and a half seconds, and happy from two and a half on.
    assert 15 <= faces["video", "neutral"] <= 25
