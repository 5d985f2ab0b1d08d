"""A report folder: the figures of one evaluation as JSON, and as pictures that a person reads."""

import json
import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's palette: its blue and vermilion stay apart for every kind of colour vision.
BLUE, VERMILION, GREY = "#0072B2", "#D55E00", "#6B6B6B"
FONT_SIZE = 10
CELL = 0.85  # inches that one class takes on an axis


def write_report(folder: str | Path, figures: dict) -> list[Path]:
    """Write ``report.json`` and its pictures into `folder`, which is made if need be.

    Every file appears whole or not at all: it is written beside its place and then moved there.

    Parameters
    ----------
    folder : str or Path
        Where the files go.
    figures : dict
        What `classifiers.metrics.measure` returned, with whatever else the JSON should say.

    Returns
    -------
    list of Path
        The files written: ``report.json``, ``confusion.png``, ``calibration.png`` and
        ``per_class.png``.

    Raises
    ------
    OSError
        If the folder can't be written to.
    ValueError
        If a figure is NaN or infinite, which JSON can't say.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(figures, indent=2, allow_nan=False) + "\n"
    written = [_put(folder / "report.json", lambda path: path.write_text(text, "utf-8"))]
    for name, draw in PICTURES.items():
        picture = draw(figures)
        written.append(_put(folder / f"{name}.png", lambda path, p=picture: _save(p, path)))
    return written


def draw_confusion(figures: dict) -> Figure:
    """Draw the confusion matrix: labels down, answers across, share of the row and count.

    Parameters
    ----------
    figures : dict
        ``classes`` and ``confusion`` (rows are labels, columns answers) are read.

    Returns
    -------
    matplotlib.figure.Figure
        A cell is as dark as the share of its row.
    """
    classes, counts = figures["classes"], figures["confusion"]
    side = CELL * max(len(classes), 4)
    figure = Figure(figsize=(side + 2.4, side + 1.5), layout="constrained")
    axes = figure.subplots()
    shares = [[_share(n, sum(row)) for n in row] for row in counts]
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for y, row in enumerate(counts):
        for x, n in enumerate(row):
            colour = "white" if shares[y][x] > 0.55 else "black"
            axes.text(
                x,
                y - 0.12,
                f"{shares[y][x]:.0%}",
                ha="center",
                va="center",
                color=colour,
                fontsize=FONT_SIZE + 1,
                fontweight="bold" if x == y else "normal",
            )
            axes.text(
                x,
                y + 0.22,
                f"{n:,}",
                ha="center",
                va="center",
                color=colour,
                fontsize=FONT_SIZE - 2,
            )
    totals = [f"{name}\n{sum(row):,} faces" for name, row in zip(classes, counts, strict=True)]
    axes.set_xticks(range(len(classes)), classes, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(classes)), totals)
    axes.set(xlabel="answer", ylabel="label", title="Which label got which answer")
    bar = figure.colorbar(image, ax=axes, shrink=0.8, format=lambda v, _: f"{v:.0%}")
    bar.set_label("share of the label's found faces")
    return figure


def draw_calibration(figures: dict) -> Figure:
    """Draw accuracy against confidence, bin by bin, with the number of answers below.

    Parameters
    ----------
    figures : dict
        ``reliability`` and ``ece`` are read, and ``unsure_threshold`` where there is one.

    Returns
    -------
    matplotlib.figure.Figure
        Points on the diagonal mean confidences that say what they mean.
    """
    bins = [row for row in figures["reliability"] if row["n"]]
    figure = Figure(figsize=(6.4, 7.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], "--", color=GREY, label="confidence = accuracy")
    points = [(row["confidence"], row["accuracy"]) for row in bins]
    # two standard errors of a share, so that a bin of a few faces isn't read as a finding
    errors = [
        2 * math.sqrt(a * (1 - a) / row["n"]) for (_, a), row in zip(points, bins, strict=True)
    ]
    upper.errorbar(
        [c for c, _ in points],
        [a for _, a in points],
        yerr=errors,
        fmt="o-",
        color=BLUE,
        capsize=3,
        label="found faces (± 2 standard errors)",
    )
    _mark_threshold(upper, figures, "answers below are “unsure”")
    ece = "no answers" if figures["ece"] is None else f"ECE {figures['ece']:.3f}"
    upper.set(
        xlim=(0, 1),
        ylim=(0, 1),
        ylabel="accuracy",
        title=f"Do confidences mean what they say?  {ece}, {len(figures['reliability'])} bins",
    )
    upper.legend(loc="lower right", framealpha=1, edgecolor="white")
    widths = [row["upper"] - row["lower"] for row in bins]
    lower.bar(
        [row["lower"] for row in bins],
        [row["n"] for row in bins],
        widths,
        align="edge",
        color=BLUE,
        edgecolor="white",
    )
    _mark_threshold(lower, figures, None)
    lower.set(xlabel="confidence of the answer", ylabel="faces")
    for axes in (upper, lower):
        _plain(axes)
    return figure


def draw_per_class(figures: dict) -> Figure:
    """Draw precision and recall of each class as bars side by side.

    Parameters
    ----------
    figures : dict
        ``per_class`` and ``macro_f1`` are read.

    Returns
    -------
    matplotlib.figure.Figure
        Classes stand in their order, each with its F1 and its number of faces.
    """
    rows = figures["per_class"]
    figure = Figure(figsize=(max(6.4, 1.5 * len(rows) + 1), 5), layout="constrained")
    axes = figure.subplots()
    for offset, key, colour in ((-0.2, "precision", VERMILION), (0.2, "recall", BLUE)):
        places = [k + offset for k in range(len(rows))]
        bars = axes.bar(
            places,
            [row[key] or 0 for row in rows.values()],
            0.38,
            color=colour,
            label=MEANING[key],
            hatch="//" if key == "precision" else None,
            edgecolor="white",
        )
        labels = ["-" if row[key] is None else f"{row[key]:.0%}" for row in rows.values()]
        axes.bar_label(bars, labels, padding=2, fontsize=FONT_SIZE - 1)
    names = [
        f"{name}\nF1 {_percent(row['f1'])}\n{row['n_found']:,} faces" for name, row in rows.items()
    ]
    axes.set_xticks(range(len(rows)), names)
    axes.set(
        ylim=(0, 1.08),
        title=f"Each class, found faces only (macro F1 {_percent(figures['macro_f1'])})",
    )
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    figure.legend(
        *axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False
    )
    _plain(axes)
    return figure


MEANING = {
    "precision": "precision: answers of this name that are right",
    "recall": "recall: faces of this label that got it",
}
PICTURES: dict[str, Callable[[dict], Figure]] = {
    "confusion": draw_confusion,
    "calibration": draw_calibration,
    "per_class": draw_per_class,
}


def _mark_threshold(axes: Axes, figures: dict, label: str | None) -> None:
    """Draw the line below which answers are unsure, where the figures name one."""
    threshold = figures.get("unsure_threshold")
    if threshold is not None:
        axes.axvline(threshold, color=VERMILION, linestyle=":", linewidth=2, label=label)


def _plain(axes: Axes) -> None:
    """Take away the frame's idle sides and put a quiet grid behind the data."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.8)
    axes.set_axisbelow(True)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _save(figure: Figure, path: Path) -> None:
    # without matplotlib's name and version, the same figures give the same bytes
    figure.savefig(path, format="png", dpi=110, metadata={"Software": None})


def _put(path: Path, write: Callable[[Path], object]) -> Path:
    """Let `write` fill a file beside `path`, then move it into place."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        write(Path(name))
        os.chmod(name, 0o644)  # mkstemp makes it private, and a report is for everyone
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path
