"""Detect the faces of an image with MediaPipe's detectors and find their refined Face Mesh.

There are two kinds of images. A *tight crop* is an image that one face fills, such as FER2013's
48 x 48 pixels: it is enlarged, given a border and shown to Face Mesh, in other ways again before it
counts as missed. In a *photo* the detector looks for faces, and Face Mesh sees one upright crop a
face. An image is taken for what its size suggests, then for the other kind.

A photo is searched as long as its faces ask for it. One convincing, large face ends the search: the
short-range detector sees those, the full-range one the others. Next come the quarter turns of the
photo, then tiles of it. A detection that does not convince has to give the same mesh on further
crops. A drawn face is none.

Instead of all that, MTCNN may look for faces, in tight crops and photos alike; the mesh of what it
detects is found as in a photo.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import cv2
import numpy as np

from landmarks import boxes, crops
from landmarks.denoising import denoised
from landmarks.detection import mtcnn
from landmarks.detection.drawings import is_drawing
from landmarks.detection.mediapipe_detector import Detection, detect, detect_large
from landmarks.detection.mediapipe_graphs import MEDIAPIPE, mesh_points
from landmarks.detection.registry import Detector, check_detector, mtcnn_version
from landmarks.detection.tta_crops import MESHES, is_consistent, mean_mesh, mesh_pair
from landmarks.detection.validation import consensus, matches_detection
from landmarks.face_crop import face_crop

MESH_VERSION = f"mediapipe {MEDIAPIPE}, refined, static, radius {crops.FACE_RADIUS}, chain 4"
"""Names mesh and settings; a change that moves points changes it."""

DEFAULT_MESHES = 2
"""Meshes whose mean the points are, unless a model wants another number: a crop's and its mirror
image's."""

_LOCK = threading.Lock()  # of MediaPipe's graphs, of which a process has one set

TIGHT_CROP_CHAIN = (
    # size, border, grey, confidence
    (192, 1 / 3, 0, 0.5),
    (192, 0.6, 0, 0.5),
    (192, 1 / 3, 128, 0.5),
    (256, 0.2, 0, 0.3),
    (192, 1 / 3, 0, 0.1),
    (192, 0.6, 128, 0.1),
    (144, 1.0, 0, 0.1),
    (192, 0.1, 0, 0.1),
)
"""Ways to show a tight crop to Face Mesh, tried in order; the first finds 98.7 % of FER2013."""

CROP_CHAIN = ((2.0, 0.5), (1.5, 0.5), (2.0, 0.1))
"""Side of a face's crop over the side of its detection, and Face Mesh's confidence."""

MIN_FACE_SIDE = 24
"""Longer side in pixels of the smallest box that is a face in a photo: in a smaller one an eye of a
drawing passes for a face, and an expression can't be read."""

MIN_LARGE_SHARE = 0.3
"""Side of a detection of the short-range detector over the shorter side of the photo from which on
it counts: it never saw one such face alone in 75 photos of several faces."""

MIN_ALONE_SHARE = 0.2
"""Side of a detection over the shorter side of the photo from which on it may be the only face."""

MAX_ALONE_ASPECT = 1.6
"""A photo longer than this is searched in tiles: one face in it is seldom alone."""

GROUP_TILE, SMALL_TILE = 0.75, 0.5
"""Sides of tiles over the shorter side of a photo: several faces in one crop hide one another from
the detector, and a tile of half the side doubles the smallest face that is found."""

MAX_TILED_ASPECT = 4
"""A strip longer than this many times its width isn't cut into tiles: they would be without end."""


def first_tight_crop(image: np.ndarray) -> tuple[crops.Crop, float]:
    """Return how a tight crop, uint8 (h, w, 3), is first shown to Face Mesh, and its confidence."""
    size, border, grey, confidence = TIGHT_CROP_CHAIN[0]
    return crops.padded(image, size, border, grey), confidence


