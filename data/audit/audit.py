"""Audit a data set: list the images with issues and the copies."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data.audit.copies import groups_of, identical_groups, near_groups, summary, worst_first
from data.audit.outliers import outliers
from data.audit.pixel_stats import PixelStats, compute_pixel_stats
from data.duplicates import group_by_mesh, group_by_thumbnail
from data.errors import DataError
from data.features.table import IMAGE_KEY, points_of, read_table
from data.labels import canonical
from data.sources import ImageRef
from data.votes import majorities, read_votes
from landmarks.images import Reason


@dataclass(frozen=True)
class IssueType:
    """The images with one type of issue.

    Attributes
    ----------
    rows : dict of int to str
        Image number, in order -> detail of the issue.
    checked : ndarray of int
        Numbers of the images that were checked for it.
    """

    rows: dict[int, str]
    checked: np.ndarray


@dataclass(frozen=True)
class AuditReport:
    """Issues and copies that an audit found.

    Attributes
    ----------
    refs : list of ImageRef
        All images.
    pixels : ndarray of str, shape (n,)
        The images' pixel hashes, ``""`` of those that can't be read.
    issues : dict of str to IssueType
        ``unreadable`` and ``blank``; with a feature table ``missed`` (no face found) and
        ``outlier`` (see `data.audit.outliers`); with votes ``disputed``.
    copies : dict of str to list of ndarray of int
        ``identical`` and ``near``: the numbers of the images of each group, the worst first.
    """

    refs: list[ImageRef]
    pixels: np.ndarray
    issues: dict[str, IssueType]
    copies: dict[str, list[np.ndarray]]


def audit(
    refs: list[ImageRef],
    table: Path | None = None,
    votes: Path | None = None,
    advance: Callable[[int], None] = lambda done: None,
) -> AuditReport:
    """Find the issues and the copies of a data set.

    Parameters
    ----------
    refs : list of ImageRef
        What `data.sources.read_images` lists.
    table : Path, optional
        The features that ``make features`` made of these images, or of some of them. With them
        near copies are found by the faces' meshes, without by the images' thumbnails.
    votes : Path, optional
        Annotator votes on the images; see `data.votes.read_votes`.
    advance : callable, optional
        Called with how many images were read since it was called last.

    Raises
    ------
    DataError
        If the table or the votes don't fit the images.
    """
    faces = None if table is None else _faces(table, refs)
    disputed = None if votes is None else _disputed(votes, refs)
    stats = compute_pixel_stats(refs, advance)
    issues = _pixel_issues(stats)
    if faces is None:
        # The correlation of a blank image is undefined.
        rows = np.flatnonzero((stats.reasons == "") & ~stats.is_blank)
        numbers = group_by_thumbnail(stats.thumbnails[rows], stats.pixels[rows])
    else:
        issues |= _face_issues(*faces)
        rows, points = _largest(*faces)
        numbers = group_by_mesh(points, stats.pixels[rows])
    copies = {
        "identical": identical_groups(stats.pixels),
        "near": near_groups(groups_of(numbers, rows), stats.pixels),
    }
    if disputed is not None:
        issues["disputed"] = disputed
    ordered = {name: worst_first(groups, refs) for name, groups in copies.items()}
    return AuditReport(refs, stats.pixels, issues, ordered)


def _pixel_issues(stats: PixelStats) -> dict[str, IssueType]:
    """Return the images that can't be read, and those that are blank."""
    unreadable, blank = np.flatnonzero(stats.reasons != ""), np.flatnonzero(stats.is_blank)
    return {
        "unreadable": IssueType(
            {row: str(stats.reasons[row]) for row in unreadable.tolist()},
            np.arange(len(stats.reasons)),
        ),
        "blank": IssueType(
            {row: f"std {stats.std[row]:.1f}" for row in blank.tolist()},
            np.flatnonzero(stats.reasons == ""),
        ),
    }


def _faces(table: Path, refs: Sequence[ImageRef]) -> tuple[pd.DataFrame, pd.Series]:
    """Read a feature table; return it and which of the images each row is of."""
    faces = read_table(table)
    numbers = {(ref.split, ref.label, ref.image): row for row, ref in enumerate(refs)}
    rows = [numbers.get(key, -1) for key in zip(*(faces[name] for name in IMAGE_KEY), strict=True)]
    if -1 in rows:
        raise DataError(
            f"{table} wasn't made from these images: they lack "
            f"{faces['image'].iloc[rows.index(-1)]}; name the IMAGES that make features was given."
        )
    return faces, pd.Series(rows, index=faces.index)


