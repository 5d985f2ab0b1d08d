import json

import numpy as np
import pytest

from classifiers.bundle.bundle import TRAIN_METRICS, VALIDATION_METRICS
from classifiers.cli.epochs import EpochLog
from classifiers.cli.training_summary import print_summary
from classifiers.evaluation.intervals import mean_of, share_of
from classifiers.evaluation.metrics import measure
from classifiers.models.base import line_of
from data.console import progress_bar


@pytest.mark.parametrize(
    ("value", "n", "text"),
    [
        # Wilson's interval of 2 of 2: z = 1.96, 1 / (1 + z**2 / 2) = 0.342
        (1.0, 2, "100.0% (34-100)"),
        (0.5, 10, "50.0% (24-76)"),
        (0.5, 30, "50.0%"),
        (None, 0, "-"),
    ],
)
def test_a_share_of_few_rows_carries_its_interval(value, n, text):
    assert share_of(value, n) == text


def test_an_f1_of_few_rows_is_too_few_to_say():
    assert mean_of(0.5, 29) == "too few to say"
    assert (mean_of(0.5, 30), mean_of(None, 2)) == ("50.0%", "-")


def test_a_training_of_few_validation_rows_says_so(tmp_path, capsys):
    proba = np.eye(2)[[0, 1] * 20]
    files = {
        name: json.dumps(measure(["a", "b"] * n, proba[: 2 * n], ("a", "b"), threshold=0.5))
        for name, n in ((TRAIN_METRICS, 20), (VALIDATION_METRICS, 1))
    }
    metrics = dict.fromkeys(("accuracy", "macro_f1", "ece"), 1.0)
    manifest = {"model": "sklearn", "seed": 0, "training_seconds": 1.0, "metrics": metrics}
    manifest["data"] = {"n_train": 40, "n_validation": 2}
    curves = [[line_of(1, (1.0, 0.5), (1.0, 0.25), 3.0), line_of(2, (1.0, 0.5), (1.0, 0.2), 3.0)]]
    print_summary(manifest, files, tmp_path, curves)
    printed = capsys.readouterr().out
    assert "100.0% (34-100)" in printed
    assert printed.count("too few to say") == 2
    assert "weighted avg" not in printed
    assert "2 epochs; epoch 1 was kept, the best on validation rows, 25.0%." in printed
    print_summary(manifest, files | {VALIDATION_METRICS: files[TRAIN_METRICS]}, tmp_path, curves)
    assert "weighted avg      1.000     1.000     1.000        40" in capsys.readouterr().out


def test_each_epoch_is_printed_and_the_time_after_the_first(capsys):
    with progress_bar() as bar:
        log = EpochLog(bar, total=100)
        log(line_of(1, (1.5, 0.5), None, 3.0))
        log(line_of(2, (1.25, 0.5), (1.0, 0.25), 3.0))
    assert capsys.readouterr().err.splitlines() == [
        "epoch   1  training loss 1.500, accuracy 50.0%",
        "About 5.0 min more for up to 100 epochs.",
        "epoch   2  training loss 1.250, accuracy 50.0%  validation loss 1.000, accuracy 25.0%",
    ]
