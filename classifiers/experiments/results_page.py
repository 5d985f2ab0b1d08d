"""Write reports of evaluations and ablation runs as Markdown."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from classifiers.evaluation.markdown import duration, markdown, number, percent
from classifiers.experiments import detectors_page, robustness_page


class Published(NamedTuple):
    """An architecture of the followed projects, and the variant here that has it.

    ``accuracy`` is what they report for FER2013. ``training`` says how the variant was trained, or
    why none was.
    """

    architecture: str
    accuracy: str
    variant: str
    training: str


PUBLISHED = (
    Published("MLP on MediaPipe landmarks", "55.27 %", "landmarks-sklearn", "with its defaults"),
    Published("CNN", "about 62 %", "cnn", "60 epochs, random weights"),
    Published("ResNet-18", "51.22 %", "resnet18", "8 epochs"),
    Published("ResNet-34", "51.87 %", "resnet34", "4 epochs, lr 0.001"),
    Published("ResNet-50, fine-tuned", "67.05 %", "resnet50", "4 epochs, lr 0.001"),
    Published("MobileNetV3-Large", "-", "mobilenet_v3_large", "6 epochs, lr 0.001"),
    Published("ViT-B/16", "65.3 %", "vit_b_16", "not run: over half an hour of a core an epoch"),
    Published("VGG-16", "54.31 %", "vgg16", "not run: five hours of a core an epoch"),
)
"""The five followed projects' figures are quoted."""

BESIDE = """\
The published figures are quoted. ImageNet's weights can't be fetched where this page was measured.
So the backbones began with random weights, saw faces at 64 pixels (`WEIGHTS=random SET=side=64`),
and had the epochs that fit in half an hour of a core."""

BLOCK_BEGIN, BLOCK_END = "<!-- written by make results -->", "<!-- end -->"
"""What the README's table of metrics stands between."""

INTRODUCTION = """\
# Results

`make results` writes this page from the reports in `results/`. Do not edit it by hand.

The variants were trained on FER2013's train split and chosen on validation rows taken from it. The
column *measured on* names the images that were read to report.

- *accuracy* counts an image without a found face as an error.
- *on found faces* leaves these images out. So do macro F1, recall and ECE (15 bins).
- *without copies* leaves out the test images of which train holds an identical copy. Images without
  a found face are errors.
- *coverage* is the share of faces whose prediction is not uncertain, *selective accuracy* the
  accuracy on these.
- *ms a face* is the classifier alone, from points to confidences, in onnxruntime on one thread.
- Where a variant was trained with several seeds, its row is their mean.
- The models and tables of landmarks were trained and measured on the mean of two meshes a face,
  `fused` measured on one and trained on the mean of eight, the backbones trained and measured on
  one. `cnn` and the ablation of the fused recipe were trained and measured on the mean of
  eight."""


def render(
    reports: list[dict],
    ablation: list[dict],
    robustness: dict[str, Any] | None = None,
    detectors: dict[str, Any] | None = None,
) -> str:
    """Return the results page as Markdown; the same input gives the same text.

    Parameters
    ----------
    reports : list of dict
        Reports of `make evaluate`. Those of one bundle name are one variant, told apart by seed.
    ablation : list of dict
        Runs of `make ablation`.
    robustness, detectors : dict, optional
        What `make robustness` and `make detectors` measured.
    """
    runs = frame_of(reports)
    variants = means_of(runs)
    parts = [
        INTRODUCTION,
        "## Variants\n\n" + markdown(variants_table(variants)),
        "## Recall of each class\n\n" + recall_tables(variants),
        "## Seeds\n\n" + seeds_table(runs, variants.index),
        f"## Compared with the projects that Mien follows\n\n{BESIDE}\n\n{beside_others(variants)}",
    ]
    if robustness:
        parts.append("## Corrupted images\n\n" + robustness_page.section(robustness))
    if detectors:
        parts.append("## Face detectors\n\n" + detectors_page.section(detectors))
    if ablation:
        parts.append("## Ablation\n\n" + ablation_tables(ablation))
    return "\n\n".join(parts) + "\n"


def headline(reports: list[dict], shipped: Sequence[str]) -> str:
    """Return the table of the shipped models for the README, the most accurate first.

    Raises
    ------
    ValueError
        If no report is of a shipped model.
    """
    reports = [report for report in reports if report["model"]["name"] in shipped]
    if not reports:
        raise ValueError(f"expected a report of {' or '.join(shipped)}, found none; evaluate them")
    table = variants_table(means_of(frame_of(reports)))
    return markdown(table.rename(columns={"variant": "model"}).drop(columns="measured on"))


def with_block(page: str, block: str) -> str:
    """Return a page with what stands between `BLOCK_BEGIN` and `BLOCK_END` replaced.

    Raises
    ------
    ValueError
        If the page hasn't both once.
    """
    if page.count(BLOCK_BEGIN) != 1 or page.count(BLOCK_END) != 1:
        raise ValueError(
            f"expected {BLOCK_BEGIN} and {BLOCK_END} once in the README, found others; "
            "put them where the table shall stand"
        )
    before, rest = page.split(BLOCK_BEGIN)
    return f"{before}{BLOCK_BEGIN}\n{block}\n{BLOCK_END}{rest.split(BLOCK_END)[1]}"


