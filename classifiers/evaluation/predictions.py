"""The table of an evaluation's predictions: a row for each image."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

CONFIDENCE = "confidence_"
"""Before a class's name, the column of its confidences."""


def predictions_of(
    table: pd.DataFrame,
    labels: Sequence[str],
    proba: np.ndarray,
    classes: Sequence[str],
    threshold: float,
) -> pd.DataFrame:
    """Return a row for each image, of its label, its prediction and all confidences.

    Parameters
    ----------
    table : DataFrame
        One row per image, see `data.features.table.read_table`.
    labels : sequence of str, length n
        Each one of `classes`.
    proba : ndarray of float, shape (n, k), range 0..1
        NaN in the rows of images without a prediction.
    classes : sequence of str, length k
    threshold : float
        Confidence below which a prediction is uncertain.
    """
    predicted = np.isfinite(proba).all(axis=1)
    confidence = np.where(predicted, np.nan_to_num(proba).max(axis=1), np.nan)
    names = np.array(classes)[np.nan_to_num(proba).argmax(axis=1)]
    return pd.DataFrame(
        {
            "image": table["image"].to_numpy(),
            "label": labels,
            "prediction": np.where(predicted, names, ""),
            "confidence": confidence,
            "uncertain": predicted & (confidence < threshold),
            "found": (table["success"] == 1).to_numpy(),
            **{
                f"{CONFIDENCE}{name}": column for name, column in zip(classes, proba.T, strict=True)
            },
        }
    )
