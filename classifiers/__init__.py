"""Points become a model, a model becomes a prediction: training, bundles, serving, measuring."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from classifiers.inference.predictor import Predictor
    from landmarks.detection.registry import Detector

# Since 1.29 onnxruntime sends usage events to its maker, from its import on and with an identifier
# that it keeps on disk, unless this stands in the environment before. Mien sends nothing anywhere.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def load(
    bundle: str | Path = "auto",
    mirror: bool = True,
    detector: "Detector" = "mesh",
    prior: "Mapping[str, float] | str | None" = None,
    min_confidence: float | None = None,
) -> "Predictor":
    """Return a model that reads photos.

    Parameters
    ----------
    bundle : str or Path, default "auto"
        A bundle's folder, or the name of a shipped one: ``"fused"``, ``"landmarks"``, or
        ``"auto"`` for the most accurate of these.
    mirror : bool, default True
    detector : {"mesh", "mtcnn"}, default "mesh"
    prior : mapping of str to float, or "uniform", optional
    min_confidence : float, optional
        See `classifiers.inference.predictor.Predictor` for these.

    Returns
    -------
    Predictor
        Its `predict` answers a photo, `predict_frame` many as a table, `predict_proba` points.

    Raises
    ------
    classifiers.bundle.bundle.BundleError
        If the bundle is missing, damaged or doesn't fit this version.
    landmarks.detection.registry.DetectorError
        If the detector isn't installed.

    Examples
    --------
    >>> from classifiers import load
    >>> model = load("landmarks")
    >>> face = model.predict("data/sample/test/surprise/surprise_01.png").faces[0]
    >>> face.expression
    'surprise'
    """
    # Only now: the package is imported for any of its modules, MediaPipe takes seconds.
    from classifiers.inference.predictor import Predictor

    return Predictor(bundle, mirror, detector, prior, min_confidence)
