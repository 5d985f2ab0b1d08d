"""The results page: reports of evaluations and rows of trials become Markdown, nothing else."""

import statistics
from collections.abc import Sequence
from typing import Any

from classifiers import detectors_page
from classifiers.markdown import Table, duration, markdown, number, percent
from classifiers.robustness import page as robustness_page

PUBLISHED = (
    ("MLP on MediaPipe landmarks", "55.27 %"),
    ("ResNet-18", "51.22 %"),
    ("ResNet-34", "51.87 %"),
    ("VGG-16", "54.31 %"),
    ("ResNet-50, fine-tuned", "67.05 %"),
    ("CNN", "about 62 %"),
    ("ViT", "65.3 %"),
)
"""What the five followed projects report for FER2013; quoted, not run again here."""

BLOCK_BEGIN, BLOCK_END = "<!-- written by make results -->", "<!-- end -->"
"""What the README's table of figures stands between."""

INTRODUCTION = """\
# Results

Written by `make results` from the reports in `results/`; don't edit it by hand.

The variants were trained on FER2013's train split and chosen on validation rows taken from it; the
images named under *measured on* were read to report. *Accuracy* counts an image without a found
face as an error; *on found faces* leaves those images out, and so do F1, recall and ECE (15 bins).
*Without copies* leaves out the test images of which train holds an identical copy, misses still
errors. *Sure* is the share of faces whose answer is not "unsure", and the accuracy of those.
*ms a face* is the classifier alone, from points to confidences, in onnxruntime on one thread.
Where a variant was trained with several seeds, its row is their mean."""


def render(
    reports: list[dict],
    trials: list[dict],
    robustness: dict[str, Any] | None = None,
    detectors: dict[str, Any] | None = None,
) -> str:
    """Return the results page as Markdown.

    Parameters
    ----------
    reports : list of dict
        Reports of `make evaluate`. Those of one bundle name are one variant, told apart by seed.
    trials : list of dict
        Rows of the ablation tables.
    robustness : dict, optional
        What `make robustness` measured.
    detectors : dict, optional
        What `make detectors` measured.

    Returns
    -------
    str
        The whole page; the same input gives the same text.
    """
    variants = group(reports)
    best_first = sorted(variants.values(), key=lambda runs: -_mean(runs, "accuracy_with_misses"))
    merged = [merge(runs) for runs in best_first]
    parts = [
        INTRODUCTION,
        "## Variants\n\n" + markdown([ROW_HEAD, *(row(report) for report in merged)]),
        "## Recall of each class\n\n" + recall_tables(merged),
        "## Seeds\n\n" + seeds_table(best_first),
        "## Beside the projects that Mien follows\n\n" + beside_others(merged),
    ]
    if robustness:
        parts.append("## Spoiled pictures\n\n" + robustness_page.section(robustness))
    if detectors:
        parts.append("## Detectors of faces\n\n" + detectors_page.section(detectors))
    if trials:
        parts.append("## What each step gave\n\n" + trial_tables(trials))
    return "\n\n".join(parts) + "\n"


def headline(reports: list[dict], shipped: Sequence[str]) -> str:
    """Return the table of the shipped models for the README, the most accurate first."""
    variants = group([report for report in reports if report["model"]["name"] in shipped])
    best_first = sorted(variants.values(), key=lambda runs: -_mean(runs, "accuracy_with_misses"))
    table = [["model", *ROW_HEAD[2:]], *(_shown_short(merge(runs)) for runs in best_first)]
    return markdown(table)


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


def group(reports: list[dict]) -> dict[str, list[dict]]:
    """Return the reports of each bundle name, by seed."""
    variants: dict[str, list[dict]] = {}
    for report in sorted(reports, key=lambda report: report["model"]["seed"]):
        variants.setdefault(report["model"]["name"], []).append(report)
    return variants


def merge(runs: list[dict]) -> dict:
    """Return one report with the mean of each figure over the runs of a variant."""
    if len(runs) == 1:
        return runs[0]
    keys = {key for run in runs for key, value in run.items() if isinstance(value, float)}
    merged = {**runs[0], **{key: _mean(runs, key) for key in keys}}
    models = [run["model"] for run in runs]
    keys = ("training_seconds", "ms_per_face", "bytes")
    merged["model"] = {**models[0], **{key: _mean(models, key) for key in keys}}
    merged["per_class"] = {
        name: {"recall": _mean([run["per_class"][name] for run in runs], "recall")}
        for name in runs[0]["per_class"]
    }
    return merged


