"""Predict the expressions in an image with a bundle: the one way by which a bundle is served."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from classifiers.bundle.bundle import DEFAULT_BUNDLE, MODEL, BundleError, load_manifest, resolve
from classifiers.bundle.manifest import takes_pixels
from classifiers.inference.attribution import NeutralBaseline, explain
from classifiers.inference.predictions import FacePrediction, ImagePrediction
from classifiers.inference.shifts import SCALE, baseline_of_photos, prior_shift, shifted
from classifiers.inference.tables import Schema
from landmarks.detection.detector import MESH_VERSION, Face, shared_detector
from landmarks.detection.registry import Detector, check_detector
from landmarks.face_crop import SIDE, face_crop
from landmarks.images import (
    FOLDER_FORMATS,
    ImageError,
    Reason,
    Source,
    UnsupportedImage,
    rgb_of,
)
from landmarks.mesh import CANONICAL, N_POINTS, mirrored
from landmarks.quality import Quality, quality_of

if TYPE_CHECKING:
    import pandas as pd


class Predictor:
    """Predict with a bundle.

    Parameters
    ----------
    bundle : str or Path
        A bundle's folder, the name of a shipped one, or ``"auto"`` for the most accurate of these.
    mirror : bool, default True
        Average over the face and its mirror image, which is more accurate and takes twice as
        long; the confidences are calibrated for that.
    detector : {"mesh", "mtcnn"}, default "mesh"
        What detects faces in a photo. The mesh of a face is the same either way.
    prior : mapping of str to float, or "uniform", optional
        Share of each class among the faces that are read. The bundle's if left out.
    min_confidence : float, 0..1, optional
        Confidence below which a prediction is uncertain. The bundle's threshold if left out.

    Attributes
    ----------
    folder : Path
    manifest : dict
    classes : tuple of str
        In the order of every proba.
    detector : str
    meshes : int
        Meshes whose mean the points of a face are, see
        `landmarks.detection.detector.FaceDetector.detect`.
    shift : ndarray of float64, shape (k,)
        What is added to the logarithm of each class's confidence, see
        `classifiers.inference.shifts`.
    min_confidence : float
        Confidence below which a prediction is uncertain.
    neutral_measures : ndarray of float64, shape (len(MEASURES),), or None
        Mean `landmarks.measures.measure` of the photographs that `relative_to` was given.
    takes_pixels : bool
        Whether the model takes a face's crop beside its points.

    Raises
    ------
    BundleError
        If the bundle is missing, damaged or doesn't fit this version.
    landmarks.detection.registry.DetectorError
        If the detector isn't installed.
    """

    def __init__(
        self,
        bundle: str | Path = DEFAULT_BUNDLE,
        mirror: bool = True,
        detector: Detector = "mesh",
        prior: Mapping[str, float] | str | None = None,
        min_confidence: float | None = None,
    ):
        check_detector(detector)
        self.detector = detector
        self.folder = resolve(bundle)
        self.manifest = load_manifest(self.folder, MESH_VERSION)
        self.classes = tuple(self.manifest["classes"])
        self.mirror = mirror
        self._session = _session(self.folder / MODEL, self.manifest["inputs"], len(self.classes))
        self.meshes: int = self.manifest["meshes"]
        self.takes_pixels = takes_pixels(self.manifest)
        self._baseline = _neutral_baseline(self.manifest)
        self.shift, self.scale = np.zeros(len(self.classes)), 1.0
        self.neutral_measures: np.ndarray | None = None
        threshold = self.manifest["uncertain_threshold"]
        self.min_confidence: float = threshold if min_confidence is None else min_confidence
        if prior is not None:
            self.shift += prior_shift(prior, self.manifest["prior"], self.classes)

    def predict_proba(self, points: np.ndarray, crops: np.ndarray | None = None) -> np.ndarray:
        """Return calibrated confidences.

        Parameters
        ----------
        points : ndarray of float, shape (n, 468, 3)
            Faces in pixels, x right, y down, as `landmarks.detection.detector` and the feature
            CSVs give. A model that takes pixels predicts a face without points, a row of NaN,
            from its crop.
        crops : ndarray of uint8, shape (n, SIDE, SIDE), optional
            `landmarks.face_crop.face_crop` of each face, where `takes_pixels`; else without effect.

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
        proba = proba.reshape(-1, len(points), len(self.classes)).mean(axis=0)
        if not self.shift.any():
            return proba
        return shifted(proba, self.shift, self.scale).astype(np.float32)

    def relative_to(self, neutral: Source | Iterable[Source]) -> "Predictor":
        """Return a predictor whose confidences are relative to a person's own neutral face.

        Parameters
        ----------
        neutral : iterable of images, or one image
            One photograph or more of the person's neutral face, as `predict` takes them. The
            largest face of each counts.

        Raises
        ------
        ValueError
            If one shows no face, or the model does not know the class neutral.
        landmarks.images.ImageError
            If one can't be read.
        """
        photos = [self.predict(image) for image in _each(neutral)]
        return self.shifted(*baseline_of_photos(photos, self.manifest))

    def shifted(
        self,
        shift: np.ndarray,
        neutral_measures: np.ndarray | None = None,
        scale: float = SCALE,
    ) -> "Predictor":
        """Return a predictor whose confidences are moved, besides this one's `shift`.

        Parameters
        ----------
        shift : ndarray of float, shape (k,)
            See `classifiers.inference.shifts`.
        neutral_measures : ndarray of float, shape (len(MEASURES),), optional
            Measures of the person's neutral face, which those of other faces are compared with.
        scale : float
            Of the moved logarithms; 1 where no neutral face moves them.
        """
        other = copy(self)
        other.shift, other.neutral_measures = self.shift + shift, neutral_measures
        other.scale = scale
        return other

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
                "make it with landmarks.face_crop.face_crop."
            )
        # A face without points still needs some that can be aligned; they have no weight.
        points = np.where(has_points[:, None, None], points, CANONICAL)
        return {"points": points, "crops": crops, "has_points": has_points.astype(np.float32)}

    def predict(
        self,
        image: Source,
        formats: Collection[str] = FOLDER_FORMATS,
        neutral: Source | Iterable[Source] = (),
    ) -> ImagePrediction:
        """Find the faces of a photo and what they show.

        Parameters
        ----------
        image : str, Path, bytes, file, PIL.Image.Image or ndarray of uint8
            What `landmarks.images.rgb_of` takes: an image file, its content, or the pixels of an
            upright image, (h, w, 3) RGB, (h, w, 4) RGBA or (h, w) grey.
        formats : collection of str
            Image formats that are allowed, as Pillow names them.
        neutral : iterable of images, or one image, optional
            Photographs of the person's neutral face, see `relative_to`.

        Returns
        -------
        ImagePrediction

        Raises
        ------
        landmarks.images.ImageError
            If the image can't be read.

        Examples
        --------
        >>> from classifiers import load
        >>> prediction = load("landmarks").predict("data/sample/test/happy/happy_01.png")
        >>> [(face.expression, face.uncertain) for face in prediction.faces]
        [('happy', False)]
        """
        if neutral := list(_each(neutral)):
            return self.relative_to(neutral).predict(image, formats)
        rgb = rgb_of(image, formats)
        faces = shared_detector(self.detector).detect(rgb, self.meshes)
        found = self.predict_faces(rgb, faces)
        height, width = rgb.shape[:2]
        reason = "" if found else Reason.NO_FACE
        return ImagePrediction(found, reason, width, height, self.manifest["name"])

    def predict_faces(
        self,
        rgb: np.ndarray,
        faces: Sequence[Face],
        smooth: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> list[FacePrediction]:
        """Predict the expressions of faces that were found already, such as tracked ones.

        Parameters
        ----------
        rgb : ndarray of uint8, shape (h, w, 3)
            The image, upright.
        faces : sequence of Face
        smooth : callable, optional
            Is given proba (n, k) of all faces and returns what to take in its place, such as an
            average over time.

        Returns
        -------
        list of FacePrediction
            In the order of `faces`.
        """
        if not faces:
            return []
        points = np.stack([face.points for face in faces])
        crops = np.stack([face_crop(rgb, row) for row in points]) if self.takes_pixels else None
        proba = self.predict_proba(points, crops)
        each = [None] * len(faces) if crops is None else crops
        quality = [quality_of(rgb, face) for face in faces]
        proba = smooth(proba) if smooth else proba
        return list(map(self._face_prediction, faces, quality, each, proba))

    def predict_frame(self, images: Source | Iterable[Source]) -> "pd.DataFrame":
        """Read photos into a table, one that can't be read or shows no face as a row, too.

        Parameters
        ----------
        images : iterable of images, or one image
            As `predict` takes them.

        Returns
        -------
        DataFrame
            The columns of `classifiers.inference.tables.Schema`; a photo that is no file is called
            by its number from 1.

        Raises
        ------
        landmarks.images.UnsupportedImage
            If it is neither an image nor several.

        Examples
        --------
        >>> from classifiers import load
        >>> images = ["data/sample/test/happy/happy_01.png", "missing.png"]
        >>> table = load("landmarks").predict_frame(images)
        >>> table[["face", "success", "reason"]].to_numpy().tolist()
        [[1, 1, ''], [0, 0, 'unreadable']]
        """
        schema, rows = Schema(self.classes, self.neutral_measures is not None), []
        for number, image in enumerate(_each(images), 1):
            name = os.fspath(image) if isinstance(image, str | os.PathLike) else str(number)
            try:
                prediction, reason = self.predict(image), Reason.NO_FACE
            except ImageError as error:
                prediction, reason = None, error.reason
            rows += schema.photo_rows(name, prediction, reason)
        return schema.to_frame(rows)

    def _face_prediction(
        self, face: Face, quality: Quality, crop: np.ndarray | None, proba: np.ndarray
    ) -> FacePrediction:
        """Return the prediction for one face with these confidences."""
        first, second = np.argsort(-proba, kind="stable")[:2]
        return FacePrediction(
            face=face,
            expression=self.classes[first],
            second=self.classes[second],
            confidences=dict(zip(self.classes, proba.tolist(), strict=True)),
            uncertain=bool(proba[first] < self.min_confidence),
            quality=quality,
            _explain=lambda: explain(self.predict_proba, face.points, self._baseline, first, crop),
            neutral_measures=self.neutral_measures,
        )


_MIRRORS = {
    "points": mirrored,
    "crops": lambda crops: crops[:, :, ::-1],
    "has_points": lambda flags: flags,
}
"""What the mirror image does to each input of a graph."""


def _each(images: Source | Iterable[Source]) -> Iterable[Source]:
    """Return images, one as a list of one.

    Raises
    ------
    UnsupportedImage
        If it is neither.
    """
    if hasattr(images, "__array__"):
        images = np.asarray(images)  # a tensor's pixels, a column's names
        return list(images) if images.ndim > 3 or images.dtype.kind in "OU" else [images]
    if isinstance(images, Source):
        return [images]
    if isinstance(images, Mapping) or not isinstance(images, Iterable):
        raise UnsupportedImage(
            f"Expected an image or a list of images, got {type(images).__name__}; name files, or "
            "give their content or pixels."
        )
    return images


def _neutral_baseline(manifest: dict[str, Any]) -> NeutralBaseline:
    """Return a bundle's mean neutral face."""
    crop = manifest.get("neutral_crop")
    return NeutralBaseline(
        np.array(manifest["neutral_face"], dtype=np.float32),
        None if crop is None else np.array(crop, dtype=np.uint8),
    )


def _session(path: Path, inputs: list[str], n_classes: int) -> onnxruntime.InferenceSession:
    """Load the graph for one core: a face is too little work to share among several."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        # From its path, not from bytes: the runtime then keeps a graph's external data, if an
        # untrusted one has some, within the bundle instead of the working directory.
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    # The runtime's own errors share no public base class.
    except Exception as error:
        raise BundleError(f"Expected an ONNX model in {path}, got none that loads.") from error
    found = {entry.name for entry in session.get_inputs()}
    shapes = [entry.shape for entry in session.get_outputs()]
    if found != set(inputs) or len(shapes) != 1 or len(shapes[0]) != 2:
        raise BundleError(
            f"Expected a model of {', '.join(inputs)} to one row of confidences a face in {path}, "
            "got another; train it again."
        )
    if shapes[0][1] != n_classes:
        raise BundleError(
            f"Expected a model of the manifest's {n_classes} classes, got {shapes[0][1]} in "
            f"{path}; train it again."
        )
    return session
