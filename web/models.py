"""The models that there are, for programs: the one that answers and those that ship with Mien."""

from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, jsonify

from classifiers.bundle import MANIFEST, SHIPPED, load_manifest


def register(app: Flask) -> None:
    """Add the route to the application."""
    app.add_url_rule("/api/models", "models", models)


def models() -> Response:
    """List the models, the one that answers first."""
    reader = current_app.extensions["mien"]
    others = [folder for folder in _shipped() if not folder.samefile(reader.folder)]
    served = _entry(reader.folder, reader.manifest) | {"served": True}
    return jsonify(models=[served, *(_shipped_entry(folder) for folder in others)])


def _shipped() -> list[Path]:
    """Return the folders of the shipped bundles, in order of name."""
    return sorted(path.parent for path in SHIPPED.glob(f"*/{MANIFEST}"))


@cache
def _shipped_entry(folder: Path) -> dict[str, Any]:
    """Describe a shipped bundle, whose files are checked once."""
    return _entry(folder, load_manifest(folder)) | {"served": False}


def _entry(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Describe a bundle by what it says about itself."""
    return {
        **{key: manifest[key] for key in ("name", "version", "classes", "input")},
        # A model that sees pixels keeps a neutral face's pixels for its explanations.
        "takes_pixels": manifest.get("rest_crop") is not None,
        # JSON has no NaN, which is the accuracy when sure of a model that is never sure.
        "metrics": {k: v if isfinite(v) else None for k, v in manifest["metrics"].items()},
        "unsure_threshold": manifest["unsure_threshold"],
        "bytes": sum(path.stat().st_size for path in folder.iterdir()),
    }
