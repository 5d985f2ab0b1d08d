"""Draw the images of an audit report's issues as contact sheets."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from PIL import Image

from data.audit.audit import AuditReport, IssueType
from data.audit.contact_sheets import COLUMNS, MAX_TILES, Group, Tile, sheet
from data.audit.copies import crosses_splits, has_conflicting_labels
from data.sources import ImageRef, images_or_errors


def sheets_of(report: AuditReport) -> Iterator[tuple[str, Image.Image]]:
    """Draw a sheet of each issue type that has images.

    Yields
    ------
    name, image
        Names of files, such as ``blank.png``. What can't be read isn't shown; of many images some
        are, evenly chosen; of many groups the worst.
    """
    for name, issue in report.issues.items():
        if issue.rows and name != "unreadable":
            yield f"{name}.png", _of_images(name, issue, report.refs)
    for name, groups in report.copies.items():
        if groups:
            yield f"{name}.png", _of_groups(name, groups, report.refs)


def _of_images(name: str, issue: IssueType, refs: Sequence[ImageRef]) -> Image.Image:
    """Draw the images with one issue."""
    rows = list(issue.rows)
    chosen = np.linspace(0, len(rows) - 1, min(len(rows), MAX_TILES)).astype(int)
    shown = [rows[number] for number in chosen]
    tiles = _tiles(shown, refs, lambda row: issue.rows[row])
    title = f"{name}: {len(rows):,} images" + _part(len(shown), len(rows))
    return sheet(title, [Group([tiles[row]]) for row in shown])


def _of_groups(name: str, groups: Sequence[np.ndarray], refs: Sequence[ImageRef]) -> Image.Image:
    """Draw groups of copies, each in its frame."""
    sizes = np.cumsum([min(len(group), COLUMNS) for group in groups])
    shown = [group[:COLUMNS] for group in groups[: int((sizes <= MAX_TILES).sum())]]
    tiles = _tiles(np.concatenate(shown).tolist(), refs, lambda row: "")
    title = (
        f"{name} copies: {len(groups):,} groups{_part(len(shown), len(groups))}; "
        "a red frame: their labels conflict or they are in several splits"
    )
    warns = [has_conflicting_labels(group, refs) or crosses_splits(group, refs) for group in groups]
    frames = [
        Group([tiles[row] for row in group.tolist()], warning)
        for group, warning in zip(shown, warns, strict=False)
    ]
    return sheet(title, frames)


def _part(shown: int, of: int) -> str:
    return f", {shown:,} of them shown" if shown < of else ""


def _tiles(
    rows: Sequence[int], refs: Sequence[ImageRef], why: Callable[[int], str]
) -> dict[int, Tile]:
    """Return the tile of each image: its name without folders, and below it what they say."""
    images = images_or_errors([refs[row] for row in rows])
    return {
        row: Tile(
            image,
            (refs[row].image.rsplit("/", 1)[-1], f"{refs[row].split} {refs[row].label}", why(row)),
        )
        for row, image in zip(rows, images, strict=True)
    }
