"""Draw a video's confidences over time, a panel for each face, in bounded memory."""

from collections.abc import Iterable, Sequence

import numpy as np

from classifiers.inference.video import TrackedFace

MAX_BINS = 800
"""Columns of time that are kept: more than a picture's width shows apart."""

MIN_BIN_SECONDS = 0.1
"""Seconds that a column takes at least."""

MAX_PANELS = 12
"""Faces that are drawn, those seen longest; a picture with more can't be read."""

WIDTH, PANEL, HEAD = 11.0, 1.5, 1.0
"""Inches: of the picture, of a panel's height and of what stands above and below."""

# Paul Tol's bright scheme and black: seven colours that stay apart for every colour vision.
COLOURS = ("#EE6677", "#228833", "#AA3377", "#CCBB44", "#BBBBBB", "#4477AA", "#66CCEE", "#222222")


class Timeline:
    """Collect mean confidences per column of time; columns double in width as time goes on.

    Parameters
    ----------
    classes : sequence of str
        In the bundle's order.
    rate : float
        Frames a second that come: a column is so wide at first that none stays empty in between.
    """

    def __init__(self, classes: Sequence[str], rate: float) -> None:
        self.classes = tuple(classes)
        self.bin_seconds = max(MIN_BIN_SECONDS, 2 / rate)
        self.faces: dict[int, dict[int, np.ndarray]] = {}
        self.end = 0.0

    def add(self, seconds: float, faces: Iterable[TrackedFace]) -> None:
        """Take in the next frame."""
        self.end = max(self.end, seconds)
        while seconds >= MAX_BINS * self.bin_seconds:
            self._widen()
        column = int(seconds / self.bin_seconds)
        for track_id, found in faces:
            values = np.array([1.0, *found.confidences.values()])  # a count, then the sums
            columns = self.faces.setdefault(track_id, {})
            columns[column] = columns.get(column, 0) + values

    def means(self, track_id: int) -> np.ndarray:
        """Return a face's mean confidences, (columns, k); NaN where it wasn't seen."""
        means = np.full((int(self.end / self.bin_seconds) + 1, len(self.classes)), np.nan)
        for column, values in self.faces[track_id].items():
            means[column] = values[1:] / values[0]
        return means

    def _widen(self) -> None:
        """Make one column of every two."""
        self.bin_seconds *= 2
        for track_id, columns in self.faces.items():
            wider: dict[int, np.ndarray] = {}
            for column, values in columns.items():
                wider[column // 2] = wider.get(column // 2, 0) + values
            self.faces[track_id] = wider


def draw(timeline: Timeline, title: str):
    """Draw each face's confidences over time, stacked, the faces seen longest.

    Parameters
    ----------
    timeline : Timeline
    title : str
        Stands above the panels.

    Returns
    -------
    matplotlib.figure.Figure
    """
    # Only here: it takes half a second to load, which the other commands do without.
    from matplotlib.figure import Figure

    longest = sorted(timeline.faces, key=lambda track_id: -len(timeline.faces[track_id]))
    shown = sorted(longest[:MAX_PANELS])
    n_panels = max(len(shown), 1)
    figure = Figure(figsize=(WIDTH, HEAD + PANEL * n_panels), layout="constrained")
    panels = figure.subplots(n_panels, sharex=True, squeeze=False)[:, 0]
    for axes, track_id in zip(panels, shown, strict=False):
        _draw_face(axes, timeline, track_id)
    left_out = len(timeline.faces) - len(shown)
    more = f" (and {left_out} more, seen for less time)" if left_out else ""
    figure.suptitle((title if shown else f"{title}: no face found") + more, x=0.01, ha="left")
    panels[-1].set_xlabel("seconds of the video")
    panels[-1].set_xlim(0, timeline.end + timeline.bin_seconds)
    if shown:
        handles = panels[0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside lower center", ncols=8, frameon=False)
    return figure


def _draw_face(axes, timeline: Timeline, track_id: int) -> None:
    """Draw one face's panel; where it wasn't seen there is nothing."""
    means = timeline.means(track_id)
    means = np.append(means, means[-1:], axis=0)  # the last step's end
    times = np.arange(len(means)) * timeline.bin_seconds
    tops = np.cumsum(means, axis=1)
    bottoms = tops - means
    for k, name in enumerate(timeline.classes):
        axes.fill_between(
            times,
            bottoms[:, k],
            tops[:, k],
            step="post",
            label=name,
            linewidth=0,
            color=COLOURS[k % len(COLOURS)],
        )
    axes.set_ylim(0, 1)
    axes.set_yticks((0, 0.5, 1), ("0", "50 %", "100 %"))
    axes.set_ylabel(f"face {track_id}")
    axes.spines[["top", "right"]].set_visible(False)
