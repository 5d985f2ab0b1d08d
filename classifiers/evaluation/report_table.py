"""A report as text for the terminal."""

import numpy as np
from tabulate import tabulate

from classifiers.evaluation.intervals import MIN_ROWS, TOO_FEW, mean_of, share_of
from classifiers.evaluation.markdown import number

COLUMNS = ("class", "images", "predicted", "precision", "recall", "F1", "recall with misses")
SIDES = ("left", *["right"] * (len(COLUMNS) - 1))


def text_of(report: dict) -> str:
    """Return the metrics of a report as a table, with what was measured below it."""
    rows = class_rows(report)
    cells = tabulate(rows, COLUMNS, "rounded_outline", colalign=SIDES, disable_numparse=True)
    below = [f"{label:<19}{value}" for label, value in summary(report).items()]
    return "\n".join([title_of(report), cells, *below])


def title_of(report: dict) -> str:
    """Return which model was measured on what."""
    return f"{report['model']['name']} on {report['source']}"


def class_rows(report: dict) -> list[tuple[str, ...]]:
    """Return the cells of each class, see `COLUMNS`."""
    predicted = np.sum(report["confusion"], axis=0).tolist()
    classes = zip(report["per_class"].items(), predicted, strict=True)
    return [_row(name, row, n) for (name, row), n in classes]


def _row(name: str, row: dict, n_predicted: int) -> tuple[str, ...]:
    """Return the cells of a class that was predicted so many times."""
    n, n_found = row["n"], row["n_found"]
    return (
        name,
        f"{n:,}",
        f"{n_found:,}",
        share_of(row["precision"], n_predicted),
        share_of(row["recall"], n_found),
        mean_of(row["f1"], n_found),
        share_of(row["recall_with_misses"], n),
    )


def summary(report: dict) -> dict[str, str]:
    """Return what was measured, by name."""
    split = "every image" if report["split"] == "all" else f"the split {report['split']}"
    whole = report["n_predicted"] > report["n_found"]
    n, n_images = report["n_predicted"], report["n_images"]
    n_fresh, n_certain = n - (report["n_copies"] or 0), round(n * (report["coverage"] or 0))
    faces = "found faces and missed images, which are read whole" if whole else "found faces"
    lines = {
        "measured on": f"{split}: {n_images:,} images, {report['n_found']:,} found, "
        f"{report['n_missed']:,} missed, {report['n_unreadable']:,} unreadable",
        "accuracy": f"{share_of(report['accuracy'], n)}{_interval(report, 'accuracy')} of {faces}",
        "with misses": f"{share_of(report['accuracy_with_misses'], n_images)} of all images",
        "without copies": f"{share_of(report['accuracy_without_copies'], n_fresh)} of {faces}, "
        f"{report['n_copies']:,} images that training saw left out",
        "balanced accuracy": mean_of(report["balanced_accuracy"], n),
        "macro F1": mean_of(report["macro_f1"], n) + _interval(report, "macro_f1"),
        "weighted F1": mean_of(report["weighted_f1"], n),
        "ECE": number(report["ece"], ".3f") if n >= MIN_ROWS else TOO_FEW,
        "coverage": f"{share_of(report['coverage'], n)} of {faces} are not uncertain",
        "selective accuracy": f"{share_of(report['selective_accuracy'], n_certain)} of these",
    }
    if report["n_ignored"]:
        lines["left out"] = f"{report['n_ignored']:,} images of classes the model lacks"
    if report.get("n_relative") is not None:
        lines["own neutral"] = (
            f"{report['n_relative']:,} images relative to the same person's neutral ones"
        )
    return lines


def _interval(report: dict, name: str) -> str:
    """Return the bootstrap interval of a metric, nothing where there is none."""
    interval = report["intervals"].get(name)
    return "" if interval is None else f" ({100 * interval[0]:.1f}-{100 * interval[1]:.1f})"
