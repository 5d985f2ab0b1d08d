"""Compute statistics of every image's pixels: reason, hash, std and thumbnail."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from data.duplicates import THUMBNAIL_SIDE
from data.sources import ImageRef, images_or_errors
from landmarks.images import ImageError, pixel_hash

MIN_STD = 4.0
"""Standard deviation of the grey levels, 0 to 255, below which an image is blank: FER2013 has 13
of them, with 0 to 0.65; all but one of its other images exceed 9."""

FILE_CHUNK_SIZE, CSV_CHUNK_SIZE = 50, 2000
"""Images in a thread's chunk; each chunk of fer2013.csv costs a pass over the file."""


@dataclass(frozen=True)
class PixelStats:
    """Statistics of the pixels of n images.

    Attributes
    ----------
    reasons : ndarray of str, shape (n,)
        `landmarks.images.ImageError.reason` of an image that can't be used, else ``""``.
    pixels : ndarray of str, shape (n,)
        `landmarks.images.pixel_hash`, ``""`` where there are none.
    std : ndarray of float, shape (n,)
        Standard deviation of the grey levels, 0 to 255; NaN where there are none.
    thumbnails : ndarray of uint8, shape (n, THUMBNAIL_SIDE, THUMBNAIL_SIDE)
        Grayscale; zeros where the image can't be read.
    """

    reasons: np.ndarray
    pixels: np.ndarray
    std: np.ndarray
    thumbnails: np.ndarray

    @property
    def is_blank(self) -> np.ndarray:
        """Whether each image can be read and is one grey all over, bool (n,)."""
        return self.std < MIN_STD


def compute_pixel_stats(
    refs: Sequence[ImageRef], advance: Callable[[int], None] = lambda done: None
) -> PixelStats:
    """Read all images once.

    Parameters
    ----------
    refs : sequence of ImageRef
        At least one.
    advance : callable, optional
        Called with how many images were read since it was called last.
    """
    size = FILE_CHUNK_SIZE if refs[0].row is None else CSV_CHUNK_SIZE
    chunks = [refs[start : start + size] for start in range(0, len(refs), size)]
    stats = []
    # Threads are enough: Pillow, OpenCV and the hash let go of the interpreter at work.
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        for chunk, found in zip(chunks, pool.map(_stats_of_chunk, chunks), strict=True):
            stats += found
            advance(len(chunk))
    finally:
        pool.shutdown(cancel_futures=True)
    reasons, pixels, std, thumbnails = zip(*stats, strict=True)
    return PixelStats(np.array(reasons), np.array(pixels), np.array(std), np.stack(thumbnails))


def _stats_of_chunk(refs: Sequence[ImageRef]) -> list[tuple[str, str, float, np.ndarray]]:
    return [_stats_of(image) for image in images_or_errors(refs)]


def _stats_of(image: np.ndarray | ImageError) -> tuple[str, str, float, np.ndarray]:
    """Return reason, pixel hash, std and thumbnail of one image."""
    if isinstance(image, ImageError):
        return image.reason, "", np.nan, np.zeros((THUMBNAIL_SIDE, THUMBNAIL_SIDE), np.uint8)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    size = (THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    thumbnail = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return "", pixel_hash(image), float(grey.std()), thumbnail
