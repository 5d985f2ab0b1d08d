"""What is wrong with a data set, image by image; `data.audit.command` shows it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data.audit.copies import groups_of, identical_groups, near_groups, summary, worst_first
from data.audit.outliers import outliers
from data.audit.pixel_stats import Looks, look_at
from data.duplicates import same_photograph, same_picture
from data.errors import DataError
from data.features.table import points_of, read_table
from data.labels import canonical
from data.sources import ImageRef
from data.votes import majorities, read_votes
from landmarks.images import Reason

KEY = ["split", "label", "image"]
"""The columns of a feature table that tell its images apart."""


@dataclass(frozen=True)
class Kind:
    """Images with one kind of fault.

    Attributes
    ----------
    rows : dict of int to str
        By the image's number, in their order, what to say of it beside its name.
    looked : ndarray of int
        Numbers of the images of which it is known whether they have it.
    """

    rows: dict[int, str]
    looked: np.ndarray


@dataclass(frozen=True)
class Findings:
    """What an audit found.

    Attributes
    ----------
    refs : list of ImageRef
        All images.
    pixels : ndarray of str, shape (n,)
        The images' pixel hashes, ``""`` of those that can't be read.
    kinds : dict of str to Kind
        ``unreadable`` and ``blank``; with a feature table ``missed`` (no face found) and
        ``outlier`` (see `data.audit.outliers`); with votes ``disputed``.
    copies : dict of str to list of ndarray of int
        ``identical`` and ``near``: the numbers of the images of each group, the worst first.
    """

    refs: list[ImageRef]
    pixels: np.ndarray
    kinds: dict[str, Kind]
    copies: dict[str, list[np.ndarray]]


def audit(
    refs: list[ImageRef],
    table: Path | None = None,
    votes: Path | None = None,
    advance: Callable[[int], None] = lambda done: None,
) -> Findings:
    """Look for everything that is wrong with a data set.

    Parameters
    ----------
    refs : list of ImageRef
        What `data.sources.read_images` lists.
    table : Path, optional
        The features that ``make features`` made of these images, or of some of them. With them
        near copies are known by the faces' points, without by the pictures' shades.
    votes : Path, optional
        A crowd's votes on the images; see `data.votes.read_votes`.
    advance : callable, optional
        Called with how many images were read since it was called last.

    Returns
    -------
    Findings

    Raises
    ------
    DataError
        If the table or the votes don't fit the images.
    """
    faces = None if table is None else _faces(table, refs)
    crowd = None if votes is None else _disputed(votes, refs)
    looks = look_at(refs, advance)
    kinds = _by_pixels(looks)
    if faces is None:
        # A blank picture is like every other one of its grey.
        rows = np.flatnonzero((looks.reasons == "") & ~looks.blank)
        numbers = same_picture(looks.shades[rows], looks.pixels[rows])
    else:
        kinds |= _by_faces(*faces)
        rows, points = _largest(*faces)
        numbers = same_photograph(points, looks.pixels[rows])
    copies = {
        "identical": identical_groups(looks.pixels),
        "near": near_groups(groups_of(numbers, rows), looks.pixels),
    }
    if crowd is not None:
        kinds["disputed"] = crowd
    ordered = {name: worst_first(groups, refs) for name, groups in copies.items()}
    return Findings(refs, looks.pixels, kinds, ordered)


def _by_pixels(looks: Looks) -> dict[str, Kind]:
    """Return the images that can't be read, and those with nothing to see."""
    unreadable, blank = np.flatnonzero(looks.reasons != ""), np.flatnonzero(looks.blank)
    return {
        "unreadable": Kind(
            {row: str(looks.reasons[row]) for row in unreadable.tolist()},
            np.arange(len(looks.reasons)),
        ),
        "blank": Kind(
            {row: f"deviation {looks.deviation[row]:.1f}" for row in blank.tolist()},
            np.flatnonzero(looks.reasons == ""),
        ),
    }


def _faces(table: Path, refs: Sequence[ImageRef]) -> tuple[pd.DataFrame, pd.Series]:
    """Read a feature table; return it and which of the images each row is of."""
    faces = read_table(table)
    numbers = {(ref.split, ref.label, ref.image): row for row, ref in enumerate(refs)}
    rows = [numbers.get(key, -1) for key in zip(*(faces[name] for name in KEY), strict=True)]
    if -1 in rows:
        raise DataError(
            f"{table} wasn't made from these images: they lack "
            f"{faces['image'].iloc[rows.index(-1)]}; name the IMAGES that make features was given."
        )
    return faces, pd.Series(rows, index=faces.index)


