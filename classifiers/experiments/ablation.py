"""Measure the effect of each setting of a recipe.

Run ``python -m classifiers.experiments.ablation TABLE [IMAGES]``.

Every run differs in one setting from the shipped recipe. All are measured on the same validation
rows, which are taken from train and also choose the epoch; the test split is not read. A run on
landmarks trains one network where ``make train MODEL=torch`` averages several. The runs of the
fused model get half of the faces, half of the channels and an eighth of the epochs: at full size
they would take a day. ``make results`` shows the lines that this writes. A run whose line is there
already is left out, so that a stopped ablation goes on.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from classifiers.evaluation.metrics import measure
from classifiers.experiments.results_page import read_ablation_runs
from classifiers.models.ensemble import Ensemble
from classifiers.models.features import N_COORDINATES
from classifiers.models.pipeline import FaceFeatures, fit_pipeline, make_pipeline, tta_proba
from classifiers.models.sklearn_mlp import SklearnMLPClassifier
from classifiers.models.torch_mlp import TorchMLPClassifier
from classifiers.training import fused as fused_training
from classifiers.training.augmentation import Augmentation
from classifiers.training.dataset import BALANCES, Rows, balanced_rows, class_weight
from classifiers.training.fused import ANY_CLASSES
from classifiers.training.read_dataset import hold_out, read_rows
from classifiers.training.read_pixel_dataset import read_fused_rows
from classifiers.training.recipe import TrainingConfig
from classifiers.training.tensors import FusedRows
from data.console import handle_errors

Settings = dict[str, Any]

EFFECTS, BALANCE = "Effect of one setting", "Balance of the classes"
FUSED_EFFECTS = "Effect of one setting of the fused recipe, at a reduced size"
"""Names of the tables."""

RAREST = "disgust"
"""The class with the fewest faces in FER2013; each line has its recall."""

EPOCHS = 10
SMALL = replace(ANY_CLASSES, stem=16, widths=(24, 48, 96))
"""Size of the fused model."""


def unaligned(points: np.ndarray) -> np.ndarray:
    """Return coordinates that are only centred and scaled, (n, 1404)."""
    centred = (points - points.mean(axis=1, keepdims=True)).reshape(len(points), -1)
    return centred / np.linalg.norm(centred, axis=1, keepdims=True)


def without_pose(points: np.ndarray) -> np.ndarray:
    """Return the aligned coordinates alone, (n, 1404)."""
    return FaceFeatures().transform(points)[:, :N_COORDINATES]


LANDMARK_RUNS: dict[str, Settings] = {
    "baseline: one network": {},
    "other seed": {"random_state": 1},
    "no alignment: centred and scaled only": {"features": FunctionTransformer(unaligned)},
    "no head pose": {"features": FunctionTransformer(without_pose)},
    "no flips in training": {"flips": False},
    "three networks averaged": {"n_networks": 3},
    "no label smoothing": {"label_smoothing": 0.0},
    "dropout 0.5": {"dropout": 0.5},
    "wide: 1024, 512, 256, 128": {"hidden": (1024, 512, 256, 128)},
    "plateau scheduler": {"scheduler": "plateau"},
    "40 epochs": {"epochs": 40},
    "80 epochs": {"epochs": 80},
    "no annotator votes": {"vote_loss": 0.0},
    "scikit-learn's MLP": {"model": "sklearn"},
}
"""Settings that differ from the shipped ones, see `train_landmarks`."""

AUGMENTATIONS = ("flip", "rotation", "shift", "scale", "jitter", "erasing", "mixup")

FUSED_RUNS: dict[str, Settings] = {
    "baseline": {},
    "other seed": {"seed": 1},
    "no landmarks": {"network": {"landmarks": False}},
    "no pixels": {"network": {"pixels": False}},
    **{f"no {name}": {"augmentation": {name: 0}} for name in AUGMENTATIONS},
    "cutmix 0.2": {"augmentation": {"cutmix": 0.2}},
    "points never dropped": {"augmentation": {"drop_points": 0.0}},
    "no label smoothing": {"label_smoothing": 0.0},
    "class weights": {"balance": "weights"},
    "weighted sampler": {"balance": "sampler"},
    "AdamW": {"optimizer": "adamw", "lr": 1e-3, "weight_decay": 0.05},
    "no warm-up": {"warm_up": 0.0},
    "early stopping after 3": {"patience": 3},
    "weights not averaged": {"averaging": 0.0},
    "no losses of the branches alone": {"pixel_loss": 0.0, "landmark_loss": 0.0},
    "no annotator votes": {"vote_loss": 0.0},
}
"""Settings that differ from the shipped ones, see `train_fused`."""


@dataclass(frozen=True)
class Study:
    """The runs of a recipe: their settings by table and name, and how a model is trained.

    `train` takes a run's settings and returns a model and its classes. `tta_proba` returns a
    model's proba of the validation rows, whose classes are `y`, and of their flips, (2, n, k).
    """

    y: np.ndarray
    runs: dict[tuple[str, str], Settings]
    train: Callable[..., tuple[Any, list[str]]]
    tta_proba: Callable[[Any], np.ndarray]

    def run(self, out: Path) -> None:
        """Do the runs that have no line in `out`, and append a line for each."""
        done = {(line["table"], line["setting"]) for line in read_ablation_runs(out)}
        first = next(iter(self.runs))
        for (table, setting), options in self.runs.items():
            if (table, setting) in done:
                continue
            started = time.monotonic()
            model, classes = self.train(**options)
            seconds = time.monotonic() - started
            both = self.tta_proba(model)
            measured = {setting: both.mean(axis=0)}
            if (table, setting) == first:
                measured |= {"no flip TTA": both[0]}
            for name, proba in measured.items():
                metrics = measure(self.y, proba, classes)
                line = {"table": table, "setting": name, **_line(metrics, seconds)}
                with out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
                print(json.dumps(line), flush=True)


def _line(metrics: dict[str, Any], seconds: float) -> dict[str, float]:
    """Return the metrics of a line; shares are rounded to four decimals."""
    line = {
        "validation_accuracy": round(metrics["accuracy"], 4),
        "macro_f1": round(metrics["macro_f1"], 4),
        "training_seconds": round(seconds),
    }
    rare = metrics["per_class"].get(RAREST, {}).get("recall")
    return line if rare is None else line | {f"recall_of_{RAREST}": round(rare, 4)}


def landmark_study(rows: Rows) -> Study:
    """Return the runs of the recipe on landmarks."""
    held_out = hold_out(rows)
    runs = {(EFFECTS, setting): options for setting, options in LANDMARK_RUNS.items()}
    runs |= {(BALANCE, balance): {"balance": balance} for balance in BALANCES}
    return Study(
        rows.y[held_out],
        runs,
        lambda **settings: train_landmarks(rows, held_out, **settings),
        lambda model: tta_proba(model, rows.points[held_out]),
    )


def train_landmarks(
    rows: Rows,
    held_out: np.ndarray,
    model: str = "torch",
    balance: str = "none",
    flips: bool = True,
    features: FunctionTransformer | None = None,
    **settings: Any,
) -> tuple[Pipeline, list[str]]:
    """Return the pipeline of one run and its classes; other settings are the classifier's."""
    chosen = balanced_rows(rows.y, ~held_out, balance, seed=0)
    settings["class_weight"] = class_weight(balance, rows.y[chosen])
    settings["sampler"] = "balanced" if balance == "sampler" else None
    votes = None if rows.votes is None else rows.votes[chosen]
    if model == "sklearn":
        pipeline, votes = make_pipeline(SklearnMLPClassifier(**settings)), None
    else:
        pipeline = make_pipeline(TorchMLPClassifier(**{"n_networks": 1, **settings}))
    if features is not None:
        pipeline.set_params(features=features)
    validation = rows.points[held_out], rows.y[held_out]
    data = rows.points[chosen], rows.y[chosen], validation
    fit_pipeline(pipeline, *data, flips, votes=votes)
    return pipeline, pipeline.classes_.tolist()


