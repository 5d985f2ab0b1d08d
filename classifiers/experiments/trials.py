"""Read the trials of ``make ablation``, a JSON line each: what one change does."""

import json
from pathlib import Path
from typing import Any


def read_ablation_runs(path: Path) -> list[dict[str, Any]]:
    """Read the trials, one JSON object a line; no file means no trials.

    Raises
    ------
    ValueError
        If a line is not a JSON object.
    """
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [_trial(line, n, path) for n, line in enumerate(lines, 1) if line.strip()]


def _trial(line: str, number: int, path: Path) -> dict[str, Any]:
    """Parse one line."""
    try:
        trial = json.loads(line)
    except ValueError:
        trial = None
    if not isinstance(trial, dict):
        raise ValueError(f"expected a JSON object in line {number} of {path}; mend that line")
    return trial
