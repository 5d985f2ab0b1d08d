"""Turn a photo's bytes into a result: decode it, read the faces, and shrink it to send it back."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, Protocol

import numpy as np
from PIL import Image

from classifiers.inference.predictor import ImagePrediction, Predictor
from landmarks.images import PAGE_FORMATS, ImageError, image_format, read_image
from web.errors import ApiError
from web.uploads import MAX_PHOTO_BYTES

MAX_PICTURE_SIDE = 1200
"""Longest side, in pixels, of the photo that goes back to the browser."""


class Result(NamedTuple):
    """What one photo shows.

    Attributes
    ----------
    prediction : ImagePrediction
        Its faces, their explanations worked out; it can be sent to another process.
    picture : bytes
        The upright photo as JPEG, no side longer than `MAX_PICTURE_SIDE`, without its EXIF data;
        empty if it wasn't asked for.
    seconds : float
        From bytes to result.
    """

    prediction: ImagePrediction
    picture: bytes
    seconds: float


class Service(Protocol):
    """What the pages and the API call: a `Reader` here, or a `web.inference.pool.WorkerPool`."""

    folder: Path
    manifest: dict[str, Any]
    takes_pixels: bool

    @property
    def ready(self) -> bool:
        """Whether a photo can be read now."""

    def read(self, content: bytes, picture: bool = False, shift: Sequence[float] = ()) -> Result:
        """See `Reader.read`."""


class Reader:
    """Reads photos in this process."""

    ready = True

    def __init__(self, predictor: Predictor):
        self._predictor = predictor
        self.folder = predictor.folder
        self.manifest = predictor.manifest
        self.takes_pixels = predictor.takes_pixels

    def read(self, content: bytes, picture: bool = False, shift: Sequence[float] = ()) -> Result:
        """Decode a photo and read the faces in it.

        Parameters
        ----------
        content : bytes
            A JPEG, PNG or WebP file.
        picture : bool, default False
            Whether the result holds the photo.
        shift : sequence of float, optional
            What is added to the logarithm of each class's confidence, see
            `classifiers.inference.shifts`.

        Raises
        ------
        ApiError
            If the file is too large, isn't a photo or shows no face.
        MemoryError
            If there is too little memory for it.
        """
        start = perf_counter()
        if len(content) > MAX_PHOTO_BYTES:
            raise ApiError("too-heavy")
        try:
            rgb = read_image(content, formats=PAGE_FORMATS, reduce=False)
        except ImageError as error:
            is_heic = image_format(content) == "HEIC"
            raise ApiError("heic" if is_heic else error.reason) from None
        predictor = self._predictor.shifted(np.asarray(shift)) if shift else self._predictor
        prediction = predictor.predict(rgb)
        if prediction.reason:
            raise ApiError(prediction.reason)
        shrunk = _small_jpeg(rgb) if picture else b""
        return Result(prediction.explained(), shrunk, perf_counter() - start)


def warmed(bundle: str | Path) -> Reader:
    """Return a reader of a bundle that has built its face mesh: not on the first visitor's time."""
    predictor = Predictor(bundle)
    predictor.predict(np.zeros((64, 64, 3), dtype=np.uint8))
    return Reader(predictor)


def _small_jpeg(rgb: np.ndarray) -> bytes:
    """Encode a photo, uint8 (h, w, 3), no side longer than `MAX_PICTURE_SIDE`."""
    small = Image.fromarray(rgb)
    small.thumbnail((MAX_PICTURE_SIDE, MAX_PICTURE_SIDE))
    buffer = BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
