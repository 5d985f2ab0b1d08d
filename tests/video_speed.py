"""Measure how fast videos are read, in how much memory, and what one mesh a frame costs.

``python -m tests.video_speed`` prints it, ``make bench`` the rate alone: of a 720p video of one
moving face with the landmark model, beside one bare call of Face Mesh a frame. Memory is the peak
of a process that writes everything.
"""

import re
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import skimage.data
import typer

from classifiers.inference.predictor import Predictor
from classifiers.inference.smoothing import Smoother
from classifiers.inference.video import VideoPredictor
from landmarks.detection.detector import shared_detector
from landmarks.detection.mediapipe_graphs import bare_call
from landmarks.detection.tta_crops import crop_at
from landmarks.images import read_image
from landmarks.video.reader import VideoReader
from landmarks.video.tracker import MIN_CONFIDENCE, FaceTracker
from tests.helpers.video_maker import make_video, moving

FRAMES, WARM_UP = 500, 25
"""Frames of the video whose rate is measured, the first of which build the graphs."""

GOAL = 25
"""Frames/s that a video of usual rate needs to be read as fast as it plays."""

LENGTHS = (500, 5000)
"""Frames of the videos whose peaks of memory are compared."""

STEPS, COMPARED = 12, 3
"""Frames in which a face moves about, of which every third is compared."""

SIZE = (640, 512)


def main(
    rate: Annotated[bool, typer.Option("--rate", help="Only how fast, in half a minute.")] = False,
) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        print_rate(Path(folder))
        if not rate:
            print_memory(Path(folder))
    if not rate:
        print_agreement()


def print_rate(folder):
    """Read a 720p video of the portrait, its face enlarged to 120 pixels, then by command."""
    picture = cv2.resize(skimage.data.astronaut(), None, fx=1.3, fy=1.3)
    frames = moving(picture, FRAMES, (1280, 720), (100, 20), (1.5, 0.15))
    path = make_video(folder / "video.mp4", frames, rate=25, sound=True)
    ours, bare = seconds_a_frame(path)
    start = time.perf_counter()
    peak_of_command(path)
    whole = (time.perf_counter() - start) / FRAMES
    print(f"a 720p video of one face, {FRAMES} frames, landmark model, by the clock:")
    print(f"bare Face Mesh, once a frame     {1 / bare:8.1f} frames/s")
    print(f"decoded, followed and read       {1 / ours:8.1f} frames/s (goal: at least {GOAL})")
    print(f"ratio to bare Face Mesh          {bare / ours:8.2f}")
    print(f"the command with all results     {1 / whole:8.1f} frames/s, its start among them")


def seconds_a_frame(path):
    """Read a video; return a frame's seconds, and those of a bare call on its face's crop.

    Both take turns, so that what slows the machine down slows both of them.
    """
    predictor, mesh = VideoPredictor(Predictor("landmarks")), bare_call(MIN_CONFIDENCE)
    ours, bare = [], []
    with VideoReader(path) as video:
        start = time.perf_counter()
        for frame in video.frames():
            ((_, found),) = predictor.predict(frame)
            ours.append(time.perf_counter() - start)
            crop = crop_at(frame.rgb, found.face.points).pixels
            start = time.perf_counter()
            mesh(crop)
            bare.append(time.perf_counter() - start)
            start = time.perf_counter()
    return np.mean(ours[WARM_UP:]), np.mean(bare[WARM_UP:])


def print_memory(folder):
    """Let the command write all results of a short and of a long video."""
    picture = cv2.resize(skimage.data.astronaut(), (240, 240))
    frames = list(moving(picture, 40, (320, 240)))
    for length in LENGTHS:
        path = make_video(folder / f"{length}.mp4", islice(cycle(frames), length), rate=25)
        peak = peak_of_command(path)
        print(f"{length:,} frames of {length / 25:.0f} s with all results: peak of {peak:.0f} MB")


def peak_of_command(video):
    """Let the command write all results of a video; return the most MB that it held."""
    out = [
        f"--output-{kind}={video.with_name(f'{video.stem}-seen.{suffix}')}"
        for kind, suffix in (("csv", "csv"), ("video", "mp4"), ("timeline", "png"))
    ]
    # Linux's own figure: getrusage's begins with what the process had that started this one.
    code = (
        "import sys; from classifiers.__main__ import app\n"
        "try: app(sys.argv[1:])\n"
        "finally: print(open('/proc/self/status').read())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "video", str(video), *out],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(re.search(r"VmHWM:\s+(\d+)", done.stdout)[1]) / 1024


def print_agreement():
    """Move each second composite of the sample about, and the portrait, under noise."""
    predictor = Predictor("landmarks")
    pictures = [read_image(path) for path in sorted(Path("data/sample/test").rglob("*.png"))[::2]]
    pictures.append(skimage.data.astronaut())
    pairs = [pair for picture in pictures for pair in looks(picture, predictor)]
    one, smoothed, eight, apart = (np.array(values) for values in zip(*pairs, strict=True))
    print(
        f"{len(pictures)} faces, {len(pairs)} frames: one look a frame gives the class of eight in "
        f"{np.mean(one == eight):.1%}, averaged over time in {np.mean(smoothed == eight):.1%}; "
        f"points {apart.mean():.2%} of a face's width apart on average"
    )


def looks(picture, predictor):
    """Yield the class by one look, by the average over time, by eight looks, and the distance."""
    tracker, smoother = FaceTracker(), Smoother()
    for k, frame in enumerate(swaying(picture)):
        (face,) = tracker.track(frame, k / 25).values()
        proba = predictor.predict_proba(face.points[None])
        mean = smoother.smooth([1], proba, k / 25)
        if k % COMPARED == COMPARED - 1:
            (exact,) = shared_detector().detect(frame)
            apart = np.linalg.norm((face.points - exact.points)[:, :2], axis=1).mean()
            best = predictor.predict_proba(exact.points[None])
            yield proba.argmax(), mean.argmax(), best.argmax(), apart / exact.box[2]


def swaying(picture):
    """Yield frames in which a face moves, turns and comes nearer, with a camera's noise."""
    random = np.random.default_rng(0)
    height, width = picture.shape[:2]
    enlarged = max(1.0, 300 / height)
    for k in range(STEPS):
        turn, scale = 8 * np.sin(k / 3), enlarged * (1 + 0.1 * np.sin(k / 5))
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn, scale)
        matrix[:, 2] += np.array(SIZE) / 2 - np.array([width, height]) / 2
        matrix[:, 2] += 40 * np.sin(k / 2), 10 * np.cos(k / 2)
        frame = np.full((SIZE[1], SIZE[0], 3), 120, np.uint8)
        cv2.warpAffine(picture, matrix, SIZE, dst=frame, borderMode=cv2.BORDER_TRANSPARENT)
        noisy = frame + random.normal(0, 4, frame.shape)
        yield np.clip(noisy, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    typer.run(main)