ROW_HEAD = [
    "variant",
    "measured on",
    "accuracy",
    "on found faces",
    "without copies",
    "macro F1",
    "ECE",
    "sure",
    "bundle",
    "ms a face",
    "training",
]


def row(report: dict) -> list[str]:
    """Return one line of the table of variants."""
    model = report["model"]
    sure = f"{percent(report.get('coverage'))} at {percent(report.get('accuracy_when_sure'))}"
    return [
        model["name"],
        f"{report['split']}, {report['n_images']:,} images",
        f"**{percent(report['accuracy_with_misses'])}**",
        percent(report["accuracy"]),
        percent(report["accuracy_with_misses_without_copies"]),
        number(report["macro_f1"], ".3f"),
        number(report["ece"], ".3f"),
        sure if report.get("coverage") is not None else "-",
        number(model["bytes"] / 1e6, ".1f") + " MB",
        number(model["ms_per_face"], ".2f"),
        duration(model["training_seconds"]),
    ]


def _shown_short(report: dict) -> list[str]:
    """Return a line of `row` without what all of the README's models have in common."""
    name, _, *figures = row(report)
    return [name, *figures]


def recalls(report: dict) -> list[str]:
    """Return one line of a table of recalls."""
    values = (percent(figures["recall"]) for figures in report["per_class"].values())
    return [report["model"]["name"], *values]


def recall_tables(reports: list[dict]) -> str:
    """Return a table for each set of classes, with every variant that knows it."""
    tables: dict[tuple[str, ...], Table] = {}
    for report in reports:
        classes = tuple(report["per_class"])
        tables.setdefault(classes, [["variant", *classes]]).append(recalls(report))
    return "\n\n".join(markdown(table) for table in tables.values())


def seeds_table(variants: list[list[dict]]) -> str:
    """Return the accuracy (misses are errors) of each seed, with mean and spread."""
    table = [["variant", "seeds", "accuracy of each", "mean", "standard deviation", "spread"]]
    for runs in variants:
        if len(runs) < 2:
            continue
        values = [run["accuracy_with_misses"] for run in runs]
        table.append(
            [
                runs[0]["model"]["name"],
                ", ".join(str(run["model"]["seed"]) for run in runs),
                ", ".join(percent(value) for value in values),
                percent(statistics.mean(values)),
                f"{100 * statistics.stdev(values):.2f} points",
                f"{100 * (max(values) - min(values)):.2f} points",
            ]
        )
    return markdown(table) if len(table) > 1 else "No variant was trained with several seeds."


def beside_others(reports: list[dict]) -> str:
    """Return the published figures and the variants' in one table."""
    table = [["model", "accuracy on FER2013", "whose figure"]]
    table += [[name, figure, "published, not run here"] for name, figure in PUBLISHED]
    for report in reports:
        figure = f"**{percent(report['accuracy_with_misses'])}**"
        table.append([f"Mien {report['model']['name']}", figure, "measured here, misses as errors"])
    return markdown(table)


def trial_tables(trials: list[dict]) -> str:
    """Return one table for each ``table`` that the trials name, columns as they first appear."""
    names = dict.fromkeys(trial.get("table", "") for trial in trials)
    parts = []
    for name in names:
        rows = [trial for trial in trials if trial.get("table", "") == name]
        keys = [key for key in dict.fromkeys(key for row in rows for key in row) if key != "table"]
        table = [[key.replace("_", " ") for key in keys]]
        table += [[cell(key, trial.get(key)) for key in keys] for trial in rows]
        parts.append((f"### {name}\n\n" if name else "") + markdown(table))
    return "\n\n".join(parts)


def cell(key: str, value: object) -> str:
    """Return a trial's value as text; a share between 0 and 1 as per cent, but an ECE as it is."""
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value).replace("|", "\\|")
    share = any(word in key for word in ("accuracy", "recall", "coverage"))
    return percent(value) if share else f"{value:.3g}"


def _mean(entries: list[dict], key: str) -> float | None:
    """Return the mean of what the entries have under `key`, None if one has nothing."""
    values = [entry.get(key) for entry in entries]
    return None if None in values else statistics.mean(values)
