"""Confidences for another mix of classes, and relative to a person's own neutral face.

Both add a number to the logarithm of each class's confidence.

By Bayes' rule a prior moves it by the logarithm of the class's share (see `models.calibration`). A
face at rest may be predicted as sad or angry. Photographs of a person's neutral face measure this
bias, and it is taken from the person's other confidences, see `neutral_shift`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import log_softmax, softmax

from classifiers.bundle.manifest import takes_pixels
from classifiers.inference.predictions import FacePrediction, ImagePrediction

NEUTRAL = "neutral"

UNIFORM = "uniform"
"""The prior of equal shares."""

SCALE = 1.5
"""What the moved logarithms are multiplied by: without a person's bias the confidences are low."""


class Relative(NamedTuple):
    """How confidences are taken relative to a person's own neutral face.

    Attributes
    ----------
    weight : float
        How many times the person's bias is taken away, 1 or more; beyond 1, what changed is
        exaggerated.
    odds : float
        How many times as likely as each other class neutral is in a neutral face, above 1.
    """

    weight: float
    odds: float


RELATIVE = {True: Relative(1.4, 9.0), False: Relative(1.15, 4.0)}
"""Of a model that takes pixels, and of one on landmarks. Chosen with `SCALE` by the cross-entropy
on 107 posed photographs of five people, each relative to its person's other neutral ones. The
included models are right on 53 and 49 % of them without the own neutral, on 75 and 60 % with it
(``make evaluate`` with ``SUBJECT=``)."""

REST = 0.7
"""Share of the largest bias with which the neutral face itself would still be read as neutral."""

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


def baseline_of(faces: Sequence[FacePrediction], manifest: Mapping[str, Any]) -> Baseline:
    """Return the baseline of predictions of one person's neutral face by a bundle's model.

    Raises
    ------
    ValueError
        As `neutral_shift` does.
    """
    proba = np.array([list(face.confidences.values()) for face in faces])
    shift = neutral_shift(proba, manifest["classes"], RELATIVE[takes_pixels(manifest)])
    return Baseline(shift, np.mean([face.measures for face in faces], axis=0))


def baseline_of_photos(photos: Sequence[ImagePrediction], manifest: Mapping[str, Any]) -> Baseline:
    """Return the baseline of photographs of a person's neutral face.

    Parameters
    ----------
    photos : sequence of ImagePrediction
        Their predictions. The largest face of each counts.
    manifest : mapping
        Of the bundle that made them.

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
    return baseline_of([max(faces, key=lambda face: face.face.area) for faces in found], manifest)


def neutral_shift(proba: np.ndarray, classes: Sequence[str], relative: Relative) -> np.ndarray:
    """Return what has to be added to the logarithms of a person's confidences.

    With the confidences n of the neutral face it is ``weight * (log(odds) - log n)`` for neutral,
    and ``-weight * log n`` for the others. Of these log n is bounded, so that the neutral face
    itself is read as neutral.

    Parameters
    ----------
    proba : ndarray of float, shape (n, k), range 0..1
        Confidences of one photograph or more of the person's neutral face.
    classes : sequence of str, length k
    relative : Relative

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
    is_neutral = np.array(classes) == NEUTRAL
    log_odds = np.log(relative.odds)
    logs = log_softmax(_log(proba), axis=1).mean(axis=0)
    if relative.weight > 1:
        floor = -REST * relative.weight / (relative.weight - 1) * log_odds
        logs = np.where(is_neutral, logs, np.maximum(logs, floor))
    return relative.weight * (np.where(is_neutral, log_odds, 0.0) - logs)


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


def shifted(proba: np.ndarray, shift: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """Return confidences whose logarithms are moved, then scaled.

    Parameters
    ----------
    proba : ndarray of float, shape (n, k), range 0..1
    shift : ndarray of float, shape (k,)
        From `neutral_shift`, `prior_shift` or the sum of both.
    scale : float, default 1
        `SCALE` with a `neutral_shift`.

    Returns
    -------
    ndarray of float64, shape (n, k), range 0..1
        Rows sum to 1.
    """
    return softmax(scale * (_log(proba) + shift), axis=1)


def _log(proba: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(np.asarray(proba, dtype=np.float64), MIN_CONFIDENCE))
