"""What is wrong with a data set, before training: ``python -m data audit FOLDER``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from data.console import handle_errors, per_cent, progress_bar
from data.errors import DataError
from data.files import atomic_write, storage_errors, write_text
from data.sources import read_images, warn_other_files

if TYPE_CHECKING:
    from data.audit.audit import AuditReport

REPORT = "audit.json"


def main(
    images: Annotated[Path, typer.Argument(help="Folder of class folders, or CSV.")],
    table: Annotated[
        Path | None,
        typer.Option(help="What make features made of them: also lists missed faces and outliers."),
    ] = None,
    votes: Annotated[
        Path | None,
        typer.Option(help="CSV of annotator votes, such as FER+'s: also lists disputed labels."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for audit.json and contact sheets.")] = Path(
        "build/audit"
    ),
) -> None:
    """List what is wrong with a data set: copies, blank and unreadable images, missed faces.

    Exit code 1: something doesn't fit; 3: an I/O error. What is found is no failure.

    Example: python -m data audit photos/ --table build/features --out build/audit
    """
    with handle_errors():
        _check_place(out)
        report = _report(images, table, votes, out)
        warn_other_files(images)
    console = Console(highlight=False)
    _show_classes(console, report)
    _show_copies(console, report)
    print(f"Every image is named in {out / REPORT}; look at {', '.join(report['sheets']) or '-'}.")


def _check_place(out: Path) -> None:
    """Refuse, before any work, a folder in which something else may be called as a sheet is."""
    if out.is_dir() and any(out.iterdir()) and _sheets_before(out) is None:
        raise DataError(
            f"Expected {out} to be new or of an earlier audit, got something else; name another "
            "folder, it was not touched."
        )


def _report(images: Path, table: Path | None, votes: Path | None, out: Path) -> dict[str, Any]:
    """Audit, write what was found, and return it."""
    # Only here: it brings pandas, for which `--help` should not wait.
    from data.audit.audit import to_json

    found = _with_progress(images, table, votes)
    report = to_json(found)
    return {**report, "sheets": _write(found, report, out)}


def _with_progress(images: Path, table: Path | None, votes: Path | None) -> "AuditReport":
    """Audit with a progress bar on stderr."""
    from data.audit.audit import audit

    refs = read_images(images)
    with progress_bar() as bar:
        task = bar.add_task("Looking at images", total=len(refs))
        return audit(refs, table, votes, lambda done: bar.advance(task, done))


def _write(found: "AuditReport", report: dict[str, Any], out: Path) -> list[str]:
    """Write the sheets and, last, the report; return the sheets' names.

    Sheets of an earlier audit that this one has no need of go, by the names in its report.
    """
    from data.audit.sheets import sheets_of

    with storage_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    names, before = [], _sheets_before(out) or set()
    for name, picture in sheets_of(found):
        with atomic_write(out / name) as file:
            picture.save(file, "PNG")
        names.append(name)
    text = json.dumps({**report, "sheets": names}, indent=1, ensure_ascii=False)
    write_text(out / REPORT, text + "\n")
    for name in before - set(names):
        (out / name).unlink(missing_ok=True)
    return names


def _sheets_before(out: Path) -> set[str] | None:
    """Return the names of the sheets that an earlier audit left in a folder; None without one."""
    try:
        names = json.loads((out / REPORT).read_text("utf-8"))["sheets"]
        return {name for name in names if Path(name).name == name and name.endswith(".png")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _show_classes(console: Console, report: dict[str, Any]) -> None:
    """Print a line per split and class, and one of all."""
    issues = report["issues"]
    table = Table("split", "class", title=f"{report['images']:,} images")
    for name in ("images", *issues):
        table.add_column(name, justify="right")
    for split, labels in report["classes"].items():
        for label, counts in labels.items():
            cells = (f"{counts[name]:,}" for name in ("images", *issues))
            table.add_row(escape(split), escape(label), *cells)
        table.add_section()
    sums = (f"{issue['images']:,}" for issue in issues.values())
    table.add_row("all", "", f"{report['images']:,}", *sums)
    table.add_row("share", "", "", *(per_cent(issue["share"]) for issue in issues.values()))
    console.print(table)
    for split, ratio in report["imbalance"].items():
        print(f"{split}: the largest class has {ratio:.1f} images for one of the smallest.")


def _show_copies(console: Console, report: dict[str, Any]) -> None:
    """Print how many copies there are, and which splits share pictures."""
    table = Table("copies")
    columns = {"groups": "groups", "images": "images in them", "redundant": "to spare"}
    columns["conflicting_labels"] = "groups of several labels"
    for title in columns.values():
        table.add_column(title, justify="right")
    for name, metrics in report["copies"].items():
        table.add_row(name, *(f"{metrics[key]:,}" for key in columns))
    console.print(table)
    for name, metrics in report["copies"].items():
        for split, others in sorted(metrics["across_splits"].items()):
            for other, count in sorted(others.items()):
                how = "an identical copy" if name == "identical" else "a near, not identical copy"
                print(f"{count:,} images of {split} have {how} in {other}.")
