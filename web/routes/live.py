"""Serve the live tab: camera, mesh and expression, all in the visitor's browser."""

from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, current_app, jsonify, render_template, send_file

from classifiers.bundle.bundle import MODEL, load_manifest
from classifiers.bundle.manifest import takes_pixels
from classifiers.inference.shifts import RELATIVE, REST, SCALE
from classifiers.inference.smoothing import TAU
from landmarks.face_crop import MIDDLE, RADIUS, SIDE
from landmarks.mesh import CANONICAL, EDGES, MIRROR
from landmarks.video.tracks import MAX_AGE_S, MIN_IOU
from web.routes.tables import columns_of

WEB = Path(__file__).parents[1]

NODE_MODULES = WEB / "node_modules"
"""Where ``make web`` installs the packages of package-lock.json, if npm is there.

Mien serves their files itself, so that a visitor's browser asks no other host.
"""

_FACE_MESH = "@mediapipe/face_mesh/face_mesh"
_RUNTIME = "onnxruntime-web/dist/ort"

FILES = {
    f"{_FACE_MESH}.js": "text/javascript",
    f"{_FACE_MESH}.binarypb": "application/octet-stream",
    f"{_FACE_MESH}_solution_packed_assets_loader.js": "text/javascript",
    f"{_FACE_MESH}_solution_packed_assets.data": "application/octet-stream",
    f"{_FACE_MESH}_solution_simd_wasm_bin.js": "text/javascript",
    f"{_FACE_MESH}_solution_simd_wasm_bin.wasm": "application/wasm",
    "fflate/esm/browser.js": "text/javascript",
    f"{_RUNTIME}.wasm.bundle.min.mjs": "text/javascript",
    f"{_RUNTIME}-wasm-simd-threaded.wasm": "application/wasm",
}
"""File under `NODE_MODULES` -> its media type."""

_CROP = {
    "side": SIDE,
    "radius": RADIUS,
    "above": -MIDDLE.imag,
    "mean_face": (CANONICAL - CANONICAL.mean(axis=0))[:, :2].astype(float).round(6).tolist(),
}
"""How a face is cut out for a model that takes pixels, see `landmarks.face_crop`."""

WORKER = WEB / "static" / "live" / "mesh-worker.js"


def register(app: Flask) -> None:
    """Add the tab, and what its scripts ask for, to the application."""
    app.add_url_rule("/live", "live", live)
    app.add_url_rule("/vendor/<path:name>", "vendor", vendor)
    app.add_url_rule("/live/bundle.json", "live_bundle", bundle)
    app.add_url_rule("/live/model.onnx", "live_model", model)
    app.add_url_rule("/live/mesh-worker.js", "mesh_worker", worker)


def live() -> str:
    """Show the tab."""
    return render_template("live.html", installed=installed())


def bundle() -> Response:
    """Answer what the scripts need to know of the bundle and of the mesh."""
    return jsonify(_description(current_app.extensions["service"].folder))


def model() -> Response:
    """Answer the bundle's ONNX file."""
    path = (current_app.extensions["service"].folder / MODEL).absolute()
    return send_file(path, mimetype="application/octet-stream", conditional=True)


def worker() -> Response:
    """Answer the mesh's worker: a page of its own, because its rules are looser than the tab's."""
    return send_file(WORKER, mimetype="text/javascript", conditional=True)


def installed() -> bool:
    """Say whether every one of `FILES` is there."""
    return all((NODE_MODULES / name).is_file() for name in FILES)


def vendor(name: str) -> Response:
    """Answer one of `FILES`; its ETag spares the browser 25 MB on the next visit."""
    if name not in FILES or not (NODE_MODULES / name).is_file():
        abort(404)
    return send_file(NODE_MODULES / name, mimetype=FILES[name], conditional=True)


@cache
def _description(folder: Path) -> dict[str, Any]:
    """Return classes and threshold of a bundle, the mesh's mirror and edges, and how to track."""
    manifest = load_manifest(folder)
    tracking = {"min_iou": MIN_IOU, "max_age_s": MAX_AGE_S, "tau": TAU}
    description = {
        "mirror": MIRROR.tolist(),
        "edges": EDGES.tolist(),
        "tracking": tracking,
        "relative": RELATIVE[takes_pixels(manifest)]._asdict() | {"rest": REST, "scale": SCALE},
        "crop": _CROP if takes_pixels(manifest) else None,
    }
    description["columns"] = columns_of(manifest["classes"])
    keys = ("name", "version", "classes", "uncertain_threshold", "meshes")
    return {key: manifest[key] for key in keys} | description
