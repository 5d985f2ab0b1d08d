"""Measure how long one photo takes, stage by stage, for ``make bench``.

Each image goes through all stages in turn, with a bare MediaPipe call among them, so that other
load slows all stages alike. The bare call finds one mesh. The detector finds faces first, and as
many meshes of each face as the model takes. No stage uses more than one thread: on an idle machine
wall-clock time and processor time are equal.
"""

import io
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image, ImageOps
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from classifiers.bundle.bundle import PREFERRED, BundleError
from classifiers.cli.options import ModelsOption
from classifiers.inference.predictor import Predictor
from data.console import handle_errors, progress_bar
from data.errors import DataError
from data.sources import read_images
from landmarks.crops import TIGHT_SIDE
from landmarks.detection.detector import first_tight_crop, shared_detector
from landmarks.detection.mediapipe_graphs import bare_call
from landmarks.face_crop import face_crop
from landmarks.images import ImageError, read_image

CROP_SIDE = 48
CANVAS = (640, 480)
FACE = (320, 320)
"""A tight crop is measured in FER2013's size, and enlarged in the middle of a photo."""

FEWER = 5
"""One of this many photos is also measured in a group and enlarged, which takes longer."""

WARM_UP = 5
"""Images that are not timed: the first ones build MediaPipe's graphs."""

LARGE = (4000, 3000)
"""Width and height of a photo of 12 megapixels."""

GROUP = 4
"""Faces side by side in a photo of several."""

DECODING, BARE = "decoding", "bare Face Mesh call"


def main(
    images: Annotated[
        Path, typer.Option(help="Photos or tight crops: folder of class folders, or CSV.")
    ] = Path("data/sample"),
    models: ModelsOption = PREFERRED,
    count: Annotated[int, typer.Option(min=1, help="Images to take, evenly.")] = 100,
) -> None:
    """Print the milliseconds that each stage takes for a photo, beside a bare Face Mesh call."""
    with handle_errors(BundleError):
        predictors = {model: Predictor(model) for model in models}
        kinds = encoded_images(images, count)
        tables = [_table(kind, measure(contents, predictors)) for kind, contents in kinds.items()]
    for table in tables:
        Console().print(table)


