"""Calibrate confidences, and find the one below which a prediction is uncertain.

Vector scaling of Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, on the
logarithms of the probabilities, which works for an average of networks too: each class has its own
scale and bias, because label smoothing holds the easy classes back and class weights push the rare
ones. A prior keeps them together, and near what the model says, where few rows speak.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

PRIORS = {"training": 1.0, "roots": 0.5, "uniform": 0.0}
"""Exponents that take the classes' shares in training to those that a model is served for."""

MIN_PROBABILITY = 1e-30
"""Keeps the logarithm of a probability finite."""

PRIOR_PRECISION = 4.0
"""Of each class's bias and logarithm of its scale, about the common temperature: a deviation of a
half. Values from 1 to 20 gave the same cross-entropy on 2,864 rows of FER2013. And of the common
temperature's logarithm, about 0: where a few rows are all answered rightly, as with a classifier
of custom classes, nothing else keeps the confidences from becoming certainties."""

MIN_ACCURACY_GAIN = 0.12
"""By how much the selective accuracy, that of the predictions which aren't uncertain, exceeds the
accuracy of all on validation rows. Ten points are wanted, and a threshold gains less on other rows
than on those that chose it."""

MAX_THRESHOLD = 0.8
"""Largest threshold. Where all of a few rows are predicted rightly, the least of their confidences
is luck, and may be 0.99."""


class Calibration(NamedTuple):
    """Scale and bias of each class's logarithmic probability, float64 (k,) each."""

    scale: np.ndarray
    bias: np.ndarray


def calibrated(proba: np.ndarray, calibration: Calibration) -> np.ndarray:
    """Return calibrated probabilities.

    Parameters
    ----------
    proba : ndarray of float, shape (..., k), range 0..1
        Probabilities of the k classes.
    calibration : Calibration

    Returns
    -------
    ndarray of float64, shape (..., k), range 0..1
        Rows sum to 1.
    """
    return softmax(_log(proba) * calibration.scale + calibration.bias, axis=-1)


def fit_calibration(passes: np.ndarray, codes: np.ndarray) -> Calibration:
    """Find the calibration with the least cross-entropy on validation rows, given the prior.

    Parameters
    ----------
    passes : ndarray of float, shape (m, n, k), range 0..1
        Probabilities from m passes (the face and its mirror image), calibrated one by one and
        averaged afterwards, as serving does.
    codes : ndarray of int, shape (n,)
        The number of each row's class.

    Returns
    -------
    Calibration
    """
    logs, rows = _log(passes), np.arange(len(codes))
    n_classes = logs.shape[-1]

    def unpacked(values: np.ndarray) -> Calibration:
        common, scales, biases = np.split(values, [1, 1 + n_classes])
        return Calibration(np.exp(common + scales), biases)

    def cost(values: np.ndarray) -> float:
        scale, bias = unpacked(values)
        each = log_softmax(logs * scale + bias, axis=-1)[:, rows, codes]
        cross_entropy = -np.logaddexp.reduce(each, axis=0).sum()
        return cross_entropy + PRIOR_PRECISION / 2 * (values**2).sum()

    return unpacked(minimize(cost, np.zeros(1 + 2 * n_classes), method="L-BFGS-B").x)


def served_prior(shares: np.ndarray, prior: str) -> np.ndarray:
    """Return the shares of the classes that a model expects where it is served.

    Parameters
    ----------
    shares : ndarray of float, shape (k,), range 0..1
        Shares of the classes in the training rows.
    prior : {"training", "roots", "uniform"}
        The shares themselves, their roots, or all alike.

    Returns
    -------
    ndarray of float, shape (k,), range 0..1
        Sums to 1.
    """
    served = shares ** PRIORS[prior]
    return served / served.sum()


def with_prior(calibration: Calibration, shares: np.ndarray, prior: np.ndarray) -> Calibration:
    """Move a calibration from one mix of classes to another.

    By Bayes' rule the probability of a class changes with its share (Saerens, Latinne and
    Decaestecker, "Adjusting the outputs of a classifier to new a priori probabilities", 2002).

    Parameters
    ----------
    calibration : Calibration
        Fitted on rows of which the classes have these shares.
    shares, prior : ndarray of float, shape (k,), range 0..1
        Shares of the classes in those rows, and where the model is served.
    """
    return calibration._replace(bias=calibration.bias + np.log(prior) - np.log(shares))


def uncertain_threshold(
    proba: np.ndarray, codes: np.ndarray, min_gain: float = MIN_ACCURACY_GAIN
) -> float:
    """Find the threshold with the largest coverage whose selective accuracy gains enough.

    Parameters
    ----------
    proba : ndarray of float, shape (n, k), range 0..1
        Calibrated probabilities of validation rows.
    codes : ndarray of int, shape (n,)
        The number of each row's class.
    min_gain : float
        Least gain of the selective accuracy over the accuracy of all, where their sum is below 1.

    Returns
    -------
    float
        Threshold, 0 to `MAX_THRESHOLD`; 0, so that nothing is uncertain, where no threshold gains
        enough.
    """
    order = np.argsort(-proba.max(axis=1), kind="stable")
    right = (proba.argmax(axis=1) == codes)[order]
    accuracy = np.cumsum(right) / np.arange(1, len(right) + 1)
    enough = np.flatnonzero(accuracy >= min(right.mean() + min_gain, 1.0))
    return min(float(proba.max(axis=1)[order][enough[-1]]), MAX_THRESHOLD) if len(enough) else 0.0


def _log(proba: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(np.asarray(proba, dtype=np.float64), MIN_PROBABILITY))
