"""Train a network on pixels and landmarks, with a checkpoint after each epoch."""

import json
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from classifiers.models.backbones import BackboneConfig, BackboneNetwork
from classifiers.models.base import Line, Measured, Progress, balanced_shares, line_of
from classifiers.models.fused import FusedNetwork, NetworkConfig, window
from classifiers.training.augmentation import Augmenter
from classifiers.training.curves import CURVES, append_line
from classifiers.training.dataset import balanced_rows
from classifiers.training.recipe import (
    FusedLoss,
    TrainingConfig,
    averaging_of,
    optimizer_of,
    schedule_of,
)
from classifiers.training.tensors import Arrays
from data.files import atomic_write
from data.processes import termination_as_interrupt

CHECKPOINT = "checkpoint.pt"
DEVICES = ("auto", "cpu", "cuda")

Network = FusedNetwork | BackboneNetwork
Config = NetworkConfig | BackboneConfig
Build = Callable[[Any], Network]
"""Makes a network of its configuration, with PyTorch's random numbers."""


def train_network(
    rows: Arrays,
    held_out: Arrays,
    network_config: Config,
    config: TrainingConfig,
    out: Path,
    device: str = "auto",
    progress: Progress | None = None,
    build: Build = FusedNetwork,
) -> Network:
    """Train, or go on training from the checkpoint in ``out``.

    Parameters
    ----------
    rows : Arrays
        Training rows.
    held_out : Arrays
        The early-stopping split; empty to keep the last epoch.
    network_config : NetworkConfig or BackboneConfig
    config : TrainingConfig
    out : Path
        Folder of the run. After each epoch it holds the checkpoint and a line more of the curves.
    device : {"auto", "cpu", "cuda"}
    progress : callable, optional
    build : callable, default FusedNetwork
        See `Build`.

    Returns
    -------
    FusedNetwork or BackboneNetwork
        The averaged weights of the epoch with the best accuracy on the early-stopping split, or
        of the last one.

    Raises
    ------
    KeyboardInterrupt
        On SIGINT or SIGTERM; the checkpoint keeps all epochs that were trained to their end.
    ValueError
        If the checkpoint is of other rows or settings, or there is no such device.
    """
    out.mkdir(parents=True, exist_ok=True)
    place = device_of(device)
    run = Run(rows.to(place), network_config, config, build)
    run.restore(out / CHECKPOINT)
    held_out = held_out.to(place)
    with termination_as_interrupt():
        while not run.finished:
            started = time.monotonic()
            training = run.train_epoch()
            validation = None
            if len(held_out):
                validation = _measured(run.average.module, held_out, config.batch_size)
            line = run.end_epoch(training, validation, started)
            run.save(out / CHECKPOINT)
            append_line(out / CURVES, line)
            if progress is not None:
                progress(line)
    return run.best_network()


def device_of(name: str) -> torch.device:
    """Return the device that "auto", "cpu" or "cuda" means; auto is the GPU where there is one."""
    if name not in DEVICES:
        raise ValueError(f"Expected a device among {', '.join(DEVICES)}, got {name!r}.")
    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise ValueError("Expected a GPU for the device cuda, found none; choose auto or cpu.")
    return torch.device("cuda" if found and name != "cpu" else "cpu")


