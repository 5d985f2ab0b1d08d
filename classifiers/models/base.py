"""What both variants become once trained: linear layers with ReLU between, softmax at the end.

Whichever library trains them, the weights are kept as plain arrays. So the pickle of a model needs
only NumPy and scikit-learn, and one export serves both variants.
"""

from abc import ABCMeta, abstractmethod
from collections.abc import Callable

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

Looks = tuple[np.ndarray, np.ndarray]
"""Several looks at each row, (n, looks, d) float16 or float32, and the classes' numbers (n,)."""

Progress = Callable[[int, int, float | None], None]
"""Called after each epoch with its number, the most there can be, and the validation accuracy."""


MIN_STD_SHARE = 1e-3
"""Share of the largest column's deviation; FER2013's last component lies at twice that."""


def half(values: np.ndarray) -> np.ndarray:
    """Round to the nearest float16.

    Weights are rounded when training ends, so that a bundle can store them in half the bytes and
    still answers exactly what the trained model answers.
    """
    return np.asarray(values).astype(np.float16)


class NetworkClassifier(ClassifierMixin, BaseEstimator, metaclass=ABCMeta):
    """Base of the estimators that train networks; subclasses say how one set is trained.

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
        versions: np.ndarray | None = None,
    ) -> "NetworkClassifier":
        """Train.

        Parameters
        ----------
        X : array-like of float, shape (n, d)
            Features in any unit; scale them first.
        y : array-like, shape (n,)
            The class of each row.
        validation : (X, y), optional
            Rows to stop early by, which must hold no copy of a training row. Without them all
            epochs are trained and the last is kept.
        progress : callable, optional
            See `Progress`.
        versions : ndarray of float16 or float32, shape (n, v, d), optional
            Versions of each row, such as it and its mirror image. Each pass over the rows draws one
            of them in place of each row of X; X itself is drawn only if it is among them.

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
        shown = X[:, None] if versions is None else versions
        if shown.shape[0] != len(X) or shown.shape[2:] != X.shape[1:]:
            raise ValueError(f"Expected versions of X of shape {X.shape}, got {shown.shape}.")
        scale = whitening_scale(X)
        if held_out is not None:
            held_out = held_out[0] / scale, held_out[1]
        networks = self._train((shown / scale.astype(shown.dtype), codes), held_out, progress)
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
    def _train(self, rows: Looks, held_out: Rows | None, progress: Progress | None) -> list[Layers]:
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
    """Return the root of each column's deviation, (d,) float32, 1 for a constant column.

    Divided by it, principal components keep half of their order of size on a logarithmic scale:
    as they come the small ones are not heard, at equal size their noise is too loud.
    """
    deviation = X.std(axis=0)
    # Far smaller components than real faces have are rounding, and stay small.
    root = np.sqrt(np.maximum(deviation, MIN_STD_SHARE * deviation.max()))
    # Overall the columns get unit variance, for which networks are initialised.
    scale = root * np.sqrt(np.mean((deviation / np.where(root > 0, root, 1)) ** 2))
    return np.where(scale > 0, scale, 1).astype(np.float32)


def _with_fused_scale(layers: Layers, scale: np.ndarray) -> Layers:
    """Let the first layer take columns that are not divided by `scale`."""
    (weight, bias), *others = layers
    return [(half(weight / scale[:, None]), bias), *others]


def logits(layers: Layers, X: np.ndarray) -> np.ndarray:
    """Return a network's output before the softmax, float64 (n, k).

    Sums in float64, so that a row's answer does not depend on the rows beside it.
    """
    hidden = np.asarray(X, dtype=np.float64)
    for weight, bias in layers[:-1]:
        hidden = np.maximum(hidden @ weight.astype(np.float64) + bias, 0)
    weight, bias = layers[-1]
    return hidden @ weight.astype(np.float64) + bias


def balanced_shares(codes: np.ndarray) -> np.ndarray:
    """Return the chance of each row in a draw where every class is equally likely; sums to 1."""
    counts = np.bincount(codes)
    return 1 / (counts[codes] * np.count_nonzero(counts))