@dataclass(frozen=True)
class Face:
    """One face's mesh.

    Attributes
    ----------
    points : ndarray of float32, shape (468, 3)
        Pixels of the image: x to the right and y down from its top left corner, z the depth in
        the same unit, smaller is nearer.
    score : float or None, 0..1
        The detector's; None where Face Mesh found the face without it, as in a tight crop.
    dispersion : float or None
        How far the crop's mesh and that of its mirror image are apart, see
        `landmarks.detection.validation.disagreement`; None where there is one mesh.
    """

    points: np.ndarray
    score: float | None = None
    dispersion: float | None = None

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width and height in whole pixels; it may reach out of the image."""
        low = np.floor(self.points[:, :2].min(axis=0)).astype(int)
        high = np.ceil(self.points[:, :2].max(axis=0)).astype(int)
        return (*low.tolist(), *(high - low).tolist())

    @property
    def area(self) -> float:
        """Area of the box about the points, in square pixels."""
        return boxes.area(boxes.corners(self.points))


class FaceDetector:
    """Detect faces and find their meshes; all instances of a process serve its threads in turn.

    Fork after use hangs: start workers by spawn or loky. Use `shared_detector` to get it.

    Parameters
    ----------
    detector : {"mesh", "mtcnn"}, default "mesh"
    """

    def __init__(self, detector: Detector = "mesh") -> None:
        check_detector(detector)
        self.detector = detector
        cv2.setNumThreads(1)  # one process a core: threads would only get in each other's way

    def detect(self, image: np.ndarray, meshes: int = DEFAULT_MESHES) -> list[Face]:
        """Detect the faces of an image.

        Parameters
        ----------
        image : ndarray of uint8, shape (height, width, 3)
            RGB.
        meshes : {1, 2, 4}, default 2
            Meshes whose mean the points are: one of the face's crop, one of its mirror image as
            well, or two each of two crops.

        Returns
        -------
        list of Face
            By rows from the top, each from left to right; none overlapping another by half; empty
            where no face is found.

        Raises
        ------
        ValueError
            The array is no RGB image, or there is no such number of meshes.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(
                f"expected uint8 pixels of shape (height, width, 3), got {image.dtype} "
                f"{image.shape}; read the file with landmarks.images.read_image"
            )
        if meshes not in MESHES:
            raise ValueError(f"expected {MESHES} meshes a face, got {meshes}; choose one of these")
        if image.size == 0:  # would break MediaPipe's graph for good
            return []
        with _LOCK:
            return _in_reading_order(self._detect(image, meshes))

    def _detect(self, image: np.ndarray, meshes: int) -> list[Face]:
        """Detect the faces of an image that has pixels, in any order."""
        is_tight = crops.is_tight(image)
        image = denoised(image) if is_tight else image
        mesh = partial(_mesh, image, meshes, strict=not is_tight)
        if self.detector == "mtcnn":
            return [face for _, face in _mesh_each(mtcnn.detect(image), mesh)]
        if not is_tight:
            return _detect_in_photo(image, mesh)
        face = detect_tight(image, meshes)
        return [face] if face else _detect_in_photo(image, mesh)[:1]


@cache
def shared_detector(detector: Detector = "mesh") -> FaceDetector:
    """Return this process's one `FaceDetector` with a detector, built when first asked for."""
    return FaceDetector(detector)


def mesh_version(detector: Detector) -> str:
    """Name mesh, settings and detector: where the names are equal, so are the points.

    A bundle only asks for `MESH_VERSION`: another detector finds other faces, but the meshes of a
    face that both find differ less than those of two crops of it do (docs/results.md).
    """
    if detector == "mesh":
        return MESH_VERSION
    return f"{MESH_VERSION}, in boxes of {mtcnn_version()}"


def detect_tight(
    image: np.ndarray, meshes: int = DEFAULT_MESHES, strict: bool = False
) -> Face | None:
    """Return the one face that fills the image, or None.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
    meshes : int, default 2
        See `FaceDetector.detect`.
    strict : bool, default False
        For images in which there may be none: further crops have to show the same face.
    """
    for size, border, grey, confidence in TIGHT_CROP_CHAIN[:3] if strict else TIGHT_CROP_CHAIN:
        crop = crops.padded(image, size, border, grey)
        points, apart = _mesh_of(crop, confidence, meshes, strict)
        if points is not None:
            points = crop.to_image(points)
            if not strict or (is_consistent(image, points) and not _is_drawn(image, points)):
                return Face(_with_tta(image, points, meshes), None, apart)
    return None


def _detect_in_photo(image: np.ndarray, mesh: Callable[[Detection], Face | None]) -> list[Face]:
    """Return all faces that the detector leads to."""
    mesh = cache(mesh)  # each search begins with what the last one found
    copy = crops.search_copy(image)
    shorter, longer = sorted(image.shape[:2])
    is_tiled = shorter >= crops.TIGHT_SIDE and longer <= MAX_TILED_ASPECT * shorter
    upright = crops.whole(copy, 0)
    found = [one for one in detect_large(upright) if one.side > MIN_LARGE_SHARE * shorter]
    seen = _mesh_each(found, mesh)
    if not _is_alone(seen, shorter, longer):
        found += detect(upright, 0)
        seen = _mesh_each(found, mesh)
    if _is_alone(seen, shorter, longer):
        return [face for _, face in seen]
    if not seen or not all(detection.is_convincing for detection, _ in seen):
        for quarters in (1, 2, 3):
            found += detect(crops.whole(copy, quarters), quarters)
        seen = _mesh_each(found, mesh)
    # A face too close for the detector comes before the tiles, in which an eye may pass for a face.
    if not seen and (face := detect_tight(image, strict=True)):
        return [face]
    if is_tiled:
        found += _detect_in_tiles(copy, seen, shorter)
        seen = _mesh_each(found, mesh)
    return [face for _, face in seen]


