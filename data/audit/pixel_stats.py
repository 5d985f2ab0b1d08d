"""One look at every image's pixels: can it be read, what are its shades, which others are equal."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from data.duplicates import SHADES
from data.sources import ImageRef, images_or_errors
from landmarks.images import ImageError, pixel_hash

LEAST_DEVIATION = 4.0
"""Standard deviation of the grey levels, 0 to 255, below which a picture is blank: FER2013 has 13
such, with deviations of 0 to 0.65; those of all but one of its other pictures exceed 9."""

FILES, RECORDS = 50, 2000
"""Images that a thread looks at in a row; each chunk of fer2013.csv costs a pass over the file."""


@dataclass(frozen=True)
class Looks:
    """What the pixels of n images tell.

    Attributes
    ----------
    reasons : ndarray of str, shape (n,)
        `landmarks.images.ImageError.reason` of an image that can't be used, else ``""``.
    pixels : ndarray of str, shape (n,)
        `landmarks.images.pixel_hash`, ``""`` where there are none.
    deviation : ndarray of float, shape (n,)
        Standard deviation of the grey levels, 0 to 255; NaN where there are none.
    shades : ndarray of uint8, shape (n, SHADES, SHADES)
        The picture in grey, shrunk; zeros where there is none.
    """

    reasons: np.ndarray
    pixels: np.ndarray
    deviation: np.ndarray
    shades: np.ndarray

    @property
    def blank(self) -> np.ndarray:
        """Whether each image can be read and is one grey all over, bool (n,)."""
        return self.deviation < LEAST_DEVIATION


def look_at(refs: Sequence[ImageRef], advance: Callable[[int], None] = lambda done: None) -> Looks:
    """Read all images once.

    Parameters
    ----------
    refs : sequence of ImageRef
        At least one.
    advance : callable, optional
        Called with how many images were read since it was called last.

    Returns
    -------
    Looks
    """
    size = FILES if refs[0].row is None else RECORDS
    chunks = [refs[start : start + size] for start in range(0, len(refs), size)]
    looks = []
    # Threads are enough: Pillow, OpenCV and the hash let go of the interpreter at work.
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        for chunk, seen in zip(chunks, pool.map(_look_at_chunk, chunks), strict=True):
            looks += seen
            advance(len(chunk))
    finally:
        pool.shutdown(cancel_futures=True)
    reasons, pixels, deviation, shades = zip(*looks, strict=True)
    return Looks(np.array(reasons), np.array(pixels), np.array(deviation), np.stack(shades))


def _look_at_chunk(refs: Sequence[ImageRef]) -> list[tuple[str, str, float, np.ndarray]]:
    return [_look(image) for image in images_or_errors(refs)]


def _look(image: np.ndarray | ImageError) -> tuple[str, str, float, np.ndarray]:
    """Return reason, pixel hash, deviation and shades of one image."""
    if isinstance(image, ImageError):
        return image.reason, "", np.nan, np.zeros((SHADES, SHADES), np.uint8)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    shades = cv2.resize(grey, (SHADES, SHADES), interpolation=cv2.INTER_AREA)
    return "", pixel_hash(image), float(grey.std()), shades
