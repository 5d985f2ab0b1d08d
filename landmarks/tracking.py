"""Faces in a film: a face that was found is looked at once a frame, where it was in the last one.

A photo's face is the mean of eight looks. Here the looks come one after the other, a frame each, on
the same upright crop that the first of the eight is found on, and averaging is left to time. Five
times a second of film the detector searches the frame for new faces, and each known one has to look
alike in the mirror, as a photo's does; after a cut everything starts anew.
"""

import cv2
import numpy as np

from landmarks import framing, mtcnn
from landmarks.detections import detect
from landmarks.detector import Face, face_at, find_close_up
from landmarks.detectors import Detector, check_detector
from landmarks.graphs import mesh_points
from landmarks.looks import look_at
from landmarks.mesh import mirrored
from landmarks.plausibility import corners, is_meant, merged, overlap

SEARCH_EVERY = 0.2
"""Seconds of film from one search for new faces to the next."""

CONFIDENCE = 0.5
"""Least confidence of Face Mesh's detector in a crop where the last frame had a face."""

CUT = 30.0
"""Least mean difference of two frames' small grey copies, 0..255, that is taken for a cut.

PySceneDetect's content detector takes 27 of a similar measure.
"""

THUMBNAIL = 32  # side in pixels of these copies

_MARGIN = 2.0  # side of a look over that of a face


class FaceTracker:
    """Finds the faces of a film's frames, which have to come in their order.

    Parameters
    ----------
    most_faces : int, default 4
        Faces to look at in a frame; the detector's surest are taken.
    detector : {"mesh", "mtcnn"}, default "mesh"
        What searches a frame for new faces; known ones are followed the same way.

    Attributes
    ----------
    is_cut : bool
        Whether the last frame is the first of a shot.

    Raises
    ------
    landmarks.detectors.DetectorError
        If the detector isn't installed.
    """

    def __init__(self, most_faces: int = 4, detector: Detector = "mesh") -> None:
        check_detector(detector)
        self.most_faces, self.detector = most_faces, detector
        self.is_cut = True
        self._known: list[np.ndarray] = []
        self._searched = -np.inf
        self._thumbnail: np.ndarray | None = None

    def find(self, image: np.ndarray, seconds: float) -> list[Face]:
        """Find the faces of the next frame.

        Parameters
        ----------
        image : ndarray of uint8, shape (height, width, 3)
            RGB.
        seconds : float
            When the frame is shown.

        Returns
        -------
        list of Face
            Those that were known first; none overlapping another by half.
        """
        self._notice_cut(image)
        if self.is_cut:
            self._known, self._searched = [], -np.inf
        due = seconds - self._searched >= SEARCH_EVERY
        seen: list[np.ndarray] = []
        for points in self._known:
            _add(seen, _followed(image, points, check=due))
        if due or len(seen) < len(self._known):
            self._searched = seconds
            self._search(image, seen)
        self._known = seen
        return [Face(points.astype(np.float32)) for points in seen]

    def _search(self, image: np.ndarray, seen: list[np.ndarray]) -> None:
        """Add the faces that aren't among those seen."""
        is_mesh = self.detector == "mesh"
        found = detect(framing.whole(image, 0), 0) if is_mesh else mtcnn.detect(image)
        for detection in sorted(found, key=lambda d: -d.rank):
            half = detection.side / 2
            box = np.concatenate([detection.centre - half, detection.centre + half])
            if len(seen) >= self.most_faces:
                return
            if not any(overlap(box, corners(had)) > 0.5 for had in seen):
                face = face_at(image, detection)
                _add(seen, None if face is None else face.points)
        if is_mesh and not seen:  # a face too close for the detector
            seen += [face.points for face in find_close_up(image, strict=True)]

    def _notice_cut(self, image: np.ndarray) -> None:
        """Compare the frame with the one before."""
        step = max(1, min(image.shape[:2]) // (4 * THUMBNAIL))
        small = cv2.resize(
            image[::step, ::step], (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA
        )
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
        before, self._thumbnail = self._thumbnail, grey
        self.is_cut = before is None or float(np.abs(grey - before).mean()) > CUT


def _followed(image: np.ndarray, points: np.ndarray, check: bool) -> np.ndarray | None:
    """Return the mesh of a face that had these points a frame ago, or None if it is lost."""
    picture = look_at(image, points)
    straight = flipped = mesh_points(picture.pixels, CONFIDENCE)
    if check and straight is not None:
        flipped = mesh_points(cv2.flip(picture.pixels, 1), CONFIDENCE)
        flipped = None if flipped is None else mirrored(flipped, framing.CROP_SIDE)
    mesh = merged(straight, flipped, strict=True)
    if mesh is None or not is_meant(mesh, framing.CROP_SIDE, _MARGIN):
        return None
    return picture.to_image(mesh)


def _add(seen: list[np.ndarray], points: np.ndarray | None) -> None:
    """Add a face unless there is none, or one that is had already."""
    if points is not None and not any(overlap(corners(points), corners(had)) > 0.5 for had in seen):
        seen.append(points)
