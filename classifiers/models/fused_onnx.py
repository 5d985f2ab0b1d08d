"""Export a model that takes pixels to ONNX, from points and crop to calibrated probabilities."""

import numpy as np
import torch
from torch import nn

from classifiers.models.calibration import Calibration, calibrated
from classifiers.models.ensemble import PixelClassifier
from classifiers.models.onnx_export import check_proba, exported
from classifiers.models.quantization import quantized


class _Served(nn.Module):
    """The model with the softmax and the calibration, for the export alone."""

    def __init__(self, model: PixelClassifier, calibration: Calibration):
        super().__init__()
        self.model = model
        self.scale = torch.tensor(calibration.scale, dtype=torch.float32)
        self.bias = torch.tensor(calibration.bias, dtype=torch.float32)

    def forward(
        self, points: torch.Tensor, crops: torch.Tensor, has_points: torch.Tensor
    ) -> torch.Tensor:
        """Return proba (n, k)."""
        logs = torch.log_softmax(self.model(points, crops, has_points), dim=1)
        return torch.softmax(logs * self.scale + self.bias, dim=1)


def fused_to_onnx(
    model: PixelClassifier,
    calibration: Calibration,
    points: np.ndarray,
    crops: np.ndarray,
    has_points: np.ndarray,
    quantizes: bool = False,
) -> bytes:
    """Export a model and check the graph against it.

    Parameters
    ----------
    model : Ensemble or PixelModel
    calibration : Calibration
        See `classifiers.models.calibration`.
    points : ndarray of float32, shape (n, 468, 3)
        Two real faces or more, in pixels, on which graph and model have to agree, with and
        without their points.
    crops : ndarray of uint8, shape (n, SIDE, SIDE)
    has_points : ndarray of float32, shape (n,), 0 or 1
    quantizes : bool, default False
        Quantize the graph once it is checked, see `classifiers.models.quantization`.

    Returns
    -------
    bytes
        An ONNX model with the inputs ``points``, ``crops`` and ``has_points``, of types and
        shapes as above, and the output ``proba``, float32 (n, k).

    Raises
    ------
    classifiers.models.onnx_export.ExportError
        If a probability differs by more than 1e-4.
    """
    inputs = {"points": points, "crops": crops, "has_points": has_points.astype(np.float32)}
    examples = {name: torch.from_numpy(values[:2]) for name, values in inputs.items()}
    # Not simplified: BatchNorm multiplied into the weights would need float32 for them. The
    # runtime does that itself, when it loads the graph.
    content = exported(_Served(model, calibration).eval(), examples, optimize=False)
    for flag in (inputs["has_points"], np.zeros(len(points), np.float32)):
        proba = calibrated(model.predict_proba(points, crops, flag), calibration)
        check_proba(content, inputs | {"has_points": flag}, proba)
    return quantized(content, inputs) if quantizes else content