def _face_issues(faces: pd.DataFrame, rows: pd.Series) -> dict[str, IssueType]:
    """Return the images without a found face, and those with a mesh that can't be a face."""
    found, missed = faces["success"] == 1, faces["reason"] == Reason.NO_FACE
    listed = outliers(faces)
    why = dict(zip(rows[listed.index], listed["why"], strict=True))
    return {
        "missed": IssueType(
            dict.fromkeys(sorted(rows[missed]), "no face found"), rows[found | missed].unique()
        ),
        "outlier": IssueType(dict(sorted(why.items())), rows[found].unique()),
    }


def _largest(faces: pd.DataFrame, rows: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the images with a face, by their numbers, and the points of the largest of each."""
    found = faces[faces["success"] == 1]
    first = ~rows[found.index].duplicated()
    return rows[first.index[first]].to_numpy(), points_of(found[first])


def _disputed(path: Path, refs: Sequence[ImageRef]) -> IssueType:
    """Return the images whose majority of votes is for another class than their label."""
    votes = read_votes(path)
    names, labels = [ref.image for ref in refs], [ref.label for ref in refs]
    checked = np.flatnonzero(pd.Index(names).isin(votes.index))
    if not len(checked):
        raise DataError(
            f"Expected votes on these images in {path}, found none, such as {names[0]}."
        )
    rows = {
        row: f"{most.share:.0%} {most.label}, {most.share_of_label:.0%} {labels[row]}"
        for row, most in majorities(votes, names, labels).items()
        if most.label != canonical(labels[row])
    }
    return IssueType(rows, checked)


def class_counts(report: AuditReport) -> dict[str, dict[str, dict[str, int]]]:
    """Return split -> label -> ``images`` and each issue type -> how many."""
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for where, images in _counted(report.refs, range(len(report.refs))).items():
        split, label = where
        counts.setdefault(split, {})[label] = {"images": images} | dict.fromkeys(report.issues, 0)
    for name, issue in report.issues.items():
        for (split, label), number in _counted(report.refs, issue.rows).items():
            counts[split][label][name] = number
    return counts


def _counted(refs: Sequence[ImageRef], rows: Iterable[int]) -> Counter[tuple[str, str]]:
    return Counter((refs[row].split, refs[row].label) for row in rows)


def to_json(report: AuditReport) -> dict[str, Any]:
    """Return a report's content as JSON values.

    Returns
    -------
    dict
        ``images``; ``classes``, see `class_counts`; ``imbalance``, split -> images of the largest
        class for one of the smallest; ``issues``, type -> ``images`` with it, how many were
        ``checked``, the ``share`` of these and the ``listed`` ones; ``copies``, kind ->
        `data.audit.copies.summary` and the ``listed`` groups.
    """
    counts = class_counts(report)
    sizes = {split: [c["images"] for c in labels.values()] for split, labels in counts.items()}
    return {
        "images": len(report.refs),
        "classes": counts,
        "imbalance": {split: round(max(n) / min(n), 2) for split, n in sizes.items()},
        "issues": {
            name: _issue_to_json(report.refs, issue) for name, issue in report.issues.items()
        },
        "copies": {
            "identical": _copies(report, "identical", range(len(report.refs))),
            "near": _copies(report, "near", report.pixels),
        },
    }


def _copies(report: AuditReport, name: str, keys: Sequence[Any] | np.ndarray) -> dict[str, Any]:
    groups = report.copies[name]
    listed = [[_named(report.refs[row]) for row in group] for group in groups]
    return {**summary(groups, report.refs, keys), "listed": listed}


def _issue_to_json(refs: Sequence[ImageRef], issue: IssueType) -> dict[str, Any]:
    checked = len(issue.checked)
    return {
        "images": len(issue.rows),
        "checked": checked,
        "share": round(len(issue.rows) / checked, 5) if checked else None,
        "listed": [{**_named(refs[row]), "why": why} for row, why in issue.rows.items()],
    }


def _named(ref: ImageRef) -> dict[str, str]:
    return {"split": ref.split, "label": ref.label, "image": ref.image}
