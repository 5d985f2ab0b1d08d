"""A report as a table in the terminal."""

from rich.console import Console
from rich.table import Table


def show(console: Console, report: dict) -> None:
    """Print the figures of a report as a table, with what was measured below it."""
    columns = ("class", "images", "found", "precision", "recall", "F1", "recall with misses")
    table = Table(title=f"{report['model']['name']} on {report['source']}")
    for column in columns:
        table.add_column(column, justify="left" if column == "class" else "right")
    for name, row in report["per_class"].items():
        figures = (row[key] for key in ("precision", "recall", "f1", "recall_with_misses"))
        table.add_row(name, f"{row['n']:,}", f"{row['n_found']:,}", *map(_percent, figures))
    console.print(table)
    summary = Table.grid(padding=(0, 2))
    for label, value in _summary(report):
        summary.add_row(label, value)
    console.print(summary)


def _summary(report: dict) -> list[tuple[str, str]]:
    """Return the lines below the table."""
    split = "every image" if report["split"] == "all" else f"the split {report['split']}"
    counts = f"{report['n_images']:,} images, {report['n_found']:,} found"
    lines = [
        (
            "measured on",
            f"{split}: {counts}, {report['n_missed']:,} missed, "
            f"{report['n_unreadable']:,} unreadable",
        ),
        ("accuracy", f"{_percent(report['accuracy'])} of found faces"),
        ("with misses", f"{_percent(report['accuracy_with_misses'])} of all images"),
        (
            "without copies",
            f"{_percent(report['accuracy_without_copies'])} of found faces, "
            f"{report['n_copies']:,} images that training saw left out",
        ),
        ("balanced accuracy", _percent(report["balanced_accuracy"])),
        ("macro F1", _percent(report["macro_f1"])),
        ("weighted F1", _percent(report["weighted_f1"])),
        ("ECE", "-" if report["ece"] is None else f"{report['ece']:.3f}"),
        (
            "sure answers",
            f"{_percent(report['coverage'])} of found faces, "
            f"{_percent(report['accuracy_when_sure'])} of these right",
        ),
    ]
    if report["n_ignored"]:
        lines.append(("left out", f"{report['n_ignored']:,} images of classes the model lacks"))
    return lines


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
