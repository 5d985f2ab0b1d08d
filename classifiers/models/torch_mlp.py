"""A deep MLP with BatchNorm and Dropout in PyTorch."""

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from sklearn.utils import check_random_state
from torch import nn
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from classifiers.models.base import (
    AugmentedRows,
    Layers,
    Measured,
    NetworkClassifier,
    Progress,
    Rows,
    balanced_shares,
    line_of,
)
from classifiers.models.torch_network import averaged, fuse_batch_norm, network_of

SCHEDULERS = ("cosine", "plateau")
OPTIMIZERS = {
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
    "sgd": partial(torch.optim.SGD, momentum=0.9, nesterov=True),
}
WARM_UP = 0.2
"""Share of the training in which the cosine schedule's learning rate rises."""


class TorchMLPClassifier(NetworkClassifier):
    """Linear -> BatchNorm -> ReLU -> Dropout for each hidden layer, then a linear output.

    Trained on the cross-entropy. The weights are averaged exponentially over the steps (Polyak and
    Juditsky 1992), the average of the epoch with the best validation accuracy is kept, and
    BatchNorm is fused into the layer before it, which changes no logit.

    Parameters
    ----------
    hidden : tuple of int
        Units of each hidden layer; four of them and the output are five layers.
    dropout : float
        Share of hidden units dropped in training, 0 to 1.
    optimizer : "adamw", "adam" or "sgd"
        "sgd" with Nesterov's momentum of 0.9.
    lr, weight_decay : float
        The optimizer's.
    epochs, patience : int
        Maximum number of epochs; epochs without a better validation accuracy before the end.
    batch_size : int
        Rows of a step.
    label_smoothing : float
        Share of the target spread over all classes, 0 to 1.
    class_weight : dict, "balanced" or None
        Weight of each class in the loss, as scikit-learn reads it.
    sampler : "balanced" or None
        Draw equally many rows of each class in an epoch.
    scheduler : "cosine" or "plateau"
        Up and down in cosines over all epochs (Smith and Topin 2019), or a fifth after a third of
        `patience` without a better accuracy.
    vote_loss : float
        Weight of the cross-entropy with the annotator votes, which further outputs learn, where
        there are votes. These outputs are dropped after the training (Caruana 1997, "Multitask
        learning").
    n_networks : int
        Networks from different seeds, averaged.
    random_state : int, RandomState or None
        Same number, same model.
    """

    def __init__(
        self,
        hidden=(384, 256, 128, 64),
        dropout=0.15,
        optimizer="adamw",
        lr=3e-3,
        weight_decay=1e-2,
        epochs=120,
        patience=20,
        batch_size=256,
        label_smoothing=0.1,
        class_weight=None,
        sampler=None,
        scheduler="cosine",
        vote_loss=2.0,
        n_networks=5,
        random_state=0,
    ):
        self.hidden = hidden
        self.dropout = dropout
        self.optimizer = optimizer
        self.lr = lr
        self.weight_decay = weight_decay
        self.epochs = epochs
        self.patience = patience
        self.batch_size = batch_size
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.sampler = sampler
        self.scheduler = scheduler
        self.vote_loss = vote_loss
        self.n_networks = n_networks
        self.random_state = random_state

    def _train(
        self, rows: AugmentedRows, held_out: Rows | None, progress: Progress | None
    ) -> list[Layers]:
        for name, known in (("scheduler", SCHEDULERS), ("optimizer", tuple(OPTIMIZERS))):
            if getattr(self, name) not in known:
                raise ValueError(f"Expected a {name} among {known}, got {getattr(self, name)!r}.")
        if len(rows[0]) < 2:
            raise ValueError("Expected two rows or more for BatchNorm, got 1 sample.")
        random = check_random_state(self.random_state)
        networks = []
        for _ in range(self.n_networks):
            # The caller's random state stays as it was.
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(random.randint(2**31 - 1))
                networks.append(self._train_one(rows, held_out, progress))
        return networks

    def _train_one(
        self, rows: AugmentedRows, held_out: Rows | None, progress: Progress | None
    ) -> Layers:
        """Train one network from PyTorch's present random state."""
        copies, codes, votes = rows
        k = len(self.classes_)
        network = network_of(copies.shape[2], self.hidden, k + votes.shape[1], self.dropout)
        optimizer = OPTIMIZERS[self.optimizer](
            network.parameters(), lr=self.lr, weight_decay=self.weight_decay
        )
        weight = torch.as_tensor(self._class_weights(codes), dtype=torch.float32)
        loss = nn.CrossEntropyLoss(weight, label_smoothing=self.label_smoothing)
        batches = self._loader(copies, codes, votes)
        schedule = self._schedule(optimizer, len(batches))
        average = averaged(network)
        best = _Best(average.module)
        for epoch in range(1, self.epochs + 1):
            started, steps = time.monotonic(), []
            for measured in self._steps(network, batches, loss, optimizer):
                steps.append(measured)
                average.update_parameters(network)
                if self.scheduler == "cosine":
                    schedule.step()
            validation = None if held_out is None else _measured(average.module, held_out, k)
            accuracy = validation and validation[1]
            if self.scheduler == "plateau":
                schedule.step(accuracy or 0.0)
            if progress is not None:
                seconds = time.monotonic() - started
                progress(line_of(epoch, _mean(steps), validation, seconds))
            if best.update(accuracy, epoch) >= self.patience:
                break
        network.load_state_dict(best.state)
        *layers, last = fuse_batch_norm(network)
        return [*layers, (last[0][:, :k], last[1][:k])]

    def _steps(self, network, batches, loss, optimizer) -> Iterator[torch.Tensor]:
        """Pass over the rows once; yield the loss and the accuracy of each step's batch."""
        network.train()
        for copies, targets, votes in batches:
            optimizer.zero_grad()
            k = targets.shape[1]
            outputs = network(_draw_copies(copies))
            logits, logs = outputs[:, :k], outputs[:, k:].log_softmax(dim=1)
            # Rows without votes add nothing.
            cost = loss(logits, targets) - self.vote_loss * (votes * logs).sum(dim=1).mean()
            cost.backward()
            optimizer.step()
            right = logits.argmax(dim=1) == targets.argmax(dim=1)
            yield torch.stack([cost.detach(), right.float().mean()])

    def _loader(self, copies: np.ndarray, codes: np.ndarray, votes: np.ndarray) -> DataLoader:
        """Return shuffled batches of augmented copies, one-hot targets and votes."""
        targets = nn.functional.one_hot(torch.as_tensor(codes), len(self.classes_)).float()
        if self.sampler is None:
            order = RandomSampler(range(len(copies)))
        else:
            order = WeightedRandomSampler(balanced_shares(codes), len(copies))
        size = min(self.batch_size, len(copies))
        # BatchNorm can't train on a single row, so a last batch of one is left out.
        batches = BatchSampler(order, size, drop_last=len(copies) % size == 1)
        # batch_size=None hands the data set a batch of row numbers at once: 20 times as fast
        # as collecting single rows.
        tensors = TensorDataset(torch.from_numpy(copies), targets, torch.from_numpy(votes))
        return DataLoader(tensors, None, sampler=batches)

    def _schedule(self, optimizer: torch.optim.Optimizer, steps: int):
        """Return the learning rate's schedule, for so many steps an epoch."""
        if self.scheduler == "cosine":
            # It takes three steps or more, in a rise of more than one.
            total = max(3, self.epochs * steps)
            return torch.optim.lr_scheduler.OneCycleLR(
                optimizer, self.lr, total, pct_start=max(WARM_UP, 2 / total)
            )
        return torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, "max", factor=0.2, patience=max(1, self.patience // 3)
        )


