"""Find the weights that a backbone is fine-tuned from, and save those of a trained one."""

from hashlib import file_digest
from http.client import HTTPException
from pathlib import Path
from pickle import UnpicklingError
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from classifiers.bundle.bundle import WEIGHTS
from classifiers.models.backbones import BACKBONES, BackboneConfig, BackboneNetwork
from classifiers.models.vision import models

RANDOM = "random"
"""The option for random weights."""


class Weights(NamedTuple):
    """A network's weights, None for random ones, with metadata.

    ``origin`` names them: equal weights have an equal name. ``note`` is a sentence for the user.
    """

    state: dict[str, torch.Tensor] | None
    origin: str
    note: str


def find_weights(backbone: str, chosen: str = "") -> Weights:
    """Find the weights that a training starts from.

    Parameters
    ----------
    backbone : str
        One of `classifiers.models.backbones.BACKBONES`.
    chosen : str
        A bundle's folder, or a file: a state_dict as torchvision publishes them, or safetensors.
        Empty for torchvision's best ImageNet weights, kept in PyTorch's cache, and random weights
        where they can't be fetched; or `RANDOM`.

    Returns
    -------
    Weights

    Raises
    ------
    ValueError
        If the file doesn't hold weights of this network.
    """
    if chosen == RANDOM:
        return _random(backbone, "as asked for")
    if chosen:
        return _read(backbone, Path(chosen))
    try:
        return _fetched(backbone)
    # torchvision passes on what the network, the disk or a wrong hash raise.
    except (OSError, HTTPException, RuntimeError) as error:
        reason = f"ImageNet's can't be fetched here ({_reason(error)}); name a file with WEIGHTS="
        return _random(backbone, reason)


def saved_backbone_weights(network: BackboneNetwork) -> bytes:
    """Return a trained network's weights for a bundle.

    Parameters
    ----------
    network : BackboneNetwork
        Its matrices hold float16's numbers, as `classifiers.models.ensemble.PixelModel` rounds
        them.

    Returns
    -------
    bytes
        A safetensors file with torchvision's names, so that `find_weights` takes it too.
    """
    state = network.body.state_dict()
    return save(
        {
            name: (values.half() if values.ndim > 1 else values).contiguous()
            for name, values in state.items()
        }
    )


def _random(backbone: str, reason: str) -> Weights:
    """Return no weights, and why."""
    origin = BackboneConfig.origin
    return Weights(None, origin, f"{backbone} starts from {origin}: {reason}.")


def _fetched(backbone: str) -> Weights:
    """Return torchvision's best weights, from its site or PyTorch's cache."""
    published = models.get_model_weights(backbone).DEFAULT
    # The hash is a part of the file's name.
    state = published.get_state_dict(check_hash=True, weights_only=True, map_location="cpu")
    return _checked(backbone, state, f"torchvision's {published}", "torchvision's site")


def _read(backbone: str, path: Path) -> Weights:
    """Return the weights in a file or a bundle's folder."""
    path = path / WEIGHTS if path.is_dir() else path
    try:
        with path.open("rb") as file:
            name = f"{path.name}, SHA-256 {file_digest(file, 'sha256').hexdigest()[:16]}"
        if path.suffix == ".safetensors":
            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except (
        OSError,
        EOFError,
        LookupError,
        RuntimeError,
        SafetensorError,
        UnpicklingError,
        ValueError,
    ) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "unreadable"
        raise ValueError(
            f"Expected a state_dict of torchvision's {backbone} or safetensors in {path}, got "
            f"nothing that can be loaded ({reason}); name another file with WEIGHTS=."
        ) from error
    return _checked(backbone, state, f"the weights in {name}", str(path))


def _checked(backbone: str, state: object, origin: str, place: str) -> Weights:
    """Return all weights but the head's, after checking that they are this network's."""
    head = f"{BACKBONES[backbone].head}."
    with torch.device("meta"):
        own = models.get_model(backbone, weights=None).state_dict()
    wanted = {name: values.shape for name, values in own.items() if _is_required(name, head)}
    state = state if isinstance(state, dict) else {}
    state = {name: values for name, values in state.items() if not str(name).startswith(head)}
    got = {
        name: getattr(values, "shape", None)
        for name, values in state.items()
        if _is_required(str(name), head)
    }
    if got != wanted:
        wrong = sorted({str(name) for name, _ in wanted.items() ^ got.items()})
        raise ValueError(
            f"Expected the weights of torchvision's {backbone} in {place}, got others "
            f"({len(wrong)} names or shapes differ, such as {wrong[0]}); name another file with "
            "WEIGHTS=."
        )
    return Weights(state, origin, f"{backbone} starts from {origin}.")


def _is_required(name: str, head: str) -> bool:
    """Whether weights of that name are required; old files lack BatchNorm's counters."""
    return not name.startswith(head) and not name.endswith("num_batches_tracked")


def _reason(error: Exception) -> str:
    """Return an error's first line, without urllib's marks around it."""
    text = str(getattr(error, "reason", error)).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")
