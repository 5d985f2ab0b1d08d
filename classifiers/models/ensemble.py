"""Models that take pixels: from points and crop to logits.

The fused model, and models on pixels alone, such as `classifiers.models.backbones`.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import nn

from classifiers.models.backbones import BackboneNetwork
from classifiers.models.features import N_FEATURES, features
from classifiers.models.fused import FusedNetwork, NetworkConfig, window
from classifiers.models.landmark_vector import Preprocessing
from landmarks.mesh import CANONICAL, mirrored

CONFIG = "config"
"""Key of the networks' configurations, as JSON, in a weights file's metadata."""

BATCH_SIZE = 64
"""Faces of one forward pass."""


class PixelClassifier(nn.Module):
    """Base of the models that take pixels; subclasses implement `forward`."""

    classes: tuple[str, ...]

    @torch.no_grad()
    def predict_proba(
        self, points: np.ndarray, crops: np.ndarray, has_points: np.ndarray
    ) -> np.ndarray:
        """Return the probability of each class, float64 (n, k); see `PixelModel.forward`."""
        proba = []
        for start in range(0, len(crops), BATCH_SIZE):
            part = slice(start, start + BATCH_SIZE)
            logits = self(
                torch.from_numpy(np.ascontiguousarray(points[part], dtype=np.float32)),
                torch.from_numpy(np.ascontiguousarray(crops[part])),
                torch.from_numpy(np.asarray(has_points[part], dtype=np.float32)),
            )
            proba.append(logits.double().softmax(dim=1).numpy())
        return np.concatenate(proba)

    def tta_proba(
        self, points: np.ndarray, crops: np.ndarray, has_points: np.ndarray
    ) -> np.ndarray:
        """Return the probabilities of faces and of their flips, (2, n, k), which TTA averages."""
        straight = self.predict_proba(points, crops, has_points)
        return np.stack(
            [straight, self.predict_proba(mirrored(points), crops[:, :, ::-1], has_points)]
        )


class PixelModel(PixelClassifier):
    """A network on pixels alone, in evaluation mode.

    Parameters
    ----------
    network : FusedNetwork or BackboneNetwork
        Its matrices are rounded to float16, in which a bundle stores them, so that the bundle
        gives exactly this model's logits.
    """

    def __init__(self, network: FusedNetwork | BackboneNetwork):
        super().__init__()
        self.network = network
        self.classes = network.config.classes
        with torch.no_grad():
            for weight in network.parameters():
                if weight.ndim > 1:
                    weight.copy_(weight.half())
        self.eval()

    def forward(
        self, points: torch.Tensor, crops: torch.Tensor, has_points: torch.Tensor
    ) -> torch.Tensor:
        """Return the classes' logits.

        Parameters
        ----------
        points : Tensor of float32, shape (n, 468, 3)
            Faces in pixels; anything where there are none.
        crops : Tensor of uint8, shape (n, SIDE, SIDE)
            From `landmarks.face_crop.face_crop`.
        has_points : Tensor of float32, shape (n,), 0 or 1

        Returns
        -------
        Tensor of float32, shape (n, k)
        """
        return self.network(window(crops, self.network.scaled), points, has_points)


class FusedModel(PixelModel):
    """The fused network with the preprocessing of its landmarks.

    Parameters
    ----------
    network : FusedNetwork
    preprocessing : Preprocessing, optional
        Of the network's landmarks; needed where it has a landmark branch.
    """

    def __init__(self, network: FusedNetwork, preprocessing: Preprocessing | None = None):
        super().__init__(network)
        if preprocessing is None:
            d = network.config.n_components
            columns = np.zeros(N_FEATURES), np.ones(N_FEATURES)
            preprocessing = Preprocessing(*columns, np.zeros((N_FEATURES, d)), np.ones(d))
        for name, values in preprocessing._asdict().items():
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32))
        self.register_buffer("mean_face", torch.tensor(CANONICAL), persistent=False)

    def forward(
        self, points: torch.Tensor, crops: torch.Tensor, has_points: torch.Tensor
    ) -> torch.Tensor:
        """Return the classes' logits, as `PixelModel.forward` does, from the points too."""
        if not self.network.config.landmarks:
            return super().forward(points, crops, has_points)
        # Points that are all zero have no size, and would align to NaN.
        found = has_points[:, None, None] > 0
        X = self._vectors(torch.where(found, points, self.mean_face))
        return self.network(window(crops, self.network.scaled), X, has_points)

    @property
    def preprocessing(self) -> Preprocessing:
        """The preprocessing of the landmarks."""
        return Preprocessing(*(getattr(self, name).numpy() for name in Preprocessing._fields))

    @torch.no_grad()
    def landmark_vectors(self, points: np.ndarray, has_points: np.ndarray) -> np.ndarray:
        """Return the landmark vectors of faces and of their flips.

        Parameters
        ----------
        points : ndarray of float32, shape (n, 468, 3)
        has_points : ndarray of bool, shape (n,)

        Returns
        -------
        ndarray of float16, shape (n, 2, d)
            Zero where there are no points.
        """
        X = np.zeros((len(points), 2, self.network.config.n_components), np.float16)
        found = np.flatnonzero(has_points)
        for rows in np.split(found, range(BATCH_SIZE, len(found), BATCH_SIZE)):
            for side, faces in enumerate((points[rows], mirrored(points[rows]))):
                X[rows, side] = self._vectors(torch.from_numpy(faces)).numpy()
        return X

    def _vectors(self, points: torch.Tensor) -> torch.Tensor:
        """Return the landmark vectors, float32 (n, d), of faces in pixels, (n, 468, 3)."""
        standard = (features(points) - self.centre) / self.scale
        return standard @ self.components / self.root


