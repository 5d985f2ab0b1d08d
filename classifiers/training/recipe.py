"""Settings, optimizer, schedule and loss of a training on pixels."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

import torch
from torch import nn

from classifiers.models.fused import Outputs
from classifiers.training.augmentation import Augmentation, Batch
from classifiers.training.dataset import BALANCES

OPTIMIZERS = ("sgd", "adam", "adamw")
SCHEDULERS = ("cosine", "plateau")
MOMENTUM = 0.9

WEIGHT_EXPONENTS = {"weights": 1.0, "roots": 0.5}
"""Exponents of a class's rarity in its weight."""

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained.

    Attributes
    ----------
    epochs, batch_size, seed : int
    optimizer : str
        "sgd" with Nesterov's momentum, "adam" or "adamw".
    lr, weight_decay : float
        The highest learning rate, and the optimizer's decay.
    scheduler : str
        "cosine": the learning rate falls to zero in a cosine (Loshchilov and Hutter 2017);
        "plateau": to a fifth after a third of `patience` without a better validation accuracy.
    warm_up : float
        Epochs in which the learning rate rises, before it falls as a cosine.
    patience : int
        Epochs without a better validation accuracy before the end; 0 trains all epochs.
    clipping : float
        Largest norm of the gradient.
    averaging : float
        Decay of the averaged weights at each step (Polyak and Juditsky 1992).
    label_smoothing : float
        Share of the target spread over all classes (Szegedy et al. 2016).
    pixel_loss, landmark_loss, vote_loss : float
        Weights of the losses of each branch alone and of the annotator votes; the fused loss has
        weight 1.
    balance : str
        One of `classifiers.training.dataset.BALANCES`.
    augmentation : Augmentation
    """

    epochs: int = 60
    batch_size: int = 128
    seed: int = 0
    optimizer: str = "sgd"
    lr: float = 0.1
    weight_decay: float = 5e-4
    scheduler: str = "cosine"
    warm_up: float = 3.0
    patience: int = 0
    clipping: float = 5.0
    averaging: float = 0.998
    label_smoothing: float = 0.1
    pixel_loss: float = 0.3
    landmark_loss: float = 0.3
    vote_loss: float = 0.5
    balance: str = "none"
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self):
        """Check optimizer, scheduler and balance."""
        known_values = {"optimizer": OPTIMIZERS, "scheduler": SCHEDULERS, "balance": BALANCES}
        for name, known in known_values.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"Expected {name} {' or '.join(known)}, got {getattr(self, name)!r}."
                )


def with_settings(config: Settings, settings: Mapping[str, Any]) -> Settings:
    """Return a configuration with those of the settings that it has."""
    own = {field.name for field in fields(config)}
    return replace(config, **{name: value for name, value in settings.items() if name in own})


def optimizer_of(network: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    """Return the optimizer, without weight decay for biases and BatchNorm, which are vectors."""
    matrices = [weight for weight in network.parameters() if weight.ndim > 1]
    vectors = [weight for weight in network.parameters() if weight.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, config.lr, momentum=MOMENTUM, nesterov=True)
    kind = torch.optim.Adam if config.optimizer == "adam" else torch.optim.AdamW
    return kind(groups, config.lr)


def schedule_of(
    optimizer: torch.optim.Optimizer, config: TrainingConfig, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """Return the learning rate's schedule.

    Parameters
    ----------
    optimizer : Optimizer
    config : TrainingConfig
        "cosine" is a linear warm-up, then a cosine to zero, for `step` after each step; "plateau"
        is for `step` with the validation accuracy after each epoch.
    steps : int
        Steps of an epoch.
    """
    if config.scheduler == "plateau":
        return torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, "max", factor=0.2, patience=max(1, config.patience // 3)
        )
    rise, end = config.warm_up * steps, config.epochs * steps

    def factor(step: int) -> float:
        if step < rise:
            return (step + 1) / (rise + 1)
        return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(end - rise, 1)))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def class_weights(counts: torch.Tensor, balance: str) -> torch.Tensor | None:
    """Return the classes' weights (k,) in the loss, of mean 1 over the rows; None for none.

    Parameters
    ----------
    counts : Tensor of float32, shape (k,)
        Training rows of each class.
    balance : str
    """
    if balance not in WEIGHT_EXPONENTS:
        return None
    rarity = counts ** -WEIGHT_EXPONENTS[balance]
    return rarity * counts.sum() / (rarity * counts).sum()


def averaging_of(config: TrainingConfig) -> Callable[[list, list, torch.Tensor | int], None]:
    """Return the update of averaged weights, for `torch.optim.swa_utils`.

    The decay is lower in the first steps, so that a short training doesn't average the initial
    weights.
    """

    @torch.no_grad()
    def update(averages: list, values: list, steps: torch.Tensor | int) -> None:
        decay = min(config.averaging, (1 + int(steps)) / (10 + int(steps)))
        for average, value in zip(averages, values, strict=True):
            if average.is_floating_point():
                average.lerp_(value, 1 - decay)
            else:
                average.copy_(value)

    return update


class FusedLoss(nn.Module):
    """Weighted cross-entropies of the fused logits, of each branch alone and of the votes.

    Parameters
    ----------
    config : TrainingConfig
    counts : Tensor of float32, shape (k,)
        Training rows of each class.
    """

    def __init__(self, config: TrainingConfig, counts: torch.Tensor):
        super().__init__()
        self.config = config
        weights = class_weights(counts, config.balance)
        self.classes = nn.CrossEntropyLoss(weights, label_smoothing=config.label_smoothing)

    def forward(self, outputs: Outputs, batch: Batch) -> torch.Tensor:
        """Return the mean loss of a batch."""
        config, loss = self.config, self.classes(outputs.logits.float(), batch.targets)
        for logits, weight in (
            (outputs.pixels, config.pixel_loss),
            (outputs.landmarks, config.landmark_loss),
        ):
            if logits is not None:
                loss = loss + weight * self.classes(logits.float(), batch.targets)
        if outputs.votes is not None:
            # The cross-entropy with the soft labels; rows without votes add nothing.
            logs = torch.log_softmax(outputs.votes.float(), dim=1)
            loss = loss - config.vote_loss * (batch.votes * logs).sum(dim=1).mean()
        return loss
