"""Looking after other processes, and waiting for what happens in them."""

import time
from pathlib import Path

GUARD = 60.0
"""Seconds after which a test gives up: never reached but by a hang."""


def eventually(is_so):
    end = time.monotonic() + GUARD
    while not is_so():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)


def status(pid):
    """Return a process's parent and state, or None if there is no such process."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(parent), state


def is_running(pid):
    found = status(pid)
    return found is not None and found[1] != "Z"


def children(pid):
    numbers = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [number for number in numbers if (status(number) or (0,))[0] == pid]
