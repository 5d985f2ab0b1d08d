"""The unit of work of a feature run: a chunk of image references becomes rows of the table.

A chunk names files by path, so that any machine with the same storage can do it, and is done to
the end whatever its images hold: each of them gives a row, with the reason where there is no face.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from landmarks.detection.detector import shared_finder
from landmarks.detection.registry import Detector
from landmarks.images import ImageError, UnreadableImage, pixel_hash, read_image

CSV_SIDE = 48
"""Side in pixels of the images in fer2013.csv."""


@dataclass(frozen=True)
class ImageRef:
    """Where an image is and what is known of it.

    Attributes
    ----------
    image : str
        Its name in the feature table.
    label, split : str
        Its class, and "train", "test" or what else the source calls it; "" where it has none.
    path : str
        The image file, or the CSV that holds its pixels.
    row : int, optional
        Number of the CSV's record, 0 for the first below the header; None for an image file.
    """

    image: str
    label: str
    split: str
    path: str
    row: int | None = None


def extract_chunk(refs: Sequence[ImageRef], detector: Detector = "mesh") -> list[dict[str, Any]]:
    """Find the faces of a chunk of images.

    Parameters
    ----------
    refs : sequence of ImageRef
        References into one CSV cost one pass over its beginning, so keep chunks long.
    detector : {"mesh", "mtcnn"}, default "mesh"

    Returns
    -------
    list of dict
        In the order of ``refs``, one row per face, or one for an image without: image, label,
        split, face (from 1 in reading order, 0 without), width, height (0 where unreadable),
        success (1 or 0), reason ("", "no-face" or an `ImageError.reason`), pixels (hash, ""
        where unreadable) and points (float32 (468, 3) in pixels of the upright image, or None).
    """
    records = _csv_pixels(refs)
    return [row for ref in refs for row in _rows(ref, records, detector)]


def images_of(refs: Sequence[ImageRef]) -> Iterator[np.ndarray]:
    """Yield the images of references, in their order.

    Parameters
    ----------
    refs : sequence of ImageRef

    Yields
    ------
    ndarray of uint8, shape (height, width, 3)
        RGB.

    Raises
    ------
    ImageError
        If one of them can't be used.
    """
    for image in images_or_errors(refs):
        if isinstance(image, ImageError):
            raise image
        yield image


def images_or_errors(refs: Sequence[ImageRef]) -> Iterator[np.ndarray | ImageError]:
    """Yield each image as `images_of` does, or in its place the error that says what is wrong.

    Parameters
    ----------
    refs : sequence of ImageRef
        As for `extract_chunk`, in long chunks.
    """
    records = _csv_pixels(refs)
    for ref in refs:
        try:
            yield _image(ref, records)
        except ImageError as error:
            yield error


def _rows(
    ref: ImageRef, records: dict[tuple[str, int], str], detector: Detector
) -> Iterator[dict[str, Any]]:
    """Yield an image's rows; whatever is wrong with it ends as a reason."""
    known: dict[str, Any] = {"image": ref.image, "label": ref.label, "split": ref.split}
    failed = {"face": 0, "success": 0, "points": None}
    try:
        image = _image(ref, records)
    except ImageError as error:
        yield known | failed | {"width": 0, "height": 0, "reason": error.reason, "pixels": ""}
        return
    height, width = image.shape[:2]
    known |= {"width": width, "height": height, "pixels": pixel_hash(image)}
    faces = shared_finder(detector).find(image)
    if not faces:
        yield known | failed | {"reason": "no-face"}
    for number, face in enumerate(faces, 1):
        yield known | {
            "face": number,
            "success": 1,
            "reason": "",
            "points": face.points,
        }


def _image(ref: ImageRef, records: dict[tuple[str, int], str]) -> np.ndarray:
    """Return the RGB pixels (height, width, 3) of a file or of a CSV's record."""
    if ref.row is None:
        return read_image(ref.path)
    try:
        values = np.array(records[ref.path, ref.row].split(), dtype=np.int64)
    except (KeyError, ValueError, OverflowError) as error:
        raise UnreadableImage(f"row {ref.row} of {ref.path} holds no pixels.") from error
    if values.size != CSV_SIDE**2 or values.min() < 0 or values.max() > 255:
        raise UnreadableImage(
            f"row {ref.row} of {ref.path}: expected {CSV_SIDE**2} numbers of 0 to 255, "
            f"got {values.size}."
        )
    grey = values.astype(np.uint8).reshape(CSV_SIDE, CSV_SIDE)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _csv_pixels(refs: Sequence[ImageRef]) -> dict[tuple[str, int], str]:
    """Return the pixels column of the wanted records, read in one pass over each CSV."""
    wanted: dict[str, set[int]] = {}
    for ref in refs:
        if ref.row is not None:
            wanted.setdefault(ref.path, set()).add(ref.row)
    return {
        (path, row): pixels for path, rows in wanted.items() for row, pixels in _records(path, rows)
    }


def _records(path: str, rows: set[int]) -> Iterator[tuple[int, str]]:
    """Yield number and pixels of the wanted records, as far as the file can be read."""
    try:
        with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
            column = next(csv.reader([file.readline()]), []).index("pixels")
            # A record of this format is one line, so that the ones before are skipped unparsed.
            for row, line in enumerate(islice(file, max(rows) + 1)):
                if row in rows:
                    fields = next(csv.reader([line]), [])
                    if len(fields) > column:
                        yield row, fields[column]
    except (OSError, ValueError, csv.Error):
        return  # the records that are missing become unreadable images
