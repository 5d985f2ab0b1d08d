"""Track ids: a face keeps its id from frame to frame while its boxes overlap.

A face moves little between two frames, so that boxes are matched without a model of motion. An id
identifies no person: a face that comes back later, or after a cut, starts a new track.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from landmarks import boxes

if TYPE_CHECKING:
    from landmarks.detection.detector import Face

MIN_IOU = 0.3
"""Least intersection over union of a face's boxes in two frames; SORT's threshold."""

MAX_AGE_S = 1.0
"""Seconds after which a track without a face ends; it outlives one frame at least."""


class Tracks:
    """Assign track ids from 1, none of them twice.

    Attributes
    ----------
    current : dict of int to Face
        Track id -> face, of the last frame.
    """

    def __init__(self) -> None:
        self.current: dict[int, Face] = {}
        self._boxes: dict[int, tuple[float, np.ndarray]] = {}
        self._last_seconds = -np.inf
        self._last_id = 0

    def end_all(self) -> None:
        """End all tracks, as after a cut."""
        self.current, self._boxes = {}, {}

    def update(self, faces: Sequence["Face"], seconds: float) -> dict[int, "Face"]:
        """Assign the faces of the next frame to tracks.

        Parameters
        ----------
        faces : sequence of Face
        seconds : float
            When the frame is shown.

        Returns
        -------
        dict of int to Face
            By track id.
        """
        oldest = min(seconds - MAX_AGE_S, self._last_seconds)
        self._boxes = {n: (at, box) for n, (at, box) in self._boxes.items() if at >= oldest}
        found = [boxes.corners(face.points) for face in faces]
        pairs = boxes.match(found, [box for _, box in self._boxes.values()], MIN_IOU)
        known = list(self._boxes)
        ids = [known[pairs[i]] if i in pairs else self._new_id() for i in range(len(faces))]
        self._boxes |= {n: (seconds, box) for n, box in zip(ids, found, strict=True)}
        self._last_seconds = seconds
        self.current = dict(sorted(zip(ids, faces, strict=True), key=lambda pair: pair[0]))
        return self.current

    def _new_id(self) -> int:
        self._last_id += 1
        return self._last_id
