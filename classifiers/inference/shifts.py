"""Confidences for another mix of classes, and relative to a person's own neutral face.

Both add a number to the logarithm of each class's confidence.

By Bayes' rule a prior moves it by the logarithm of the class's share (see `models.calibration`). A
face at rest may be predicted as sad or angry. Photographs of a person's neutral face measure this
bias, and the confidences of other photographs of that person are moved by as much:
the neutral face itself gets `NEUTRAL_CONFIDENCE` for neutral, and the same for every other class.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import log_softmax, softmax

from classifiers.inference.predictions import FacePrediction, ImagePrediction

NEUTRAL = "neutral"

UNIFORM = "uniform"
"""The prior of equal shares."""

NEUTRAL_CONFIDENCE = 0.4
"""Confidence in neutral that a person's own neutral face gets. Chosen on 107 posed photographs of
five people: from 0.3 to 0.4 the accuracy over all seven classes is highest, 70 to 74 % in place of
51 to 58 % without the own neutral."""

MIN_CONFIDENCE = 1e-12
"""Keeps the logarithm of a confidence finite."""


class Baseline(NamedTuple):
    """A person's neutral face.

    Attributes
    ----------
    shift : ndarray of float64, shape (k,)
        See `neutral_shift`.
    measures : ndarray of float64, shape (len(MEASURES),)
        Mean of `landmarks.measures.measure`.
    """

    shift: np.ndarray
    measures: np.ndarray


def baseline_of(faces: Sequence[FacePrediction], classes: Sequence[str]) -> Baseline:
    """Return the baseline of predictions of one person's neutral face.

    Raises
    ------
    ValueError
        As `neutral_shift` does.
    """
    proba = np.array([list(face.confidences.values()) for face in faces])
    shift = neutral_shift(proba, classes)
    return Baseline(shift, np.mean([face.measures for face in faces], axis=0))


def baseline_of_photos(photos: Sequence[ImagePrediction], classes: Sequence[str]) -> Baseline:
    """Return the baseline of photographs of a person's neutral face.

    Parameters
    ----------
    photos : sequence of ImagePrediction
        Their predictions. The largest face of each counts.
    classes : sequence of str, length k

    Raises
    ------
    ValueError
        If a photograph shows no face, there is none, or neutral is not among the classes.
    """
    found = [photo.faces for photo in photos]
    if not all(found):
        raise ValueError(
            f"Expected a face in each neutral photograph, found none in number "
            f"{found.index([]) + 1}; name another."
        )
    return baseline_of([max(faces, key=lambda face: face.face.area) for faces in found], classes)


def neutral_shift(proba: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Return what has to be added to the logarithms of a person's confidences.

    Parameters
    ----------
    proba : ndarray of float, shape (n, k), range 0..1
        Confidences of one photograph or more of the person's neutral face.
    classes : sequence of str, length k

    Returns
    -------
    ndarray of float64, shape (k,)

    Raises
    ------
    ValueError
        If neutral is not among the classes, or there is no photograph.
    """
    if NEUTRAL not in classes:
        raise ValueError(
            f"Expected a model of the class {NEUTRAL}, got one of {', '.join(classes)}; "
            "leave the neutral photographs out."
        )
    if len(proba) == 0:
        raise ValueError("Expected a neutral face in the neutral photographs, found none.")
    expected = np.full(len(classes), (1 - NEUTRAL_CONFIDENCE) / (len(classes) - 1))
    expected[list(classes).index(NEUTRAL)] = NEUTRAL_CONFIDENCE
    return np.log(expected) - log_softmax(_log(proba), axis=1).mean(axis=0)


def prior_shift(
    prior: Mapping[str, float] | str, served: Sequence[float], classes: Sequence[str]
) -> np.ndarray:
    """Return what another prior adds to the logarithms of the confidences.

    Parameters
    ----------
    prior : mapping of str to float, or "uniform"
        Share of each class where the model is used; they need not sum to 1.
    served : sequence of float, length k
        Shares that the model's confidences are for.
    classes : sequence of str, length k

    Returns
    -------
    ndarray of float64, shape (k,)

    Raises
    ------
    ValueError
        If a class has no share, or a share is not a positive number.
    """
    if isinstance(prior, str):
        if prior != UNIFORM:
            raise ValueError(f"Expected the prior {UNIFORM} or a share a class, got {prior!r}.")
        prior = dict.fromkeys(classes, 1.0)
    if set(prior) != set(classes):
        raise ValueError(
            f"Expected a share of each of {', '.join(classes)}, got {', '.join(prior)}."
        )
    shares = np.array([prior[name] for name in classes], dtype=np.float64)
    if not (np.isfinite(shares).all() and (shares > 0).all()):
        raise ValueError("Expected positive shares of the classes, got others.")
    return np.log(shares / shares.sum()) - np.log(served)


def shifted(proba: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Return confidences whose logarithms are moved.

    Parameters
    ----------
    proba : ndarray of float, shape (n, k), range 0..1
    shift : ndarray of float, shape (k,)
        From `neutral_shift`, `prior_shift` or the sum of both.

    Returns
    -------
    ndarray of float64, shape (n, k), range 0..1
        Rows sum to 1.
    """
    return softmax(_log(proba) + shift, axis=1)


def _log(proba: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(np.asarray(proba, dtype=np.float64), MIN_CONFIDENCE))
