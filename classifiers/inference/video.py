"""A film's frames become faces with numbers and expressions averaged over time."""

from functools import partial
from typing import NamedTuple

from classifiers.inference.following import Follower
from classifiers.inference.predictions import FaceReading
from classifiers.inference.predictor import Predictor
from classifiers.inference.smoothing import TAU, Smoother
from landmarks.video.reader import Frame
from landmarks.video.tracker import FaceTracker


class SeenFace(NamedTuple):
    """A face in one frame.

    Attributes
    ----------
    number : int
        The same in all frames in which it was followed, from 1.
    reading : FaceReading
        Its confidences are averages over time.
    """

    number: int
    reading: FaceReading


class FilmReader:
    """Reads the frames of one film in their order.

    Parameters
    ----------
    predictor : Predictor
        Its detector looks for faces.
    most_faces : int, default 4
        Faces to read in a frame.
    tau : float, default TAU
        Seconds of `classifiers.inference.smoothing`; 0 for none.
    """

    def __init__(self, predictor: Predictor, most_faces: int = 4, tau: float = TAU) -> None:
        self._predictor = predictor
        self._tracker = FaceTracker(most_faces, predictor.detector, predictor.meshes)
        self._follower = Follower()
        self._smoother = Smoother(tau)

    def read(self, frame: Frame) -> list[SeenFace]:
        """Return the faces of the next frame in the order of their numbers."""
        faces = self._tracker.find(frame.rgb, frame.seconds)
        if self._tracker.is_cut:
            self._follower.forget()
        numbers = self._follower.follow([face.box for face in faces], frame.seconds)
        smooth = partial(self._smoother.smooth, numbers, seconds=frame.seconds)
        readings = self._predictor.predict_faces(frame.rgb, faces, smooth)
        return sorted(map(SeenFace, numbers, readings), key=lambda face: face.number)
