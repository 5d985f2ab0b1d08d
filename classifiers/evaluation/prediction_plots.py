"""Plots of an evaluation's predictions, row by row."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from sklearn.metrics import PrecisionRecallDisplay

from classifiers.evaluation.predictions import CONFIDENCE

# Okabe and Ito's palette: its blue and vermilion differ for every kind of colour vision.
BLUE, VERMILION = "#0072B2", "#D55E00"


def plot_class_counts(predictions: pd.DataFrame) -> Figure:
    """Plot how many images each class has, and how often it is predicted."""
    columns = {"label": "images of this class", "prediction": "predictions of this class"}
    counts = predictions[list(columns)].apply(pd.Series.value_counts).drop("", errors="ignore")
    figure = Figure(figsize=(max(6.4, 1.2 * len(counts) + 1), 4), layout="constrained")
    axes = figure.subplots()
    counts.fillna(0).rename(columns=columns).plot.bar(ax=axes, width=0.8, color=(VERMILION, BLUE))
    for bars in axes.containers:
        axes.bar_label(bars, fmt="{:,.0f}", padding=2)
    axes.set(title="Images and predictions of each class", ylabel="images")
    axes.tick_params(axis="x", rotation=0)
    axes.margins(y=0.1)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)
    return figure


def plot_precision_recall(predictions: pd.DataFrame) -> Figure:
    """Plot precision over recall of each class, as its confidence falls."""
    figure = Figure(figsize=(6.4, 6), layout="constrained")
    axes = figure.subplots()
    for column in predictions.filter(regex=f"^{CONFIDENCE}"):
        name = column.removeprefix(CONFIDENCE)
        if (predictions["label"] == name).any():
            PrecisionRecallDisplay.from_predictions(
                predictions["label"] == name, predictions[column], name=name, ax=axes
            )
    axes.set(xlim=(0, 1.01), ylim=(0, 1.01), xlabel="recall", ylabel="precision")
    axes.set_title("Precision over recall of each class")
    axes.legend(loc="lower left")
    return figure


def plot_risk_coverage(predictions: pd.DataFrame) -> Figure:
    """Plot the share of errors among the most confident predictions over their share of all.

    The curve of El-Yaniv and Wiener, JMLR 11 (2010).
    """
    rows = predictions.sort_values("confidence", ascending=False, kind="stable")
    wrong = (rows["label"] != rows["prediction"]).to_numpy()
    count = np.arange(1, len(rows) + 1)
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.subplots()
    axes.plot(count / len(rows), wrong.cumsum() / count, color=BLUE)
    axes.axvline(1 - rows["uncertain"].mean(), color=VERMILION, ls=":", label="not uncertain")
    axes.set(xlim=(0, 1), ylim=(0, None), xlabel="coverage", ylabel="errors among the covered")
    axes.set_title("Errors if only the most confident predictions count")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    axes.legend(loc="upper left")
    return figure


PLOTS: dict[str, Callable[[pd.DataFrame], Figure]] = {
    "class_counts": plot_class_counts,
    "precision_recall": plot_precision_recall,
    "risk_coverage": plot_risk_coverage,
}
"""They take the rows that have a prediction."""
