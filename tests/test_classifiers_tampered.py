"""Bundles that were tampered with: each is refused with a sentence before any of it is run."""

import json
import pickle
import shutil
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from classifiers.bundle import manifest as manifests
from classifiers.bundle.bundle import (
    CARD,
    MANIFEST,
    MAX_BYTES,
    MODEL,
    PICKLE,
    PIXELS,
    SHIPPED,
    WEIGHTS,
    BundleError,
    load_manifest,
    train_pixels,
)
from classifiers.inference.predictor import Predictor
from tests.helpers.paths import ROOT


class Mine:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.fixture
def bundle(tmp_path):
    return Path(shutil.copytree(SHIPPED / "landmarks", tmp_path / "copy"))


def edit(folder, **fields):
    """Change the manifest, which nothing signs."""
    path = folder / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def put(folder, name, content):
    """Put another file into a bundle, with its hash in the manifest."""
    (folder / name).write_bytes(content)
    files = json.loads((folder / MANIFEST).read_text())["files"]
    edit(folder, files=files | {name: sha256(content).hexdigest()})


def flip(name, at):
    def tamper(folder):
        content = bytearray((folder / name).read_bytes() or b"\0")
        content[int(at * (len(content) - 1))] ^= 1
        (folder / name).write_bytes(content)

    return tamper


def manifest_text(change):
    def tamper(folder):
        path = folder / MANIFEST
        text = path.read_text()
        changed = change(text)
        assert changed != text
        path.write_text(changed)

    return tamper


def linked(folder):
    real = folder.parent / "elsewhere.onnx"
    (folder / MODEL).rename(real)
    (folder / MODEL).symlink_to(real)


def linked_manifest(folder):
    real = folder.parent / "elsewhere.json"
    (folder / MANIFEST).rename(real)
    (folder / MANIFEST).symlink_to(real)


def files_named(name):
    def tamper(folder):
        (folder.parent / "outside").write_bytes(b"outside")
        files = json.loads((folder / MANIFEST).read_text())["files"]
        edit(folder, files=files | {name: sha256(b"outside").hexdigest()})

    return tamper


def pickled(name):
    def tamper(folder):
        put(folder, name, pickle.dumps(Mine(folder.parent / "ran")))

    return tamper


def zipped(folder):
    with zipfile.ZipFile(folder.parent / "model.zip", "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps(Mine(folder.parent / "ran")))
    put(folder, WEIGHTS, (folder.parent / "model.zip").read_bytes())


def graph(*nodes, inputs=("points",), outputs=("y",), weights=(), shape=("n", 7), domains=()):
    """Return an ONNX model of the given nodes."""
    took = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in inputs]
    gave = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in outputs]
    opsets = [helper.make_opsetid("", 17), *(helper.make_opsetid(name, 1) for name in domains)]
    made = helper.make_graph(list(nodes), "g", took, gave, list(weights))
    return helper.make_model(made, opset_imports=opsets, ir_version=8).SerializeToString()


def outside(location):
    """A graph whose weights are another file's bytes."""
    weights = onnx.TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1, 7])
    weights.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", "28")):
        weights.external_data.add(key=key, value=value)
    return graph(helper.make_node("Identity", ["w"], ["y"]), weights=[weights])


def model(content):
    return lambda folder: put(folder, MODEL, content)


def relative(folder):
    """Point at a file of the working directory, which a model from bytes would read."""
    (folder.parent / "secret").write_bytes(bytes(28))
    put(folder, MODEL, outside("secret"))


def oversize(folder):
    with (folder / CARD).open("r+b") as file:
        file.truncate(MAX_BYTES + 1)  # sparse: it takes no room


