"""A photo becomes expressions with confidences: the one way by which a bundle is served."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from classifiers.bundle import DEFAULT_BUNDLE, MODEL, BundleError, load_manifest, resolve
from classifiers.explain import Rest, explain
from landmarks.crops import SIDE, face_crop
from landmarks.detector import MESH_VERSION, Face, shared_finder
from landmarks.images import FOLDER_FORMATS, read_image
from landmarks.mesh import CANONICAL, N_POINTS, mirrored

NO_FACE = "no-face"


@dataclass(frozen=True)
class FaceReading:
    """What one face shows.

    Attributes
    ----------
    face : Face
        Its points and box, in pixels of the upright image.
    expression, second : str
        The classes with the largest and the second largest confidence.
    confidences : dict of str to float, 0..1
        Every class in the bundle's order; they sum to 1.
    unsure : bool
        Whether the largest confidence lies below the bundle's threshold.
    """

    face: Face
    expression: str
    second: str
    confidences: dict[str, float]
    unsure: bool
    _explain: Callable[[], dict[str, float]] = field(repr=False, compare=False)

    def explanation(self) -> dict[str, float]:
        """Return what each region contributed to `expression`; see `classifiers.explain`."""
        return self._explain()

    def to_json(self, points: bool = False, explain: bool = False) -> dict[str, Any]:
        """Return the element of ``faces``; see `Reading.to_json`."""
        entry = {
            "box": list(self.face.box),
            "expression": self.expression,
            "confidences": self.confidences,
            "unsure": self.unsure,
        }
        if points:
            entry["points"] = self.face.points.astype(np.float64).round(2).tolist()
        if explain:
            entry["explanation"] = self.explanation()
        return entry


@dataclass(frozen=True)
class _WorkedOut:
    """An explanation that is known, where the model that gave it isn't at hand."""

    moved: dict[str, float]

    def __call__(self) -> dict[str, float]:
        return dict(self.moved)


@dataclass(frozen=True)
class Reading:
    """What a photo shows: its faces, largest first, or why there are none.

    Attributes
    ----------
    faces : list of FaceReading
    reason : str
        ``""``, or ``"no-face"`` where no face was found.
    model : str
        Name of the bundle that answered.
    width, height : int
        Of the upright image, in pixels.
    """

    faces: list[FaceReading]
    reason: str
    width: int
    height: int
    model: str

    def explained(self) -> "Reading":
        """Return the reading with every explanation worked out, fit for another process."""
        faces = [replace(face, _explain=_WorkedOut(face.explanation())) for face in self.faces]
        return replace(self, faces=faces)

    def to_json(self, name: str, points: bool = False, explain: bool = False) -> dict[str, Any]:
        """Return the element of ``images`` that the commands and the API answer with.

        Parameters
        ----------
        name : str
            The photo as the user named it.
        points : bool, default False
            Whether each face brings its 468 points, x, y and z in pixels with two decimals.
        explain : bool, default False
            Whether each face brings its ``explanation``: region -> signed change of the confidence.

        Returns
        -------
        dict
            ``image``, ``model``, ``width``, ``height``, ``faces`` and ``reason``.
        """
        faces = [found.to_json(points, explain) for found in self.faces]
        return {
            "image": name,
            "model": self.model,
            "width": self.width,
            "height": self.height,
            "faces": faces,
            "reason": self.reason,
        }


