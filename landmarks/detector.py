"""Faces in an image, by MediaPipe's detector and refined Face Mesh.

Two ways lead to a mesh. A *close-up* is an image that one face fills, such as FER2013's 48 x 48
crops: it is enlarged, given a border and shown to Face Mesh, in other ways again before it counts
as missed. In a *photo* the full-range detector looks for faces first, in four quarter turns and in
tiles where that is called for, and Face Mesh sees one upright crop a face. An image goes the way
that its size suggests, then the other one.

Either way a mesh is found on the picture and on its mirror image, so that both are treated alike,
and has to pass landmarks.plausibility. A face that was found is looked at again, turned, moved and
scaled a little; its points are the mean of all these meshes, each of which scatters. In a photo,
which need not show a face, that also settles what doesn't convince the detector: where the meshes
scatter too far, there is no face.

Instead of all that, MTCNN may look for faces, in close-ups and photos alike; the mesh of what it
sees is found as in a photo.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial

import cv2
import numpy as np

from landmarks import framing, mtcnn
from landmarks.detections import Detection, detect
from landmarks.detectors import Detector, check_detector, mtcnn_version
from landmarks.graphs import MEDIAPIPE
from landmarks.looks import Look, Sighting
from landmarks.mesh import N_POINTS
from landmarks.plausibility import LEAST_AGREEMENT, disagreement, is_meant, merged, overlap

MESH_VERSION = f"mediapipe {MEDIAPIPE}, refined, static, mean of 8 views, chain 2"
"""Names mesh and settings; a change that moves points changes it."""

_LOCK = threading.Lock()  # of MediaPipe's graphs, of which a process has one set

CLOSE_UP_SIDE = 128
"""An image whose shorter side is below this many pixels is first taken for a close-up."""

CLOSE_UP_CHAIN = (
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
"""Ways to show a close-up to Face Mesh, tried in order; the first finds 98.7 % of FER2013."""

CROP_CHAIN = ((2.0, 0.5), (1.5, 0.5), (2.0, 0.1))
"""Side of a face's crop over the side of its detection, and Face Mesh's confidence."""

CROWD = 12
"""Faces of a photo, the largest first, that are looked at again; further ones have the mesh of one
crop and its mirror image, or a group photo would take as many times longer as it has faces."""

SMALL_SHARE = 0.2
"""A detection below this share of the shorter side suggests that there are smaller ones."""

TILED_ASPECT = 4
"""A strip longer than this many times its width isn't cut into tiles: they would be without end."""


@dataclass(frozen=True)
class Face:
    """One face's mesh.

    Attributes
    ----------
    points : ndarray of float32, shape (468, 3)
        Pixels of the image: x to the right and y down from its top left corner, z the depth in
        the same unit, smaller is nearer.
    views : ndarray of float32, shape (v, 468, 3), v up to 8
        The single meshes whose mean the points are, in the same coordinates.
    """

    points: np.ndarray
    views: np.ndarray = field(
        default_factory=lambda: np.empty((0, N_POINTS, 3), np.float32), repr=False, compare=False
    )

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width and height in whole pixels; it may reach out of the image."""
        low = np.floor(self.points[:, :2].min(axis=0)).astype(int)
        high = np.ceil(self.points[:, :2].max(axis=0)).astype(int)
        return (*low.tolist(), *(high - low).tolist())


class FaceFinder:
    """Finds every face's mesh; all finders of a process serve its threads in turn.

    Fork after use hangs: start workers by spawn or loky. Use `shared_finder` to get it.

    Parameters
    ----------
    detector : {"mesh", "mtcnn"}, default "mesh"
    """

    def __init__(self, detector: Detector = "mesh") -> None:
        check_detector(detector)
        self.detector = detector
        cv2.setNumThreads(1)  # one process a core: threads would only get in each other's way

    def find(self, image: np.ndarray) -> list[Face]:
        """Find the faces of an image.

        Parameters
        ----------
        image : ndarray of uint8, shape (height, width, 3)
            RGB.

        Returns
        -------
        list of Face
            Largest first, none overlapping another by half; empty where no face is found.

        Raises
        ------
        ValueError
            The array is no RGB image.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(
                f"expected uint8 pixels of shape (height, width, 3), got {image.dtype} "
                f"{image.shape}; read the file with landmarks.images.read_image"
            )
        if image.size == 0:  # would break MediaPipe's graph for good
            return []
        height, width = image.shape[:2]
        shorter, longer = sorted((height, width))
        close_up = shorter < CLOSE_UP_SIDE and longer <= 2 * CLOSE_UP_SIDE
        tiled = shorter >= CLOSE_UP_SIDE and longer <= TILED_ASPECT * shorter
        with _LOCK:
            if self.detector == "mtcnn":
                look = partial(_first_look, image, strict=not close_up)
                return _faces(image, [first for _, first in _mesh_each(mtcnn.detect(image), look)])
            if close_up:
                return find_close_up(image) or _find_in_photo(image, tiled, strict=False)[:1]
            return _find_in_photo(image, tiled)