COPY = helper.make_node("Identity", ["points"], ["y"])
NESTED = "[" * 100_000
TAMPERED = {
    "a bit of the model": (flip(MODEL, 0.5), "SHA-256"),
    "the model's first bit": (flip(MODEL, 0), "SHA-256"),
    "the model's last bit": (flip(MODEL, 1), "SHA-256"),
    "a bit of the card": (flip(CARD, 0), "SHA-256"),
    "a bit of the pixels' hashes": (flip(PIXELS, 0), "SHA-256"),
    "a cut model": (lambda f: (f / MODEL).write_bytes((f / MODEL).read_bytes()[:-9]), "SHA-256"),
    "a wrong hash": (lambda f: edit(f, files={MODEL: "0" * 64, CARD: "", PIXELS: ""}), "SHA-256"),
    "a hash that is none": (lambda f: edit(f, files={MODEL: 1, CARD: [], PIXELS: None}), "SHA-256"),
    "a file without a hash": (lambda f: edit(f, files={}), "Expected card.md"),
    "a missing file": (lambda f: (f / MODEL).unlink(), f"Expected {MODEL}"),
    "an extra file": (lambda f: (f / "sitecustomize.py").write_text("x"), "sitecustomize.py"),
    "an extra folder": (lambda f: (f / "numpy").mkdir(), "'numpy'"),
    "an extra file with its hash": (lambda f: put(f, "run.py", b"x"), "Expected run.py"),
    "a path that climbs": (files_named("../outside"), r"Expected \.\./outside"),
    "an absolute path": (files_named("/etc/hostname"), "Expected /etc/hostname"),
    "a name with a zero": (files_named("card.md\0"), "Expected card.md"),
    "a model that is a link": (linked, f"Expected {MODEL}"),
    "a manifest that is a link": (linked_manifest, "manifest"),
    "a folder for a model": (
        lambda f: ((f / MODEL).unlink(), (f / MODEL).mkdir()),
        f"Expected {MODEL}",
    ),
    "a pickle for a model": (pickled(MODEL), "no pickle"),
    "a pickle for weights": (pickled(WEIGHTS), "no pickle"),
    "a pickle for hashes": (pickled(PIXELS), "no pickle"),
    "PyTorch's pickle for weights": (zipped, "no pickle"),
    "a huge file": (oversize, "at most"),
    "another format": (lambda f: edit(f, format=2), "format 3, got 2"),
    "a true format": (lambda f: edit(f, format=True), "format 3"),
    "a key twice": (
        manifest_text(lambda text: text.replace("{", '{"classes": ["a", "b"], ', 1)),
        "manifest",
    ),
    "depth without end": (manifest_text(lambda _: NESTED), "manifest"),
    "NaN": (manifest_text(lambda text: text.replace("{", '{"x": NaN, ', 1)), "manifest"),
    "a calibration of NaN": (lambda f: edit(f, calibration={"bias": [float("nan")]}), "manifest"),
    "an infinite calibration": (
        manifest_text(
            lambda text: json.dumps(json.loads(text) | {"calibration": {"bias": [7]}}).replace(
                "[7]", "[1e999, 1, 1, 1, 1, 1, 1]"
            )
        ),
        "calibration",
    ),
    "a calibration for others": (lambda f: edit(f, calibration={"scale": [1.0]}), "calibration"),
    "a prior for others": (lambda f: edit(f, prior=[1.0]), "prior"),
    "a class of no share": (lambda f: edit(f, prior=[0, *[0.1] * 6]), "prior"),
    "eight meshes a face": (lambda f: edit(f, meshes=8), "meshes"),
    "a threshold out of range": (lambda f: edit(f, uncertain_threshold=1.5), "uncertain_threshold"),
    "foreign classes": (
        lambda f: edit(f, classes=["a", "b"], calibration={}, prior=[0.5, 0.5]),
        "manifest's 2 classes",
    ),
    "classes that are no names": (lambda f: edit(f, classes=[["a"], ["b"]]), "names for classes"),
    "classes that steer a terminal": (lambda f: edit(f, classes=["a", "\x1b[2J"]), "names"),
    "another mesh": (lambda f: edit(f, mesh="another"), "mesh"),
    "no ONNX": (model(b"\x08\x08rubbish"), "ONNX model"),
    "a model of nothing": (model(b""), "ONNX model"),
    "weights from an absolute path": (model(outside("/etc/passwd")), "ONNX model"),
    "weights from a path that climbs": (model(outside("../outside")), "ONNX model"),
    "weights from the working directory": (relative, "ONNX model"),
    "an operation of its own": (
        model(graph(helper.make_node("Run", ["points"], ["y"], domain="mine"), domains=["mine"])),
        "ONNX model",
    ),
    "a Python operation": (
        model(graph(helper.make_node("PyOp", ["points"], ["y"], domain="com.microsoft"))),
        "ONNX model",
    ),
    "other inputs": (
        model(graph(helper.make_node("Identity", ["path"], ["y"]), inputs=["path"])),
        "points to one row",
    ),
    "answers of another shape": (model(graph(COPY, shape=("n",))), "points to one row"),
    "two answers": (
        model(graph(COPY, helper.make_node("Neg", ["points"], ["z"]), outputs=["y", "z"])),
        "points to one row",
    ),
}


