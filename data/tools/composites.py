"""The command that made ``data/sample``: composite faces, each the average of many people's.

Of one class it takes training faces that look straight ahead and whose label the FER+ voters
(Barsoum et al. 2016) share, warps random sets of them onto their mean landmarks and averages them,
as Galton did with photographs and Rowland and Perrett (1995) with landmarks. What is left is what
the set has in common: the expression. Train and test composites have no face in common.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import pandas as pd
import typer
from PIL import Image
from rich import print as show

from data.console import handle_errors
from data.errors import DataError
from data.features.table import points_of, read_table
from data.files import atomic_write
from data.labels import EMOTIONS, canonical
from data.tools.averaging import composite, different, most_typical
from data.votes import read_votes
from landmarks.alignment import align
from landmarks.images import ImageError, read_image
from landmarks.mesh import mirrored

COUNTS = {"train": 32, "test": 10}
"""Composites of each class."""

FACES = 25
"""Different faces in each composite."""

LIMITS = ((0.8, 12.0), (0.8, 16.0), (0.7, 18.0), (0.6, 20.0), (0.5, 22.0), (0.4, 25.0), (0.3, 35.0))
"""Least share of the votes for the label and largest tilt in degrees, strictest first."""

ENOUGH = 200
"""Faces of a class that make limits good enough; with fewer the next limits are tried."""

TYPICAL = (0.5, 80)
"""Part of a class's clear faces that is used, and how many at least (if there are as many)."""

TEST_SHARE = 0.3
"""Part of a class's faces that is kept for the test composites."""


def agreement(votes: pd.DataFrame, faces: pd.DataFrame) -> np.ndarray:
    """Tell how many of the voters see what the label says.

    Parameters
    ----------
    votes : DataFrame
        The column image, and one per emotion with counts of votes.
    faces : DataFrame
        Columns image and label.

    Returns
    -------
    ndarray, shape (len(faces),)
        Share of the votes for the label, 0 to 1; 0 for an image without votes.
    """
    counts = votes.set_index("image").rename(columns=canonical)
    shares = counts.div(counts.sum(axis=1).clip(lower=1), axis=0)
    shares = shares.reindex(faces["image"]).fillna(0.0)
    return shares.to_numpy()[np.arange(len(faces)), shares.columns.get_indexer(faces["label"])]


def tilt(points: np.ndarray) -> np.ndarray:
    """Return the angles in degrees between the view and where faces (n, 468, 3) look, shape (n,).

    A head turned only about the line of sight has no tilt: the warp undoes that turn exactly.
    """
    _, rotation = align(points)
    return np.degrees(np.arccos(np.clip(rotation[:, 2, 2], -1, 1)))


def clear_faces(share: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Choose the faces of one class that meet the strictest of `LIMITS` that enough of them meet.

    Parameters
    ----------
    share : ndarray, shape (n,)
        Share of the votes for the label.
    angle : ndarray, shape (n,)
        Tilt in degrees.

    Returns
    -------
    ndarray of int, shape (m,)
        Indices; with the loosest limits there may be fewer than `ENOUGH`.
    """
    for least_share, largest_angle in LIMITS:
        chosen = np.flatnonzero((share >= least_share) & (angle <= largest_angle))
        if len(chosen) >= ENOUGH:
            break
    return chosen


def composites(
    images: np.ndarray, points: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[str, int, np.ndarray]]:
    """Make the composites of one class.

    Parameters
    ----------
    images : ndarray of float32, shape (n, h, w)
        Grey pictures of different faces with the same expression.
    points : ndarray, shape (n, 468, 3)
        Their meshes in pixels.
    rng : numpy Generator
        Decides which faces meet; each is put in mirrored half of the time.

    Yields
    ------
    split, number, picture
        As from `composite`; numbers count from 1 in each split.

    Raises
    ------
    DataError
        If there are too few faces for sets of `FACES` in both splits.
    """
    order = rng.permutation(len(images))
    n_test = max(int(TEST_SHARE * len(images)), FACES + 2)
    pools = {"test": order[:n_test], "train": order[n_test:]}
    if len(pools["train"]) < FACES:
        raise DataError(
            f"Expected at least {2 * FACES + 2} clear faces of each class, got {len(images)}: "
            "name all the training images, their feature table and their votes."
        )
    for split, count in COUNTS.items():
        for number in range(1, count + 1):
            chosen = rng.choice(pools[split], FACES, replace=False)
            pictures, meshes = images[chosen], points[chosen]
            turned = rng.random(FACES) < 0.5
            meshes[turned] = mirrored(meshes[turned], width=images.shape[2])
            pictures[turned] = pictures[turned, :, ::-1]
            yield split, number, composite(pictures, meshes)


def main(
    images: Annotated[Path, typer.Argument(help="Folder with train/<class>/ below it.")],
    votes: Annotated[Path, typer.Argument(help="FER+ votes: image and a column per emotion.")],
    table: Annotated[Path, typer.Argument(help="What make features wrote from the folder.")],
    out: Annotated[Path, typer.Argument(help="Folder for train/ and test/ composites.")],
    seed: Annotated[int, typer.Option(help="Decides which faces meet.")] = 0,
) -> None:
    """Make composite faces of the seven expressions from FER2013's training faces."""
    with handle_errors(ImageError):
        faces = _training_faces(table)
        share = agreement(_read_votes(votes), faces)
        for index, emotion in enumerate(EMOTIONS):
            of_class = (faces["label"] == emotion).to_numpy()
            pictures, points = _load(images, faces[of_class], share[of_class])
            rng = np.random.default_rng([seed, index])
            for split, number, picture in composites(pictures, points, rng):
                _save(out / split / emotion / f"{emotion}_{number:02d}.png", picture)
            show(f"{emotion}: {sum(COUNTS.values())} composites from {len(pictures)} faces")


def _training_faces(table: Path) -> pd.DataFrame:
    """Return the rows of training images with one face, their labels by this project's names."""
    faces = read_table(table)
    faces = faces[(faces["split"] == "train") & (faces["success"] == 1)]
    faces = faces.drop_duplicates("image", keep=False)
    return faces.assign(label=faces["label"].map(canonical))


def _read_votes(path: Path) -> pd.DataFrame:
    """Read and check the votes."""
    votes = read_votes(path)
    missing = set(EMOTIONS) - {canonical(column) for column in votes.columns}
    if missing:
        raise DataError(
            f"Expected {path} to have a column for each emotion; "
            f"it lacks {', '.join(sorted(missing))}."
        )
    return votes.reset_index()


def _load(folder: Path, faces: pd.DataFrame, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Read the clear and typical faces of one class, float32 (n, h, w), and their points."""
    points = points_of(faces)
    chosen = clear_faces(share, tilt(points))
    pictures = [
        cv2.cvtColor(read_image(folder / name), cv2.COLOR_RGB2GRAY)
        for name in faces["image"].iloc[chosen]
    ]
    if len({picture.shape for picture in pictures}) != 1:
        raise DataError(f"Expected clear faces of one size, such as FER2013's 48x48, in {folder}.")
    images, points = np.stack(pictures).astype(np.float32), points[chosen]
    once = different(images, points)
    images, points = images[once], points[once]
    part, least = TYPICAL
    typical = most_typical(images, points, max(int(part * len(images)), least))
    return images[typical], points[typical]


def _save(path: Path, picture: np.ndarray) -> None:
    """Write a grey PNG as small as it gets."""
    packed = io.BytesIO()
    Image.fromarray(picture).save(packed, "PNG", optimize=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        file.write(packed.getvalue())


if __name__ == "__main__":
    typer.run(main)
