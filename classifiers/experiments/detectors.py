"""``make detectors``: compare what the face detectors find, and how long they take.

Both detectors and a bare Face Mesh call read the same images in turn, in one process: tight crops
of one face each from a labelled folder, and photos that are composed of the sample's faces, see
`classifiers.experiments.synthetic_photos`. Times are milliseconds of processor time. Only metrics
are kept.
"""

import json
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Annotated, Any

import numpy as np
import typer

from classifiers.experiments.detectors_page import section
from classifiers.experiments.synthetic_photos import Photo, whole_photos
from data.console import handle_errors, progress_bar
from data.files import write_text
from data.sources import ImageRef, images_of, read_images
from data.splits import some_of_each_class
from landmarks.boxes import corners, iou
from landmarks.crops import TIGHT_SIDE
from landmarks.detection import mtcnn
from landmarks.detection.detector import Face, first_tight_crop, shared_detector
from landmarks.detection.mediapipe_graphs import bare_call
from landmarks.detection.registry import DETECTORS, mtcnn_version
from landmarks.detection.validation import disagreement
from landmarks.images import ImageError

MIN_IOU = 0.4
"""Intersection over union from which on two boxes are of one face."""

PASTED_PER_CLASS = 3
"""Faces of each class of the sample that are pasted into photos."""

SAMPLE = Path("data/sample")


def main(
    images: Annotated[
        Path, typer.Argument(help="Tight crops of one face each: folder of class folders, or CSV.")
    ] = SAMPLE,
    limit: Annotated[int, typer.Option(min=0, help="Tight crops of each class; 0: all.")] = 40,
    photos: Annotated[int, typer.Option(min=1, help="Whole photos of each kind.")] = 16,
    seed: Annotated[int, typer.Option(help="Chooses the tight crops and makes the photos.")] = 0,
    out: Annotated[Path, typer.Option(help="JSON to write.")] = Path("results/detectors.json"),
) -> None:
    """Compare the detectors mesh and mtcnn on tight crops and on synthetic photos.

    Exit code 1: something doesn't fit; 3: an I/O error.

    Example: python -m classifiers.experiments.detectors fer2013 --limit 40
    """
    with handle_errors(ImageError):
        measured = {"source": images.absolute().name, "limit": limit, "seed": seed}
        measured |= {"mtcnn": mtcnn_version(), "groups": []}
        refs = some_of_each_class(_tested(read_images(images)), limit, seed)
        pasted = some_of_each_class(_tested(read_images(SAMPLE)), PASTED_PER_CLASS, seed)
        kind = f"{images.absolute().name}, tight crops"
        inputs = [Photo(kind, image, None) for image in images_of(refs)]
        inputs += whole_photos(list(_tight_crops(pasted)), photos, seed)
        with progress_bar() as bar:
            rows = [measure(photo) for photo in bar.track(inputs, description="Finding faces")]
        measured["groups"] = summarize(rows)
        write_text(out, json.dumps(measured, indent=1, ensure_ascii=False) + "\n")
    print(f"{section(measured)}\n\nWrote {out}; make results shows it in docs/results.md.")


def measure(photo: Photo) -> dict[str, Any]:
    """Find the faces of a photo with both detectors, and time them and the bare call.

    Returns
    -------
    dict
        ``kind``; ``faces``, how many there are; ``bare_ms``; ``alone_ms`` of MTCNN without the
        mesh; for each of `DETECTORS` its counts ``found`` and ``false`` and its ``ms``; ``both``,
        how many faces both found; and for each face that both found ``iou`` of the boxes and
        ``distance`` of the points in radii.
    """
    is_tight = max(photo.pixels.shape[:2]) < TIGHT_SIDE
    crop, confidence = first_tight_crop(photo.pixels)
    image = crop.pixels if is_tight else photo.pixels
    _, bare_ms = _timed(bare_call(confidence), image)
    _, alone_ms = _timed(mtcnn.detect, photo.pixels)
    row = {"kind": photo.kind, "bare_ms": bare_ms, "alone_ms": alone_ms}
    row["faces"] = 1 if photo.boxes is None else len(photo.boxes)
    faces, hits = {}, {}
    for name in DETECTORS:
        faces[name], ms = _timed(shared_detector(name).detect, photo.pixels)
        hits[name] = _hits(faces[name], photo.boxes)
        false = len(faces[name]) - len(hits[name])
        row[name] = {"found": len(hits[name]), "false": false, "ms": ms}
    row["both"] = len(hits["mesh"] & hits["mtcnn"])
    pairs = [
        (a, b, iou(corners(a.points), corners(b.points)))
        for a in faces["mesh"]
        for b in faces["mtcnn"]
    ]
    same = [pair for pair in pairs if pair[2] >= MIN_IOU]
    row["iou"] = [overlap for _, _, overlap in same]
    row["distance"] = [disagreement(one.points, other.points) for one, other, _ in same]
    return row


def summarize(measured: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the sums of what `measure` counted for each kind, and the medians of the others."""
    groups = []
    for kind in dict.fromkeys(row["kind"] for row in measured):
        rows = [row for row in measured if row["kind"] == kind]
        group = {"kind": kind, "images": len(rows)}
        group |= {key: sum(row[key] for row in rows) for key in ("faces", "both")}
        group |= {key: _median([row[key] for row in rows]) for key in ("bare_ms", "alone_ms")}
        for key in ("iou", "distance"):
            group[key] = _median([value for row in rows for value in row[key]])
        for name in DETECTORS:
            group[name] = {k: sum(row[name][k] for row in rows) for k in ("found", "false")}
            group[name]["ms"] = _median([row[name]["ms"] for row in rows])
        groups.append(group)
    return groups


def _tested(refs: list[ImageRef]) -> list[ImageRef]:
    """Return the images of the split test where there is one."""
    return [ref for ref in refs if ref.split == "test"] or refs


def _tight_crops(refs: list[ImageRef]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield images with the points of their faces."""
    for image in images_of(refs):
        for face in shared_detector().detect(image)[:1]:
            yield image, face.points


def _hits(faces: list[Face], boxes: np.ndarray | None) -> set[int]:
    """Return which of the boxes were found; without boxes there is one, and any face is it."""
    if boxes is None:
        return {0} if faces else set()
    return {
        number
        for number, box in enumerate(boxes)
        if any(iou(corners(face.points), box) >= MIN_IOU for face in faces)
    }


def _timed(call: Callable[[np.ndarray], Any], pixels: np.ndarray) -> tuple[Any, float]:
    """Return a call's result and its milliseconds of processor time."""
    start = process_time()
    result = call(pixels)
    return result, 1000 * (process_time() - start)


def _median(values: list[float]) -> float | None:
    return round(statistics.median(values), 4) if values else None


if __name__ == "__main__":
    typer.run(main)
