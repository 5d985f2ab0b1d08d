"""Confidences averaged over time, alike at any number of frames a second.

Each new answer p moves a face's average m by a share that grows with the time since the last one:

    m <- m + (1 - exp(-elapsed / tau)) (p - m)

so that what was answered `age` seconds ago weighs exp(-age / tau): the exponential average for
samples at any times (Eckner 2017, "Algorithms for unevenly spaced time series", the EMA of the next
point), the same as the live page's.
"""

from collections.abc import Sequence

import numpy as np

TAU = 0.35
"""Seconds after which an answer weighs 1 / e; as on the live page."""

FORGOTTEN = 14.0
"""Times tau after which nothing is left of an answer: exp(-14) is a millionth."""


class Smoother:
    """Averages the confidences of numbered faces.

    Parameters
    ----------
    tau : float, default TAU
        In seconds; 0 leaves every answer as it is.
    """

    def __init__(self, tau: float = TAU) -> None:
        self.tau = tau
        self._means: dict[int, tuple[float, np.ndarray]] = {}

    def smooth(self, numbers: Sequence[int], proba: np.ndarray, seconds: float) -> np.ndarray:
        """Return the averages after a frame's answers.

        Parameters
        ----------
        numbers : sequence of int, length n
            The faces, as `classifiers.inference.following` numbers them.
        proba : ndarray of float, shape (n, k), range 0..1
        seconds : float
            When the frame is shown.

        Returns
        -------
        ndarray of float, shape (n, k), range 0..1
            Rows sum to 1 where those of `proba` do. A new face's is its first answer.
        """
        if self.tau == 0:
            return proba
        smoothed = np.array(proba)
        for row, number in enumerate(numbers):
            before, mean = self._means.get(number, (seconds, proba[row]))
            share = 1 - np.exp(-(seconds - before) / self.tau)
            smoothed[row] = mean + share * (proba[row] - mean)
            self._means[number] = seconds, smoothed[row]
        oldest = seconds - FORGOTTEN * self.tau
        self._means = {n: kept for n, kept in self._means.items() if kept[0] >= oldest}
        return smoothed
