"""Measure what each step gives: ``python -m classifiers.ablation TABLE``.

Every trial trains one network where ``make train`` averages three, and is measured on the same
validation rows, which are taken from train; the test split is not read. ``make results`` shows the
rows that this writes. A trial whose line is there already is passed over, so that a stopped run
goes on.
"""

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from sklearn.preprocessing import FunctionTransformer

from classifiers.features import N_COORDINATES
from classifiers.labelled import BALANCES, Rows, balanced_rows, class_weight
from classifiers.networks import NetworkClassifier
from classifiers.pipeline import FaceFeatures, fit_pipeline, make_pipeline, mirror_passes
from classifiers.rows import hold_out, read_rows
from classifiers.sklearn_mlp import SklearnMLPClassifier
from classifiers.torch_mlp import TorchMLPClassifier
from classifiers.trials import append_line, line_of, read_trials
from data.errors import DataError
from landmarks.views import radius, unpack

FEW_VIEWS = 2

TRIALS: tuple[dict[str, Any], ...] = (
    {"change": "none: one network"},
    {"change": "other seed", "random_state": 1},
    {"change": "no views, the mean mesh only", "views": 0},
    {"change": "two of eight views", "views": FEW_VIEWS},
    {"change": "no alignment: moved and scaled only", "seen": "raw"},
    {"change": "no head pose", "seen": "no pose"},
    {"change": "no mirror copies", "mirror_copies": False},
    {"change": "no mirror image when it answers", "mirror": False},
    {"change": "three networks averaged", "n_networks": 3},
    {"change": "no label smoothing", "label_smoothing": 0.0},
    {"change": "dropout 0.5", "dropout": 0.5},
    {"change": "wide: 1024, 512, 256, 128", "hidden": (1024, 512, 256, 128)},
    {"change": "plateau scheduler", "scheduler": "plateau"},
    {"change": "80 epochs", "epochs": 80, "patience": 80},
    {"change": "scikit-learn's MLP", "model": "sklearn"},
    {"change": "scikit-learn's MLP, no views", "model": "sklearn", "views": 0},
)
"""What differs from the first; keys that `_trained` does not know are the classifier's."""


def unaligned(points: np.ndarray) -> np.ndarray:
    """Return coordinates that are only moved to the centre and scaled, (n, 1404)."""
    centred = points - points.mean(axis=1, keepdims=True)
    return (centred / radius(points)).reshape(len(points), -1)


def without_pose(points: np.ndarray) -> np.ndarray:
    """Return the aligned coordinates alone, (n, 1404)."""
    return FaceFeatures().transform(points)[:, :N_COORDINATES]


SEEN = {"raw": FunctionTransformer(unaligned), "no pose": FunctionTransformer(without_pose)}
"""Other first steps of the pipeline."""


def main(
    table: Annotated[Path, typer.Argument(help="Folder of make features.")],
    out: Annotated[Path, typer.Option(help="JSON lines to write.")] = Path(
        "results/ablation.jsonl"
    ),
) -> None:
    """Run all trials and write a line for each."""
    try:
        rows = read_rows([table])
    except DataError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    held_out = hold_out(rows, seed=0)
    trials = [("What one change does", trial) for trial in TRIALS]
    trials += [("Balance of the classes", {"change": name, "balance": name}) for name in BALANCES]
    out.parent.mkdir(parents=True, exist_ok=True)
    known = {(line["table"], line["change"]) for line in read_trials(out)}
    for table_name, trial in trials:
        if (table_name, trial["change"]) not in known:
            append_line(out, _trial(table_name, trial, rows, held_out))
    print(f"wrote {out}")


def _trial(table: str, trial: dict[str, Any], rows: Rows, held_out: np.ndarray) -> dict[str, Any]:
    """Train as the trial says and measure on the validation rows."""
    settings = dict(trial)
    change, passes = settings.pop("change"), 1 + settings.pop("mirror", True)
    started = time.monotonic()
    pipeline = _trained(rows, held_out, **settings)
    seconds = time.monotonic() - started
    proba = mirror_passes(pipeline, rows.points[held_out])[:passes].mean(axis=0)
    line = line_of(table, change, rows.y[held_out], proba, pipeline.classes_.tolist(), seconds)
    if rows.views is not None:
        line["same_answer_to_half_the_views"] = round(_steadiness(pipeline, rows, held_out), 4)
    return line


def _steadiness(pipeline: Any, rows: Rows, chosen: np.ndarray) -> float:
    """Return the share of faces that get the same answer from either half of their views.

    Two means of four views lie about as far apart as the meshes of two programs or two crops.
    """
    views = unpack(rows.points[chosen], rows.views[chosen])
    halves = np.moveaxis(views.reshape(len(views), 2, -1, *views.shape[2:]).mean(axis=2), 1, 0)
    one, other = (mirror_passes(pipeline, half).mean(axis=0).argmax(axis=1) for half in halves)
    return float((one == other).mean())


def _trained(
    rows: Rows,
    held_out: np.ndarray,
    model: str = "torch",
    views: int | None = None,
    balance: str = "roots",
    mirror_copies: bool = True,
    seen: str | None = None,
    **settings: Any,
) -> Any:
    """Return the pipeline of one trial."""
    chosen = balanced_rows(rows.y, ~held_out, balance, seed=0)
    settings["class_weight"] = class_weight(balance, rows.y[chosen])
    settings["sampler"] = "balanced" if balance == "sampler" else None
    pipeline = make_pipeline(_classifier(model, settings))
    if seen is not None:
        pipeline.set_params(features=SEEN[seen])
    shown = None if views == 0 or rows.views is None else rows.views[chosen, :views]
    return fit_pipeline(
        pipeline,
        rows.points[chosen],
        rows.y[chosen],
        (rows.points[held_out], rows.y[held_out]),
        mirror_copies=mirror_copies,
        views=shown,
    )


def _classifier(model: str, settings: dict[str, Any]) -> NetworkClassifier:
    """Return the untrained classifier of one trial."""
    if model == "sklearn":
        return SklearnMLPClassifier(**settings)
    return TorchMLPClassifier(**{"n_networks": 1, **settings})


if __name__ == "__main__":
    typer.run(main)