def frame_of(reports: list[dict]) -> pd.DataFrame:
    """Return a row for each report, by seed, with a column for each metric."""
    runs = pd.json_normalize(reports)
    runs["classes"] = [tuple(report["per_class"]) for report in reports]
    runs[OPTIONAL] = runs.reindex(columns=OPTIONAL).astype(float)
    return runs.sort_values("model.seed", kind="stable")


OPTIONAL = ["ece", "coverage", "selective_accuracy", "model.training_seconds"]
"""Columns that a report may leave empty."""


def means_of(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of each metric over the runs of a variant, the most accurate first."""
    variants = runs.groupby("model.name", sort=False)
    means = variants.mean(numeric_only=True, skipna=False)
    means = means.join(variants[["split", "classes"]].first())
    return means.sort_values("accuracy_with_misses", ascending=False, kind="stable")


def variants_table(variants: pd.DataFrame) -> pd.DataFrame:
    """Return the table of variants, as text."""
    rows = []
    for name, mean in variants.iterrows():
        rows.append(
            {
                "variant": name,
                "measured on": f"{mean['split']}, {mean['n_images']:,.0f} images",
                "accuracy": f"**{percent(mean['accuracy_with_misses'])}**",
                "on found faces": percent(mean["accuracy"]),
                "without copies": percent(mean["accuracy_with_misses_without_copies"]),
                "macro F1": number(mean["macro_f1"], ".3f"),
                "ECE": number(mean["ece"], ".3f"),
                "coverage": percent(mean["coverage"]),
                "selective accuracy": percent(mean["selective_accuracy"]),
                "bundle": f"{mean['model.bytes'] / 1e6:.1f} MB",
                "ms a face": number(mean["model.ms_per_face"], ".2f"),
                "training": duration(mean["model.training_seconds"]),
            }
        )
    return pd.DataFrame(rows)


def recall_tables(variants: pd.DataFrame) -> str:
    """Return a table for each set of classes, with every variant that knows it."""
    tables = []
    for classes, group in variants.groupby("classes", sort=False):
        recalls = group[[f"per_class.{name}.recall" for name in classes]].map(percent)
        recalls.columns = list(classes)
        tables.append(markdown(recalls.rename_axis("variant").reset_index()))
    return "\n\n".join(tables)


def seeds_table(runs: pd.DataFrame, names: Sequence[str]) -> str:
    """Return the accuracy (misses are errors) of each seed, with mean and spread."""
    rows = []
    for name in names:
        seeds = runs[runs["model.name"] == name]
        values = seeds["accuracy_with_misses"]
        if len(values) < 2:
            continue
        rows.append(
            {
                "variant": name,
                "seeds": ", ".join(seeds["model.seed"].map(str)),
                "accuracy of each": ", ".join(values.map(percent)),
                "mean": percent(values.mean()),
                "standard deviation": f"{100 * values.std():.2f} points",
                "spread": f"{100 * (values.max() - values.min()):.2f} points",
            }
        )
    return markdown(pd.DataFrame(rows)) if rows else NO_SEEDS


NO_SEEDS = "No variant was trained with several seeds."


def beside_others(variants: pd.DataFrame) -> str:
    """Return the published accuracies and the variants' of the same architectures."""
    accuracies = variants["accuracy_with_misses"]
    rows = [
        (name, published, percent(accuracies.get(variant)), training)
        for name, published, variant, training in PUBLISHED
    ]
    return markdown(pd.DataFrame(rows, columns=["model", "published", "here", "trained here"]))


def read_ablation_runs(path: Path) -> list[dict[str, Any]]:
    """Read the runs, one JSON object a line; no file means no runs.

    Raises
    ------
    ValueError
        If a line is not a JSON object.
    """
    runs = []
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    for n, line in enumerate(lines, 1):
        try:
            run = json.loads(line.strip() or "{}")
        except ValueError:
            run = None
        if not isinstance(run, dict):
            raise ValueError(f"expected a JSON object in line {n} of {path}; mend that line")
        runs.append(run)
    return [run for run in runs if run]


def ablation_tables(runs: list[dict]) -> str:
    """Return one table for each ``table`` that the runs name, columns as they first appear."""
    parts = []
    for name in dict.fromkeys(run.get("table", "") for run in runs):
        rows = [run for run in runs if run.get("table", "") == name]
        table = pd.DataFrame(rows, dtype=object).drop(columns="table", errors="ignore")
        table = table.apply(lambda column: column.map(lambda value: cell(column.name, value)))
        table.columns = table.columns.str.replace("_", " ")
        parts.append((f"### {name}\n\n" if name else "") + markdown(table))
    return "\n\n".join(parts)


def cell(key: str, value: object) -> str:
    """Return a run's value as text; a share as a percentage, but an ECE as it is."""
    if not isinstance(value, float):
        return "-" if value is None else str(value)
    share = any(word in key for word in ("accuracy", "recall", "coverage"))
    return percent(value) if share else number(value, ".3g")
