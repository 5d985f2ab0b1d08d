"""How fast films are read, in how much memory, and what one look a frame costs.

``python -m tests.filming`` prints it. The rate is of a 720p film of one moving face with the
landmark model, with nothing written; memory is the peak of a process that writes everything.
"""

import re
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np
import skimage.data

from classifiers.films.reading import FilmReader
from classifiers.films.smoothing import Smoother
from classifiers.predictor import Predictor
from landmarks.detector import shared_finder
from landmarks.films import Film
from landmarks.images import read_image
from landmarks.tracking import FaceTracker
from tests.film_maker import make_film, moving

FRAMES = 150
LENGTHS = (500, 5000)
"""Frames of the films whose peaks of memory are compared."""

STEPS, COMPARED = 12, 3
"""Frames in which a face moves about, of which every third is compared."""

SIZE = (640, 512)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        print_rate(Path(folder))
        print_memory(Path(folder))
    print_agreement()


def print_rate(folder):
    """Read a 720p film of the portrait, 93 pixels of face enlarged to 120."""
    picture = cv2.resize(skimage.data.astronaut(), None, fx=1.3, fy=1.3)
    path = folder / "film.mp4"
    make_film(path, moving(picture, FRAMES, (1280, 720), (100, 20), (3, 0.3)), rate=25, sound=True)
    reader = FilmReader(Predictor("landmarks"))
    with Film(path) as film:
        for frame in film.frames():
            reader.read(frame)
            if frame.number == 25:  # the graphs are built by then
                wall, processor = time.perf_counter(), time.process_time()
    rest = FRAMES - 25
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(
        f"720p, one face: {rest / wall:.0f} frames/s, {1000 * processor / rest:.1f} ms of one "
        f"core a frame ({rest / processor:.0f} frames/s on a core left alone)"
    )


def print_memory(folder):
    """Let the command write all results of a short and of a long film."""
    picture = cv2.resize(skimage.data.astronaut(), (240, 240))
    frames = list(moving(picture, 40, (320, 240)))
    for length in LENGTHS:
        path = make_film(folder / f"{length}.mp4", islice(cycle(frames), length), rate=25)
        out = [
            f"--output-{kind}={folder / f'{length}-seen.{suffix}'}"
            for kind, suffix in (("csv", "csv"), ("video", "mp4"), ("timeline", "png"))
        ]
        code = (
            "import resource, sys; from classifiers.__main__ import app\n"
            "try: app(sys.argv[1:])\n"
            "finally: print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, "video", str(path), *out],
            capture_output=True,
            text=True,
            check=True,
        )
        peak = int(re.search(r"peak (\d+)", done.stdout)[1]) / 1024
        print(f"{length:,} frames of {length / 25:.0f} s with all results: peak of {peak:.0f} MB")


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
        (face,) = tracker.find(frame, k / 25)
        proba = predictor.predict_proba(face.points[None])
        mean = smoother.smooth([1], proba, k / 25)
        if k % COMPARED == COMPARED - 1:
            (exact,) = shared_finder().find(frame)
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
    main()