class Ensemble(PixelClassifier):
    """Networks of different seeds, whose probabilities are averaged.

    Lakshminarayanan et al. 2017, "Simple and scalable predictive uncertainty estimation using deep
    ensembles".

    Parameters
    ----------
    models : sequence of FusedModel
        One or more, of the same classes.
    """

    def __init__(self, models: Sequence[FusedModel]):
        super().__init__()
        self.models = nn.ModuleList(models)
        self.classes = models[0].classes
        self.eval()

    def forward(
        self, points: torch.Tensor, crops: torch.Tensor, has_points: torch.Tensor
    ) -> torch.Tensor:
        """Return the logarithm of the mean probability, float32 (n, k), of `PixelModel`'s input."""
        logs = [model(points, crops, has_points).log_softmax(dim=1) for model in self.models]
        return torch.stack(logs).logsumexp(dim=0) - math.log(len(logs))


def saved_weights(model: Ensemble) -> bytes:
    """Return a safetensors file of the weights, with the networks' configurations."""
    state = {name: _exact_float16(values) for name, values in model.state_dict().items()}
    configs = [asdict(member.network.config) for member in model.models]
    return save(state, {CONFIG: json.dumps(configs)})


def read_weights(path: Path) -> Ensemble:
    """Read what `saved_weights` wrote.

    Raises
    ------
    ValueError
        If the file is of something else.
    """
    try:
        with safe_open(path, "pt") as file:
            configs = json.loads((file.metadata() or {}).get(CONFIG, ""))
        model = Ensemble([FusedModel(FusedNetwork(_config_of(values))) for values in configs])
        model.load_state_dict(load_file(path))
    except _NOT_NETWORKS as error:
        raise ValueError(f"Expected weights of fused or cnn in {path}, got none.") from error
    return model


_NOT_NETWORKS = (
    *(OSError, SafetensorError, RuntimeError),
    *(ValueError, TypeError, AttributeError, LookupError),
)
"""What files of something else raise: no safetensors, or other metadata, names or shapes."""


def _config_of(values: dict[str, Any]) -> NetworkConfig:
    """Return a configuration from JSON, where a tuple is a list."""
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return NetworkConfig(**values | lists)


def _exact_float16(values: torch.Tensor) -> torch.Tensor:
    """Return float16 where it holds all values exactly."""
    values = values.contiguous()
    rounded = values.half() if values.dtype == torch.float32 and values.ndim > 1 else values
    return rounded if torch.equal(rounded.to(values.dtype), values) else values