@dataclass
class _Best:
    """The best state of a network so far; the latest one without validation rows."""

    network: nn.Module
    accuracy: float = -1.0
    epoch: int = 0

    def __post_init__(self):
        self.state = self.network.state_dict()

    def update(self, accuracy: float | None, epoch: int) -> int:
        """Keep the state if it is the best; return the epochs since the best."""
        if accuracy is not None and accuracy > self.accuracy:
            self.accuracy, self.epoch = accuracy, epoch
            self.state = copy.deepcopy(self.network.state_dict())
        return 0 if accuracy is None else epoch - self.epoch


def _draw_copies(copies: torch.Tensor) -> torch.Tensor:
    """Draw one augmented copy of each row: (n, copies, d) -> (n, d) float32."""
    return copies[torch.arange(len(copies)), torch.randint(copies.shape[1], (len(copies),))].float()


def _mean(steps: list[torch.Tensor]) -> Measured:
    """Return an epoch's mean loss and accuracy, as its weights were at each step."""
    loss, accuracy = torch.stack(steps).mean(dim=0).tolist()
    return loss, accuracy


@torch.no_grad()
def _measured(network: nn.Module, held_out: Rows, k: int) -> Measured:
    """Return mean cross-entropy and accuracy of the first k outputs, those of the classes."""
    network.eval()
    X, codes = torch.from_numpy(held_out[0]), torch.from_numpy(held_out[1])
    logits = network(X)[:, :k]
    right = logits.argmax(dim=1) == codes
    return float(nn.functional.cross_entropy(logits, codes)), float(right.float().mean())
