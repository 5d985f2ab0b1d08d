"""Read the training rows of a feature table with the pixels of their images."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from classifiers.training.dataset import Rows
from classifiers.training.read_dataset import TRAIN, VALIDATION, read_rows
from classifiers.training.tensors import FusedRows
from data.errors import DataError
from data.features.crops import read_crops
from data.features.schema import PIXELS
from data.features.table import read_pixels
from data.labels import meaning
from data.sources import NO_SPLIT
from data.votes import vote_shares


def read_fused_rows(
    table: Sequence[Path], source: Path, classes: Sequence[str] = (), votes: Path | None = None
) -> tuple[FusedRows, Rows]:
    """Read the rows to train on: the faces of the table, then the images without a face.

    Parameters
    ----------
    table : sequence of Path
        Folders that ``make features`` wrote.
    source : Path
        The images that they were made of, as `data.sources.read_images` takes them.
    classes : sequence of str, optional
        Classes to keep.
    votes : Path, optional
        CSV of annotator votes, such as FER+'s: the column image, as the table names it, and a
        column of counts for each vote.

    Returns
    -------
    fused : FusedRows
    rows : Rows
        The first rows of `fused`, those with points, as `hold_out` takes them: images without a
        found face only train.

    Raises
    ------
    DataError
        If table, images or votes don't fit.
    """
    rows = read_rows(table, classes)
    known = _known_images(table, set(rows.y))
    if not np.isin(rows.pixels, known.index).all():
        raise DataError("Expected the pixel hash of every face; make the features again.")
    missed = known[~known.index.isin(rows.pixels) & (known["split"] != VALIDATION)]
    images = [*known.loc[rows.pixels, "image"], *missed["image"]]
    crops, whole_images = read_crops(source, images, [*rows.points, *[None] * len(missed)])
    fused = FusedRows(
        crops=crops,
        whole_images=whole_images,
        points=_with_empty(rows.points, len(missed)),
        has_points=np.arange(len(images)) < len(rows.y),
        y=np.concatenate([rows.y, missed["label"].to_numpy(str)]),
        pixels=np.concatenate([rows.pixels, missed.index.to_numpy(str)]),
        mesh=rows.mesh,
        votes=vote_shares(votes, images),
    )
    return fused, replace(rows, votes=fused.votes[: len(rows.y)])


def _known_images(table: Sequence[Path], labels: set[str]) -> pd.DataFrame:
    """Return image, label and split of the images to train on, by their pixels' hash, once each."""
    if not all((folder / PIXELS).is_file() for folder in table):
        names = ", ".join(str(folder) for folder in table)
        raise DataError(f"Expected folders that make features wrote, with {PIXELS}; got {names}.")
    known = pd.concat([read_pixels(folder) for folder in table])
    classes = {meaning(name): name for name in labels}
    known = known.assign(label=[classes.get(meaning(label)) for label in known["label"]])
    splits = (TRAIN, VALIDATION) if (known["split"] == TRAIN).any() else (NO_SPLIT, "")
    known = known[known["split"].isin(splits) & known["label"].notna()]
    return known[known["pixels"] != ""].drop_duplicates("pixels").set_index("pixels")


def _with_empty(values: np.ndarray, extra: int) -> np.ndarray:
    """Append rows of zeros."""
    return np.concatenate([values, np.zeros((extra, *values.shape[1:]), values.dtype)])
