"""Start, ask and stop one worker process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path
from threading import Lock, Timer

from web.errors import ApiError
from web.inference import messages
from web.inference.service import Result

ROOT = Path(__file__).parents[2]

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""One process a core: threads of the libraries would only get in each other's way."""

FATAL = ("too-much-memory", "crashed")
"""Reasons after which a worker is ended: what broke off in the middle may show in later photos."""

MAX_RESULT_BYTES = 64 * 1024**2
"""More than any photo's result: a worker that sends more is broken."""


@dataclass(frozen=True)
class Limits:
    """What one photo may take.

    Attributes
    ----------
    seconds : float
        Processor time, so that a photo is not given up because the machine has other work. Then
        the worker is stopped and replaced. A group of thirty faces takes 1.5.
    megabytes : int
        Memory beyond what a worker has with its bundle loaded. The most that a photo of 25
        megapixels took is 670.
    start_seconds : float
        Most time until a new worker is ready.
    """

    seconds: float = 4.0
    megabytes: int = 1024
    start_seconds: float = 60.0

    @property
    def wall_seconds(self) -> float:
        """Time from the moment a worker has a photo, for one that hangs and computes nothing."""
        return 3 * self.seconds


class WorkerError(RuntimeError):
    """A worker that does not start; the message is one sentence."""


class WorkerProcess:
    """A process that loads a bundle and then reads one photo at a time.

    Parameters
    ----------
    maker : str
        What makes its reader of the bundle, as ``module:function``.
    bundle : str
    limits : Limits

    Attributes
    ----------
    is_spent : bool
        Whether it was ended, or ended by itself, over a photo.
    """

    def __init__(self, maker: str, bundle: str, limits: Limits):
        self._limits = limits
        self._lock = Lock()
        self._has_photo = self._is_late = False
        self.is_spent = False
        self._connection, theirs = Pipe()
        last = limits.wall_seconds + 1  # by then it was stopped, unless the server is gone
        options = theirs.fileno(), maker, bundle, limits.megabytes, limits.seconds, last
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "web.inference.worker", *map(str, options)],
                pass_fds=[theirs.fileno()],
                cwd=ROOT,
                env=os.environ | ONE_THREAD,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the server, which then ends its workers
            )

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def wait_ready(self) -> None:
        """Wait until the bundle is loaded.

        Raises
        ------
        WorkerError
            If it doesn't load, takes too long, or the process ends before that.
        """
        try:
            in_time = self._connection.poll(self._limits.start_seconds)
            message = self._connection.recv_bytes() if in_time else b""
        except (EOFError, OSError):
            message = b""
        if message != messages.READY:
            self.stop()
            raise WorkerError(
                message.decode()
                or f"Expected a worker process within {self._limits.start_seconds:g} s, "
                "got none that is ready; look for its error above, or run make doctor."
            )

    def read(self, content: bytes, picture: bool, shift: Sequence[float]) -> Result:
        """Read one photo; see `web.inference.service.Reader.read`.

        Raises
        ------
        ApiError
            As from the reader, and if the process has to be stopped or ends over it.
        """
        deadline = Timer(self._limits.wall_seconds, self._stop_late)
        with self._lock:
            self._has_photo = True
        deadline.start()
        try:
            self._connection.send_bytes(json.dumps([picture, *shift]).encode())
            self._connection.send_bytes(content)
            message = self._connection.recv_bytes(MAX_RESULT_BYTES)
        except (EOFError, OSError):
            late = self._process.wait() == -signal.SIGPROF or self._is_late
            message = messages.pack_error("too-slow" if late else "crashed")
            self.is_spent = True
        with self._lock:
            self._has_photo = False
        deadline.cancel()
        self.is_spent |= self._is_late
        try:
            return messages.unpack(message)
        except ApiError as error:
            if error.reason in FATAL:
                self.is_spent = True
                self.stop()
            raise

    def _stop_late(self) -> None:
        """Stop the process if it is still at the photo: SIGKILL also ends what hangs in C."""
        with self._lock:
            if self._has_photo:
                self._is_late = True
                self.stop()

    def stop(self) -> None:
        """End the process at once."""
        self._process.kill()

    def wait(self) -> None:
        """Wait until the process has ended."""
        self._process.wait()
