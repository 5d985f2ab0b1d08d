"""Fine-tune a fused network: find the networks of a bundle, and start from their weights."""

from hashlib import sha256
from typing import NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError

from classifiers.bundle.bundle import WEIGHTS, load_manifest, resolve, train_pixels
from classifiers.models.ensemble import BATCH_SIZE, FusedModel, read_weights
from classifiers.models.fused import FusedNetwork, NetworkConfig
from landmarks.mesh import mirrored

HEADS = ("head.", "pixel_head.", "landmark_head.")
"""Layers of one output a class; they start anew with other classes."""

NOT_NETWORKS = (
    OSError,
    SafetensorError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    RuntimeError,
)
"""What `read_weights` raises for a file of something else."""

SIZES = ("landmarks", "stem", "widths", "blocks", "hidden")
"""Settings that a network keeps."""


class InitialNetworks(NamedTuple):
    """Trained networks.

    ``origin`` names their weights, ``pixels`` holds the hashes of the images that trained them.
    """

    models: tuple[FusedModel, ...]
    origin: str
    pixels: frozenset[str]


def find_initial_networks(bundle: str) -> InitialNetworks:
    """Read the networks that a training starts from.

    Parameters
    ----------
    bundle : str
        Folder of a bundle of `fused` or `cnn`, or the name of an included one.

    Raises
    ------
    BundleError
        If there is no such bundle, or it is damaged.
    ValueError
        If it holds no such networks.
    """
    folder = resolve(bundle)
    load_manifest(folder)
    path = folder / WEIGHTS
    try:
        models = tuple(read_weights(path).models)
        digest = sha256(path.read_bytes()).hexdigest()[:16]
    except NOT_NETWORKS as error:
        raise ValueError(
            f"Expected a bundle of fused or cnn in {bundle}, got one without their weights; "
            "name another with WEIGHTS=."
        ) from error
    origin = f"the weights of {folder.name}, SHA-256 {digest}"
    return InitialNetworks(models, origin, train_pixels(folder))


def check_sizes(model: FusedModel, config: NetworkConfig) -> None:
    """Refuse to start a network from one of another size.

    Raises
    ------
    ValueError
        If a setting of `SIZES` differs.
    """
    for name in SIZES:
        expected, got = getattr(model.network.config, name), getattr(config, name)
        if expected != got:
            raise ValueError(
                f"Expected {name} {_text(expected)} as in the bundle that WEIGHTS= names, got "
                f"{_text(got)}; set the same, or name another bundle."
            )


def initialized(config: NetworkConfig, model: FusedModel) -> FusedNetwork:
    """Return a network that has the model's weights, and new heads if its classes are others."""
    network = FusedNetwork(config)
    own = network.state_dict()
    fresh = () if config.classes == model.network.config.classes else HEADS
    state = {
        name: values
        for name, values in model.network.state_dict().items()
        if name in own and own[name].shape == values.shape and not name.startswith(fresh)
    }
    network.load_state_dict(state, strict=False)
    return network


@torch.no_grad()
def vectors_of(model: FusedModel, points: np.ndarray, has_points: np.ndarray) -> np.ndarray:
    """Return the landmark vectors of faces and their flips, as the model prepares them.

    Parameters
    ----------
    model : FusedModel
    points : ndarray of float32, shape (n, 468, 3)
    has_points : ndarray of bool, shape (n,)

    Returns
    -------
    ndarray of float16, shape (n, 2, d)
        Zero where there are no points.
    """
    X = np.zeros((len(points), 2, model.network.config.n_components), np.float16)
    found = np.flatnonzero(has_points)
    for rows in np.split(found, range(BATCH_SIZE, len(found), BATCH_SIZE)):
        for side, faces in enumerate((points[rows], mirrored(points[rows]))):
            X[rows, side] = model.landmark_vectors(torch.from_numpy(faces)).numpy()
    return X


def _text(value: object) -> str:
    return str(list(value) if isinstance(value, tuple) else value)
