"""Take an evaluation's predictions relative to each person's own neutral photographs.

Data sets of posed expressions show each person several times, and name the person in the file.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from classifiers.bundle.manifest import takes_pixels
from classifiers.inference.shifts import NEUTRAL, RELATIVE, SCALE, neutral_shift, shifted
from data.errors import DataError


def relative_to_subjects(
    proba: np.ndarray,
    images: Sequence[str],
    labels: Sequence[str],
    pattern: str,
    manifest: Mapping[str, Any],
) -> tuple[np.ndarray, int]:
    """Return confidences relative to the neutral photographs of the same person.

    A neutral photograph is taken relative to the person's other ones, never to itself.

    Parameters
    ----------
    proba : ndarray of float, shape (n, k), range 0..1
        NaN in the rows of images without a prediction.
    images : sequence of str, length n
        As a feature table names them.
    labels : sequence of str, length n
        Classes of the model.
    pattern : str
        Regular expression. Its first group in an image's name is the person.
    manifest : mapping
        Of the bundle that predicted.

    Returns
    -------
    proba : ndarray of float, shape (n, k)
        Rows of persons without another neutral photograph are as they were.
    n_relative : int
        The other rows.

    Raises
    ------
    DataError
        If the pattern is no regular expression with a group, fits no image, or the model does not
        have the class neutral.
    """
    if NEUTRAL not in manifest["classes"]:
        raise DataError(
            f"Expected a model of the class {NEUTRAL}, got one of "
            f"{', '.join(manifest['classes'])}; leave the regular expression out."
        )
    subjects = subjects_of(images, pattern)
    predicted = np.isfinite(proba).all(axis=1)
    neutral = predicted & (np.array(labels) == NEUTRAL)
    relative = RELATIVE[takes_pixels(manifest)]
    result, n_relative = proba.copy(), 0
    for row in np.flatnonzero(predicted & (subjects != "")):
        photos = neutral & (subjects == subjects[row])
        photos[row] = False
        if photos.any():
            shift = neutral_shift(proba[photos], manifest["classes"], relative)
            result[row] = shifted(proba[[row]], shift, SCALE)[0]
            n_relative += 1
    return result, n_relative


def subjects_of(images: Sequence[str], pattern: str) -> np.ndarray:
    """Return the person in each image's name, ``""`` where the pattern doesn't fit; str (n,).

    Raises
    ------
    DataError
        If the pattern is no regular expression with a group, or fits no image.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise DataError(f"Expected a regular expression, got {pattern!r}: {error}.") from error
    if not expression.groups:
        raise DataError(
            f"Expected a group for the person in the regular expression, got {pattern!r}; put the "
            "person in parentheses, as in '(S[0-9]+)_'."
        )
    found = [expression.search(image) for image in images]
    subjects = np.array([(match and match.group(1)) or "" for match in found])
    if not (subjects != "").any():
        raise DataError(
            f"Expected {pattern!r} in the names of the images, such as {images[0]!r}, found it in "
            "none; mend the regular expression."
        )
    return subjects
