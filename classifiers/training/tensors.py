"""Rows with pixels: as they are read, and as tensors that training draws from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from classifiers.models.landmark_vector import Preprocessing, fit_preprocessing
from classifiers.models.pipeline import N_COMPONENTS


@dataclass(frozen=True)
class FusedRows:
    """Labelled faces with their pixels.

    Attributes
    ----------
    crops, whole_images : ndarray of uint8, shape (n, SIDE, SIDE)
        `landmarks.face_crop.face_crop` of each face, and of its image without the points.
    points : ndarray of float32, shape (n, 468, 3)
        In pixels; zero where there are none.
    has_points : ndarray of bool, shape (n,)
    y : ndarray of str, shape (n,)
    pixels : ndarray of str, shape (n,)
        Hash of each image's pixels.
    mesh : str
        Version of the mesh that found the points.
    votes : ndarray of float32, shape (n, v)
        Soft labels: shares of the annotator votes, all zero where there are none; v is 0 without
        votes.
    """

    crops: np.ndarray
    whole_images: np.ndarray
    points: np.ndarray
    has_points: np.ndarray
    y: np.ndarray
    pixels: np.ndarray
    mesh: str
    votes: np.ndarray

    def inputs(self, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return points, crops and flags of some rows, as a `PixelClassifier` takes them."""
        return self.points[chosen], self.crops[chosen], self.has_points[chosen].astype(np.float32)


@dataclass(frozen=True)
class Arrays:
    """Rows as training draws from them.

    Attributes
    ----------
    crops, whole_images : Tensor of uint8, shape (n, SIDE, SIDE)
        See `FusedRows`.
    X : Tensor of float16, shape (n, 2, d)
        Landmark vectors of each face and of its flip. Zero where there are no points.
    has_points : Tensor of float32, shape (n,)
    targets : Tensor of float32, shape (n, k)
        One-hot.
    votes : Tensor of float32, shape (n, v)
    """

    crops: torch.Tensor
    whole_images: torch.Tensor
    X: torch.Tensor
    has_points: torch.Tensor
    targets: torch.Tensor
    votes: torch.Tensor

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.crops)

    def __getitem__(self, rows: Any) -> "Arrays":
        """Return some of the rows."""
        return Arrays(**{name: values[rows] for name, values in vars(self).items()})

    def to(self, device: torch.device) -> "Arrays":
        """Return the same rows on a device."""
        return Arrays(**{name: values.to(device) for name, values in vars(self).items()})


def training_rows(rows: FusedRows, held_out: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return which rows train, bool (n,), and their classes in the order of the logits.

    Parameters
    ----------
    rows : FusedRows
    held_out : ndarray of bool, shape (m,), m <= n
        Which of the first rows validate; all others train.
    """
    trains = np.ones(len(rows.y), bool)
    trains[: len(held_out)] = ~held_out
    return trains, tuple(np.unique(rows.y[trains]).tolist())


def arrays_of(
    rows: FusedRows,
    classes: Sequence[str],
    fitted_on: np.ndarray,
    n_components: int = N_COMPONENTS,
) -> tuple[Preprocessing, Arrays]:
    """Preprocess the landmarks of all rows and number their classes.

    Parameters
    ----------
    rows : FusedRows
    classes : sequence of str
        In the order of the network's logits.
    fitted_on : ndarray of bool, shape (n,)
        Training rows, on which alone the preprocessing is fitted.
    n_components : int
        See `classifiers.models.landmark_vector.fit_preprocessing`.

    Returns
    -------
    preprocessing : Preprocessing
    arrays : Arrays

    Raises
    ------
    ValueError
        If no training row has points, or a row is of another class.
    """
    found = rows.has_points
    preprocessing, vectors = fit_preprocessing(rows.points[found], fitted_on[found], n_components)
    X = np.zeros((len(found), *vectors.shape[1:]), np.float16)
    X[found] = vectors
    return preprocessing, arrays_with(rows, classes, X)


def arrays_with(rows: FusedRows, classes: Sequence[str], X: np.ndarray) -> Arrays:
    """Return rows with the given landmark vectors, their classes numbered.

    Parameters
    ----------
    rows : FusedRows
    classes : sequence of str
        In the order of the network's logits.
    X : ndarray of float16, shape (n, 2, d)
        See `Arrays`; anything where no network takes them.

    Returns
    -------
    Arrays

    Raises
    ------
    ValueError
        If a row is of another class.
    """
    codes = [list(classes).index(name) for name in rows.y.tolist()]
    return Arrays(
        crops=torch.from_numpy(rows.crops),
        whole_images=torch.from_numpy(rows.whole_images),
        X=torch.from_numpy(X),
        has_points=torch.from_numpy(rows.has_points.astype(np.float32)),
        targets=torch.nn.functional.one_hot(torch.tensor(codes), len(classes)).float(),
        votes=torch.from_numpy(rows.votes),
    )
