"""Let processes end together: a command on SIGTERM as on Ctrl-C, its workers with the command."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

POLL_SECONDS = 0.5
"""How often a process looks whether its parent is there."""


@contextmanager
def termination_as_interrupt() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM as on SIGINT; in a thread, change nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@cache
def settle_in_worker() -> None:
    """Leave Ctrl-C and SIGTERM to the command, and end with it even when it was killed outright."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    end_with_parent(1)  # it would otherwise wait for minutes


def end_with_parent(code: int) -> None:
    """Watch the parent, and end this process with a code soon after it, even if it was killed."""
    threading.Thread(target=_end_with, args=(os.getppid(), code), daemon=True).start()


def _end_with(parent: int, code: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os._exit(code)
