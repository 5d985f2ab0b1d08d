"""Track faces in a video: a known face is detected again where it was in the last frame.

The crop of a face is the one that a photo's further crops are of, about the points of the last
frame. Five times a second of video the detector searches the frame for new faces, and each known
one has to have the same mesh on the mirror image; after a cut everything starts anew.
"""

from dataclasses import replace

import cv2
import numpy as np

from landmarks import boxes, crops
from landmarks.detection import mtcnn
from landmarks.detection.detector import DEFAULT_MESHES, Face, detect_tight, face_at
from landmarks.detection.mediapipe_detector import detect
from landmarks.detection.mediapipe_graphs import mesh_points
from landmarks.detection.registry import Detector, check_detector
from landmarks.detection.tta_crops import TTA_RADII, crop_at, mesh_pair
from landmarks.detection.validation import consensus, matches_detection
from landmarks.video.tracks import Tracks

SEARCH_EVERY_S = 0.2
"""Seconds of video from one search for new faces to the next."""

MIN_CONFIDENCE = 0.5
"""Least confidence of Face Mesh's detector in a crop where the last frame had a face."""

MIN_CUT_DIFFERENCE = 30.0
"""Least mean difference of two frames' thumbnails, 0..255, that is taken for a cut.

PySceneDetect's content detector takes 27 of a similar measure.
"""

THUMBNAIL_SIDE = 32

_MARGIN = TTA_RADII / 3.0  # side of a crop over the height of a face, of three radii


class FaceTracker:
    """Track the faces of a video's frames, which have to come in their order.

    Parameters
    ----------
    max_faces : int, default 4
        Faces in a frame; those that the detector scores highest are taken.
    detector : {"mesh", "mtcnn"}, default "mesh"
        What searches a frame for new faces; known ones are tracked the same way.
    meshes : {1, 2, 4}, default 2
        See `landmarks.detection.detector.FaceDetector.detect`; a frame has at most two.

    Attributes
    ----------
    is_cut : bool
        Whether the last frame is the first of a shot.

    Raises
    ------
    landmarks.detection.registry.DetectorError
        If the detector isn't installed.
    """

    def __init__(
        self, max_faces: int = 4, detector: Detector = "mesh", meshes: int = DEFAULT_MESHES
    ) -> None:
        check_detector(detector)
        self.max_faces, self.detector, self.meshes = max_faces, detector, meshes
        self.is_cut = True
        self._tracks = Tracks()
        self._searched = -np.inf
        self._thumbnail: np.ndarray | None = None

    def track(self, image: np.ndarray, seconds: float) -> dict[int, Face]:
        """Detect the faces of the next frame and continue their tracks.

        Parameters
        ----------
        image : ndarray of uint8, shape (height, width, 3)
            RGB.
        seconds : float
            When the frame is shown.

        Returns
        -------
        dict of int to Face
            Track id -> face, by id; no face overlaps another by half. A face keeps its id while
            it is tracked, up to `landmarks.video.tracks.MAX_AGE_S` seconds undetected, until the
            next cut.
        """
        self._detect_cut(image)
        if self.is_cut:
            self._tracks.end_all()
            self._searched = -np.inf
        due = seconds - self._searched >= SEARCH_EVERY_S
        known = self._tracks.current.values()
        found: list[Face] = []
        for face in known:
            _add(found, _detect_again(image, face.points, flipped=due or self.meshes > 1))
        if due or len(found) < len(known):
            self._searched = seconds
            self._search(image, found)
        tracks = self._tracks.update(found, seconds)
        return {
            track_id: replace(face, points=face.points.astype(np.float32))
            for track_id, face in tracks.items()
        }

    def _search(self, image: np.ndarray, found: list[Face]) -> None:
        """Add the faces of the whole frame that aren't among those found."""
        is_mesh = self.detector == "mesh"
        copy = crops.search_copy(image)
        detections = detect(crops.whole(copy, 0), 0) if is_mesh else mtcnn.detect(image)
        for detection in sorted(detections, key=lambda d: -d.rank):
            if len(found) >= self.max_faces:
                return
            if not boxes.is_same(detection.box, [boxes.corners(face.points) for face in found]):
                _add(found, face_at(image, detection))
        if is_mesh and not found:  # a face too close for the detector
            _add(found, detect_tight(image, strict=True))

    def _detect_cut(self, image: np.ndarray) -> None:
        """Compare the frame with the one before."""
        step = max(1, min(image.shape[:2]) // (4 * THUMBNAIL_SIDE))
        small = cv2.resize(
            image[::step, ::step], (THUMBNAIL_SIDE, THUMBNAIL_SIDE), interpolation=cv2.INTER_AREA
        )
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
        before, self._thumbnail = self._thumbnail, grey
        self.is_cut = before is None or float(np.abs(grey - before).mean()) > MIN_CUT_DIFFERENCE


def _detect_again(image: np.ndarray, points: np.ndarray, flipped: bool) -> Face | None:
    """Return the face that had these points a frame ago, or None if it is lost."""
    crop, apart = crop_at(image, points), None
    if flipped:
        mesh, apart = consensus(*mesh_pair(crop, MIN_CONFIDENCE), strict=True)
    else:
        mesh = mesh_points(crop.pixels, MIN_CONFIDENCE)
    if mesh is None or not matches_detection(mesh, crops.CROP_SIDE, _MARGIN):
        return None
    return Face(crop.to_image(mesh), None, apart)


def _add(found: list[Face], face: Face | None) -> None:
    """Add a face unless there is none, or it is among those found already."""
    if face is not None and not boxes.is_same(
        boxes.corners(face.points), [boxes.corners(other.points) for other in found]
    ):
        found.append(face)
