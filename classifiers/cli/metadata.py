"""Describe how a table was made, in a JSON beside it."""

import json
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from classifiers.inference.predictor import Predictor
from classifiers.inference.video_summary import VideoSummary
from data.errors import DataError
from data.files import atomic_write
from landmarks import __version__
from landmarks.detection.registry import mtcnn_version

PACKAGES = ("mediapipe", "numpy", "onnxruntime", "opencv-contrib-python", "Pillow", "av")
"""Packages whose versions a result depends on."""


def place_beside(table: Path) -> Path:
    """Return the place of the JSON beside a table: ``faces.json`` for ``faces.csv``.

    Raises
    ------
    DataError
        If the table is called so itself.
    """
    if table.suffix.lower() == ".json":
        raise DataError(
            f"Expected a table's name to end with .csv or .jsonl, got {table}; a JSON beside the "
            "table says how it was made."
        )
    return table.with_suffix(".json")


def describe(predictor: Predictor, prior: str, neutral: Sequence[Path]) -> dict[str, Any]:
    """Return what a table's rows depend on: versions, model, threshold, detector.

    Parameters
    ----------
    predictor : Predictor
    prior : str
        As the user named it; ``""`` for the bundle's own.
    neutral : sequence of Path
        Photographs of the person's neutral face.
    """
    manifest = predictor.manifest
    return {
        "mien": __version__,
        "model": manifest["name"],
        "model_version": manifest["version"],
        "trained_on": manifest["data"]["data_name"],
        "classes": list(manifest["classes"]),
        "uncertain_threshold": predictor.min_confidence,
        "mesh": manifest["mesh"],
        "meshes": predictor.meshes,
        "detector": predictor.detector if predictor.detector == "mesh" else mtcnn_version(),
        "prior": prior or dict(zip(manifest["classes"], manifest["prior"], strict=True)),
        "neutral": [str(photo) for photo in neutral],
        "versions": {"python": platform.python_version()} | {n: version(n) for n in PACKAGES},
    }


def totals(summaries: Sequence[VideoSummary], unreadable: int) -> dict[str, int]:
    """Return how many frames and faces there are in videos, of which some can't be read."""
    frames, found = (sum(getattr(s, name) for s in summaries) for name in ("n_frames", "n_found"))
    return {
        "videos": len(summaries),
        "images": frames,
        "found": found,
        "missed": frames - found,
        "unreadable": unreadable,
        "faces": sum(summary.n_faces for summary in summaries),
        "uncertain": sum(summary.n_uncertain for summary in summaries),
    }


def write_beside(table: Path, content: dict[str, Any]) -> None:
    """Write how a table was made.

    Raises
    ------
    StorageError
        On an I/O error.
    """
    text = json.dumps({"table": table.name} | content, indent=2)
    with atomic_write(place_beside(table)) as file:
        file.write(f"{text}\n".encode())
