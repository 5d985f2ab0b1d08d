import os
import subprocess
import sys
from pathlib import Path

import pytest

from data.console import NO_STORAGE
from tests.helpers.paths import ROOT

PROGRAM = """
from data.commands import command_line
import sys, types
import typer
from data.console import handle_errors
def main(text: str = "a\\u2588\\udcffb"):
    with handle_errors():
        print(text)
    raise typer.Exit(0)
sys.modules["told"] = types.SimpleNamespace(main=main)
command_line("told", "Tell.", {"tell": "told"})()
"""


def tell(encoding="utf-8", arguments=("tell",), **settings):
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, **settings)


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii"])
def test_what_stdout_cannot_encode_is_replaced(encoding):
    done = tell(encoding, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"a??b\n", b"")
    assert tell(encoding, ("--help",), capture_output=True).returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no device that is always full")
def test_a_full_stdout_is_a_sentence_and_a_code():
    with open("/dev/full", "wb") as full:
        done = tell(stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == NO_STORAGE
    assert done.stderr.startswith(b"Can't write to stdout: No space left on device; make room")
    assert done.stderr.count(b"\n") == 1


def test_a_closed_stdout_is_none():
    done = tell(stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1))
    assert (done.returncode, done.stderr) == (0, b"")