class Run:
    """The state of a training, which its checkpoint holds."""

    def __init__(
        self,
        rows: Arrays,
        network_config: Config,
        config: TrainingConfig,
        build: Build = FusedNetwork,
    ):
        torch.manual_seed(config.seed)
        self.settings = _settings(rows, network_config, config)
        rows = _balanced(rows, config)
        self.rows, self.config, self.device = rows, config, rows.crops.device
        self.network = build(network_config).to(self.device, memory_format=torch.channels_last)
        average = averaging_of(config)
        self.average = AveragedModel(self.network, multi_avg_fn=average, use_buffers=True)
        self.batch_size = min(config.batch_size, len(rows))
        self.steps = len(rows) // self.batch_size
        self.optimizer = optimizer_of(self.network, config)
        self.schedule = schedule_of(self.optimizer, config, self.steps)
        self.loss = FusedLoss(config, rows.targets.sum(dim=0))
        self.augmenter = Augmenter(config.augmentation, network_config.pixels, self.network.scaled)
        self.epoch, self.best_epoch, self.best_accuracy = 0, 0, -1.0
        self.best: dict[str, torch.Tensor] = {}

    @property
    def finished(self) -> bool:
        """Whether all epochs are trained, or too many went by without a better one."""
        waited, patience = self.epoch - self.best_epoch, self.config.patience
        return self.epoch >= self.config.epochs or 0 < patience <= waited

    def train_epoch(self) -> Measured:
        """Pass over the rows once; return mean loss and accuracy on the augmented rows."""
        self.network.begin_epoch(self.epoch)
        total = torch.zeros(2, device=self.device)
        for chosen in self._order():
            batch = self.augmenter.batch(self.rows[chosen])
            with torch.autocast(self.device.type, torch.bfloat16):
                outputs = self.network.outputs(batch.pixels, batch.X, batch.has_points)
            loss = self.loss(outputs, batch)
            self.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clipping)
            self.optimizer.step()
            if self.config.scheduler == "cosine":
                self.schedule.step()
            self.average.update_parameters(self.network)
            right = outputs.logits.argmax(dim=1) == batch.targets.argmax(dim=1)
            total += torch.stack([loss.detach(), right.float().mean()])
        mean_loss, accuracy = (total / self.steps).tolist()
        return mean_loss, accuracy

    def _order(self) -> tuple[torch.Tensor, ...]:
        """Return the row numbers of each batch; an incomplete batch is left out."""
        if self.config.balance == "sampler":
            shares = balanced_shares(self.rows.targets.argmax(dim=1).cpu().numpy())
            order = torch.multinomial(torch.from_numpy(shares), len(shares), replacement=True)
        else:
            order = torch.randperm(len(self.rows))
        return order[: self.steps * self.batch_size].to(self.device).split(self.batch_size)

    def end_epoch(self, training: Measured, validation: Measured | None, started: float) -> Line:
        """Keep the averaged weights if they are the best so far; return the curves' line."""
        self.epoch += 1
        accuracy = validation[1] if validation else self.best_accuracy
        if self.config.scheduler == "plateau":
            self.schedule.step(accuracy)
        if validation is None or accuracy > self.best_accuracy:
            self.best_accuracy, self.best_epoch = accuracy, self.epoch
            self.best = _copied(self.average.module)
        line = line_of(self.epoch, training, validation, time.monotonic() - started)
        return line | {"lr": self.schedule.get_last_lr()[0]}

    def best_network(self) -> Network:
        """Return the best averaged network so far, on the CPU."""
        network = deepcopy(self.network).to("cpu", memory_format=torch.contiguous_format)
        network.load_state_dict(self.best)
        return network.eval()

    def save(self, path: Path) -> None:
        """Write the checkpoint; an interruption leaves the one before."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        state |= {name: getattr(self, name) for name in _COUNTERS}
        state |= {"settings": self.settings, "random": torch.get_rng_state()}
        if self.device.type == "cuda":
            state["random_cuda"] = torch.cuda.get_rng_state(self.device)
        with atomic_write(path) as file:
            torch.save(state, file)

    def restore(self, path: Path) -> None:
        """Go back to a checkpoint, where there is one."""
        if not path.is_file():
            return
        saved = torch.load(path, map_location=self.device, weights_only=True)
        if saved["settings"] != self.settings:
            raise ValueError(
                f"Expected the rows and settings that {path} was begun with, got others; go on "
                "with those, or train in another folder."
            )
        for name, part in self._parts().items():
            part.load_state_dict(saved[name])
        for name in _COUNTERS:
            setattr(self, name, saved[name])
        torch.set_rng_state(saved["random"].cpu())
        if self.device.type == "cuda" and "random_cuda" in saved:
            torch.cuda.set_rng_state(saved["random_cuda"].cpu(), self.device)

    def _parts(self) -> dict[str, Any]:
        """Return the objects with a `state_dict`."""
        return {name: getattr(self, name) for name in _PARTS}


_PARTS = ("network", "average", "optimizer", "schedule")
_COUNTERS = ("epoch", "best_epoch", "best_accuracy", "best")


def _balanced(rows: Arrays, config: TrainingConfig) -> Arrays:
    """Return the rows to train on, dropped or repeated where the balance says so."""
    if config.balance not in ("down", "over"):
        return rows
    codes = rows.targets.argmax(dim=1).cpu().numpy()
    chosen = balanced_rows(codes, np.ones(len(codes), bool), config.balance, config.seed)
    return rows[torch.from_numpy(chosen).to(rows.crops.device)]


def _settings(rows: Arrays, network_config: Config, config: TrainingConfig) -> dict[str, Any]:
    """Return what has to be equal for one run to go on where another ended."""
    fingerprint = blake2b(rows.crops.cpu().numpy().tobytes(), digest_size=8)
    fingerprint.update(rows.targets.cpu().numpy().tobytes())
    values = {"network": asdict(network_config), "training": asdict(config)}
    # Through JSON, so that a tuple is the list that a file gives back.
    return json.loads(json.dumps(values | {"rows": fingerprint.hexdigest()}))


def _copied(network: nn.Module) -> dict[str, torch.Tensor]:
    """Return a copy of a network's weights."""
    return {name: values.clone() for name, values in network.state_dict().items()}


@torch.no_grad()
def _measured(network: Network, rows: Arrays, batch_size: int) -> Measured:
    """Return mean cross-entropy and accuracy with flip TTA."""
    network.eval()
    total = torch.zeros(2, device=rows.crops.device)
    for start in range(0, len(rows), batch_size):
        batch = rows[start : start + batch_size]
        pixels = window(batch.crops, network.scaled).to(memory_format=torch.channels_last)
        with torch.autocast(rows.crops.device.type, torch.bfloat16):
            logits = network(pixels, batch.X[:, 0].float(), batch.has_points)
            flipped = network(pixels.flip(3), batch.X[:, 1].float(), batch.has_points)
        proba = (logits.float().softmax(dim=1) + flipped.float().softmax(dim=1)) / 2
        codes = batch.targets.argmax(dim=1)
        # A network far off gives a class no probability, and the loss would be infinite.
        logs = proba.clamp(min=torch.finfo(proba.dtype).tiny).log()
        loss = nn.functional.nll_loss(logs, codes, reduction="sum")
        total += torch.stack([loss, (proba.argmax(dim=1) == codes).sum()])
    mean_loss, accuracy = (total / len(rows)).tolist()
    return mean_loss, accuracy
