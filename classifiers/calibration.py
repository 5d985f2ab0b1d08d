"""Confidences that mean what they say: a temperature, and below what the answer is "unsure"."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

SMALLEST = 1e-30
"""Keeps the logarithm of a probability finite."""

SURER_BY = 0.12
"""How much more accurate the sure answers shall be than all answers on validation rows: ten points
are wanted, and a threshold gains less on other rows than on those that chose it."""


def tempered(proba: np.ndarray, temperature: float) -> np.ndarray:
    """Soften (temperature above 1) or sharpen probabilities.

    Temperature scaling of Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, on
    the logarithms of the probabilities, which works for an average of networks too.

    Parameters
    ----------
    proba : ndarray of float, shape (..., k), range 0..1
        Probabilities of the k classes.
    temperature : float
        Above 0.

    Returns
    -------
    ndarray of float64, shape (..., k), range 0..1
        Rows sum to 1; the most probable class stays the same.
    """
    return softmax(_log(proba) / temperature, axis=-1)


def fit_temperature(passes: np.ndarray, codes: np.ndarray) -> float:
    """Find the temperature with the least cross-entropy on validation rows.

    Parameters
    ----------
    passes : ndarray of float, shape (m, n, k), range 0..1
        Probabilities from m passes (the face and its mirror image), tempered one by one and
        averaged afterwards, as serving does.
    codes : ndarray of int, shape (n,)
        The number of each row's class.

    Returns
    -------
    float
        Between 0.2 and 5.
    """
    logs, rows = _log(passes), np.arange(len(codes))

    def cross_entropy(log_temperature: float) -> float:
        each = log_softmax(logs / np.exp(log_temperature), axis=-1)[:, rows, codes]
        return -np.logaddexp.reduce(each, axis=0).mean()

    bounds = (np.log(0.2), np.log(5.0))
    return float(np.exp(minimize_scalar(cross_entropy, bounds=bounds, method="bounded").x))


def unsure_threshold(proba: np.ndarray, codes: np.ndarray, surer_by: float = SURER_BY) -> float:
    """Find the lowest confidence from which on the answers are that much more accurate.

    Parameters
    ----------
    proba : ndarray of float, shape (n, k), range 0..1
        Calibrated probabilities of validation rows.
    codes : ndarray of int, shape (n,)
        The number of each row's class.
    surer_by : float
        Accuracy that the sure answers gain over all answers, where that stays below 1.

    Returns
    -------
    float
        Threshold, 0..1; 0, nothing is unsure, where no threshold reaches the gain.
    """
    order = np.argsort(-proba.max(axis=1), kind="stable")
    right = (proba.argmax(axis=1) == codes)[order]
    accuracy = np.cumsum(right) / np.arange(1, len(right) + 1)
    enough = np.flatnonzero(accuracy >= min(right.mean() + surer_by, 1.0))
    return float(proba.max(axis=1)[order][enough[-1]]) if len(enough) else 0.0


def _log(proba: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(np.asarray(proba, dtype=np.float64), SMALLEST))
