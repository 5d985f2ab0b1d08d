import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import typer

from data import processes
from data.console import STOPPED, handle_errors
from tests.helpers.processes import GUARD, children, eventually, is_running

ROOT = Path(__file__).parents[1]


def test_sigterm_ends_a_command_as_ctrl_c_does(capsys):
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(typer.Exit) as ended, handle_errors(stopped="Stopped here."):
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.exit_code == STOPPED
    assert capsys.readouterr().err == "Stopped here.\n"
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_thread_leaves_signals_alone():
    inside = []

    def look():
        with processes.termination_as_interrupt():
            inside.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert inside == [signal.getsignal(signal.SIGTERM)]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the workers in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_workers_do_not_outlive_the_command(tmp_path, number):
    command = [sys.executable, "-m", "classifiers", "image", str(ROOT / "data/sample"), "--workers"]
    options = ["2", "--output-csv", str(tmp_path / "faces.csv")]
    process = subprocess.Popen([*command, *options], cwd=ROOT, stderr=subprocess.PIPE)
    part = tmp_path / "faces.csv.part"
    eventually(lambda: part.exists() and part.read_bytes().count(b"\n") > 1)
    workers = children(process.pid)
    process.send_signal(number)
    said = process.communicate(timeout=GUARD)[1]
    if number == signal.SIGTERM:
        assert process.returncode == STOPPED
        assert said.startswith(b"Stopped after ")
    eventually(lambda: not any(map(is_running, workers)))
