"""Read photos in worker processes, one a core and one spare, so that no photo harms the server.

Decoding untrusted input in native code may hang, crash or ask for all memory there is: then one
process is ended and replaced, and only the photo it had goes without a result. The standard
library's pool fails as a whole when one of its processes dies, and Pebble's when an idle one does.
So each worker has a thread here that starts it, waits for its end and starts the next one. While
it starts, the spare one reads in its place.
"""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Condition, Event, Thread
from time import perf_counter

from classifiers.bundle.bundle import DEFAULT_BUNDLE, load_manifest, resolve
from classifiers.bundle.manifest import takes_pixels
from landmarks.detection.detector import MESH_VERSION
from web.errors import ApiError
from web.inference.process import Limits, WorkerError, WorkerProcess
from web.inference.service import Result

MAKER = "web.inference.service:warmed"

MAX_QUEUE_PER_WORKER = 4
"""Photos that may wait for each worker: at 40 to 100 ms a photo, under half a second."""

MAX_EXPECTED_WAIT = 0.4
"""Seconds that a photo may be expected to wait: where photos take longer, fewer of them wait."""

MAX_WAIT = 3.0
"""Seconds after which a photo is sent away although it had a place in the queue."""

INITIAL_SECONDS = 0.1
"""Seconds that a photo is expected to take before any was read."""

SMOOTHING = 0.9
"""Share of the earlier photos in the moving average of the seconds a photo takes."""

PAUSES = (0.0, 1.0, 5.0, 30.0)
"""Seconds before another try, after 0, 1, 2, 3 and more failures in turn to start a worker."""

DEFAULT_LIMITS = Limits()


class WorkerPool:
    """A pool of worker processes; see `web.inference.service.Service`.

    Parameters
    ----------
    bundle : str or Path
        As `classifiers.inference.predictor.Predictor` takes it.
    n : int, optional
        How many read at once; one for each core that this process may use when left out.
    limits : Limits
        What one photo may take.
    maker : str
        What makes the reader in each process, as ``module:function``, given the bundle's folder.
    spare : int, default 1
        Processes beyond `n`, which take the place of those that are replaced.

    Attributes
    ----------
    folder : Path
    manifest : dict
    takes_pixels : bool
        Whether the model takes a face's crop beside its points.
    capacity : int
        How many photos are taken at once, being read or waiting.
    restarts : int
        How many workers ended and were replaced.

    Raises
    ------
    BundleError
        If the bundle is missing, damaged or doesn't fit this version.
    """

    def __init__(
        self,
        bundle: str | Path = DEFAULT_BUNDLE,
        n: int | None = None,
        limits: Limits = DEFAULT_LIMITS,
        maker: str = MAKER,
        spare: int = 1,
    ):
        self.folder = resolve(bundle).absolute()
        self.manifest = load_manifest(self.folder, MESH_VERSION)
        self.takes_pixels = takes_pixels(self.manifest)
        self._n = n or _cores()
        self.capacity = self._n * (1 + MAX_QUEUE_PER_WORKER)
        self.restarts = 0
        self._start = lambda: WorkerProcess(maker, str(self.folder), limits)
        self._changed = Condition()  # guards all that follows
        self._alive: set[WorkerProcess] = set()
        self._loaded: set[WorkerProcess] = set()
        self._idle: deque[WorkerProcess] = deque()
        self._taken = 0
        self._mean_seconds = INITIAL_SECONDS
        self._failure: Exception | None = None
        self._tried, self._closing = Event(), Event()
        keeps = [self._keep] * self._n + [self._keep_spare] * spare
        self._keepers = [Thread(target=keep, daemon=True) for keep in keeps]
        for keeper in self._keepers:
            keeper.start()

    @property
    def ready(self) -> bool:
        """Whether there is a worker that has loaded the bundle."""
        return bool(self._loaded)

    @property
    def waiting(self) -> int:
        """How many photos wait for a worker."""
        with self._changed:
            return max(self._taken - self._busy, 0)

    @property
    def _busy(self) -> int:
        """How many workers have a photo."""
        return len(self._loaded) - len(self._idle)

    def wait_ready(self) -> None:
        """Wait until the first worker is ready.

        Raises
        ------
        WorkerError
            If none starts.
        """
        self._tried.wait()
        if not self.ready and self._failure:
            raise WorkerError(str(self._failure))

    def read(self, content: bytes, picture: bool = False, shift: Sequence[float] = ()) -> Result:
        """See `web.inference.service.Reader.read`, which gives the same results and errors.

        A result's ``seconds`` count the prediction, not the wait for a worker.

        Raises
        ------
        ApiError
            Besides, ``"busy"`` if too many photos wait already, ``"too-slow"`` or
            ``"too-much-memory"`` if it exceeds the limits, ``"crashed"`` if its worker died.
        """
        with self._place(), self._worker() as worker:
            return worker.read(content, picture, shift)

    def close(self) -> None:
        """End all workers; photos that they have get an error."""
        self._closing.set()
        self._tried.set()
        with self._changed:
            for worker in self._alive:
                worker.stop()
        for keeper in self._keepers:
            keeper.join()

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Hold one of the places for photos; without one, raise at once."""
        with self._changed:
            wait = self.waiting * self._mean_seconds / self._n
            if self._taken >= self.capacity or wait > MAX_EXPECTED_WAIT:
                raise ApiError("busy")
            self._taken += 1
        try:
            yield
        finally:
            with self._changed:
                self._taken -= 1

    @contextmanager
    def _worker(self) -> Iterator[WorkerProcess]:
        """Hold a worker that nobody else has; without one, raise after a while."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle and self._busy < self._n, MAX_WAIT):
                raise ApiError("busy")
            worker = self._idle.popleft()
        start = perf_counter()
        try:
            yield worker
        finally:
            with self._changed:
                self._mean_seconds *= SMOOTHING
                self._mean_seconds += (1 - SMOOTHING) * (perf_counter() - start)
            if not worker.is_spent:
                self._offer(worker)

    def _offer(self, worker: WorkerProcess) -> None:
        """Let the next photo have a worker, unless it died meanwhile."""
        with self._changed:
            if worker in self._loaded:
                self._idle.append(worker)
                self._changed.notify()

    def _keep_spare(self) -> None:
        """Keep a worker that leaves the cores to the first one until that one is ready."""
        self._tried.wait()
        self._keep()

    def _keep(self) -> None:
        """Keep one worker running until all are closed."""
        failures = 0
        while not self._closing.wait(PAUSES[min(failures, len(PAUSES) - 1)]):
            try:
                with self._running() as worker:
                    worker.wait_ready()
                    failures = 0
                    with self._changed:
                        self._loaded.add(worker)
                    self._offer(worker)
                    self._tried.set()
                    worker.wait()
            except (WorkerError, OSError) as error:
                failures += 1
                self._failure = error
                self._tried.set()

    @contextmanager
    def _running(self) -> Iterator[WorkerProcess]:
        """Start a worker, and forget it once it has ended."""
        worker = self._start()
        with self._changed:
            self._alive.add(worker)
        if self._closing.is_set():  # close() may have missed it
            worker.stop()
        try:
            yield worker
        finally:
            worker.wait()
            with self._changed:
                self.restarts += not self._closing.is_set()
                self._alive.discard(worker)
                self._loaded.discard(worker)
                if worker in self._idle:
                    self._idle.remove(worker)
                self._changed.notify()  # a spare one may take a photo now


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # where there is none, all of the machine's
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
