"""The section of the results page on corrupted images and on images without a face."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from classifiers.evaluation.markdown import markdown, percent
from classifiers.experiments.corruptions import SEVERITIES

MAX_READ = 0.01
"""Share of the images without a face that may be given an expression, shown as photos."""

NON_FACES = """\
scikit-image's images whole and in parts, synthetic ones, drawings, and images of which every
annotator says that they show no face. Each is read as a photo and as a tight crop of 48 pixels,
which the detector takes for a face that someone has cut out."""


def section(measured: dict[str, Any]) -> str:
    """Return what `make robustness` measured as Markdown.

    Parameters
    ----------
    measured : dict
        What `classifiers.experiments.robustness_metrics.summarize` returns, with ``source``, what
        was measured on, ``split`` and ``limit``, images of each class or 0 for all.
    """
    clean = measured["clean"]
    drawn = f", {measured['limit']} of each class" if measured["limit"] else ""
    parts = [
        f"{measured['images']:,} images ({measured['source']}, {measured['split']}{drawn}), each "
        "under twelve corruptions of five severities after Hendrycks and Dietterich (2019), by "
        "`make robustness`. `classifiers/experiments/corruptions.py` defines the severities. The "
        "largest face counts. An image without a found face is an error.",
        "### Found faces\n\n" + _table(measured, clean["found"], lambda row: row["found"]),
    ]
    for model in measured["models"]:
        table = _table(measured, clean["accuracy"][model], lambda row, m=model: row["accuracy"][m])
        parts.append(f"### Accuracy of {model}\n\n{table}")
    if measured["non_faces"]:
        parts.append("### Images without a face\n\n" + _non_faces(measured))
    return "\n\n".join(parts)


def _table(measured: dict[str, Any], clean: float, values_of: Callable[[dict], list]) -> str:
    """Return a line per corruption, a column per severity, and their means."""
    names = [row["name"] for row in measured["corruptions"]]
    values = list(map(values_of, measured["corruptions"]))
    table = pd.DataFrame(values, names, [str(n) for n in range(1, SEVERITIES + 1)])
    table.loc["mean"] = table.mean()
    mean = table.mean(axis=1)
    table.insert(0, "none", clean)
    table["mean of 1 to 5"] = mean
    return markdown(table.map(percent).rename_axis("corruption").reset_index())


def _non_faces(measured: dict[str, Any]) -> str:
    """Return a line per kind of images and one of all, and whether they are few enough."""
    table = pd.json_normalize(measured["non_faces"]).set_index("kind")
    certain = {f"certain.{model}": f"not uncertain, {model}" for model in measured["models"]}
    heads = {"images": "images", "as_photo": "faces read as photos", **certain}
    heads["as_tight_crop"] = "faces read as tight crops"
    table = table[list(heads)].rename(columns=heads)
    table.loc["all"] = table.sum()
    shown = markdown(table.map("{:,}".format).reset_index())
    return f"{NON_FACES}\n\n{shown}\n\n{_verdict(measured['non_faces'])}"


def _verdict(rows: Sequence[dict[str, Any]]) -> str:
    """Say what share of the photos without a face was given an expression."""
    share = sum(row["as_photo"] for row in rows) / sum(row["images"] for row in rows)
    within = "no more than" if share <= MAX_READ else "more than"
    return (
        f"{percent(share)} of the photos without a face are given an expression, {within} the "
        f"{percent(MAX_READ)} aimed at."
    )
