"""A running dask or Ray cluster does the chunks, through joblib's backends for these two.

Its machines see the same storage, so that a chunk goes out as paths and comes back as a
part file there.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import joblib

from data.errors import DataError, StorageError
from data.features.chunks import Chunk, is_as_planned, write_part

CLUSTERS = ("dask", "ray")
"""joblib backends that run on a cluster, each with an optional package behind it."""

PATIENCE = 10.0
"""Seconds until a scheduler that doesn't answer, or has no workers, is given up."""

_ONE_AT_A_TIME = threading.Lock()


def check_cluster(backend: str, scheduler: str, workers: int | None) -> None:
    """Refuse settings that contradict one another.

    Parameters
    ----------
    backend : str
        Name of a joblib backend.
    scheduler : str
        Address of a cluster, or ``""``.
    workers : int, optional
        Number of workers, if the user asked for one.

    Raises
    ------
    DataError
        If there is an address for no cluster, none for dask, or a number of workers for a cluster.
    """
    if scheduler and backend not in CLUSTERS:
        raise DataError(
            f"SCHEDULER is the address of a cluster, but BACKEND is {backend}; name BACKEND=dask "
            "or BACKEND=ray, or leave SCHEDULER out."
        )
    if backend == "dask" and not scheduler:
        raise DataError(
            "BACKEND=dask needs the address of a running scheduler: name it as make features "
            "takes it, SCHEDULER=tcp://HOST:8786."
        )
    if backend in CLUSTERS and workers:
        raise DataError(f"BACKEND={backend} uses all workers of its cluster; leave WORKERS out.")


def extract_on_worker(chunk: Chunk) -> int:
    """Write a chunk's part file in a process of a cluster.

    Threads take turns, since MediaPipe's graphs are one a process: workers want one thread each.

    Parameters
    ----------
    chunk : Chunk
        The images and the file, as this machine sees them too.

    Returns
    -------
    int
        How many images the chunk has.

    Raises
    ------
    DataError
        If the images or the mesh are others here than where the chunk was planned.
    StorageError
        If the part file can't be written.
    """
    if not is_as_planned(chunk):
        raise DataError(
            f"The worker on {os.uname().nodename} sees other images at {chunk.refs[0].path}, or "
            "has another mesh; give all machines the same storage and the same version of Mien."
        )
    with _ONE_AT_A_TIME:
        return write_part(chunk)


@contextmanager
def connected(backend: str, scheduler: str) -> Iterator[None]:
    """Let joblib run on a cluster, and turn what goes wrong there into sentences.

    Parameters
    ----------
    backend : {"dask", "ray"}
    scheduler : str
        Its address; for Ray ``""`` is the cluster that this machine belongs to.

    Raises
    ------
    DataError, StorageError
        If the cluster can't be reached or gives up; as a worker raises it otherwise.
    """
    try:
        with (_dask if backend == "dask" else _ray)(scheduler):
            yield
    except Exception as error:
        cause = getattr(error, "cause", error)  # Ray wraps what a worker raises.
        if isinstance(cause, DataError | StorageError):
            raise cause from error
        if isinstance(cause, ModuleNotFoundError):
            reason = f"a worker lacks {cause.name}: start workers in Mien's folder, with its .venv"
        else:
            reason = (str(cause).strip() or type(cause).__name__).splitlines()[0]
        raise DataError(
            f"The {backend} cluster couldn't finish, {reason}. Run the same command again to go on."
        ) from error


@contextmanager
def _dask(scheduler: str) -> Iterator[None]:
    """Connect to a dask scheduler."""
    try:
        from distributed import Client
    except ImportError as error:
        raise _missing("dask", "dask[distributed]") from error
    try:
        client = Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise DataError(
            f"No dask scheduler answers at {scheduler}; start one with dask scheduler, and workers "
            "with dask worker --nthreads 1, or name another SCHEDULER."
        ) from error
    with client:
        # Raised here, since a worker that lacks Mien would be asked for each chunk again and again.
        client.run(find_spec, __name__)
        with joblib.parallel_config("dask", client=client, wait_for_workers_timeout=PATIENCE):
            yield


@contextmanager
def _ray(scheduler: str) -> Iterator[None]:
    """Connect to a Ray cluster."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Mien sends nothing anywhere.
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError as error:
        raise _missing("ray", "ray") from error
    try:
        if scheduler:  # Ray itself would knock for minutes
            host, _, port = scheduler.rpartition("/")[2].rpartition(":")
            socket.create_connection((host, int(port)), PATIENCE).close()
        ray.init(address=scheduler or "auto", log_to_driver=False, logging_level="ERROR")
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(
            f"No Ray cluster answers{f' at {scheduler}' if scheduler else ' here'}; start one with "
            "ray start --head, set RAY_AUTH_MODE=token if it asks for one, or name another "
            "SCHEDULER."
        ) from error
    register_ray()
    try:
        with joblib.parallel_config("ray", n_jobs=-1):
            yield
    finally:
        ray.shutdown()


def _missing(backend: str, package: str) -> DataError:
    """Return the sentence for a package that isn't installed."""
    return DataError(
        f"BACKEND={backend} needs a package that isn't installed; install it here and on the "
        f"workers with .venv/bin/pip install '{package}'."
    )
