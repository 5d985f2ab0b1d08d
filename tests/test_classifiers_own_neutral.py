import json
import re

import numpy as np
import pytest
from typer import Typer
from typer.testing import CliRunner

from classifiers.cli import evaluate
from classifiers.evaluation.own_neutral import relative_to_subjects, subjects_of
from classifiers.evaluation.report_table import text_of
from classifiers.inference.shifts import RELATIVE, SCALE, neutral_shift, shifted
from data.errors import DataError

CLASSES = ["angry", "neutral", "sad"]
MANIFEST = {"classes": CLASSES, "inputs": ["points"]}
IMAGES = ["neutral/a_1.png", "neutral/a_2.png", "angry/a_3.png", "angry/b_1.png", "sad/x.png"]
LABELS = ["neutral", "neutral", "angry", "angry", "sad"]
PROBA = np.array([[0.1, 0.4, 0.5], [0.2, 0.4, 0.4], [0.4, 0.2, 0.4], [0.3, 0.4, 0.3], [0, 0, 1]])


def relative(proba=PROBA, labels=LABELS, manifest=MANIFEST):
    return relative_to_subjects(proba, IMAGES, labels, "([ab])_", manifest)


def test_each_photo_is_relative_to_the_persons_other_neutral_ones():
    proba, n_relative = relative()
    assert n_relative == 3  # b has no neutral photo, and x is nobody's
    np.testing.assert_array_equal(proba[3:], PROBA[3:])
    for row, photos in ((0, [1]), (1, [0]), (2, [0, 1])):
        shift = neutral_shift(PROBA[photos], CLASSES, RELATIVE[False])
        np.testing.assert_allclose(proba[[row]], shifted(PROBA[[row]], shift, SCALE))


def test_a_photo_without_a_prediction_is_no_neutral_face_and_stays_one():
    missed = PROBA.copy()
    missed[[1, 2]] = np.nan
    proba, n_relative = relative(missed)
    assert n_relative == 0
    np.testing.assert_array_equal(proba, missed)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [("(", "a regular expression, got '('"), ("a_", "a group"), ("(z)_", "'neutral/a_1.png'")],
)
def test_a_pattern_that_names_nobody_is_refused(pattern, said):
    with pytest.raises(DataError, match=re.escape(said)):
        subjects_of(IMAGES, pattern)


def test_a_group_that_took_no_part_names_nobody():
    assert subjects_of(IMAGES, "(b)|x").tolist() == ["", "", "", "b", ""]


def test_a_model_without_neutral_is_refused():
    with pytest.raises(DataError, match="the class neutral"):
        relative(manifest=MANIFEST | {"classes": ["angry", "calm", "sad"]})


def test_the_command_says_how_many_photos_are_relative(tmp_path):
    app = Typer()
    app.command()(evaluate.main)
    arguments = ["data/sample", "landmarks", str(tmp_path), "--subject", r"_(\d)"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["n_relative"] == 69  # neutral_10 is the only neutral one of its "person"
    assert "69 images relative to the same person's neutral ones" in text_of(report)
