"""scikit-learn's MLP with early stopping on given validation rows."""

import time

import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.utils import check_random_state

from classifiers.models.base import (
    AugmentedRows,
    Layers,
    Measured,
    NetworkClassifier,
    Progress,
    Rows,
    balanced_shares,
    line_of,
    to_float16,
)

OPTIMIZERS = ("adam", "sgd")


class SklearnMLPClassifier(NetworkClassifier):
    """`sklearn.neural_network.MLPClassifier`, an epoch at a time.

    Its own ``early_stopping`` draws validation rows at random, so that copies of one image could
    be on both sides. The epochs are counted here instead.

    Parameters
    ----------
    hidden : tuple of int
        Units of each hidden layer.
    optimizer : "adam" or "sgd"
    lr : float
        Its learning rate.
    weight_decay : float
        L2 penalty (scikit-learn's ``alpha``).
    epochs, patience : int
        Maximum number of epochs; epochs without a better validation accuracy before the end.
    batch_size : int
        Rows of a step.
    class_weight : dict, "balanced" or None
        Weight of each class in the loss, as scikit-learn reads it.
    sampler : "balanced" or None
        Draw equally many rows of each class in an epoch.
    random_state : int, RandomState or None
        Same number, same model.
    """

    def __init__(
        self,
        hidden=(256, 128),
        optimizer="adam",
        lr=1e-3,
        weight_decay=1.0,
        epochs=40,
        patience=6,
        batch_size=256,
        class_weight=None,
        sampler=None,
        random_state=0,
    ):
        self.hidden = hidden
        self.optimizer = optimizer
        self.lr = lr
        self.weight_decay = weight_decay
        self.epochs = epochs
        self.patience = patience
        self.batch_size = batch_size
        self.class_weight = class_weight
        self.sampler = sampler
        self.random_state = random_state

    def _train(
        self, rows: AugmentedRows, held_out: Rows | None, progress: Progress | None
    ) -> list[Layers]:
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"Expected an optimizer among {OPTIMIZERS}, got {self.optimizer!r}.")
        copies, codes, votes = rows
        if votes.shape[1]:
            raise ValueError("Expected no votes for scikit-learn's MLP, which has one output.")
        random = check_random_state(self.random_state)
        mlp = MLPClassifier(
            tuple(self.hidden),
            solver=self.optimizer,
            learning_rate_init=self.lr,
            alpha=self.weight_decay,
            batch_size=min(self.batch_size, len(copies)),
            random_state=random.randint(2**31 - 1),
        )
        weights = self._class_weights(codes)[codes].astype(np.float32)
        best, best_epoch, kept = -1.0, 0, []
        for epoch in range(1, self.epochs + 1):
            started = time.monotonic()
            chosen = self._rows_of_epoch(codes, random)
            drawn = copies[chosen, random.randint(copies.shape[1], size=len(chosen))]
            X, y = drawn.astype(np.float32), codes[chosen]
            # Classes are named each time: an epoch of the sampler may miss a rare one.
            mlp.partial_fit(
                X, y, classes=np.arange(len(self.classes_)), sample_weight=weights[chosen]
            )
            validation = None if held_out is None else _measured(mlp, *held_out)
            if progress is not None:
                seconds = time.monotonic() - started
                progress(line_of(epoch, _measured(mlp, X, y), validation, seconds))
            if validation is None or validation[1] > best:
                best, best_epoch, kept = (
                    validation[1] if validation else 0.0,
                    epoch,
                    _layers_of(mlp),
                )
            elif epoch - best_epoch >= self.patience:
                break
        return [kept]

    def _rows_of_epoch(self, codes: np.ndarray, random: np.random.RandomState) -> np.ndarray:
        """Return the rows of one epoch: all rows, or as many from the balanced sampler."""
        if self.sampler is None:
            return np.arange(len(codes))
        return random.choice(len(codes), len(codes), p=balanced_shares(codes))


def _measured(mlp: MLPClassifier, X: np.ndarray, codes: np.ndarray) -> Measured:
    proba = mlp.predict_proba(X)
    right = proba.argmax(axis=1) == codes
    true = np.maximum(proba[np.arange(len(codes)), codes], np.finfo(np.float32).tiny)
    return float(-np.log(true).mean()), float(right.mean())


def _layers_of(mlp: MLPClassifier) -> Layers:
    """Copy the weights; the one logistic output of two classes becomes a softmax over (0, z)."""
    layers = [
        (to_float16(w), to_float16(b)) for w, b in zip(mlp.coefs_, mlp.intercepts_, strict=True)
    ]
    if mlp.out_activation_ == "logistic":
        weight, bias = layers[-1]
        layers[-1] = (np.hstack([0 * weight, weight]), np.hstack([0 * bias, bias]))
    return layers
