"""Average confidences over time, alike at any number of frames a second.

Each new prediction p moves a face's average m by a share that grows with the time since the last:

    m <- m + (1 - exp(-elapsed / tau)) (p - m)

so that a prediction of `age` seconds ago weighs exp(-age / tau): the exponential average for
samples at any times (Eckner 2017, "Algorithms for unevenly spaced time series", the EMA of the next
point), the same as the live page's.
"""

from collections.abc import Sequence

import numpy as np

TAU = 0.35
"""Seconds after which a prediction weighs 1 / e; as on the live page."""

MAX_AGE_TAUS = 14.0
"""Age, in times tau, at which a prediction is dropped: exp(-14) is a millionth."""


class Smoother:
    """Average the confidences of tracked faces.

    Parameters
    ----------
    tau : float, default TAU
        In seconds; 0 leaves every prediction as it is.
    """

    def __init__(self, tau: float = TAU) -> None:
        self.tau = tau
        self._means: dict[int, tuple[float, np.ndarray]] = {}

    def smooth(self, track_ids: Sequence[int], proba: np.ndarray, seconds: float) -> np.ndarray:
        """Return the averages after a frame's predictions.

        Parameters
        ----------
        track_ids : sequence of int, length n
            From `landmarks.video.tracker.FaceTracker.track`.
        proba : ndarray of float, shape (n, k), range 0..1
        seconds : float
            When the frame is shown.

        Returns
        -------
        ndarray of float, shape (n, k), range 0..1
            Rows sum to 1 where those of `proba` do. A new face's is its first prediction.
        """
        if self.tau == 0:
            return proba
        smoothed = np.array(proba)
        for row, track_id in enumerate(track_ids):
            before, mean = self._means.get(track_id, (seconds, proba[row]))
            share = 1 - np.exp(-(seconds - before) / self.tau)
            smoothed[row] = mean + share * (proba[row] - mean)
            self._means[track_id] = seconds, smoothed[row]
        oldest = seconds - MAX_AGE_TAUS * self.tau
        self._means = {n: kept for n, kept in self._means.items() if kept[0] >= oldest}
        return smoothed
