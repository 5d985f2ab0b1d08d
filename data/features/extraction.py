"""From a source of images to a feature folder, whatever stops it in between."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any

from data.errors import DataError, StorageError
from data.features.chunks import Chunk, plan_chunks, replacing, storage_error
from data.features.cluster import check_cluster
from data.features.lock import only_run
from data.features.schema import (
    DECIMALS,
    FORMAT,
    MANIFEST,
    PARTS,
    PIXELS,
    PIXELS_HEADER,
    file_stem,
    header_line,
    quoted,
)
from data.features.workers import run_chunks
from data.sources import ImageRef, read_images
from landmarks import __version__
from landmarks.detection.detector import DEFAULT_MESHES, MESH_VERSION, mesh_version
from landmarks.detection.registry import Detector
from landmarks.images import Reason

_UNITS = (
    "x, y: pixels of the upright image from its top left corner, x right, y down; "
    "z: depth in the same pixels, smaller is nearer"
)
_BYTES_PER_IMAGE = 25_000  # A row of 12 kB, twice: in the part and at its end.


def extract_features(
    source: str | Path,
    out: str | Path,
    workers: int | None = None,
    backend: str = "loky",
    progress: Callable[[int, int], None] = lambda done, total: None,
    detector: Detector = "mesh",
    scheduler: str = "",
) -> dict[str, Any]:
    """Write the feature folder of a source, going on where an earlier run was stopped.

    Parameters
    ----------
    source : str or Path
        What `data.sources.read_images` reads, also a folder of images without classes.
    out : str or Path
        The folder to write; made if there is none.
    workers : int, optional
        Number of workers; one per core if not given.
    backend : str, default "loky"
        joblib backend; with ``"dask"`` or ``"ray"`` a running cluster does the work.
    progress : callable, optional
        Called with the number of images done and of all, first with what an earlier run did.
    detector : {"mesh", "mtcnn"}, default "mesh"
        What looks for faces. The points are the same mesh's, so that ``features.json`` names the
        detector beside the mesh, and any bundle of that mesh takes them.
    scheduler : str, default ""
        The cluster's address.

    Returns
    -------
    dict
        What ``features.json`` holds: counts of images, found, missed, unreadable, and more.

    Raises
    ------
    DataError
        If the source doesn't fit, the folder holds the features of other images or settings,
        another run is at work in it, or the cluster fails.
    DetectorError
        If the detector isn't installed.
    StorageError
        If the folder can't be written.
    """
    check_cluster(backend, scheduler, workers)
    # Workers outlive calls from other folders, where a relative path names something else.
    refs = [
        replace(ref, path=os.path.abspath(ref.path)) for ref in read_images(source, unlabelled=True)
    ]
    out = Path(out).absolute()
    key = _images_key(refs, detector)
    with only_run(out):
        done = _finished(out, key, refs)
        if done is None:
            chunks = plan_chunks(refs, out, detector)
            left = _prepare(out, chunks)
            advance = _counter(left, len(refs), progress)
            run_chunks(left, workers or os.cpu_count() or 1, backend, advance, scheduler)
            done = _assemble(out, chunks, key, detector)
        shutil.rmtree(out / PARTS, ignore_errors=True)
    return done


def _images_key(refs: list[ImageRef], detector: Detector) -> str:
    """Return a fingerprint of which images with which labels, and of the mesh that reads them."""
    names = [(ref.image, ref.label, ref.split) for ref in refs]
    what = repr((FORMAT, mesh_version(detector), DECIMALS, names))
    return sha256(what.encode()).hexdigest()


def _finished(out: Path, key: str, refs: list[ImageRef]) -> dict[str, Any] | None:
    """Return the manifest of a folder that already holds exactly this, as make would judge it."""
    manifest = out / MANIFEST
    if not manifest.is_file():
        return None
    try:
        done = json.loads(manifest.read_text(encoding="utf-8"))
        same, files = done["images_key"] == key, done["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{manifest} isn't what make features writes; name another OUT.") from error
    if not same:
        raise DataError(
            f"{out} holds the features of other images, another mesh or another "
            "detector; name another OUT, or remove that folder to start over."
        )
    written = manifest.stat().st_mtime_ns
    intact = all((out / f).is_file() and (out / f).stat().st_size == n for f, n in files.items())
    paths = {ref.path for ref in refs}
    changed = any(os.stat(path).st_mtime_ns > written for path in paths if os.path.exists(path))
    return done if intact and not changed else None


def _prepare(out: Path, chunks: list[Chunk]) -> list[Chunk]:
    """Make the folder ready before any work is spent, and return the chunks that are left."""
    parts = out / PARTS
    try:
        parts.mkdir(exist_ok=True)
        (out / MANIFEST).unlink(missing_ok=True)
        (parts / "probe").write_bytes(b"\0")
        wanted = {chunk.part for chunk in chunks}
        for path in parts.iterdir():
            if path not in wanted:  # Half-written, or of images that changed.
                path.unlink()
        left = [chunk for chunk in chunks if not chunk.part.exists()]
        free = shutil.disk_usage(out).free
    except OSError as error:
        raise storage_error(out, error) from error
    need = _BYTES_PER_IMAGE * sum(len(chunk.refs) for chunk in left)
    if need > free:
        raise StorageError(
            f"{out} has {free / 1e6:,.0f} MB free, the features need about {need / 1e6:,.0f} MB; "
            "make room there or name another OUT."
        )
    return left


def _counter(
    left: list[Chunk], total: int, progress: Callable[[int, int], None]
) -> Callable[[int], None]:
    """Report what earlier runs did, and return what counts and reports further images."""
    done = total - sum(len(chunk.refs) for chunk in left)
    progress(done, total)

    def advance(images: int) -> None:
        nonlocal done
        done += images
        progress(done, total)

    return advance


def _assemble(out: Path, chunks: list[Chunk], key: str, detector: Detector) -> dict[str, Any]:
    """Join the parts of each split and class; the manifest comes last and vouches for them."""
    files: dict[str, int] = {}
    groups: dict[str, dict[str, Any]] = {}
    reasons: Counter[str] = Counter()
    with replacing(out / PIXELS, out / PARTS) as pixels:
        pixels.write(PIXELS_HEADER.encode())
        for (split, label), members in groupby(
            chunks, lambda c: (c.refs[0].split, c.refs[0].label)
        ):
            name = f"{file_stem(split)}/{file_stem(label)}.csv"
            counts: Counter[str] = Counter()
            for image, digest, reason in _join(out, name, [chunk.part for chunk in members]):
                fields = (quoted(field) for field in (image, split, label, digest))
                pixels.write(("\t".join(fields) + "\n").encode())
                counts[reason] += 1
            files[name] = (out / name).stat().st_size
            groups.setdefault(split, {})[label] = _counted(counts)
            reasons += counts
    manifest = {
        "format": FORMAT,
        "mien": __version__,
        "mesh": MESH_VERSION,
        "meshes": DEFAULT_MESHES,
        "detector": detector,
        "units": _UNITS,
        "decimals": DECIMALS,
        "images_key": key,
        **_counted(reasons),
        "reasons": dict(sorted((r, n) for r, n in reasons.items() if r)),
        "splits": groups,
        "files": files,
    }
    with replacing(out / MANIFEST, out / PARTS) as file:
        file.write((json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode())
    return manifest


def _join(out: Path, name: str, parts: list[Path]) -> Iterator[list[str]]:
    """Write one CSV from parts, and yield name, hash and reason of each image."""
    try:
        (out / name).parent.mkdir(exist_ok=True)
    except OSError as error:
        raise storage_error(out / name, error) from error
    with replacing(out / name, out / PARTS) as csv:
        csv.write(header_line().encode())
        for path in parts:
            with path.open("rb") as part:
                yield from json.loads(part.readline())
                shutil.copyfileobj(part, csv)


def _counted(reasons: Counter) -> dict[str, int]:
    """Return how many images there are, and were found, missed and unreadable."""
    images, found, missed = reasons.total(), reasons[""], reasons[Reason.NO_FACE]
    unreadable = images - found - missed
    return {"images": images, "found": found, "missed": missed, "unreadable": unreadable}
