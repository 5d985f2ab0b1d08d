"""A report folder: the metrics and predictions of one evaluation as files, and as one page."""

import io
import json
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from mimetypes import guess_type
from pathlib import Path

import numpy as np
import pandas as pd
from jinja2 import Environment
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from PIL import Image
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import ConfusionMatrixDisplay

from classifiers.evaluation.prediction_plots import BLUE, VERMILION
from classifiers.evaluation.prediction_plots import PLOTS as ROW_PLOTS
from classifiers.evaluation.report_table import COLUMNS, class_rows, summary, title_of
from classifiers.evaluation.sheets import error_sheet, sample_sheet
from data.console import per_cent
from data.files import atomic_write, storage_errors

DECIMALS = 6
"""Of the confidences in ``predictions.csv``."""

SHEETS = {"errors": error_sheet, "sample": sample_sheet}
CELL = 0.85  # inches that one class takes on an axis


def write_report(
    folder: str | Path, report: dict, predictions: pd.DataFrame, images: Path | None = None
) -> list[Path]:
    """Write all files of an evaluation into `folder`, which is made if need be.

    Every file appears whole or not at all: it is written beside its place and then moved there.

    Parameters
    ----------
    folder : str or Path
        Where the files go.
    report : dict
        `classifiers.evaluation.evaluate.Evaluation.report`, with the ``source``'s name.
    predictions : DataFrame
        `classifiers.evaluation.evaluate.Evaluation.predictions`.
    images : Path, optional
        The images, for the contact sheets; they are left out where it isn't known.

    Returns
    -------
    list of Path
        The files written: ``report.json``, ``predictions.csv``, the pictures and ``report.html``,
        which holds them all and opens offline.

    Raises
    ------
    StorageError
        If the folder can't be written to.
    ValueError
        If a metric is NaN or infinite, which JSON can't say.
    """
    folder = Path(folder)
    pictures = _pictures(report, predictions[predictions["prediction"] != ""], images)
    files = {
        "report.json": (json.dumps(report, indent=2, allow_nan=False) + "\n").encode(),
        "predictions.csv": predictions.round(DECIMALS).to_csv(index=False).encode(),
        **pictures,
        "report.html": html_of(report, pictures).encode(),
    }
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        with atomic_write(folder / name) as file:
            file.write(content)
    return [folder / name for name in files]


def _pictures(report: dict, predicted: pd.DataFrame, images: Path | None) -> dict[str, bytes]:
    """Return the content of each picture by its name; sheets are photos, and JPEGs."""
    pictures = {f"{name}.png": png_of(draw(report)) for name, draw in PLOTS.items()}
    if len(predicted):
        pictures |= {f"{name}.png": png_of(draw(predicted)) for name, draw in ROW_PLOTS.items()}
        sheets = SHEETS.items() if images is not None else ()
        pictures |= {f"{name}.jpg": jpeg_of(draw(predicted, images)) for name, draw in sheets}
    return pictures


def html_of(report: dict, pictures: dict[str, bytes]) -> str:
    """Return a page with all metrics and pictures, which needs no other file."""
    template = Path(__file__).with_name("report.html").read_text("utf-8")
    inlined = {
        name: f"data:{guess_type(name)[0]};base64,{b64encode(content).decode()}"
        for name, content in pictures.items()
    }
    return (
        Environment(autoescape=True)
        .from_string(template)
        .render(
            title=title_of(report),
            summary=summary(report),
            columns=COLUMNS,
            rows=class_rows(report),
            pictures=inlined,
        )
    )


def png_of(figure: Figure) -> bytes:
    """Return a plot as PNG, the same bytes for the same plot."""
    buffer = io.BytesIO()
    # Without matplotlib's name and version.
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()