def _by_faces(faces: pd.DataFrame, rows: pd.Series) -> dict[str, Kind]:
    """Return the images without a found face, and those with a mesh that can't be a face."""
    found, missed = faces["success"] == 1, faces["reason"] == Reason.NO_FACE
    strange = outliers(faces)
    why = dict(zip(rows[strange.index], strange["why"], strict=True))
    return {
        "missed": Kind(
            dict.fromkeys(sorted(rows[missed]), "no face found"), rows[found | missed].unique()
        ),
        "outlier": Kind(dict(sorted(why.items())), rows[found].unique()),
    }


def _largest(faces: pd.DataFrame, rows: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the images with a face, by their numbers, and the points of the largest of each."""
    found = faces[faces["success"] == 1]
    first = ~rows[found.index].duplicated()
    return rows[first.index[first]].to_numpy(), points_of(found[first])


def _disputed(path: Path, refs: Sequence[ImageRef]) -> Kind:
    """Return the images that most voters see another class in than their label."""
    votes = read_votes(path)
    names, labels = [ref.image for ref in refs], [ref.label for ref in refs]
    looked = np.flatnonzero(pd.Index(names).isin(votes.index))
    if not len(looked):
        raise DataError(
            f"Expected votes on these images in {path}, found none, such as {names[0]}."
        )
    verdicts = majorities(votes, names, labels)
    rows = {
        row: f"{verdict.share:.0%} {verdict.voted}, {verdict.share_of_label:.0%} {labels[row]}"
        for row, verdict in verdicts.items()
        if verdict.voted != canonical(labels[row])
    }
    return Kind(rows, looked)


def class_counts(found: Findings) -> dict[str, dict[str, dict[str, int]]]:
    """Return split -> label -> ``images`` and each kind of fault -> how many."""
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for where, images in _counted(found.refs, range(len(found.refs))).items():
        split, label = where
        counts.setdefault(split, {})[label] = {"images": images} | dict.fromkeys(found.kinds, 0)
    for name, kind in found.kinds.items():
        for (split, label), number in _counted(found.refs, kind.rows).items():
            counts[split][label][name] = number
    return counts


def _counted(refs: Sequence[ImageRef], rows: Iterable[int]) -> Counter[tuple[str, str]]:
    return Counter((refs[row].split, refs[row].label) for row in rows)


def to_json(found: Findings) -> dict[str, Any]:
    """Return everything that was found, for programs.

    Parameters
    ----------
    found : Findings

    Returns
    -------
    dict
        ``images``; ``classes``, see `class_counts`; ``imbalance``, split -> images of the largest
        class for one of the smallest; ``faults``, kind -> ``images`` with it, how many were
        ``looked`` at, their ``share`` and the ``listed`` ones; ``copies``, kind ->
        `data.audit.copies.summary` and the ``listed`` groups.
    """
    counts = class_counts(found)
    sizes = {split: [c["images"] for c in labels.values()] for split, labels in counts.items()}
    return {
        "images": len(found.refs),
        "classes": counts,
        "imbalance": {split: round(max(n) / min(n), 2) for split, n in sizes.items()},
        "faults": {name: _fault(found.refs, kind) for name, kind in found.kinds.items()},
        "copies": {
            "identical": _copies(found, "identical", range(len(found.refs))),
            "near": _copies(found, "near", found.pixels),
        },
    }


def _copies(found: Findings, name: str, pictures: Sequence[Any] | np.ndarray) -> dict[str, Any]:
    groups = found.copies[name]
    listed = [[_named(found.refs[row]) for row in group] for group in groups]
    return {**summary(groups, found.refs, pictures), "listed": listed}


def _fault(refs: Sequence[ImageRef], kind: Kind) -> dict[str, Any]:
    looked = len(kind.looked)
    return {
        "images": len(kind.rows),
        "looked": looked,
        "share": round(len(kind.rows) / looked, 5) if looked else None,
        "listed": [{**_named(refs[row]), "why": why} for row, why in kind.rows.items()],
    }


def _named(ref: ImageRef) -> dict[str, str]:
    return {"split": ref.split, "label": ref.label, "image": ref.image}
