"""Base of the MLP classifiers: linear layers with ReLU between, softmax at the end.

Whichever library trains them, the weights are kept as plain arrays. So the pickle of a model needs
only NumPy and scikit-learn, and one export serves both MLPs.
"""

from abc import ABCMeta, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

Layers = list[tuple[np.ndarray, np.ndarray]]
"""(weight (n_in, n_out), bias (n_out,)) of each layer, float16."""

Rows = tuple[np.ndarray, np.ndarray]
"""X (n, d) float32 and the number of each row's class (n,)."""

AugmentedRows = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Augmented copies of each row, (n, copies, d) float16 or float32, class numbers (n,), and shares
of the annotator votes, (n, v) float32, v 0 without votes."""

Line = dict[str, Any]
"""Of the training curves: ``epoch``, counted from 1 for each network, ``loss`` and ``accuracy`` on
the training rows, ``validation_loss`` and ``validation_accuracy``, None where no rows validate, and
the ``seconds`` that the epoch took."""

Progress = Callable[[Line], None]
"""Called after each epoch with its line of the curves."""

Measured = tuple[float, float]
"""Mean cross-entropy, in nats, and accuracy."""

MIN_STD_SHARE = 1e-3
"""Share of the largest column's standard deviation; FER2013's last component has twice that."""


def to_float16(values: np.ndarray) -> np.ndarray:
    """Round to the nearest float16.

    Weights are rounded when training ends, so that a bundle stores them in half the bytes and gives
    exactly the trained model's logits.
    """
    return np.asarray(values).astype(np.float16)


class NetworkClassifier(ClassifierMixin, BaseEstimator, metaclass=ABCMeta):
    """Base of the estimators that train networks; subclasses implement the training.

    Attributes
    ----------
    classes_ : ndarray, shape (k,)
        The classes in sorted order.
    networks_ : list of Layers
        Trained networks, whose probabilities are averaged.
    n_features_in_ : int
        Columns of X.
    """

    class_weight: dict | str | None
    sampler: str | None

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        validation: tuple[np.ndarray, np.ndarray] | None = None,
        progress: Progress | None = None,
        augmented: np.ndarray | None = None,
        votes: np.ndarray | None = None,
    ) -> "NetworkClassifier":
        """Train.

        Parameters
        ----------
        X : array-like of float, shape (n, d)
            Features in any unit; scale them first.
        y : array-like, shape (n,)
            The class of each row.
        validation : (X, y), optional
            Rows for early stopping, which must hold no copy of a training row. Without them all
            epochs are trained and the last is kept.
        progress : callable, optional
            See `Progress`.
        augmented : ndarray of float16 or float32, shape (n, copies, d), optional
            Augmented copies of each row, such as the row itself and its flip. Each epoch draws one
            of them in the place of each row of X.
        votes : ndarray of float32, shape (n, v), optional
            Shares of the annotator votes on each row, all zero where there are none. A network
            learns to predict them, too, if it can.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the input isn't finite or 2-D, holds one class only, or the validation rows hold a
            class that training lacks.
        """
        X, y = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"Expected two classes or more, got one class: {self.classes_[0]}.")
        if self.sampler not in (None, "balanced"):
            raise ValueError(f"Expected sampler None or 'balanced', got {self.sampler!r}.")
        held_out = None if validation is None else self._encoded(*validation)
        copies = X[:, None] if augmented is None else augmented
        if copies.shape[0] != len(X) or copies.shape[2:] != X.shape[1:]:
            raise ValueError(f"Expected augmented copies of X of {X.shape}, got {copies.shape}.")
        scale = whitening_scale(X)
        if held_out is not None:
            held_out = held_out[0] / scale, held_out[1]
        votes = np.empty((len(X), 0), np.float32) if votes is None else votes
        rows = copies / scale.astype(copies.dtype), codes, votes
        networks = self._train(rows, held_out, progress)
        self.networks_ = [_with_fused_scale(layers, scale) for layers in networks]
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of float, shape (n, d)

        Returns
        -------
        proba : ndarray of float64, shape (n, k), range 0..1
            Columns in the order of `classes_`; rows sum to 1.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        return np.mean([softmax(logits(layers, X), axis=1) for layers in self.networks_], axis=0)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the most probable class of each row, shape (n,)."""
        check_is_fitted(self)
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    @abstractmethod
    def _train(
        self, rows: AugmentedRows, held_out: Rows | None, progress: Progress | None
    ) -> list[Layers]:
        """Train on encoded rows and return the networks."""

    def _encoded(self, X: np.ndarray, y: np.ndarray) -> Rows:
        """Check validation rows and number their classes."""
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"Expected validation rows of the trained classes, got {unknown[0]} too."
            )
        return check_array(X, dtype=np.float32), np.searchsorted(self.classes_, y)

    def _class_weights(self, codes: np.ndarray) -> np.ndarray:
        """Return a weight per class, scaled so that the rows' mean weight is 1."""
        weights = compute_class_weight(
            self.class_weight, classes=self.classes_, y=self.classes_[codes]
        )
        return weights / weights[codes].mean()


def whitening_scale(X: np.ndarray) -> np.ndarray:
    """Return the scale of a partial whitening, (d,) float32: the root of each column's std.

    Without whitening the network learns little from the small principal components; with full
    whitening their noise weighs too much. The scale of a constant column is 1.
    """
    std = X.std(axis=0)
    # Components far smaller than real faces have are rounding errors, and stay small.
    root = np.sqrt(np.maximum(std, MIN_STD_SHARE * std.max()))
    # The mean variance of the columns is 1, for which networks are initialised.
    scale = root * np.sqrt(np.mean((std / np.where(root > 0, root, 1)) ** 2))
    return np.where(scale > 0, scale, 1).astype(np.float32)


def _with_fused_scale(layers: Layers, scale: np.ndarray) -> Layers:
    """Fuse the division of the columns by `scale` into the first layer."""
    (weight, bias), *others = layers
    return [(to_float16(weight / scale[:, None]), bias), *others]


def logits(layers: Layers, X: np.ndarray) -> np.ndarray:
    """Return a network's output before the softmax, float64 (n, k).

    Sums in float64, so that a row's logits do not depend on the other rows of the batch.
    """
    hidden = np.asarray(X, dtype=np.float64)
    for weight, bias in layers[:-1]:
        hidden = np.maximum(hidden @ weight.astype(np.float64) + bias, 0)
    weight, bias = layers[-1]
    return hidden @ weight.astype(np.float64) + bias


def line_of(epoch: int, training: Measured, validation: Measured | None, seconds: float) -> Line:
    """Return an epoch's line of the curves."""
    loss, accuracy = validation or (None, None)
    return {
        "epoch": epoch,
        "loss": training[0],
        "accuracy": training[1],
        "validation_loss": loss,
        "validation_accuracy": accuracy,
        "seconds": round(seconds, 2),
    }


def balanced_shares(codes: np.ndarray) -> np.ndarray:
    """Return each row's probability in a draw in which all classes are equally likely."""
    counts = np.bincount(codes)
    return 1 / (counts[codes] * np.count_nonzero(counts))