def jpeg_of(image: Image.Image) -> bytes:
    """Return a contact sheet as JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def plot_confusion(metrics: dict) -> Figure:
    """Plot the confusion matrix: labels down, predictions across, share of the row and count.

    Parameters
    ----------
    metrics : dict
        ``classes`` and ``confusion`` (rows are labels, columns predictions) are read.

    Returns
    -------
    matplotlib.figure.Figure
        A cell is as dark as the share of its row.
    """
    classes, counts = metrics["classes"], np.array(metrics["confusion"])
    totals = counts.sum(axis=1)
    shares = counts / np.maximum(totals, 1)[:, None]
    side = CELL * max(len(classes), 4)
    figure = Figure(figsize=(side + 2.4, side + 1.5), layout="constrained")
    axes = figure.subplots()
    display = ConfusionMatrixDisplay(shares, display_labels=classes)
    display.plot(ax=axes, cmap="Blues", im_kw={"vmin": 0, "vmax": 1}, colorbar=False)
    for text, share, count in zip(display.text_.flat, shares.flat, counts.flat, strict=True):
        text.set_text(f"{share:.0%}\n{count:,}")
    axes.set_yticklabels([f"{name}\n{n:,} faces" for name, n in zip(classes, totals, strict=True)])
    axes.set(xlabel="prediction", ylabel="label", title="Confusion matrix")
    bar = figure.colorbar(display.im_, ax=axes, shrink=0.8, format=PercentFormatter(1))
    bar.set_label("share of the label's found faces")
    return figure


def plot_calibration(metrics: dict) -> Figure:
    """Plot accuracy against confidence, bin by bin, with the number of predictions below.

    Parameters
    ----------
    metrics : dict
        ``reliability`` and ``ece`` are read, and ``uncertain_threshold`` where there is one.

    Returns
    -------
    matplotlib.figure.Figure
        Points on the diagonal mean confidences that say what they mean.
    """
    bins = pd.DataFrame(metrics["reliability"]).query("n > 0").astype(float)
    figure = Figure(figsize=(6.4, 7.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    display = CalibrationDisplay(bins["accuracy"], bins["confidence"], None)
    display.plot(ax=upper, name="found faces (± 2 standard errors)", color=BLUE)
    # so that a bin of a few faces isn't read as a finding
    errors = 2 * np.sqrt(bins["accuracy"] * (1 - bins["accuracy"]) / bins["n"])
    upper.errorbar(bins["confidence"], bins["accuracy"], errors, fmt="none", color=BLUE, capsize=3)
    lower.bar(bins["lower"], bins["n"], bins["upper"] - bins["lower"], align="edge", color=BLUE)
    if metrics.get("uncertain_threshold") is not None:
        for axes in (upper, lower):
            axes.axvline(metrics["uncertain_threshold"], color=VERMILION, ls=":", label=UNCERTAIN)
    ece = "no predictions" if metrics["ece"] is None else f"ECE {metrics['ece']:.3f}"
    title = f"Do confidences mean what they say?  {ece}, {len(metrics['reliability'])} bins"
    upper.set(xlim=(0, 1), ylim=(0, 1), xlabel="", ylabel="accuracy", title=title)
    upper.legend(loc="lower right")
    lower.set(xlabel="confidence of the prediction", ylabel="faces")
    return figure


def plot_per_class(metrics: dict) -> Figure:
    """Plot precision and recall of each class as bars side by side.

    Parameters
    ----------
    metrics : dict
        ``per_class`` and ``macro_f1`` are read.

    Returns
    -------
    matplotlib.figure.Figure
        Classes stand in their order, each with its F1 and its number of faces.
    """
    rows = pd.DataFrame.from_dict(metrics["per_class"], orient="index")
    figure = Figure(figsize=(max(6.4, 1.5 * len(rows) + 1), 5), layout="constrained")
    axes = figure.subplots()
    table = rows[list(MEANING)].astype(float)
    table.rename(columns=MEANING).fillna(0).plot.bar(ax=axes, width=0.8, color=(VERMILION, BLUE))
    for bars, (_, values) in zip(axes.containers, table.items(), strict=True):
        axes.bar_label(bars, values.map(percent), padding=2)
    names = (
        rows.index
        + "\nF1 "
        + rows["f1"].map(percent)
        + "\n"
        + rows["n_found"].map("{:,} faces".format)
    )
    axes.set_xticks(range(len(rows)), names, rotation=0)
    title = f"Each class, found faces only (macro F1 {percent(metrics['macro_f1'])})"
    axes.set(ylim=(0, 1.08), title=title)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2)
    return figure


UNCERTAIN = "predictions below are uncertain"
MEANING = {
    "precision": "precision: predictions of this class that are right",
    "recall": "recall: faces of this class that are predicted so",
}
percent = partial(per_cent, digits=0)
PLOTS: dict[str, Callable[[dict], Figure]] = {
    "confusion": plot_confusion,
    "calibration": plot_calibration,
    "per_class": plot_per_class,
}
