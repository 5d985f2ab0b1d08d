"""``make detectors``: what the two detectors of faces find, and how long that takes.

Both are shown the same pictures in turn, in one process, as is the bare Face Mesh call that they
are measured beside, in milliseconds of the processor's time: tight crops of one face each from a
labelled folder, and whole photos made of the sample's faces (see
`classifiers.experiments.synthetic_photos`). Nothing of the pictures is kept, only figures.
"""

import json
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from classifiers.experiments.synthetic_photos import Photo, whole_photos
from data.console import handle_errors, progress_bar
from data.features.records import ImageRef, images_of
from data.files import write_text
from data.sources import read_images
from data.splits import some_of_each_class
from landmarks import crops
from landmarks.detection import mtcnn
from landmarks.detection.detector import TIGHT_CROP_CHAIN, TIGHT_SIDE, Face, shared_finder
from landmarks.detection.mediapipe_graphs import bare_call
from landmarks.detection.registry import DETECTORS, mtcnn_version
from landmarks.detection.validation import disagreement
from landmarks.images import ImageError

SAME_FACE = 0.4
"""Least intersection over union of the boxes of one face: a mesh's is tight."""

PASTED = 3
"""Faces of each class of the sample that are pasted."""

SAMPLE = Path("data/sample")


def main(
    images: Annotated[
        Path, typer.Argument(help="Close-ups of one face each: folder of class folders, or CSV.")
    ] = SAMPLE,
    limit: Annotated[int, typer.Option(min=0, help="Close-ups of each class; 0: all.")] = 40,
    photos: Annotated[int, typer.Option(min=1, help="Whole photos of each kind.")] = 16,
    seed: Annotated[int, typer.Option(help="Chooses the tight crops and makes the photos.")] = 0,
    out: Annotated[Path, typer.Option(help="JSON to write.")] = Path("results/detectors.json"),
) -> None:
    """Compare the detectors mesh and mtcnn on tight crops and on made-up whole photos.

    Exit code 1: something doesn't fit; 3: an I/O error.

    Example: python -m classifiers.experiments.detectors fer2013 --limit 40
    """
    with handle_errors(ImageError):
        measured = {"source": images.absolute().name, "limit": limit, "seed": seed}
        measured |= {"mtcnn": mtcnn_version(), "groups": []}
        refs = some_of_each_class(_tested(read_images(images)), limit, seed)
        pasted = some_of_each_class(_tested(read_images(SAMPLE)), PASTED, seed)
        shown = [Photo(f"{images.absolute().name}, tight crops", i, None) for i in images_of(refs)]
        shown += whole_photos(list(_close_ups(pasted)), photos, seed)
        with progress_bar() as bar:
            seen = [look(photo) for photo in bar.track(shown, description="Finding faces")]
        measured["groups"] = summed(seen)
        write_text(out, json.dumps(measured, indent=1, ensure_ascii=False) + "\n")
    show(Console(highlight=False), measured["groups"])
    print(f"Wrote {out}; make results shows it in docs/results.md.")


def look(photo: Photo) -> dict[str, Any]:
    """Show a photo to both detectors and to the bare call.

    Returns
    -------
    dict
        ``kind``, ``faces`` that are in it, ``bare_ms``, and ``alone_ms`` of MTCNN without the mesh;
        of each of `DETECTORS` its ``found``, ``false`` and ``ms``; ``both``, how many faces both
        found; and of each face that both saw ``iou`` of the boxes and ``apart``, the distance of
        the points in radii.
    """
    close_up = max(photo.pixels.shape[:2]) < TIGHT_SIDE
    *way, confidence = TIGHT_CROP_CHAIN[0]
    picture = crops.padded(photo.pixels, *way).pixels if close_up else photo.pixels
    _, bare_ms = _timed(bare_call(confidence), picture)
    _, alone_ms = _timed(mtcnn.detect, photo.pixels)
    seen = {"kind": photo.kind, "bare_ms": bare_ms, "alone_ms": alone_ms}
    seen["faces"] = 1 if photo.boxes is None else len(photo.boxes)
    faces, hits = {}, {}
    for name in DETECTORS:
        faces[name], ms = _timed(shared_finder(name).find, photo.pixels)
        hits[name] = _hits(faces[name], photo.boxes)
        false = len(faces[name]) - len(hits[name])
        seen[name] = {"found": len(hits[name]), "false": false, "ms": ms}
    seen["both"] = len(hits["mesh"] & hits["mtcnn"])
    pairs = [(a, b, iou(_corners(a), _corners(b))) for a in faces["mesh"] for b in faces["mtcnn"]]
    same = [pair for pair in pairs if pair[2] >= SAME_FACE]
    seen["iou"] = [overlap for _, _, overlap in same]
    seen["apart"] = [disagreement(one.points, other.points) for one, other, _ in same]
    return seen


