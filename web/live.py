"""The live tab: camera, mesh and expression, all in the visitor's browser."""

from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, jsonify, render_template, send_file

from classifiers.bundle import MODEL, load_manifest, resolve
from landmarks.mesh import EDGES, MIRROR
from web import vendor

BY_POINTS = "landmarks"
"""The shipped bundle for the browser where the served one looks at pixels, too."""

WORKER = Path(__file__).parent / "static" / "live" / "mesh-worker.js"


def register(app: Flask) -> None:
    """Add the tab, and what its scripts ask for, to the application."""
    vendor.register(app)
    app.add_url_rule("/live", "live", live)
    app.add_url_rule("/live/bundle.json", "live_bundle", bundle)
    app.add_url_rule("/live/model.onnx", "live_model", model)
    app.add_url_rule("/live/mesh-worker.js", "mesh_worker", worker)


def live() -> str:
    """Show the tab."""
    return render_template("live.html", installed=vendor.installed())


def bundle() -> Response:
    """Answer what the scripts need to know of the bundle and of the mesh."""
    return jsonify(_description(_folder()))


def model() -> Response:
    """Answer the bundle's ONNX file."""
    return send_file(
        (_folder() / MODEL).absolute(), mimetype="application/octet-stream", conditional=True
    )


def worker() -> Response:
    """Answer the mesh's worker: a page of its own, because its rules are looser than the tab's."""
    return send_file(WORKER, mimetype="text/javascript", conditional=True)


def _folder() -> Path:
    """Return the bundle that the browser runs: the served one if it needs no pixels."""
    reader = current_app.extensions["mien"]
    return resolve(BY_POINTS) if reader.takes_pixels else reader.folder


@cache
def _description(folder: Path) -> dict[str, Any]:
    """Return classes and threshold of a bundle, and the mesh's mirror and edges."""
    manifest = load_manifest(folder)
    said = {key: manifest[key] for key in ("name", "version", "classes", "unsure_threshold")}
    return said | {"mirror": MIRROR.tolist(), "edges": EDGES.tolist()}
