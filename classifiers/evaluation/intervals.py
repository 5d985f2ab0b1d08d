"""Say how sure a metric is: its interval."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from data.console import per_cent

MIN_ROWS = 30
"""A share of fewer rows is printed with its interval."""

RESAMPLES = 1000

if TYPE_CHECKING:
    import pandas as pd

TOO_FEW = "too few to say"


def share_of(value: float | None, n: int) -> str:
    """Return a share as per cent, with its 95 % interval where there are few rows.

    Wilson's score interval, JASA 22 (1927).

    Parameters
    ----------
    value : float or None, range 0..1
    n : int
        Rows that it is a share of.
    """
    if value is None or not 0 < n < MIN_ROWS:
        return per_cent(value)
    from scipy.stats import binomtest  # only here: it takes half a second

    low, high = binomtest(round(value * n), n).proportion_ci(method="wilson")
    return f"{per_cent(value)} ({100 * low:.0f}-{100 * high:.0f})"


def mean_of(value: float | None, n: int) -> str:
    """Return a figure of no share, such as F1, as per cent, or that the rows are too few."""
    return TOO_FEW if value is not None and n < MIN_ROWS else per_cent(value)


def bootstrap_intervals(
    predictions: "pd.DataFrame", classes: Sequence[str]
) -> dict[str, list[float]]:
    """Return the 95 % intervals of accuracy and macro F1, by resampling the predictions.

    Efron's percentile bootstrap, Annals of Statistics 7 (1979), with a fixed seed.

    Parameters
    ----------
    predictions : DataFrame
        Columns label and prediction; rows without a prediction are left out.
    classes : sequence of str

    Returns
    -------
    dict of str to list of float
        Low and high of ``accuracy`` and ``macro_f1``; empty with fewer than `MIN_ROWS` rows.
    """
    rows = predictions[predictions["prediction"] != ""]
    if len(rows) < MIN_ROWS:
        return {}
    from scipy.stats import bootstrap  # only here: it takes half a second

    numbers = {name: number for number, name in enumerate(classes)}
    data = tuple(rows[name].map(numbers).to_numpy() for name in ("label", "prediction"))
    intervals = {}
    for name, statistic in (("accuracy", _accuracy), ("macro_f1", _macro_f1)):
        found = bootstrap(
            data,
            statistic,
            paired=True,
            vectorized=False,
            n_resamples=RESAMPLES,
            method="percentile",
            rng=0,
        ).confidence_interval
        intervals[name] = [float(found.low), float(found.high)]
    return intervals


def _accuracy(codes: np.ndarray, predicted: np.ndarray) -> float:
    return float((codes == predicted).mean())


def _macro_f1(codes: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean F1 of the classes that occur."""
    n = max(codes.max(), predicted.max()) + 1
    labelled, right = (
        np.bincount(codes, minlength=n),
        np.bincount(codes[codes == predicted], minlength=n),
    )
    f1 = 2 * right / np.maximum(labelled + np.bincount(predicted, minlength=n), 1)
    return float(f1[labelled > 0].mean())
