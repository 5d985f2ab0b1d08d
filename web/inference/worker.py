"""Read photos in a worker process: they come in through a pipe, predictions go out.

`web.inference.process` starts it. The process ends by itself when the server is gone, and when a
photo keeps it for too long.
"""

import json
import logging
import os
import pkgutil
import re
import resource
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from classifiers.bundle.bundle import BundleError
from web.errors import ApiError
from web.inference import messages
from web.inference.service import Service

STATUS = Path("/proc/self/status")
"""Where Linux says how much memory a process has; other systems give no such limit."""


def main(
    descriptor: int, maker: str, bundle: str, megabytes: int, seconds: float, wall_seconds: float
) -> None:
    """Serve predictions until the server closes the pipe.

    Parameters
    ----------
    descriptor : int
        The pipe's end.
    maker : str
        What makes a `web.inference.service.Service` of a bundle, as ``module:function``.
    bundle : str
    megabytes : int
        Memory that a photo may take beyond what the process has once the bundle is loaded.
    seconds, wall_seconds : float
        Processor time and time after which a photo ends this process, whether or not the server
        is there to do it.
    """
    # A crash must not leave a visitor's photo on the disk, in a core dump.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with Connection(descriptor) as connection:
        try:
            reader = pkgutil.resolve_name(maker)(bundle)
        except BundleError as error:
            connection.send_bytes(str(error).encode())
            return
        _limit_memory(megabytes)
        connection.send_bytes(messages.READY)
        _serve(reader, connection, seconds, wall_seconds)


def _limit_memory(megabytes: int) -> None:
    """Let the process grow by so much; what asks for more gets a MemoryError."""
    used = STATUS.exists() and re.search(r"VmData:\s+(\d+)", STATUS.read_text())
    if used:
        most = int(used[1]) * 1024 + megabytes * 1024**2
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _serve(reader: Service, connection: Connection, seconds: float, wall_seconds: float) -> None:
    """Answer one photo after the other."""
    while True:
        options = json.loads(connection.recv_bytes())
        content = connection.recv_bytes()
        # The alarms aren't handled, so they end the process, even inside a decoder that hangs.
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, wall_seconds)
        connection.send_bytes(_answer(reader, content, *options))
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _answer(reader: Service, content: bytes, picture: bool, *shift: float) -> bytes:
    """Return what one photo gets."""
    try:
        return messages.pack(reader.read(content, picture, shift))
    except ApiError as error:
        return messages.pack_error(error.reason)
    except MemoryError:
        return messages.pack_error("too-much-memory")
    except Exception:
        logging.exception("A photo can't be read because of an error of Mien's")
        return messages.pack_error("crashed")


if __name__ == "__main__":
    with suppress(EOFError, ConnectionError):  # the server is gone
        descriptor, maker, bundle, megabytes, seconds, wall_seconds = sys.argv[1:]
        main(int(descriptor), maker, bundle, int(megabytes), float(seconds), float(wall_seconds))
    # Nothing is worth keeping, and native libraries may hang when they are taken down.
    sys.stderr.flush()
    os._exit(0)
