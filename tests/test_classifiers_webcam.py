import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from typer import Typer
from typer.testing import CliRunner

from classifiers.cli import webcam
from data.errors import StorageError
from landmarks.video import camera
from landmarks.video.camera import Camera, CameraError
from landmarks.video.reader import VideoReader
from tests.helpers.square_faces import RED, squares, use_squares
from tests.helpers.video_maker import make_video

needs_xvfb = pytest.mark.skipif(not shutil.which("Xvfb"), reason="Xvfb isn't installed")


@pytest.fixture
def video(tmp_path):
    frames = [squares((10 + 2 * k, 20, 40, RED), size=(640, 480)) for k in range(12)]
    return make_video(tmp_path / "video.mp4", frames, rate=10)


@pytest.fixture
def screen():
    """A display without a screen; its number."""
    out, into = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(into), "-screen", "0", "1024x768x24", "-nolisten", "tcp"],
        pass_fds=[into],
        stderr=subprocess.DEVNULL,
    )
    os.close(into)
    with os.fdopen(out) as numbers:
        number = numbers.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait()


class FakeWindow:
    """A screen on which someone presses q at the fifth frame."""

    shown = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def show(self, rgb):
        self.shown += 1
        return self.shown < 5


class EndlessCamera:
    """Stands for OpenCV's camera, and tells whether it was released."""

    released = 0

    def __init__(self, index):
        self.there = index == 0

    def isOpened(self):
        return self.there

    def get(self, _):
        return 0.0

    def read(self):
        return True, squares((10, 20, 40, RED))[:, :, ::-1].copy()

    def release(self):
        EndlessCamera.released += 1


@pytest.fixture
def run(monkeypatch):
    def run(*arguments):
        use_squares(monkeypatch, webcam)
        monkeypatch.setattr(webcam, "Window", FakeWindow)
        app = Typer()
        app.command()(webcam.main)
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def endless(monkeypatch):
    monkeypatch.setattr(camera.cv2, "VideoCapture", EndlessCamera)
    monkeypatch.setattr(EndlessCamera, "released", 0)


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_q_ends_it_keeps_the_results_and_releases_the_camera(run, endless, tmp_path):
    done = run("--csv", tmp_path / "me.csv", "--record", tmp_path / "me.mp4")
    assert done.exit_code == 0, done.output
    assert EndlessCamera.released == 1
    table = rows(tmp_path / "me.csv")
    made = json.loads((tmp_path / "me.json").read_text("utf-8"))
    assert made["counts"]["images"] == made["counts"]["faces"] == len(table)
    assert [row["expression"] for row in table] == ["angry"] * 5
    with VideoReader(tmp_path / "me.mp4") as recorded:
        assert len(list(recorded.frames())) == 5


def test_ctrl_c_ends_it_the_same_way(run, endless, tmp_path, monkeypatch):
    def interrupted(self, rgb):
        raise KeyboardInterrupt

    monkeypatch.setattr(FakeWindow, "show", interrupted)
    done = run("--csv", tmp_path / "me.csv")
    assert done.exit_code == 0, done.output
    assert EndlessCamera.released == 1
    assert len(rows(tmp_path / "me.csv")) == 1


def test_the_camera_is_released_when_the_disk_refuses(run, endless, tmp_path, monkeypatch):
    def full(self, rows):
        raise StorageError("The disk is full.")

    monkeypatch.setattr(webcam.Sheet, "add", full)
    done = run("--csv", tmp_path / "me.csv")
    assert done.exit_code == 3
    assert done.stderr == "The disk is full.\n"
    assert EndlessCamera.released == 1


def test_without_a_camera_there_is_one_sentence(run, endless):
    done = run("--camera", 1)
    assert done.exit_code == 1
    assert "Camera 1 can't be opened" in done.stderr
    assert done.stderr.count("\n") == 1


def test_opencv_says_nothing_of_its_own_about_a_camera_that_is_not_there(capfd):
    with pytest.raises(CameraError):
        Camera(97)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("display", [None, ":9753"])
def test_without_a_display_there_is_one_sentence(video, display):
    done = start(video, display).communicate(timeout=120)
    assert "Expected a display" in done[1]
    assert done[1].count("\n") == 1


@needs_xvfb
def test_a_window_shows_frames_with_expression_and_rate(screen, video, tmp_path):
    out = tmp_path / "me.csv"
    process = start(video, screen, "--csv", str(out))
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert len(rows(out)) == 12


@pytest.mark.slow
@needs_xvfb
def test_ctrl_c_on_a_real_window_leaves_whole_results(screen, tmp_path):
    frames = [np.full((240, 320, 3), 100, np.uint8)] * 2000
    path = make_video(tmp_path / "long.avi", frames)
    out = tmp_path / "me.csv"
    process = start(path, screen, "--csv", str(out), "--record", str(tmp_path / "me.mp4"))
    part = tmp_path / "me.csv.part"
    give_up = time.monotonic() + 100
    while not (part.exists() and part.stat().st_size > 0) and time.monotonic() < give_up:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert stderr == ""
    assert out.exists()


def start(video, display, *options):
    """Start the command with a video for a camera."""
    environment = {name: value for name, value in os.environ.items() if "DISPLAY" not in name}
    environment |= {"DISPLAY": display} if display else {}
    return subprocess.Popen(
        [sys.executable, "-m", "classifiers", "webcam", "--camera", str(video), *options],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_frame_rate_is_the_mean_of_the_newest_frames():
    at = webcam.frame_rate()
    assert at(0.0) == 0.0
    assert [at(k / 10) for k in range(1, 5)] == pytest.approx([10] * 4)
    rates = [at(0.4 + k / 40) for k in range(1, 60)]
    assert rates == sorted(rates)
    assert rates[-1] == pytest.approx(40, abs=1)
