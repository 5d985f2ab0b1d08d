"""The section of the results page on spoiled pictures and on pictures without a face."""

import statistics
from collections.abc import Sequence
from typing import Any

from classifiers.markdown import markdown, percent
from classifiers.robustness.corruptions import STRENGTHS

MOST_ANSWERED = 0.01
"""Share of the pictures without a face that may be given an expression, shown as photos."""

NON_FACES = """\
scikit-image's pictures whole and in parts, made ones, and images of which every voter says that
they show no face; each as a photo and shrunk to a close-up of 48 pixels, which the detector takes
for a face that someone has cut out."""


def section(measured: dict[str, Any]) -> str:
    """Return what `make robustness` measured as Markdown.

    Parameters
    ----------
    measured : dict
        What `classifiers.robustness.figures.figures` returns, with ``source``, what was measured
        on, ``split`` and ``limit``, images of each class or 0 for all.

    Returns
    -------
    str
    """
    clean = measured["clean"]
    drawn = f", {measured['limit']} of each class" if measured["limit"] else ""
    parts = [
        f"{measured['images']:,} images ({measured['source']}, {measured['split']}{drawn}), each "
        "spoiled in twelve ways and five strengths after Hendrycks and Dietterich (2019) by `make "
        "robustness`; what the strengths are stands in `classifiers/robustness/corruptions.py`. "
        "The largest face counts; an image without a found face is an error.",
        "### Found faces\n\n" + _table(measured, clean["found"], lambda row: row["found"]),
    ]
    for model in measured["models"]:
        table = _table(measured, clean["accuracy"][model], lambda row, m=model: row["accuracy"][m])
        parts.append(f"### Accuracy of {model}\n\n{table}")
    if measured["non_faces"]:
        parts.append("### Pictures without a face\n\n" + _non_faces(measured))
    return "\n\n".join(parts)


def _table(measured: dict[str, Any], clean: float, values_of) -> str:
    """Return a line per corruption, a column per strength, and their means."""
    strengths = map(str, range(1, STRENGTHS + 1))
    table = [["corruption", "none", *strengths, "mean of 1 to 5"]]
    everything = [values_of(row) for row in measured["corruptions"]]
    for row, values in zip(measured["corruptions"], everything, strict=True):
        table.append([row["name"], *_percents([clean, *values, statistics.mean(values)])])
    means = [statistics.mean(column) for column in zip(*everything, strict=True)]
    table.append(["mean", *_percents([clean, *means, statistics.mean(means)])])
    return markdown(table)


def _non_faces(measured: dict[str, Any]) -> str:
    """Return a line per kind of pictures and one of all, and whether they are few enough."""
    rows, models = measured["non_faces"], measured["models"]
    head = ["kind", "pictures", "answered as photos", *(f"sure, {model}" for model in models)]
    table = [[*head, "answered as close-ups"]]
    for row in (*rows, total(rows)):
        sure = (row["sure"][model] for model in models)
        figures = (row["pictures"], row["as_photo"], *sure, row["as_close_up"])
        table.append([row["kind"], *(f"{figure:,}" for figure in figures)])
    return f"{NON_FACES}\n\n{markdown(table)}\n\n{verdict(rows)}"


def total(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the line of all kinds of pictures without a face."""
    keys = ("pictures", "as_photo", "as_close_up")
    sure = {model: sum(row["sure"][model] for row in rows) for model in rows[0]["sure"]}
    return {"kind": "all", "sure": sure} | {key: sum(row[key] for row in rows) for key in keys}


def verdict(rows: Sequence[dict[str, Any]]) -> str:
    """Say what share of the photos without a face was given an expression."""
    everything = total(rows)
    share = everything["as_photo"] / everything["pictures"]
    within = "no more than" if share <= MOST_ANSWERED else "more than"
    return (
        f"{percent(share)} of the photos without a face are given an expression, {within} the "
        f"{percent(MOST_ANSWERED)} aimed at."
    )


def _percents(values: Sequence[float]) -> list[str]:
    return [percent(value) for value in values]
