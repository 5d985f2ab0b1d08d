"""Faces as pixels: the crops of a feature table's rows, out of the images they were found in."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data.errors import DataError
from data.sources import images_of, read_images
from landmarks.face_crop import SIDE, face_crop
from landmarks.images import ImageError


def read_crops(
    source: Path, images: Sequence[str], points: Sequence[np.ndarray | None]
) -> tuple[np.ndarray, np.ndarray]:
    """Cut faces out of their images.

    Parameters
    ----------
    source : Path
        As `data.sources.read_images` takes it.
    images : sequence of str
        Names of images as the feature table has them.
    points : sequence of ndarray (468, 3) or None
        A face in each of them.

    Returns
    -------
    crops, wholes : ndarray of uint8, shape (n, SIDE, SIDE)
        By the points, and of the image as a whole; the same where there are no points.

    Raises
    ------
    DataError
        If an image isn't in the source or can't be read.
    """
    files = {ref.image: ref for ref in read_images(source)}
    missing = next((name for name in images if name not in files), None)
    if missing is not None:
        raise DataError(
            f"Expected {missing}, which the table names, in {source}; name the folder or CSV that "
            "the features were made of."
        )
    crops = np.empty((len(images), SIDE, SIDE), np.uint8)
    wholes = np.empty_like(crops)
    try:
        for row, image in enumerate(images_of([files[name] for name in images])):
            wholes[row] = face_crop(image, None)
            crops[row] = wholes[row] if points[row] is None else face_crop(image, points[row])
    except ImageError as error:
        raise DataError(f"An image of the table can't be read any more: {error}") from error
    return crops, wholes