def _is_alone(seen: list[tuple[Detection, Face]], shorter: int, longer: int) -> bool:
    """Tell whether what was found is one face that hides no other."""
    if len(seen) != 1 or longer > MAX_ALONE_ASPECT * shorter:
        return False
    detection = seen[0][0]
    return detection.is_convincing and detection.side >= MIN_ALONE_SHARE * shorter


def _detect_in_tiles(
    copy: crops.Crop, seen: list[tuple[Detection, Face]], shorter: int
) -> list[Detection]:
    """Return what the detector finds in tiles, turned as the faces found so far are."""
    found: list[Detection] = []
    turns = sorted({detection.quarters for detection, _ in seen}) or range(4)
    largest = max((detection.side for detection, _ in seen), default=0)
    shares = [GROUP_TILE] if seen else []
    if largest < MIN_ALONE_SHARE * shorter:
        shares.append(SMALL_TILE)
    for share in shares:
        for quarters in turns:
            for tile in crops.tiles(copy, share, quarters):
                found += detect(tile, quarters)
    return found


def _mesh_each(
    found: list[Detection], mesh: Callable[[Detection], Face | None]
) -> list[tuple[Detection, Face]]:
    """Turn detections into meshes, passing over those of a face already had.

    Upright detections come first, or a face might be meshed upside down; then high scores.
    """
    seen: list[tuple[Detection, Face]] = []
    had: list[np.ndarray] = []
    for detection in sorted(found, key=lambda d: (not d.is_upright, -d.rank)):
        if boxes.is_same(detection.box, had):
            continue
        face = mesh(detection)
        if face is not None and not boxes.is_same(boxes.corners(face.points), had):
            seen.append((detection, face))
            had.append(boxes.corners(face.points))
    return seen


def face_at(image: np.ndarray, detection: Detection) -> Face | None:
    """Return the face of a detection in an image (height, width, 3), or None if it has no mesh."""
    return _mesh(image, DEFAULT_MESHES, detection)


def _mesh(image: np.ndarray, meshes: int, detection: Detection, strict: bool = True) -> Face | None:
    """Find the face of a detection on upright crops of it.

    If strict, one of a detection that doesn't convince has to be found on further crops, too.
    """
    for margin, confidence in CROP_CHAIN:
        side = detection.side * margin
        crop = crops.upright_crop(image, detection.centre, side, detection.roll, detection.radius)
        is_pair = meshes > 1 or not detection.is_convincing
        points, apart = _mesh_of(crop, confidence, meshes, is_pair)
        if points is None or not matches_detection(points, crops.CROP_SIDE, margin):
            continue
        points = crop.to_image(points)
        if strict and (_is_too_small(points) or _is_drawn(image, points)):
            return None
        if not strict or detection.is_convincing or is_consistent(image, points):
            return Face(_with_tta(image, points, meshes), float(detection.score), apart)
    return None


def _is_too_small(points: np.ndarray) -> bool:
    """Tell whether a mesh (468, 3) is smaller than any that counts for a face in a photo."""
    return bool(np.ptp(points[:, :2], axis=0).max() < MIN_FACE_SIDE)


def _is_drawn(image: np.ndarray, points: np.ndarray) -> bool:
    """Tell whether the face of a mesh (468, 3) in pixels of the image is a drawn one."""
    return is_drawing(face_crop(image, points))


def _mesh_of(
    crop: crops.Crop, confidence: float, meshes: int, strict: bool
) -> tuple[np.ndarray | None, float | None]:
    """Find the mesh of a crop, of its mirror image too where two are wanted or it may be none.

    Beside it stands the disagreement of both meshes, None where there is one.
    """
    if meshes == 1 and not strict:
        return mesh_points(crop.pixels, confidence), None
    return consensus(*mesh_pair(crop, confidence), strict)


def _with_tta(image: np.ndarray, points: np.ndarray, meshes: int) -> np.ndarray:
    """Return a face's points (468, 3), float32, of as many meshes as are wanted."""
    return (mean_mesh(image, points) if meshes > 2 else points).astype(np.float32)


def _in_reading_order(faces: list[Face]) -> list[Face]:
    """Return faces by rows from the top, each from left to right."""
    order = boxes.reading_order([boxes.corners(face.points) for face in faces])
    return [faces[i] for i in order]
