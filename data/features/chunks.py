"""A chunk of images and the part file that keeps its finished rows until all chunks are done.

A chunk is the unit of work: any machine that sees the same storage can do one. Its part file holds
a line of JSON about the images, then their CSV lines. The file's name is
a fingerprint of the images and of what reads them, so that a part is only ever taken for the chunk
that it came from.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from data.errors import StorageError
from data.features.records import extract_chunk
from data.features.schema import DECIMALS, PARTS, row_line
from data.processes import settle_in_worker
from data.sources import ImageRef
from landmarks.detection.detector import mesh_version
from landmarks.detection.registry import Detector

CHUNK_SIZE = 64
"""Images in a chunk: under a second of work, the most that a stop can lose of each worker's."""

CSV_CHUNK_SIZE = 512
"""The same for images inside a CSV, each chunk of which costs a pass over the CSV."""


@dataclass(frozen=True)
class Chunk:
    """Consecutive images of one split and class, and the file that their rows go to."""

    refs: tuple[ImageRef, ...]
    part: Path
    detector: Detector = "mesh"


def plan_chunks(refs: list[ImageRef], out: Path, detector: Detector = "mesh") -> list[Chunk]:
    """Cut sorted references into chunks that each hold images of a single split and class."""
    chunks, start = [], 0
    for end in range(1, len(refs) + 1):
        first = refs[start]
        same = end < len(refs) and (refs[end].split, refs[end].label) == (first.split, first.label)
        full = CHUNK_SIZE if first.row is None else CSV_CHUNK_SIZE
        if not same or end - start == full:
            members = tuple(refs[start:end])
            part = out / PARTS / f"{_fingerprint(members, detector)}.part"
            chunks.append(Chunk(members, part, detector))
            start = end
    return chunks


def is_as_planned(chunk: Chunk) -> bool:
    """Tell whether the images and the mesh here are those that the chunk was planned with."""
    return chunk.part.stem == _fingerprint(chunk.refs, chunk.detector)


def extract_part(chunk: Chunk, parent: int) -> int:
    """Find the faces of a chunk's images and keep their rows in its part file.

    Parameters
    ----------
    chunk : Chunk
        The images and the file.
    parent : int
        Process id of the command; a worker ends itself when its own parent is gone.

    Returns
    -------
    int
        How many images the chunk has.

    Raises
    ------
    StorageError
        If the part file can't be written.
    """
    if os.getpid() != parent:
        settle_in_worker()
    return write_part(chunk)


def write_part(chunk: Chunk) -> int:
    """Do what `extract_part` does, in a process that lives as its owner wants."""
    rows = extract_chunk(chunk.refs, chunk.detector)
    with replacing(chunk.part, chunk.part.parent) as file:
        file.write(json.dumps(list(_images(rows))).encode() + b"\n")
        file.write("".join(map(row_line, rows)).encode())
    return len(chunk.refs)


def _images(rows: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """Yield name, pixel hash and reason (``""`` if found) of each image of a chunk's rows."""
    before = {"image": None}
    for row in rows:
        # A list may name an image twice; its faces are numbered upwards each time.
        if row["image"] != before["image"] or row["face"] <= before["face"]:
            yield row["image"], row["pixels"], row["reason"]
        before = row


@contextmanager
def replacing(path: Path, scratch: Path) -> Iterator[IO[bytes]]:
    """Open a file in ``scratch`` that takes ``path``'s place once it is wholly written.

    Raises
    ------
    StorageError
        If the disk is full, read-only or closed to the user.
    """
    temporary = scratch / f"{uuid4().hex}.tmp"
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise storage_error(path, error) from error


def storage_error(path: Path, error: OSError) -> StorageError:
    """Return the sentence for a file or folder that can't be written."""
    return StorageError(
        f"Can't write {path}: {error.strerror or error}. Make room there or name another OUT, "
        "and run the same command again: finished images are kept."
    )


def _fingerprint(refs: tuple[ImageRef, ...], detector: Detector) -> str:
    """Return a name for these images as they are on the disk now and the mesh that reads them."""
    stamps = [(*vars(ref).values(), *_stamp(ref.path)) for ref in refs]
    what = repr((mesh_version(detector), DECIMALS, stamps))
    return blake2b(what.encode(), digest_size=12).hexdigest()


def _stamp(path: str) -> tuple[int, int]:
    """Return size and time of change of a file, zeros if there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns
