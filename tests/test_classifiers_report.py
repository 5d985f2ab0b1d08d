import json

import numpy as np
import pytest
from PIL import Image

from classifiers.evaluation.metrics import measure
from classifiers.evaluation.report import (
    plot_calibration,
    plot_confusion,
    plot_per_class,
    write_report,
)

CLASSES = ("angry", "happy")


@pytest.fixture
def metrics():
    proba = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3], [np.nan, np.nan]])
    return measure(["angry", "happy", "happy", "angry"], proba, CLASSES, threshold=0.65)


def test_writes_the_json_and_three_pictures(tmp_path, metrics):
    written = write_report(tmp_path / "new" / "folder", metrics)
    names = ["calibration.png", "confusion.png", "per_class.png", "report.json"]
    assert sorted(path.name for path in written) == names
    assert sorted(path.name for path in written[0].parent.iterdir()) == names
    assert json.loads(written[0].read_text()) == metrics
    for path in written[1:]:
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) > 400


def test_the_same_metrics_give_the_same_bytes(tmp_path, metrics):
    first, second = (write_report(tmp_path / name, metrics) for name in ("a", "b"))
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_nan_never_reaches_the_json_and_the_old_report_stays(tmp_path, metrics):
    write_report(tmp_path, metrics)
    before = (tmp_path / "report.json").read_text()
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_report(tmp_path, {**metrics, "accuracy": float("nan")})
    assert (tmp_path / "report.json").read_text() == before
    assert len(list(tmp_path.iterdir())) == 4


def test_confusion_picture_says_counts_and_shares_of_the_row(metrics):
    texts = [text.get_text() for text in plot_confusion(metrics).axes[0].texts]
    assert texts == ["100%\n1", "0%\n0", "50%\n1", "50%\n1"]


def test_calibration_picture_says_the_error_and_marks_the_threshold(metrics):
    upper = plot_calibration(metrics).axes[0]
    assert f"ECE {metrics['ece']:.3f}" in upper.get_title()
    assert [0.65, 0.65] in [list(line.get_xdata()) for line in upper.lines]


def test_bars_stand_at_precision_and_recall(metrics):
    axes = plot_per_class(metrics).axes[0]
    assert [bar.get_height() for bar in axes.patches] == [0.5, 1.0, 1.0, 0.5]


def test_pictures_of_nothing_found(tmp_path):
    nothing = measure(["angry"], np.full((1, 2), np.nan), CLASSES)
    assert len(write_report(tmp_path, nothing)) == 4
