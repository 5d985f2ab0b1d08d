"""Export a trained pipeline to ONNX, from points in pixels to calibrated probabilities."""

import math

import numpy as np
import torch
from sklearn.pipeline import Pipeline
from torch import nn

from classifiers.models.base import Layers
from classifiers.models.calibration import Calibration, calibrated
from classifiers.models.features import features
from classifiers.models.onnx_export import check_proba, exported
from landmarks.mesh import CANONICAL


class _Served(nn.Module):
    """The pipeline's arithmetic in PyTorch, for the export alone."""

    def __init__(self, pipeline: Pipeline, calibration: Calibration):
        super().__init__()
        scaler, pca = pipeline["scaler"], pipeline["pca"]
        self.mean, self.scale = _tensor(scaler.mean_), _tensor(scaler.scale_)
        self.components = _tensor(pca.components_.T)
        self.offset = _tensor(pca.mean_ @ pca.components_.T)
        self.networks = [
            [(_tensor(weight), _tensor(bias)) for weight, bias in layers]
            for layers in pipeline["classifier"].networks_
        ]
        self.scale_of_logs, self.bias = _tensor(calibration.scale), _tensor(calibration.bias)

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        """Return proba (n, k) of points (n, 468, 3)."""
        X = (features(points) - self.mean) / self.scale
        X = X @ self.components - self.offset
        # Kept as logarithms: a float32 probability of 0 would lose what the calibration needs.
        logs = torch.stack([_log_proba(layers, X) for layers in self.networks])
        average = logs[0]
        if len(self.networks) > 1:
            average = torch.logsumexp(logs, dim=0) - math.log(len(self.networks))
        return torch.softmax(average * self.scale_of_logs + self.bias, dim=1)


def to_onnx(pipeline: Pipeline, calibration: Calibration, points: np.ndarray) -> bytes:
    """Export a trained pipeline and check the graph against it.

    Parameters
    ----------
    pipeline : Pipeline
        From `classifiers.models.pipeline.fit_pipeline`.
    calibration : Calibration
        See `classifiers.models.calibration`.
    points : ndarray of float32, shape (n, 468, 3)
        Real faces in pixels, on which graph and pipeline have to agree.

    Returns
    -------
    bytes
        An ONNX model: input ``points`` float32 (n, 468, 3), output ``proba`` float32 (n, k).
        The same pipeline gives the same bytes.

    Raises
    ------
    classifiers.models.onnx_export.ExportError
        If a probability differs by more than 1e-4.
    """
    served = _Served(pipeline, calibration).eval()
    content = exported(served, {"points": torch.tensor(np.stack([CANONICAL, CANONICAL * 2]))})
    proba = calibrated(pipeline.predict_proba(points), calibration)
    check_proba(content, {"points": points}, proba)
    return content


def _log_proba(layers: Layers, X: torch.Tensor) -> torch.Tensor:
    for weight, bias in layers[:-1]:
        X = torch.relu(X @ weight + bias)
    weight, bias = layers[-1]
    return torch.log_softmax(X @ weight + bias, dim=1)


def _tensor(values: np.ndarray) -> torch.Tensor:
    return torch.tensor(np.asarray(values), dtype=torch.float32)