def encoded_images(images: Path, count: int) -> dict[str, list[bytes]]:
    """Return encoded images to measure with, by kind.

    Parameters
    ----------
    images : Path
        See `data.sources.read_images`. An image larger than `CANVAS` is a photo and taken as it
        is. A smaller one is taken for a face, of which a tight crop and a photo are made.
    count : int
        Maximum number of images.

    Returns
    -------
    dict of str to list of bytes
        Kinds that there are none of are left out.

    Raises
    ------
    data.errors.DataError
        If there is no image that can be read.
    """
    refs, tight_crops, photos = read_images(images), [], []
    for ref in refs[:: math.ceil(len(refs) / count)]:
        try:
            image = Image.fromarray(read_image(ref.path))
        except ImageError:
            continue
        if max(image.size) > max(CANVAS):
            photos.append(Path(ref.path).read_bytes())
            continue
        tight_crops.append(_encoded(image.convert("L").resize((CROP_SIDE, CROP_SIDE)), "PNG"))
        photos.append(_encoded(_in_a_photo(image), "JPEG"))
    if not photos:
        raise DataError(f"None of the images in {images} can be read; name others.")
    some = photos[: max(1, count // FEWER)]
    kinds = {
        f"tight crops of {CROP_SIDE} x {CROP_SIDE} pixels": tight_crops,
        "photos of one face": photos,
        f"photos of {GROUP} faces": [_beside_one_another(some, i) for i in range(len(some))],
        "photos of 12 megapixels": [_enlarged(content) for content in some],
    }
    return {kind: contents for kind, contents in kinds.items() if contents}


def measure(contents: Sequence[bytes], predictors: dict[str, Predictor]) -> dict[str, np.ndarray]:
    """Time every stage on every image in which a face is found.

    Parameters
    ----------
    contents : sequence of bytes
        Encoded images.
    predictors : dict of str to Predictor
        The models by name.

    Returns
    -------
    dict of str to ndarray of float, shape (n, 2)
        Stage -> wall-clock and processor milliseconds for each image; a model's stage comes after
        the mesh.

    Raises
    ------
    data.errors.DataError
        If no face is found in any of them.
    """
    for content in contents[:WARM_UP]:
        _stages(content, predictors)
    with progress_bar() as bar:
        each = bar.track(contents, description="Timing")
        rows = [row for content in each if (row := _stages(content, predictors))]
    if not rows:
        raise DataError(f"No face was found in any of {len(contents)} images; name others.")
    return {stage: np.array([row[stage] for row in rows]) for stage in rows[0]}


def _stages(content: bytes, predictors: dict[str, Predictor]) -> dict[str, np.ndarray]:
    """Return the milliseconds of each stage for one image; empty without a found face."""
    ms: dict[str, np.ndarray] = {}
    rgb = _timed(ms, DECODING, read_image, content)
    for name, predictor in predictors.items():
        # The meshes go first: they keep MediaPipe's warnings, which come once, off the terminal.
        faces = _timed(ms, f"meshes, {name}", shared_detector().detect, rgb, predictor.meshes)
        if not faces:
            return {}
        points = np.stack([face.points for face in faces])
        _timed(ms, f"model {name}", _predict, predictor, rgb, points)
        parts = (DECODING, f"meshes, {name}", f"model {name}")
        ms[f"photo to prediction, {name}"] = sum(ms[part] for part in parts)
    # Face Mesh by itself finds no face of 48 pixels: it gets the detector's enlarged crop.
    crop, confidence = first_tight_crop(rgb)
    shown = crop.pixels if min(rgb.shape[:2]) < TIGHT_SIDE else rgb
    _timed(ms, BARE, bare_call(confidence), shown)
    return ms


def _timed(ms: dict[str, np.ndarray], stage: str, call: Callable[..., Any], *inputs: Any) -> Any:
    """Call, keep the milliseconds that it took and return its result."""
    start = _clocks()
    result = call(*inputs)
    ms[stage] = 1000 * (_clocks() - start)
    return result


def _clocks() -> np.ndarray:
    """Return wall-clock seconds and processor seconds of all threads."""
    return np.array([perf_counter(), process_time()])


def _predict(predictor: Predictor, rgb: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Do what `Predictor.read` does once the faces are found."""
    crops = np.stack([face_crop(rgb, row) for row in points]) if predictor.takes_pixels else None
    return predictor.predict_proba(points, crops)


def _in_a_photo(image: Image.Image) -> Image.Image:
    """Enlarge a tight crop in the middle of a grey photo."""
    canvas, face = Image.new("RGB", CANVAS, "gray"), ImageOps.contain(image, FACE)
    canvas.paste(face, ((canvas.width - face.width) // 2, (canvas.height - face.height) // 2))
    return canvas


def _beside_one_another(photos: Sequence[bytes], first: int) -> bytes:
    """Return a photo of the middles of several photos, shrunk to a photo's size."""
    middles = [Image.open(io.BytesIO(photos[(first + i) % len(photos)])) for i in range(GROUP)]
    group = Image.new("RGB", (FACE[0] * GROUP // 2, FACE[1] * 2), "gray")
    for i, photo in enumerate(middles):
        left, top = (photo.width - FACE[0]) // 2, (photo.height - FACE[1]) // 2
        middle = photo.crop((left, top, left + FACE[0], top + FACE[1]))
        group.paste(middle, (i % 2 * FACE[0], i // 2 * FACE[1]))
    return _encoded(ImageOps.pad(group, CANVAS, color="gray"), "JPEG")


def _enlarged(content: bytes) -> bytes:
    """Return a photo enlarged to `LARGE`."""
    return _encoded(Image.open(io.BytesIO(content)).resize(LARGE), "JPEG")


def _encoded(image: Image.Image, form: str) -> bytes:
    """Return the content of an image file."""
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


def _table(kind: str, ms: dict[str, np.ndarray]) -> Table:
    """Return the times of one kind of images."""
    table = Table(title=f"{len(ms[BARE])} {kind} with a face, one thread")
    table.add_column("ms an image")
    for name in ("median", "95 %", "CPU median", "times bare"):
        table.add_column(name, justify="right")
    bare = np.median(ms[BARE][:, 1])
    for stage, values in ms.items():
        median, processor = np.median(values, axis=0)
        columns = (median, np.percentile(values[:, 0], 95), processor, processor / bare)
        table.add_row(escape(stage), *(f"{value:.2f}" for value in columns))
    return table


if __name__ == "__main__":
    typer.run(main)