def test_the_bundle_loads_as_it_is(bundle):
    assert Predictor(bundle).classes


def test_there_are_thirty_ways():
    assert len(TAMPERED) >= 30


@pytest.mark.parametrize("way", TAMPERED)
def test_a_tampered_bundle_is_refused_with_a_sentence(bundle, way, monkeypatch):
    monkeypatch.chdir(bundle.parent)
    monkeypatch.setattr(Predictor, "predict_proba", lambda *_: pytest.fail("it was run"))
    tamper, said = TAMPERED[way]
    tamper(bundle)
    with pytest.raises(BundleError, match=said) as caught:
        Predictor(bundle)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
    assert not (bundle.parent / "ran").exists()


def test_a_huge_manifest_is_not_read(bundle, monkeypatch):
    monkeypatch.setattr(manifests, "MAX_MANIFEST_BYTES", 10)
    with pytest.raises(BundleError, match="manifest"):
        load_manifest(bundle)


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\x93NUMPY\x01\x00"])
def test_hashes_that_are_none_are_refused(bundle, content):
    put(bundle, PIXELS, content)
    with pytest.raises(BundleError, match="Expected hashes"):
        train_pixels(bundle)


def test_hashes_of_objects_are_not_unpickled(bundle):
    path = bundle.parent / "ran"
    np.save(bundle / PIXELS, np.array([Mine(path)], dtype=object), allow_pickle=True)
    with pytest.raises(BundleError, match="Expected hashes"):
        train_pixels(bundle)
    assert not path.exists()


SERVE = """
import sys
seen = []
sys.addaudithook(lambda event, args: seen.append(args) if event == "pickle.find_class" else None)
from classifiers.inference.predictor import Predictor
from landmarks.images import read_image
from tests.helpers.golden_faces import COMPOSITES, SAMPLE
from tests.helpers.posting import encoded, post
from web import create_app
from web.inference.service import Reader
client = create_app(Reader(Predictor(sys.argv[1]))).test_client()
seen.clear()  # what was before is the import of libraries
answer = post(client, encoded(read_image(SAMPLE / COMPOSITES[0])), path="/api/predict")
print(answer.status_code, seen)
import pickle
pickle.loads(pickle.dumps(sys.version_info.__class__ and ValueError()))
print(len(seen))
"""


def test_serving_unpickles_nothing(bundle):
    put(bundle, PICKLE, pickle.dumps(Mine(bundle.parent / "ran")))
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(bundle)], cwd=ROOT, capture_output=True, text=True
    )
    # The last line shows that the hook would have seen it.
    assert done.stdout.split("\n")[:2] == ["200 []", "1"], done.stderr
    assert not (bundle.parent / "ran").exists()