def fused_study(fused: FusedRows, rows: Rows, epochs: int) -> Study:
    """Return the runs of the fused recipe on half of the rows."""
    fused, held_out = half_of(fused, hold_out(rows))
    chosen = np.flatnonzero(held_out)
    return Study(
        fused.y[chosen],
        {(FUSED_EFFECTS, setting): options for setting, options in FUSED_RUNS.items()},
        lambda **settings: train_fused(fused, held_out, epochs, **settings),
        lambda model: model.tta_proba(
            fused.points[chosen], fused.crops[chosen], fused.has_points[chosen]
        ),
    )


def half_of(fused: FusedRows, held_out: np.ndarray) -> tuple[FusedRows, np.ndarray]:
    """Return every second training row and all validation rows, and which of the rows these are."""
    kept = np.arange(len(fused.y)) % 2 == 0
    kept[: len(held_out)] |= held_out
    arrays = {name: part for name, part in vars(fused).items() if isinstance(part, np.ndarray)}
    half = replace(fused, **{name: part[kept] for name, part in arrays.items()})
    return half, held_out[kept[: len(held_out)]]


def train_fused(
    fused: FusedRows,
    held_out: np.ndarray,
    epochs: int,
    network: Settings | None = None,
    augmentation: Settings | None = None,
    **training: Any,
) -> tuple[Ensemble, list[str]]:
    """Return the fused model of one run and its classes; other settings are the training's."""
    size = replace(SMALL, **network or {})
    augmented = replace(Augmentation(), **augmentation or {})
    recipe = TrainingConfig(epochs=epochs, augmentation=augmented, **training)
    with TemporaryDirectory() as run:
        early_stopping_split = np.flatnonzero(held_out)
        data = fused, held_out, early_stopping_split, Path(run)
        model = fused_training.train_fused(*data, size, recipe)
    return model, list(model.classes)


def main(
    table: Annotated[Path, typer.Argument(help="Folder of make features.")],
    images: Annotated[
        Path | None, typer.Argument(help="Its images: measure the fused recipe instead.")
    ] = None,
    votes: Annotated[Path | None, typer.Option(help="CSV of annotator votes.")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs of the fused recipe.")] = EPOCHS,
    out: Annotated[Path | None, typer.Option(help="JSON lines; default: in results/.")] = None,
) -> None:
    """Do the runs that are missing and write a line for each."""
    with handle_errors():
        if images is None:
            study = landmark_study(read_rows([table], votes=votes))
        else:
            study = fused_study(*read_fused_rows([table], images, votes=votes), epochs)
    out = out or Path("results", "ablation.jsonl" if images is None else "fused-ablation.jsonl")
    out.parent.mkdir(parents=True, exist_ok=True)
    study.run(out)
    print(f"wrote {out}")


if __name__ == "__main__":
    typer.run(main)
