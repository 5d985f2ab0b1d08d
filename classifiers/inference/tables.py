"""Tabulate predictions: a row for each face, and one for each photo without any."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from classifiers.inference.predictions import ImagePrediction

if TYPE_CHECKING:
    import pandas as pd

BOX = ("x", "y", "width", "height")


def columns(classes: Sequence[str]) -> list[str]:
    """Return the names of the columns of every row.

    Parameters
    ----------
    classes : sequence of str
        In the bundle's order.

    Returns
    -------
    list of str
        ``image``; ``face``, its number from 1, largest first, 0 in a row without; ``x``, ``y``,
        ``width``, ``height`` of its box in pixels of the upright image; ``expression``; the
        confidence (0..1) of each class; ``uncertain``; ``success`` (1 or 0) and ``reason``.
    """
    return ["image", "face", *BOX, "expression", *classes, "uncertain", "success", "reason"]


def rows_of(
    image: str, prediction: ImagePrediction | None, reason: str, classes: Sequence[str]
) -> list[list[Any]]:
    """Return the rows of one photo under `columns`.

    Parameters
    ----------
    image : str
        The photo as the user named it.
    prediction : ImagePrediction or None
        None where it can't be read.
    reason : str
        ``""``, or the `landmarks.images.Reason` for which there is no face.
    classes : sequence of str
        In the bundle's order.

    Returns
    -------
    list of list
        A row for each face, or one row with the reason in which None stands where a face has
        values.
    """
    if prediction is None or not prediction.faces:
        return [[image, 0, *[None] * 5, *[None] * len(classes), None, 0, str(reason)]]
    rows = []
    for number, found in enumerate(prediction.faces, 1):
        values = (*found.face.box, found.expression, *found.confidences.values(), found.uncertain)
        rows.append([image, number, *values, 1, ""])
    return rows


def frame_of(rows: Iterable[list[Any]], classes: Sequence[str]) -> "pd.DataFrame":
    """Return rows as a DataFrame, whole numbers and truth values kept where some are missing."""
    # Only here: serving and the commands do without pandas, which takes a second to load.
    import pandas as pd

    frame = pd.DataFrame(list(rows), columns=columns(classes))
    # By position, since a class may be called x or width, too.
    kinds = dict.fromkeys(range(2, 2 + len(BOX)), "Int64")
    kinds |= dict.fromkeys(range(7, 7 + len(classes)), "float64") | {7 + len(classes): "boolean"}
    for position, kind in kinds.items():
        frame.isetitem(position, frame.iloc[:, position].astype(kind))
    return frame
