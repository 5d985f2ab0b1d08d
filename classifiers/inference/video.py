"""Predict the expressions of tracked faces in a video, averaged over time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from classifiers.inference.predictions import FacePrediction
from classifiers.inference.predictor import Predictor
from classifiers.inference.shifts import SCALE, Baseline, baseline_of, shifted
from classifiers.inference.smoothing import TAU, Smoother
from landmarks.video.reader import Frame
from landmarks.video.tracker import FaceTracker


class TrackedFace(NamedTuple):
    """A face in one frame.

    Attributes
    ----------
    track_id : int
        The same in all frames in which the face was tracked, from 1.
    prediction : FacePrediction
        Its confidences are averages over time.
    """

    track_id: int
    prediction: FacePrediction


NO_BASELINES: Mapping[int, Baseline] = MappingProxyType({})


class VideoPredictor:
    """Predict on the frames of one video, which have to come in their order.

    Parameters
    ----------
    predictor : Predictor
        Its detector searches the frames for faces.
    max_faces : int, default 4
        Faces in a frame.
    tau : float, default TAU
        Seconds of `classifiers.inference.smoothing`; 0 for none.
    baselines : mapping of int to Baseline, optional
        Neutral faces by track id, which the confidences of these tracks are relative to.
    """

    def __init__(
        self,
        predictor: Predictor,
        max_faces: int = 4,
        tau: float = TAU,
        baselines: Mapping[int, Baseline] = NO_BASELINES,
    ) -> None:
        self._predictor, self._baselines = predictor, baselines
        self._tracker = FaceTracker(max_faces, predictor.detector, predictor.meshes)
        self._smoother = Smoother(tau)

    def predict(self, frame: Frame) -> list[TrackedFace]:
        """Return the faces of the next frame in the order of their track ids."""
        faces = self._tracker.track(frame.rgb, frame.seconds)
        ids = list(faces)

        def smooth(proba: np.ndarray) -> np.ndarray:
            return self._smoother.smooth(ids, self._relative(ids, proba), frame.seconds)

        predictions = self._predictor.predict_faces(frame.rgb, list(faces.values()), smooth)
        return [
            self._tracked(track_id, found) for track_id, found in zip(ids, predictions, strict=True)
        ]

    def _relative(self, ids: Sequence[int], proba: np.ndarray) -> np.ndarray:
        """Return confidences relative to the neutral faces that are known."""
        relative = proba.copy()
        for row, track_id in enumerate(ids):
            if track_id in self._baselines:
                shift = self._baselines[track_id].shift
                relative[row] = shifted(proba[row : row + 1], shift, SCALE)
        return relative

    def _tracked(self, track_id: int, found: FacePrediction) -> TrackedFace:
        if track_id in self._baselines:
            found = replace(found, neutral_measures=self._baselines[track_id].measures)
        return TrackedFace(track_id, found)


def baselines_of(
    tracked: VideoPredictor,
    frames: Iterable[Frame],
    start: float,
    end: float,
    manifest: Mapping[str, Any],
) -> dict[int, Baseline]:
    """Return the neutral face of each track that is seen from second `start` to before `end`.

    Parameters
    ----------
    tracked : VideoPredictor
        A new one, with a tau of 0.
    frames : iterable of Frame
        From the video's first on, so that a second pass over them gives the tracks the same ids.
    start, end : float
        Seconds of the video in which every face is neutral.
    manifest : mapping
        Of the bundle that is read with.

    Raises
    ------
    ValueError
        If neutral is not among the classes.
    """
    seen = defaultdict(list)
    for frame in frames:
        if frame.seconds >= end:
            break
        for track_id, found in tracked.predict(frame):
            if frame.seconds >= start:
                seen[track_id].append(found)
    return {track_id: baseline_of(faces, manifest) for track_id, faces in seen.items()}