@cache
def shared_finder(detector: Detector = "mesh") -> FaceFinder:
    """Return this process's one finder with a detector, built when first asked for."""
    return FaceFinder(detector)


def mesh_version(detector: Detector) -> str:
    """Name mesh, settings and detector: where the names are equal, so are the points.

    A bundle only asks for `MESH_VERSION`: another detector finds other faces, but a face that both
    find has the same mesh, nearer than two looks at it are to one another (RESULTS.md).
    """
    if detector == "mesh":
        return MESH_VERSION
    return f"{MESH_VERSION}, in boxes of {mtcnn_version()}"


def find_close_up(image: np.ndarray, strict: bool = False) -> list[Face]:
    """Return the one face that fills the image, or none.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
    strict : bool, default False
        For images in which there may be none.
    """
    for size, border, grey, confidence in CLOSE_UP_CHAIN[:3] if strict else CLOSE_UP_CHAIN:
        look = Look.at(framing.padded(image, size, border, grey), confidence)
        points = merged(*look.pair, strict)
        if points is not None:
            first = Sighting(look.picture.to_image(points), (look,)).looked_again(image)
            if not strict or first.is_steady:
                return [_face(image, first)]
    return []


def _find_in_photo(image: np.ndarray, tiled: bool, strict: bool = True) -> list[Face]:
    """Return all faces that the detector leads to, largest first.

    The upright image alone is looked at where that answers convincingly; then the other quarter
    turns, and tiles where nothing large was seen. A face too close for the detector is tried as a
    close-up before the tiles, in which one eye may pass for a face.
    """
    # Each search begins with what the last one found.
    look = cache(partial(_first_look, image, strict=strict))
    found = detect(framing.whole(image, 0), 0)
    seen = _mesh_each(found, look)
    if not seen or not all(d.is_convincing for d, _ in seen):
        for quarters in (1, 2, 3):
            found += detect(framing.whole(image, quarters), quarters)
        seen = _mesh_each(found, look)
    if not seen and (close := find_close_up(image, strict=True)):
        return close
    largest = max((d.side for d, _ in seen), default=0)
    if tiled and largest < SMALL_SHARE * min(image.shape[:2]):
        for quarters in sorted({d.quarters for d, _ in seen}) or range(4):
            for tile in framing.tiles(image, quarters):
                found += detect(tile, quarters)
        seen = _mesh_each(found, look)
    return _faces(image, [first for _, first in seen])


def _faces(image: np.ndarray, firsts: list[Sighting]) -> list[Face]:
    """Look again at the largest faces that were found, and return all, largest first."""
    firsts = sorted(firsts, key=lambda first: -first.area)
    faces = [_face(image, first, again=i < CROWD) for i, first in enumerate(firsts)]
    return sorted(faces, key=lambda face: -face.box[2] * face.box[3])


def _mesh_each(
    found: list[Detection], look: Callable[[Detection], Sighting | None]
) -> list[tuple[Detection, Sighting]]:
    """Turn detections into meshes, the best first, passing over those of a face already had."""
    seen: list[tuple[Detection, Sighting]] = []
    for detection in sorted(found, key=lambda d: -d.rank):
        half = detection.side / 2
        box = np.concatenate([detection.centre - half, detection.centre + half])
        if any(overlap(box, had.corners) > 0.5 for _, had in seen):
            continue
        first = look(detection)
        if first and not any(overlap(first.corners, had.corners) > 0.5 for _, had in seen):
            seen.append((detection, first))
    return seen


def face_at(image: np.ndarray, detection: Detection) -> Face | None:
    """Return the face of a detection in an image (height, width, 3), or None if it has no mesh.

    The mesh is looked for on upright crops of the detection.
    """
    first = _first_look(image, detection)
    return first and _face(image, first)


def _first_look(image: np.ndarray, detection: Detection, strict: bool = True) -> Sighting | None:
    """Find the mesh of a detection on upright crops of it.

    If strict, one of a detection that doesn't convince has to be found in further looks, too.
    """
    for margin, confidence in CROP_CHAIN:
        side = detection.side * margin
        crop = framing.upright_crop(image, detection.centre, side, detection.roll)
        look = Look.at(crop, confidence)
        points = merged(*look.pair, strict=True)
        if points is not None and is_meant(points, framing.CROP_SIDE, margin):
            first = Sighting(crop.to_image(points), (look,))
            if not strict or detection.is_convincing:
                return first
            first = first.looked_again(image)
            if first.is_steady:
                return first
    return None


def _face(image: np.ndarray, first: Sighting, again: bool = True) -> Face:
    """Make a face of what its first look showed and of further looks that agree with it."""
    looks = first.looked_again(image).looks if again else first.looks[:1]
    views = [view for look in looks for view in look.views if view is not None]
    agreed = [view for view in views if disagreement(view, first.points) < LEAST_AGREEMENT]
    mean = np.mean(agreed or [first.points], axis=0)
    return Face(mean.astype(np.float32), np.array(agreed, np.float32).reshape(-1, N_POINTS, 3))
