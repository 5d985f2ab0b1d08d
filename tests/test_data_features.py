"""The command itself, in processes of its own that are really killed."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from data.features.lock import LOCK
from tests.helpers.face_folder import contents, write_faces
from tests.helpers.paths import ROOT

# Parts hold 64 images at most: the second one is done while the first is at work.
FACES = {"train/happy": 68, "train/sad": 30, "test/happy": 22}


@pytest.fixture(scope="module")
def undisturbed(faces, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed")
    done = finish(start(faces, out))
    assert done.returncode == 0, done.stderr
    assert "120 images" in done.stdout
    return contents(out)


def start(images, out, *options, **settings):
    command = [sys.executable, "-m", "data", "features", str(images), str(out), *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True, **pipes, **settings)


def finish(process):
    output, errors = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def wait_for_part(process, out):
    while not list((out / ".parts").glob("*.part")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)


def workers_of(process):
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(c) for c in children if b"popen_loky" in Path(f"/proc/{c}/cmdline").read_bytes()]


def sentences(errors):
    # MediaPipe's own log lines start with a letter and a date; ours is the line that is left.
    return [line for line in errors.splitlines() if line.endswith(".")]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the workers in /proc")
def test_killed_outright_it_goes_on_where_it_was(faces, undisturbed, tmp_path):
    process = start(faces, tmp_path, "--workers", "2")
    wait_for_part(process, tmp_path)
    workers = workers_of(process)
    process.kill()
    finish(process)
    assert (tmp_path / LOCK).is_file()
    assert not list(tmp_path.glob("t*/*.csv"))
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "workers outlive the command"
        time.sleep(0.05)
    done = list((tmp_path / ".parts").glob("*.part"))
    stamps = [part.stat().st_mtime_ns for part in done]
    again = start(faces, tmp_path, "--workers", "1")
    while not list(tmp_path.glob("*/*.csv")) and again.poll() is None:
        kept = [part.stat().st_mtime_ns for part in done if part.exists()]
        assert len(kept) < len(done) or kept == stamps
        time.sleep(0.01)
    assert finish(again).returncode == 0
    assert contents(tmp_path) == undisturbed


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the workers in /proc")
def test_a_killed_worker_is_replaced(faces, undisturbed, tmp_path):
    process = start(faces, tmp_path, "--workers", "2")
    wait_for_part(process, tmp_path)
    os.kill(workers_of(process)[0], signal.SIGKILL)
    done = finish(process)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path) == undisturbed


def test_ctrl_c_says_how_to_go_on(faces, undisturbed, tmp_path):
    # A shell starts what runs in the background, perhaps these tests, deaf to Ctrl-C.
    def listen():
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    process = start(faces, tmp_path, "--workers", "2", preexec_fn=listen)
    wait_for_part(process, tmp_path)
    os.killpg(process.pid, signal.SIGINT)
    done = finish(process)
    assert done.returncode == 130
    assert sentences(done.stderr) == ["Stopped. Run the same command again to go on from here."]
    assert finish(start(faces, tmp_path)).returncode == 0
    assert contents(tmp_path) == undisturbed


def test_a_second_run_in_the_same_folder_is_refused_and_harms_nothing(faces, undisturbed, tmp_path):
    first = start(faces, tmp_path, "--workers", "1")
    wait_for_part(first, tmp_path)
    os.kill(first.pid, signal.SIGSTOP)  # else it might be done before the second one begins
    # With other images, whose run would take the first one's parts away.
    second = finish(start(faces / "test", tmp_path, "--workers", "1"))
    os.kill(first.pid, signal.SIGCONT)
    assert second.returncode == 1
    assert sentences(second.stderr) == [
        f"Another make features is at work in {tmp_path}; wait until it ends or name another OUT."
    ]
    assert finish(first).returncode == 0
    assert contents(tmp_path) == undisturbed


def test_many_unreadable_images_are_code_2(tmp_path):
    folder = write_faces(tmp_path / "faces", {"sad": 3})
    (folder / "sad" / "bad.png").write_text("no image")
    done = finish(start(folder, tmp_path / "out", "--workers", "1"))
    assert done.returncode == 2
    assert "1 of 4 images" in done.stderr
    assert (tmp_path / "out/all/sad.csv").is_file()


def test_a_source_that_does_not_fit_is_code_1(tmp_path):
    done = finish(start(tmp_path / "nothing", tmp_path / "out"))
    assert done.returncode == 1
    assert len(sentences(done.stderr)) == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_code_3(faces, tmp_path):
    (tmp_path / "file").touch()
    done = finish(start(faces, tmp_path / "file" / "out"))
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_write_that_fails_is_code_3_and_leaves_no_half_file(faces, tmp_path, workers):
    # A limit on the size of files makes writes fail as a full disk does, for root as well.
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = finish(start(faces, tmp_path, "--workers", workers, preexec_fn=limit))
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*.csv"))
    assert not list(tmp_path.rglob("*.tmp"))