def summed(seen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what `look` saw, summed for each kind; ms and what both have in common as medians."""
    groups = []
    for kind in dict.fromkeys(entry["kind"] for entry in seen):
        rows = [entry for entry in seen if entry["kind"] == kind]
        group = {"kind": kind, "pictures": len(rows)}
        group |= {key: sum(row[key] for row in rows) for key in ("faces", "both")}
        group |= {key: _median([row[key] for row in rows]) for key in ("bare_ms", "alone_ms")}
        for key in ("iou", "apart"):
            group[key] = _median([value for row in rows for value in row[key]])
        for name in DETECTORS:
            group[name] = {k: sum(row[name][k] for row in rows) for k in ("found", "false")}
            group[name]["ms"] = _median([row[name]["ms"] for row in rows])
        groups.append(group)
    return groups


def iou(one: np.ndarray, other: np.ndarray) -> float:
    """Return the shared area of two boxes (left, top, right, bottom) over that of both."""
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    shared = np.prod(np.maximum(sides, 0))
    areas = sum(np.prod(box[2:] - box[:2]) for box in (one, other))
    return float(shared / (areas - shared))


def show(console: Console, groups: list[dict[str, Any]]) -> None:
    """Print a line for each kind of pictures."""
    table = Table("pictures")
    for name in ("number", "faces", "found", "mtcnn", "false", "mtcnn", "ms", "mtcnn"):
        table.add_column(name, justify="right")
    for group in groups:
        figures = [group[name][key] for key in ("found", "false", "ms") for name in DETECTORS]
        counts = (group["pictures"], group["faces"], *figures)
        table.add_row(group["kind"], *(f"{count:.0f}" for count in counts))
    console.print(table)


def _tested(refs: list[ImageRef]) -> list[ImageRef]:
    """Return the images of the split test where there is one."""
    return [ref for ref in refs if ref.split == "test"] or refs


def _close_ups(refs: list[ImageRef]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pictures with the points of their faces."""
    for picture in images_of(refs):
        for face in shared_finder().find(picture)[:1]:
            yield picture, face.points


def _hits(faces: list[Face], boxes: np.ndarray | None) -> set[int]:
    """Return which of the boxes were found; where the one face is isn't known, any is it."""
    if boxes is None:
        return {0} if faces else set()
    return {
        number
        for number, box in enumerate(boxes)
        if any(iou(_corners(face), box) >= SAME_FACE for face in faces)
    }


def _corners(face: Face) -> np.ndarray:
    """Return left, top, right and bottom of a face's mesh."""
    return np.concatenate([face.points[:, :2].min(axis=0), face.points[:, :2].max(axis=0)])


def _timed(call: Callable[[np.ndarray], Any], pixels: np.ndarray) -> tuple[Any, float]:
    """Return a call's answer and its ms of the processor's time, whatever else the machine does."""
    start = process_time()
    answer = call(pixels)
    return answer, 1000 * (process_time() - start)


def _median(values: list[float]) -> float | None:
    return round(statistics.median(values), 4) if values else None


if __name__ == "__main__":
    typer.run(main)