class Predictor:
    """A bundle, ready to answer.

    Parameters
    ----------
    bundle : str or Path
        A bundle's folder, the name of a shipped one, or ``"auto"`` for the most accurate of these.
    mirror : bool, default True
        Average over the face and its mirror image, which is more accurate and takes twice as
        long; the confidences are calibrated for that.

    Attributes
    ----------
    folder : Path
    manifest : dict
    classes : tuple of str
        In the order of every proba.
    takes_pixels : bool
        Whether the model looks at a face's crop beside its points.

    Raises
    ------
    BundleError
        If the bundle is missing, damaged or doesn't fit this version.
    """

    def __init__(self, bundle: str | Path = DEFAULT_BUNDLE, mirror: bool = True):
        self.folder = resolve(bundle)
        self.manifest = load_manifest(self.folder, MESH_VERSION)
        self.classes = tuple(self.manifest["classes"])
        self.mirror = mirror
        self._session = _session(self.folder / MODEL, len(self.classes))
        self.takes_pixels = "crops" in {entry.name for entry in self._session.get_inputs()}
        self._rest = _rest_of(self.manifest)

    def predict_proba(self, points: np.ndarray, crops: np.ndarray | None = None) -> np.ndarray:
        """Return calibrated confidences.

        Parameters
        ----------
        points : ndarray of float, shape (n, 468, 3)
            Faces in pixels, x right, y down, as `landmarks.detector` and the feature CSVs give.
            A model that takes pixels answers a face without points, a row of NaN, by its crop.
        crops : ndarray of uint8, shape (n, SIDE, SIDE), optional
            `landmarks.crops.face_crop` of each face, where `takes_pixels`; else not looked at.

        Returns
        -------
        proba : ndarray of float32, shape (n, k), range 0..1
            Columns in the order of `classes`; rows sum to 1.

        Raises
        ------
        ValueError
            If the shape is another.
        """
        inputs = self._inputs(np.asarray(points, dtype=np.float32), crops)
        if len(points) == 0:  # the runtime's fused operations refuse an empty batch
            return np.empty((0, len(self.classes)), dtype=np.float32)
        if self.mirror:
            inputs = {
                name: np.concatenate([values, _MIRRORS[name](values)])
                for name, values in inputs.items()
            }
        proba = self._session.run(None, inputs)[0]
        return proba.reshape(-1, len(points), len(self.classes)).mean(axis=0)

    def _inputs(self, points: np.ndarray, crops: np.ndarray | None) -> dict[str, np.ndarray]:
        """Check faces and return them as the graph takes them."""
        if points.ndim != 3 or points.shape[1:] != (N_POINTS, 3):
            raise ValueError(
                f"Expected ({N_POINTS}, 3) points of each of n faces, got {points.shape}; "
                f"drop the iris points with points[:, :{N_POINTS}]."
            )
        has_points = np.isfinite(points).all(axis=(1, 2))
        if not self.takes_pixels:
            if not has_points.all():
                raise ValueError("Expected finite points, got NaN; leave out rows without a face.")
            return {"points": points}
        if crops is None or crops.shape != (len(points), SIDE, SIDE) or crops.dtype != np.uint8:
            raise ValueError(
                f"Expected a uint8 crop of {SIDE} x {SIDE} pixels of each of {len(points)} faces; "
                "make it with landmarks.crops.face_crop."
            )
        # A face without points still needs some that can be aligned; they are not listened to.
        points = np.where(has_points[:, None, None], points, CANONICAL)
        return {"points": points, "crops": crops, "has_points": has_points.astype(np.float32)}

    def read(
        self, source: str | Path | bytes | np.ndarray, formats: Collection[str] = FOLDER_FORMATS
    ) -> Reading:
        """Find the faces of a photo and what they show.

        Parameters
        ----------
        source : str, Path, bytes or ndarray of uint8, shape (h, w, 3)
            An image file, its content, or RGB pixels of an upright image.
        formats : collection of str
            Image formats that are allowed, as Pillow names them.

        Returns
        -------
        Reading

        Raises
        ------
        landmarks.images.ImageError
            If the image can't be read.
        """
        rgb = source if isinstance(source, np.ndarray) else read_image(source, formats)
        faces = shared_finder().find(rgb)
        height, width = rgb.shape[:2]
        if not faces:
            return Reading([], NO_FACE, width, height, self.manifest["name"])
        points = np.stack([face.points for face in faces])
        crops = np.stack([face_crop(rgb, row) for row in points]) if self.takes_pixels else None
        seen = [None] * len(faces) if crops is None else crops
        found = map(self._reading, faces, seen, self.predict_proba(points, crops))
        return Reading(list(found), "", width, height, self.manifest["name"])

    def _reading(self, face: Face, crop: np.ndarray | None, proba: np.ndarray) -> FaceReading:
        """Put the confidences of one face into words."""
        first, second = np.argsort(-proba, kind="stable")[:2]
        return FaceReading(
            face=face,
            expression=self.classes[first],
            second=self.classes[second],
            confidences=dict(zip(self.classes, proba.tolist(), strict=True)),
            unsure=bool(proba[first] < self.manifest["unsure_threshold"]),
            _explain=lambda: explain(self.predict_proba, face.points, self._rest, first, crop),
        )


_MIRRORS = {
    "points": mirrored,
    "crops": lambda crops: crops[:, :, ::-1],
    "has_points": lambda flags: flags,
}
"""What the mirror image does to each input of a graph."""


def _rest_of(manifest: dict[str, Any]) -> Rest:
    """Return the mean neutral face that a bundle keeps."""
    crop = manifest.get("rest_crop")
    return Rest(
        np.array(manifest["rest_face"], dtype=np.float32),
        None if crop is None else np.array(crop, dtype=np.uint8),
    )


def _session(path: Path, n_classes: int) -> onnxruntime.InferenceSession:
    """Load the graph for one core: a face is too little work to share among several."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        # From its path, not from bytes: the runtime then keeps a graph's external data, if a
        # stranger's has some, within the bundle instead of the working directory.
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    # The runtime's own errors share no public base class.
    except Exception as error:
        raise BundleError(f"Expected an ONNX model in {path}, got none that loads.") from error
    inputs = {entry.name for entry in session.get_inputs()}
    shapes = [entry.shape for entry in session.get_outputs()]
    if not {"points"} <= inputs <= set(_MIRRORS) or len(shapes) != 1 or len(shapes[0]) != 2:
        raise BundleError(
            f"Expected a model of points to one row of confidences a face in {path}, got another; "
            "train it again."
        )
    if shapes[0][1] != n_classes:
        raise BundleError(
            f"Expected a model of the manifest's {n_classes} classes, got {shapes[0][1]} in "
            f"{path}; train it again."
        )
    return session
