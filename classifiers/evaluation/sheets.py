"""Contact sheets of an evaluation: the most confident errors, and some images of each class."""

from pathlib import Path

import pandas as pd
from PIL import Image

from data.audit.contact_sheets import COLUMNS, MAX_TILES, Group, Tile, sheet
from data.sources import images_or_errors, read_images

ERRORS_OF_A_PAIR = COLUMNS
"""Errors that are shown of each pair of label and prediction."""


def error_sheet(predictions: pd.DataFrame, source: Path) -> Image.Image:
    """Draw the most confident errors, a line for each label and prediction, commonest pair first.

    Parameters
    ----------
    predictions : DataFrame
        Of `classifiers.evaluation.predictions.predictions_of`, with a prediction each.
    source : Path
        The images.
    """
    wrong = predictions[predictions["label"] != predictions["prediction"]]
    ordered = wrong.sort_values("confidence", ascending=False, kind="stable")
    pairs = [rows for _, rows in ordered.groupby(["label", "prediction"])]
    pairs.sort(key=len, reverse=True)
    shown = [rows.head(ERRORS_OF_A_PAIR) for rows in pairs[: MAX_TILES // COLUMNS]]
    title = f"The most confident of {len(wrong):,} errors, by label and prediction"
    return _sheet(title, shown, source, "{label} as {prediction}", "{confidence:.0%} confident")


def sample_sheet(predictions: pd.DataFrame, source: Path) -> Image.Image:
    """Draw images of each class, a line each; see `error_sheet`."""
    groups = predictions.groupby("label")
    # Evenly out of a class: neighbours by name may be of one person or one video.
    shown = [rows.iloc[:: max(1, len(rows) // COLUMNS)].head(COLUMNS) for _, rows in groups]
    return _sheet("Some images of each class", shown, source, "{label}")


def _sheet(title: str, shown: list[pd.DataFrame], source: Path, *captions: str) -> Image.Image:
    """Draw a sheet with a group for each of the tables, under each image captions and its name."""
    refs = {ref.image: ref for ref in read_images(source)}
    rows = [row for group in shown for row in group.to_dict("records")]
    images = images_or_errors([refs[row["image"]] for row in rows])
    tiles = (
        Tile(image, (*(caption.format(**row) for caption in captions), row["image"]))
        for image, row in zip(images, rows, strict=True)
    )
    return sheet(title, [Group([next(tiles) for _ in range(len(group))]) for group in shown])
