"""Faces in a video: a face that was found is looked for where it was in the last frame.

The crop of a face is the one that a photo's further crops are of, about the points of the last
frame. Five times a second of video the detector searches the frame for new faces, and each known
one has to have the same mesh on the mirror image; after a cut everything starts anew.
"""

import cv2
import numpy as np

from landmarks import boxes, crops
from landmarks.detection import mtcnn
from landmarks.detection.detector import DEFAULT_MESHES, Face, face_at, find_tight
from landmarks.detection.mediapipe_detector import detect
from landmarks.detection.mediapipe_graphs import mesh_points
from landmarks.detection.registry import Detector, check_detector
from landmarks.detection.tta_crops import TTA_RADII, crop_at, mesh_pair
from landmarks.detection.validation import consensus, matches_detection

SEARCH_EVERY = 0.2
"""Seconds of video from one search for new faces to the next."""

CONFIDENCE = 0.5
"""Least confidence of Face Mesh's detector in a crop where the last frame had a face."""

CUT = 30.0
"""Least mean difference of two frames' small grey copies, 0..255, that is taken for a cut.

PySceneDetect's content detector takes 27 of a similar measure.
"""

THUMBNAIL = 32  # side in pixels of these copies

_MARGIN = TTA_RADII / 3.0  # side of a crop over the height of a face, of three radii


class FaceTracker:
    """Finds the faces of a video's frames, which have to come in their order.

    Parameters
    ----------
    most_faces : int, default 4
        Faces to look at in a frame; the detector's surest are taken.
    detector : {"mesh", "mtcnn"}, default "mesh"
        What searches a frame for new faces; known ones are followed the same way.
    meshes : {1, 2, 4}, default 2
        As `landmarks.detection.detector.FaceFinder.find` takes it; at most two are found a frame.

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
        self, most_faces: int = 4, detector: Detector = "mesh", meshes: int = DEFAULT_MESHES
    ) -> None:
        check_detector(detector)
        self.most_faces, self.detector, self.meshes = most_faces, detector, meshes
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
            _add(seen, _followed(image, points, flipped=due or self.meshes > 1))
        if due or len(seen) < len(self._known):
            self._searched = seconds
            self._search(image, seen)
        self._known = seen
        return [Face(points.astype(np.float32)) for points in seen]

    def _search(self, image: np.ndarray, seen: list[np.ndarray]) -> None:
        """Add the faces that aren't among those seen."""
        is_mesh = self.detector == "mesh"
        copy = crops.search_copy(image)
        found = detect(crops.whole(copy, 0), 0) if is_mesh else mtcnn.detect(image)
        for detection in sorted(found, key=lambda d: -d.rank):
            if len(seen) >= self.most_faces:
                return
            if not boxes.is_same(detection.box, [boxes.corners(had) for had in seen]):
                face = face_at(image, detection)
                _add(seen, None if face is None else face.points)
        if is_mesh and not seen:  # a face too close for the detector
            face = find_tight(image, strict=True)
            _add(seen, None if face is None else face.points)

    def _notice_cut(self, image: np.ndarray) -> None:
        """Compare the frame with the one before."""
        step = max(1, min(image.shape[:2]) // (4 * THUMBNAIL))
        small = cv2.resize(
            image[::step, ::step], (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA
        )
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
        before, self._thumbnail = self._thumbnail, grey
        self.is_cut = before is None or float(np.abs(grey - before).mean()) > CUT


def _followed(image: np.ndarray, points: np.ndarray, flipped: bool) -> np.ndarray | None:
    """Return the mesh of a face that had these points a frame ago, or None if it is lost."""
    crop = crop_at(image, points)
    if flipped:
        mesh = consensus(*mesh_pair(crop, CONFIDENCE), strict=True)
    else:
        mesh = mesh_points(crop.pixels, CONFIDENCE)
    if mesh is None or not matches_detection(mesh, crops.CROP_SIDE, _MARGIN):
        return None
    return crop.to_image(mesh)


def _add(seen: list[np.ndarray], points: np.ndarray | None) -> None:
    """Add a face unless there is none, or it is among those seen already."""
    if points is not None and not boxes.is_same(
        boxes.corners(points), [boxes.corners(had) for had in seen]
    ):
        seen.append(points)
