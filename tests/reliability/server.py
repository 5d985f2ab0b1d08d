"""The server under test: started as anyone starts it, and looked at from outside."""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx
import psutil
import skimage.data

from tests.helpers.posting import PORTRAIT, encoded

ROOT = Path(__file__).parent.parent.parent
BOUNDARY = "----mien"
TIMEOUT = 30.0
"""Seconds after which a request counts as hung."""


class Answered(NamedTuple):
    """What one request got: ``status`` 0 if nothing came within `TIMEOUT`."""

    name: str
    status: int
    seconds: float
    text: str
    retry_after: str


def form(content: bytes, name: str = "photo.jpg") -> dict:
    """Return the options of an httpx request that posts a photo, its body made beforehand."""
    disposition = f'Content-Disposition: form-data; name="image"; filename="{name}"'
    head = f"--{BOUNDARY}\r\n{disposition}\r\n\r\n"
    body = head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
    return {
        "content": body,
        "headers": {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
    }


SPARE = 1
"""Processes beyond those that read at once, see `web.inference.pool.WorkerPool`."""


class Server:
    """A running server.

    Attributes
    ----------
    address : str
    n_workers : int
    place : Path
        Its working directory, home and folder for temporary files.
    log : Path
        What it wrote to stderr.
    """

    def __init__(
        self, process: psutil.Process, address: str, n_workers: int, place: Path, log: Path
    ):
        self._process, self.n_workers = process, n_workers
        self.address, self.place, self.log = address, place, log
        self._client = httpx.Client(base_url=address, timeout=TIMEOUT)

    def post(self, content: bytes, name: str = "photo.jpg", path: str = "/api/predict") -> Answered:
        """Post one photo."""
        try:
            response = self._client.post(path, **form(content, name))
        except httpx.HTTPError:
            return Answered(name, 0, TIMEOUT, "", "")
        seconds = response.elapsed.total_seconds()
        retry = response.headers.get("Retry-After", "")
        return Answered(name, response.status_code, seconds, response.text, retry)

    def post_all(
        self, photos: Iterator[tuple[str, bytes]], at_once: int, path: str = "/api/predict"
    ) -> list[Answered]:
        """Post photos, so many at once."""
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(lambda photo: self.post(photo[1], photo[0], path), photos))

    def warm(self) -> None:
        """Wait until every worker is there and rests, and let each read some photos."""
        self._settle()
        photos = (("warm.png", PORTRAIT) for _ in range(6 * self.n_workers))
        self.post_all(photos, self.n_workers)
        self._settle()

    def _settle(self) -> None:
        """Wait until there are all workers and none is busy, as one that starts is."""
        end, before = time.monotonic() + TIMEOUT, None
        while time.monotonic() < end:
            spent = {pid: sum(times[:2]) for pid, times in _each(self.workers(), "cpu_times")}
            if len(spent) == self.n_workers + SPARE and spent == before:
                return
            before = spent
            time.sleep(0.5)

    def workers(self) -> list[psutil.Process]:
        """Return the processes that read photos."""
        return self._process.children()

    def processes(self) -> list[psutil.Process]:
        """Return all of the server's processes."""
        return [self._process, *self._process.children(recursive=True)]

    def memory(self) -> float:
        """Return what all processes together hold, in MB."""
        return sum(info.rss for _, info in _each(self.processes(), "memory_info")) / 2**20

    def reset_peaks(self) -> None:
        """Let `peaks` count from now (Linux: proc(5), clear_refs)."""
        for process in self.processes():
            with contextlib.suppress(OSError):  # it has just ended
                Path(f"/proc/{process.pid}/clear_refs").write_text("5")

    def peaks(self) -> dict[int, float]:
        """Return each process's peak since `reset_peaks`, in MB, by its number."""
        found = {}
        for process in self.processes():
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{process.pid}/status").read_text()
                if peak := re.search(r"VmHWM:\s+(\d+)", status):  # none once it has ended
                    found[process.pid] = int(peak[1]) / 1024
        return found

    def open_files(self) -> int:
        """Return how many file descriptors all processes hold together."""
        return sum(n for _, n in _each(self.processes(), "num_fds"))

    def files(self) -> set[str]:
        """Return the files that lie in its folders."""
        return {str(path.relative_to(self.place)) for path in self.place.rglob("*")}

    def tracebacks(self) -> int:
        """Return how many errors of Mien's own it logged."""
        return self.log.read_text("utf-8", "replace").count("Traceback (most recent call last)")


def _each(processes: list[psutil.Process], what: str) -> Iterator[tuple[int, Any]]:
    """Yield the number of each process and what a method of it gives, but for ended ones."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            yield process.pid, getattr(process, what)()


@contextlib.contextmanager
def served(workers: int, *options: str) -> Iterator[Server]:
    """Start ``python -m web`` in a folder of its own, and end it.

    Parameters
    ----------
    workers : int
        Processes that read photos.
    *options : str
        Further options of the command.
    """
    with TemporaryDirectory(prefix="mien-reliability-") as folder:
        place, log = Path(folder, "place"), Path(folder, "log")
        place.mkdir()
        command = [sys.executable, "-m", "web", "--port", "0", "--workers", str(workers), *options]
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(place),
            "HOME": str(place),
        }
        with (
            log.open("wb") as errors,
            subprocess.Popen(
                command,
                cwd=place,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            ) as process,
        ):
            try:
                line = process.stdout.readline()
                found = re.search(r"http://\S+", line)
                if found is None:
                    raise RuntimeError(f"The server did not start: {log.read_text()}")
                yield Server(psutil.Process(process.pid), found[0], workers, place, log)
            finally:
                process.terminate()


def portrait_jpeg() -> bytes:
    """Return the photo that the rates are measured with: 512 x 512 pixels, one face."""
    return encoded(skimage.data.astronaut(), "JPEG", quality=90)
