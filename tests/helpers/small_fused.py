"""Made-up faces with pixels, of which pixels and mouth tell the class, and small settings."""

import numpy as np
import torch

from classifiers.bundle.bundle import CARD, MODEL, PIXELS, save_bundle
from classifiers.bundle.manifest import PIXEL_INPUTS
from classifiers.models.calibration import Calibration
from classifiers.models.ensemble import Ensemble, FusedModel
from classifiers.models.fused import FusedNetwork, NetworkConfig
from classifiers.models.fused_onnx import fused_to_onnx
from classifiers.training.augmentation import Augmentation
from classifiers.training.recipe import TrainingConfig
from classifiers.training.tensors import FusedRows, arrays_of
from landmarks.detection.detector import MESH_VERSION
from landmarks.face_crop import SIDE
from landmarks.mesh import CANONICAL
from tests.helpers.small_model import CLASSES, faces

STILL = Augmentation(
    flip=False,
    rotation=0,
    shift=0,
    scale=0,
    jitter=0,
    erasing=0,
    corruption=0,
    mixup=0,
    cutmix=0,
    drop_points=0,
)
"""An augmentation that changes nothing."""


def rows(n=36, missed=3, votes=0, seed=0):
    """Return FusedRows whose last ``missed`` have no points; a bright bar's height tells the class.

    With ``votes`` the first half have votes, all for the column of the class's number.
    """
    random = np.random.default_rng(seed)
    points, y = faces(n, seed)
    has_points = np.arange(n) < n - missed
    points[~has_points] = 0
    crops = random.integers(60, 100, (n, SIDE, SIDE), dtype=np.uint8)
    codes = np.array([CLASSES.index(name) for name in y])
    for crop, code in zip(crops, codes, strict=True):
        crop[16 + 8 * code :][:8] += 100
    shares = np.zeros((n, votes), np.float32)
    if votes:
        shares[: n // 2] = np.eye(votes, dtype=np.float32)[codes[: n // 2]]
    names = np.array([f"{number:016x}" for number in range(n)])
    return FusedRows(crops, crops, points, has_points, y, names, "made up", shares)


def arrays(n=36, **settings):
    """Return the preprocessing and Arrays of `rows`."""
    made = rows(n, **settings)
    return arrays_of(made, CLASSES, np.ones(n, bool))


def small_network(n_components, **settings):
    """Return the configuration of a network that is trained in a blink."""
    quick = {"stem": 4, "widths": (4, 8), "blocks": (1, 1), "hidden": (8,), "dropout": 0.0}
    return NetworkConfig(CLASSES, n_components, **quick | settings)


def small_training(**settings):
    """Return settings of a short training."""
    quick = {"epochs": 2, "batch_size": 12, "warm_up": 0.5, "averaging": 0.5}
    return TrainingConfig(**quick | settings)


def save_untrained(folder):
    """Write a bundle of a model that looks at pixels and has learned nothing; return `folder`."""
    torch.manual_seed(0)
    preprocessing, prepared = arrays()
    network = FusedNetwork(small_network(prepared.X.shape[2])).eval()
    made, k = rows(4, missed=0), len(CLASSES)
    graph = fused_to_onnx(
        Ensemble([FusedModel(network, preprocessing)]),
        Calibration(np.ones(k), np.zeros(k)),
        made.points,
        made.crops,
        made.has_points,
    )
    manifest = {
        "name": folder.name,
        "version": "0",
        "classes": list(CLASSES),
        "mesh": MESH_VERSION,
        "meshes": 1,
        "inputs": PIXEL_INPUTS,
        "seed": 0,
        "calibration": {},
        "prior": [1 / len(CLASSES)] * len(CLASSES),
        "uncertain_threshold": 0.4,
        "training_seconds": 1.0,
        "neutral_face": CANONICAL.tolist(),
        "neutral_crop": made.crops[0].tolist(),
        "metrics": {},
        "data": {},
    }
    return save_bundle(folder, manifest, {MODEL: graph, PIXELS: b"", CARD: b""})
