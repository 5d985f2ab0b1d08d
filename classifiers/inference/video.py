"""Predict the expressions of tracked faces in a video, averaged over time."""

from functools import partial
from typing import NamedTuple

from classifiers.inference.predictions import FacePrediction
from classifiers.inference.predictor import Predictor
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
    """

    def __init__(self, predictor: Predictor, max_faces: int = 4, tau: float = TAU) -> None:
        self._predictor = predictor
        self._tracker = FaceTracker(max_faces, predictor.detector, predictor.meshes)
        self._smoother = Smoother(tau)

    def predict(self, frame: Frame) -> list[TrackedFace]:
        """Return the faces of the next frame in the order of their track ids."""
        faces = self._tracker.track(frame.rgb, frame.seconds)
        smooth = partial(self._smoother.smooth, list(faces), seconds=frame.seconds)
        predictions = self._predictor.predict_faces(frame.rgb, list(faces.values()), smooth)
        return list(map(TrackedFace, faces, predictions))
