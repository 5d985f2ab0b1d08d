"""setup.sh makes the environment, and says in one sentence what it lacks."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.helpers.paths import ROOT

TOOLS = ("sh", "env", "rm", "dirname", "mkdir")
STUBS = {"cv2": "", "mediapipe": ""}
NO_LIBGL = 'raise ImportError("libGL.so.1: cannot open shared object file: No such file")'


@pytest.fixture
def checkout(tmp_path):
    """A copy of what the set-up reads, with no packages to install, and an empty PATH."""
    folder, path = tmp_path / "mien", tmp_path / "path"
    (folder / "landmarks").mkdir(parents=True)
    for name in ("setup.sh", "landmarks/__init__.py", "landmarks/system_libraries.py"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "requirements.txt").touch()
    path.mkdir()
    for name in TOOLS:
        (path / name).symlink_to(shutil.which(name))
    stub(folder, **STUBS)
    return folder


def stub(folder, **modules):
    """Put modules where Python looks first."""
    for name, source in modules.items():
        (folder / f"{name}.py").write_text(source)


def put(checkout, name, script):
    """Put a program on the PATH."""
    program = checkout.parent / "path" / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def set_up(checkout, *arguments):
    environment = {"PATH": str(checkout.parent / "path"), "HOME": str(checkout.parent)}
    return subprocess.run(
        ["/bin/sh", "setup.sh", *arguments],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("arguments", [(".venv",), ("--dev", ".venv"), ("--check", ".venv")])
def test_without_python_the_sentence_names_uv(checkout, arguments):
    done = set_up(checkout, *arguments)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "found no Python 3: install uv" in done.stderr


@pytest.mark.slow
def test_uv_brings_a_python(checkout):
    # "$(...)" of the last argument: the folder.
    put(checkout, "uv", f'for place; do :; done\nexec {sys.executable} -m venv "$place"')
    done = set_up(checkout, ".venv")
    assert done.returncode == 0, done.stderr
    assert "Fetching Python 3.12 with uv" in done.stderr
    assert (checkout / ".venv" / "bin" / "python").exists()


def test_uv_without_a_network_is_one_sentence(checkout):
    put(checkout, "uv", "exit 2")
    done = set_up(checkout, ".venv")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("uv could not bring Python 3.12")


@pytest.mark.slow
def test_a_missing_system_library_is_told_at_set_up(checkout):
    stub(checkout, cv2=NO_LIBGL)
    put(checkout, "python3", f'exec {sys.executable} "$@"')
    done = set_up(checkout, ".venv")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "libGL.so.1" in done.stderr.splitlines()[-1]
    assert "apt-get install libgl1" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("classifiers", "image", "photo.jpg"),
        ("classifiers", "--help"),
        ("data", "features", "photos", "out"),
        ("web",),
        ("mien", "serve"),
    ],
)
def test_no_command_shows_a_traceback_for_a_missing_library(tmp_path, arguments):
    stub(tmp_path, cv2=NO_LIBGL)
    done = run_without_library(tmp_path, *arguments)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "apt-get install libgl1" in done.stderr


def test_the_doctor_names_the_missing_library(tmp_path):
    stub(tmp_path, cv2=NO_LIBGL)
    done = run_without_library(tmp_path, "classifiers", "doctor")
    assert done.returncode == 1
    assert done.stdout.count("apt-get install libgl1") == 2
    assert "rm -rf .venv" not in done.stdout
    assert "git checkout" not in done.stdout


def run_without_library(folder, module, *arguments):
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
