"""What the live tab runs that others wrote: the few files of web/node_modules that it asks for.

``make web`` installs them from package-lock.json where npm is there. Mien serves them itself, so
that a visitor's browser asks no other host; what is not on the list here is not served.
"""

from pathlib import Path

from flask import Flask, Response, abort, send_file

NODE_MODULES = Path(__file__).with_name("node_modules")

_MESH = "@mediapipe/face_mesh/face_mesh"
_RUNTIME = "onnxruntime-web/dist/ort"

FILES = {
    f"{_MESH}.js": "text/javascript",
    f"{_MESH}.binarypb": "application/octet-stream",
    f"{_MESH}_solution_packed_assets_loader.js": "text/javascript",
    f"{_MESH}_solution_packed_assets.data": "application/octet-stream",
    f"{_MESH}_solution_simd_wasm_bin.js": "text/javascript",
    f"{_MESH}_solution_simd_wasm_bin.wasm": "application/wasm",
    "fflate/esm/browser.js": "text/javascript",
    f"{_RUNTIME}.wasm.bundle.min.mjs": "text/javascript",
    f"{_RUNTIME}-wasm-simd-threaded.wasm": "application/wasm",
}
"""File under `NODE_MODULES` -> its media type."""


def register(app: Flask) -> None:
    """Add the files to the application, below /vendor/."""
    app.add_url_rule("/vendor/<path:name>", "vendor", vendor)


def installed() -> bool:
    """Say whether every file is there."""
    return all((NODE_MODULES / name).is_file() for name in FILES)


def vendor(name: str) -> Response:
    """Answer one of `FILES`; its ETag spares the browser 25 MB on the next visit."""
    if name not in FILES or not (NODE_MODULES / name).is_file():
        abort(404)
    return send_file(NODE_MODULES / name, mimetype=FILES[name], conditional=True)
