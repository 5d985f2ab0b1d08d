"""Say how sure a share of few rows is."""

from data.console import per_cent

MIN_ROWS = 30
"""A share of fewer rows is printed with its interval."""

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
