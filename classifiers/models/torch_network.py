"""The network of the PyTorch MLP: its layers, their running average, its weights as arrays."""

from collections.abc import Iterator

import torch
from torch import nn

from classifiers.models.base import Layers, to_float16

AVERAGING = 0.999
"""Decay of the averaged weights at each step, after the first steps."""


def network_of(n_in: int, hidden: tuple[int, ...], n_out: int, dropout: float) -> nn.Sequential:
    """Return an untrained network from X (n, n_in) to logits (n, n_out)."""
    return nn.Sequential(*_modules(n_in, hidden, n_out, dropout))


def _modules(n_in, hidden, n_out, dropout) -> Iterator[nn.Module]:
    for width in hidden:
        yield from (nn.Linear(n_in, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout))
        n_in = width
    yield nn.Linear(n_in, n_out)


def averaged(network: nn.Module) -> torch.optim.swa_utils.AveragedModel:
    """Return the running average of a network, BatchNorm's statistics included."""
    return torch.optim.swa_utils.AveragedModel(network, multi_avg_fn=_toward, use_buffers=True)


@torch.no_grad()
def _toward(averages: list, values: list, steps: torch.Tensor | int) -> None:
    """Update the averages, with a lower decay in the first steps."""
    share = 1 - min(AVERAGING, (1 + int(steps)) / (10 + int(steps)))
    for average, value in zip(averages, values, strict=True):
        if average.is_floating_point():
            average.lerp_(value, share)
        else:
            average.copy_(value)


def fuse_batch_norm(network: nn.Sequential) -> Layers:
    """Fuse each BatchNorm into the Linear before it.

    Returns
    -------
    Layers
        Weights (n_in, n_out) and biases (n_out,) of each layer, float16.
    """
    layers: Layers = []
    for module in network:
        if isinstance(module, nn.Linear):
            weight = module.weight.detach().numpy().T
            layers.append((weight, module.bias.detach().numpy()))
        elif isinstance(module, nn.BatchNorm1d):
            gain = module.weight / torch.sqrt(module.running_var + module.eps)
            gain, mean = gain.detach().numpy(), module.running_mean.numpy()
            weight, bias = layers[-1]
            layers[-1] = (weight * gain, (bias - mean) * gain + module.bias.detach().numpy())
    return [(to_float16(weight), to_float16(bias)) for weight, bias in layers]
