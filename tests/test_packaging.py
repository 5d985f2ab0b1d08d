"""What `pip install .` installs: the rooms and what they read, no tests and no sample."""

import shutil
import subprocess
import sys
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner

import landmarks
from mien import MODULES, app
from tests.helpers.paths import ROOT

ROOMS = ("landmarks", "data", "classifiers", "web")
LEFT_OUT = ("sample", "node_modules", "__pycache__")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel of a copy of the sources, built without a network."""
    source = tmp_path_factory.mktemp("source") / "mien"
    source.mkdir()
    for name in ("pyproject.toml", "requirements.txt", "README.md", "LICENSE", "mien.py"):
        shutil.copy(ROOT / name, source)
    for room in (*ROOMS, "tests"):
        shutil.copytree(ROOT / room, source / room, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (source / "data" / "sample").mkdir()
    (source / "data" / "sample" / "list.csv").touch()
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(source.parent), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = source.parent.glob("*.whl")
    with ZipFile(path) as archive:
        yield archive


def test_the_wheel_holds_the_rooms_and_what_they_read(wheel):
    names = set(wheel.namelist())
    sources = {
        str(path.relative_to(ROOT)) for room in ROOMS for path in (ROOT / room).rglob("*.py")
    }
    read = {
        str(path.relative_to(ROOT))
        for folder in ("classifiers/pretrained", "web/templates", "web/static")
        for path in (ROOT / folder).rglob("*.*")
    }
    assert len(read) > 40
    assert sources | read <= names
    assert {"mien.py", "web/openapi.json", "web/en.json", "landmarks/topology.json"} <= names


def test_the_wheel_holds_neither_tests_nor_the_sample(wheel):
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {*ROOMS, "mien.py", f"mien-{landmarks.__version__}.dist-info"}
    assert not [name for name in wheel.namelist() if name.startswith("data/sample")]


def test_the_wheel_needs_what_requirements_txt_pins(wheel):
    folder = f"mien-{landmarks.__version__}.dist-info"
    metadata = wheel.read(f"{folder}/METADATA").decode()
    pins = [
        line
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert [pin for pin in pins if f"Requires-Dist: {pin}" not in metadata] == []
    assert "Requires-Python: <3.13,>=3.11" in metadata
    assert "mien = mien:app" in wheel.read(f"{folder}/entry_points.txt").decode()


def test_mien_has_the_commands_of_all_rooms():
    done = CliRunner().invoke(app, ["--help"])
    assert done.exit_code == 0
    words = done.stdout.split()
    assert [name for name in MODULES if name not in words] == []
    assert {"image", "features", "audit", "train", "serve", "doctor"} <= set(MODULES)


def test_mien_prints_its_version():
    assert CliRunner().invoke(app, ["--version"]).stdout == f"mien {landmarks.__version__}\n"


def test_an_unknown_command_is_a_sentence():
    done = CliRunner().invoke(app, ["imgae"])
    assert done.exit_code == 2
    assert done.stderr == "No such command 'imgae'; mien --help says what there is.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "torsch"), "'torsch' is not one of 'sklearn', 'torch', "),
        (("--hiden", "3"), "Expected an option among --average, --balance, "),
        ((), "Missing option '--out'; mien train --help says what there is."),
    ],
)
def test_an_unfitting_option_is_a_sentence_that_names_what_exists(arguments, said):
    done = CliRunner().invoke(app, ["train", "table", *arguments], prog_name="mien")
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
