"""A report as text for the terminal."""

from functools import partial

import pandas as pd

from classifiers.evaluation.markdown import number
from data.console import per_cent

COUNTS = ("n", "n_found")
COLUMNS = {
    "n": "images",
    "n_found": "predicted",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "recall_with_misses": "recall with misses",
}


def text_of(report: dict) -> str:
    """Return the metrics of a report as a table, with what was measured below it."""
    table = pd.DataFrame.from_dict(report["per_class"], orient="index", columns=list(COLUMNS))
    table = table.apply(
        lambda column: column.map(partial(number, form=",") if column.name in COUNTS else per_cent)
    )
    table = table.rename(columns=COLUMNS).rename_axis("class").reset_index()
    sides = ("left", *["right"] * len(COLUMNS))
    cells = table.to_markdown(index=False, tablefmt="rounded_outline", colalign=sides)
    below = [f"{label:<19}{value}" for label, value in _summary(report).items()]
    return "\n".join([f"{report['model']['name']} on {report['source']}", cells, *below])


def _summary(report: dict) -> dict[str, str]:
    """Return the lines below the table."""
    split = "every image" if report["split"] == "all" else f"the split {report['split']}"
    whole = report["n_predicted"] > report["n_found"]
    faces = "found faces and missed images, which are read whole" if whole else "found faces"
    lines = {
        "measured on": f"{split}: {report['n_images']:,} images, {report['n_found']:,} found, "
        f"{report['n_missed']:,} missed, {report['n_unreadable']:,} unreadable",
        "accuracy": f"{per_cent(report['accuracy'])} of {faces}",
        "with misses": f"{per_cent(report['accuracy_with_misses'])} of all images",
        "without copies": f"{per_cent(report['accuracy_without_copies'])} of {faces}, "
        f"{report['n_copies']:,} images that training saw left out",
        "balanced accuracy": per_cent(report["balanced_accuracy"]),
        "macro F1": per_cent(report["macro_f1"]),
        "weighted F1": per_cent(report["weighted_f1"]),
        "ECE": number(report["ece"], ".3f"),
        "coverage": f"{per_cent(report['coverage'])} of {faces} are not uncertain",
        "selective accuracy": f"{per_cent(report['selective_accuracy'])} of these are right",
    }
    if report["n_ignored"]:
        lines["left out"] = f"{report['n_ignored']:,} images of classes the model lacks"
    return lines
