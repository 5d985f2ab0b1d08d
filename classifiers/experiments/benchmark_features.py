"""``make bench``: compare the speed of ``make features`` with that of bare Face Mesh calls.

Both get the same images. Each image is resized to 48 x 48 pixels, as FER2013's are, and written to
a temporary folder. ``make features`` runs over a list of them. A bare loop on one core runs Face
Mesh over the crops that the detector makes of them: enlarged with a border, and the flip of that.
The loop also runs on all cores at once, which on most machines is slower than one core's rate times
their number: cores share memory, and virtual cores share more.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import joblib
import numpy as np
import typer
from PIL import Image

from classifiers.cli.options import WorkersOption
from data.console import handle_errors
from data.errors import DataError
from data.sources import read_images
from landmarks.detection.detector import first_tight_crop
from landmarks.detection.mediapipe_graphs import bare_call
from landmarks.images import ImageError, read_image

SIDE = 48
MAX_DIFFERENT = 2000
BARE_IMAGES = 400
GOAL = 0.9
MAX_CALLS = 2.2
SAMPLING_SECONDS = 0.5


@dataclass(frozen=True)
class Run:
    """A run of ``make features``.

    Wall-clock seconds, processor seconds of all its processes, and MB of each worker after a fifth
    of the run and at its end.
    """

    seconds: float
    processor: float
    memory: list[tuple[float, float]]


def bench(
    images: Annotated[Path, typer.Argument(help="Folder of class folders, or CSV.")] = Path(
        "data/sample"
    ),
    count: Annotated[
        int, typer.Option(min=1, help="Images to run over, repeated to fill.")
    ] = 20000,
    workers: WorkersOption = 0,
) -> None:
    """Print images/s of make features beside cores x a bare Face Mesh loop, and workers' memory."""
    workers = workers or os.cpu_count() or 1
    with handle_errors(), TemporaryDirectory() as folder:
        crops = _write_crops(images, Path(folder))
        n_bare = min(count, BARE_IMAGES)

        def bare_speeds() -> np.ndarray:
            one, together = _bare_rate(crops, n_bare), _bare_rate_together(crops, n_bare, workers)
            # An image gets two calls.
            call = 1 / (2 * _bare_rate(crops, n_bare, time.process_time))
            return np.array([call, one, together])

        # The machine may slow down or speed up meanwhile: measured on both sides of the run.
        before = bare_speeds()
        run = _run_features(_write_list(Path(folder), len(crops), count), workers)
        call, bare, together = (before + bare_speeds()) / 2
    _report(count, workers, bare, together, run)
    calls = run.processor / count / call
    print(f"processor time of an image       {calls:8.2f} bare calls (goal: at most {MAX_CALLS})")


def _write_crops(images: Path, folder: Path) -> list[np.ndarray]:
    """Write the readable images in FER2013's size, numbered, and return their RGB pixels."""
    refs, crops = read_images(images), []
    for ref in refs[:: 1 + len(refs) // MAX_DIFFERENT]:
        try:
            image = Image.fromarray(read_image(ref.path)).convert("L").resize((SIDE, SIDE))
        except ImageError:
            continue
        image.save(folder / f"{len(crops)}.png")
        crops.append(np.asarray(image.convert("RGB")))
    if not crops:
        raise DataError(f"None of the images in {images} can be read; name others.")
    return crops


def _write_list(folder: Path, different: int, count: int) -> Path:
    """Write the CSV that lists the crops over and over."""
    path = folder / "list.csv"
    lines = (f"{number}.png,face" for number in islice(cycle(range(different)), count))
    path.write_text("\n".join(["path,label", *lines]))
    return path


def _bare_rate(
    crops: list[np.ndarray], count: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return images/s of Face Mesh alone on one core, on each padded crop and its flip.

    `clock` returns seconds.
    """
    shown = [first_tight_crop(crop) for crop in islice(cycle(crops), count)]
    both = [image for crop, _ in shown for image in (crop.pixels, crop.pixels[:, ::-1].copy())]
    # MediaPipe's own call, without what the detector does around it.
    mesh = bare_call(shown[0][1])
    for image in both[:10]:  # The first ones build the graph.
        mesh(image)
    start = clock()
    for image in both:
        mesh(image)
    return len(shown) / (clock() - start)


def _bare_rate_together(crops: list[np.ndarray], count: int, workers: int) -> float:
    """Return images/s of bare loops on all cores at once, summed."""
    loop = joblib.delayed(_bare_rate)
    return sum(joblib.Parallel(workers)(loop(crops[:count], count) for _ in range(workers)))


def _run_features(images: Path, workers: int) -> Run:
    """Run the command and watch its workers' memory."""
    out = images.parent / "features"
    command = [sys.executable, "-m", "data", "features", images, out, "--workers", str(workers)]
    start, samples, before = time.perf_counter(), {}, _processor_seconds_of_children()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            for pid, megabytes in _worker_memory(process.pid).items():
                samples.setdefault(pid, []).append(megabytes)
            time.sleep(SAMPLING_SECONDS)
        seconds = time.perf_counter() - start
    if process.returncode:
        raise DataError(f"make features ended with code {process.returncode}; see above.")
    # In its first fifth a worker imports and meets the first hard images, for which the detector
    # builds its other graphs; from then on memory should be flat.
    ends = [(s[len(s) // 5], s[-1 - len(s) // 50]) for s in samples.values()]
    return Run(seconds, _processor_seconds_of_children() - before, ends)


def _processor_seconds_of_children() -> float:
    """Return the processor seconds of child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _worker_memory(pid: int) -> dict[int, float]:
    """Return resident MB of each loky worker of a process; empty where there is no /proc."""
    found = {}
    try:
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            if b"popen_loky" in Path(f"/proc/{child}/cmdline").read_bytes():
                pages = int(Path(f"/proc/{child}/statm").read_text().split()[1])
                found[int(child)] = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:  # A process that ended between two lines.
        pass
    return found


def _report(count: int, workers: int, bare: float, together: float, run: Run) -> None:
    """Print the rates."""
    rate = count / run.seconds
    ratio = rate / (workers * bare)
    print(f"bare Face Mesh loop, one core    {bare:8.1f} images/s (two meshes an image)")
    print(f"bare loops on {workers} cores at once    {together:8.1f} images/s together")
    print(f"make features, {workers} workers        {rate:8.1f} images/s ({count:,} images)")
    print(f"ratio to {workers} x the bare loop      {ratio:8.2f} (goal: at least {GOAL})")
    print(f"ratio to the loops at once       {rate / together:8.2f}")
    for number, (warm, last) in enumerate(run.memory, start=1):
        print(f"memory of worker {number}      {warm:5.0f} MB once warm, {last:5.0f} MB at the end")


if __name__ == "__main__":
    typer.run(bench)
