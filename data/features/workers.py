"""joblib runs the chunks, and a worker that dies costs no more than its chunk."""

import os
from collections.abc import Callable, Iterable, Sequence

import joblib
from joblib.externals.loky.process_executor import BrokenProcessPool
from joblib.parallel import get_active_backend

from data.errors import DataError
from data.features.chunks import Chunk, extract_part
from data.features.cluster import CLUSTERS, connected, extract_on_worker


def run_chunks(
    chunks: Sequence[Chunk],
    workers: int,
    backend: str,
    advance: Callable[[int], None],
    scheduler: str = "",
) -> None:
    """Do chunks on workers, again where a worker was lost, until all have their part files.

    Parameters
    ----------
    chunks : sequence of Chunk
        Chunks without part files.
    workers : int
        Number of worker processes; 1 works in this process. A cluster uses all of its own.
    backend : str
        Name of a joblib backend, such as ``"loky"``, or one of `data.features.cluster.CLUSTERS`.
    advance : callable
        Called with the number of images of each finished chunk.
    scheduler : str, default ""
        Address of a cluster.

    Raises
    ------
    DataError
        If joblib lacks the backend, workers die twice without finishing a chunk in between, or
        the cluster fails.
    StorageError
        If a part file can't be written.
    """
    if backend in CLUSTERS:
        with connected(backend, scheduler):
            _do(map(joblib.delayed(extract_on_worker), chunks), advance)
        return
    left = list(chunks)
    while left:
        try:
            _run_once(left, workers, backend, advance)
            return
        except BrokenProcessPool as error:
            # A worker was killed, by hand or for memory; its finished neighbours are on disk.
            still = [chunk for chunk in left if not chunk.part.exists()]
            if len(still) == len(left):
                raise DataError(
                    f"Workers ended twice at the images after {left[0].refs[0].image}, perhaps "
                    "for want of memory; run the same command again to go on, with WORKERS=1."
                ) from error
            left = still


def _run_once(
    chunks: list[Chunk], workers: int, backend: str, advance: Callable[[int], None]
) -> None:
    """Do chunks on one set of workers."""
    try:
        configured = joblib.parallel_config(backend=backend, n_jobs=workers)
    except ValueError as error:
        raise DataError(f"joblib has no backend {backend!r} here: {error}.") from error
    with configured:
        _do((joblib.delayed(extract_part)(chunk, os.getpid()) for chunk in chunks), advance)


def _do(tasks: Iterable[tuple], advance: Callable[[int], None]) -> None:
    """Do joblib's tasks with the backend that is set, and report each."""
    # Chunks come back in any order: their part files put them in the right one. Ray's backend has
    # but one way to give them, all at the end.
    one_by_one = get_active_backend()[0].supports_return_generator
    return_as = "generator_unordered" if one_by_one else "list"
    run = joblib.Parallel(return_as=return_as, batch_size=1, pre_dispatch="2*n_jobs")
    for images in run(tasks):
        advance(images)
