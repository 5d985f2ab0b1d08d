import json
import re
from base64 import b64decode
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from classifiers.evaluation.intervals import bootstrap_intervals
from classifiers.evaluation.metrics import measure
from classifiers.evaluation.prediction_plots import (
    plot_class_counts,
    plot_precision_recall,
    plot_risk_coverage,
)
from classifiers.evaluation.predictions import predictions_of
from classifiers.evaluation.report import (
    plot_calibration,
    plot_confusion,
    plot_per_class,
    write_report,
)

CLASSES = ("angry", "happy")
LABELS = ["angry", "happy", "happy", "angry"]
PROBA = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3], [np.nan, np.nan]])
PICTURES = {
    *("calibration.png", "confusion.png", "per_class.png", "class_counts.png"),
    *("precision_recall.png", "risk_coverage.png"),
}
SHEETS = {"errors.jpg", "sample.jpg"}


@pytest.fixture
def metrics():
    return measure(LABELS, PROBA, CLASSES, np.zeros(4, bool), 0.65)


@pytest.fixture
def report(metrics):
    counts = {"n_predicted": 3, "n_missed": 1, "n_unreadable": 0, "n_ignored": 0}
    model = {"name": "<b>model</b>"}
    return {
        "source": "faces",
        "split": "test",
        "model": model,
        "intervals": {},
        **metrics,
        **counts,
    }


@pytest.fixture
def predictions():
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(4)], "success": [1, 1, 1, 0]})
    return predictions_of(table, LABELS, PROBA, CLASSES, 0.65)


@pytest.fixture
def images(tmp_path):
    """Images of the predictions, by a CSV."""
    for number in range(4):
        Image.new("L", (48, 48), 60 * number).save(tmp_path / f"{number}.png")
    lines = [f"{number}.png,{label}" for number, label in enumerate(LABELS)]
    (tmp_path / "faces.csv").write_text("\n".join(["path,label", *lines]))
    return tmp_path / "faces.csv"


def test_writes_the_json_the_predictions_the_pictures_and_the_page(
    tmp_path, report, predictions, images
):
    folder = tmp_path / "new" / "folder"
    written = write_report(folder, report, predictions, images)
    names = {path.name for path in written}
    assert names == {"report.json", "predictions.csv", "report.html", *PICTURES, *SHEETS}
    assert {path.name for path in folder.iterdir()} == names
    assert json.loads((folder / "report.json").read_text()) == report
    for name in PICTURES:
        with Image.open(folder / name) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) > 400


def test_the_predictions_have_a_row_for_each_image(tmp_path, report, predictions):
    write_report(tmp_path, report, predictions)
    rows = pd.read_csv(tmp_path / "predictions.csv")
    assert rows["prediction"].fillna("").tolist() == ["angry", "happy", "angry", ""]
    assert rows["uncertain"].tolist() == [False, True, False, False]
    assert rows["found"].tolist() == [True, True, True, False]
    assert rows["confidence_happy"].tolist()[:3] == [0.1, 0.6, 0.3]
    assert not SHEETS & {path.name for path in tmp_path.iterdir()}


def test_the_page_needs_no_other_file(tmp_path, report, predictions, images):
    write_report(tmp_path, report, predictions, images)
    page = (tmp_path / "report.html").read_text()
    assert "&lt;b&gt;model&lt;/b&gt; on faces" in page
    assert "66.7% (21-94) of found faces" in page
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert len(sources) == len(PICTURES | SHEETS)
    for source in sources:
        kind, data = source.split(",")
        assert kind in ("data:image/png;base64", "data:image/jpeg;base64")
        Image.open(BytesIO(b64decode(data))).verify()


def test_the_same_metrics_give_the_same_bytes(tmp_path, report, predictions):
    first, second = (write_report(tmp_path / name, report, predictions) for name in ("a", "b"))
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_nan_never_reaches_the_json_and_the_old_report_stays(tmp_path, report, predictions):
    write_report(tmp_path, report, predictions)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_report(tmp_path, {**report, "ece": float("nan")}, predictions)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


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


def test_bars_count_images_and_predictions(predictions):
    axes = plot_class_counts(predictions[predictions["prediction"] != ""]).axes[0]
    assert [bar.get_height() for bar in axes.patches] == [1, 2, 2, 1]


def test_a_curve_for_each_class_that_occurs(predictions):
    (axes,) = plot_precision_recall(predictions[:3]).axes
    assert [text.get_text() for text in axes.get_legend().texts] == [
        "angry (AP = 1.00)",
        "happy (AP = 1.00)",
    ]


def test_errors_of_the_most_confident_predictions_over_coverage(predictions):
    curve, threshold = plot_risk_coverage(predictions[:3]).axes[0].lines
    # Confidences 0.9, 0.7, 0.6; the second is wrong, the last uncertain.
    np.testing.assert_allclose(curve.get_xydata(), [[1 / 3, 0], [2 / 3, 1 / 2], [1, 1 / 3]])
    assert threshold.get_xdata()[0] == pytest.approx(2 / 3)


def test_intervals_are_those_of_the_resampled_rows():
    label = np.array(CLASSES)[np.arange(400) % 2]
    right = np.arange(400) % 5 > 0
    prediction = np.where(right, label, np.array(CLASSES)[(np.arange(400) + 1) % 2])
    rows = pd.DataFrame({"label": label, "prediction": prediction})
    found = bootstrap_intervals(rows, CLASSES)
    # 0.8 +- 1.96 * sqrt(0.8 * 0.2 / 400)
    assert found["accuracy"] == pytest.approx([0.761, 0.839], abs=0.01)
    assert found["macro_f1"] == pytest.approx([0.761, 0.839], abs=0.01)
    assert bootstrap_intervals(rows[:20], CLASSES) == {}


def test_a_report_of_nothing_found(tmp_path, report, predictions):
    nothing = measure(["angry"], np.full((1, 2), np.nan), CLASSES, np.zeros(1, bool), 0.5)
    written = write_report(tmp_path, report | nothing | {"n_predicted": 0}, predictions[3:])
    assert len(written) == 6
