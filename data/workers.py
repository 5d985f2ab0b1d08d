"""joblib runs the chunks, and a worker that dies costs no more than its chunk."""

import os
from collections.abc import Callable, Sequence

import joblib
from joblib.externals.loky.process_executor import BrokenProcessPool

from data.errors import DataError
from data.parts import Chunk, extract_part


def run_chunks(
    chunks: Sequence[Chunk], workers: int, backend: str, advance: Callable[[int], None]
) -> None:
    """Do chunks on workers, again where a worker was lost, until all have their part files.

    Parameters
    ----------
    chunks : sequence of Chunk
        Chunks without part files.
    workers : int
        Number of worker processes; 1 works in this process.
    backend : str
        Name of a joblib backend, such as ``"loky"``.
    advance : callable
        Called with the number of images of each finished chunk.

    Raises
    ------
    DataError
        If joblib lacks the backend, or workers die twice without finishing a chunk in between.
    StorageError
        If a part file can't be written.
    """
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
        # Chunks come back in any order: their part files put them in the right one.
        run = joblib.Parallel(
            return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs"
        )
        for images in run(joblib.delayed(extract_part)(chunk, os.getpid()) for chunk in chunks):
            advance(images)
