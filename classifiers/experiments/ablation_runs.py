"""Read the runs of ``make ablation``, a JSON line each: the effect of one setting."""

import json
from pathlib import Path
from typing import Any


def read_ablation_runs(path: Path) -> list[dict[str, Any]]:
    """Read the runs, one JSON object a line; no file means no runs.

    Raises
    ------
    ValueError
        If a line is not a JSON object.
    """
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [_run(line, n, path) for n, line in enumerate(lines, 1) if line.strip()]


def _run(line: str, number: int, path: Path) -> dict[str, Any]:
    """Parse one line."""
    try:
        run = json.loads(line)
    except ValueError:
        run = None
    if not isinstance(run, dict):
        raise ValueError(f"expected a JSON object in line {number} of {path}; mend that line")
    return run
