import json

import numpy as np
import pytest
from typer.testing import CliRunner

from classifiers.__main__ import app
from classifiers.cli import compare as command
from classifiers.evaluation.compare import (
    agreement,
    compare,
    mcnemar,
    model_metrics,
    predicted_classes,
)
from data.errors import DataError
from tests.helpers.labelled_features import (
    CLASSES,
    ROWS,
    FakePredictor,
    face,
    row,
    write_features,
)


class Sad(FakePredictor):
    """Answers sad to everything, by another name for it."""

    classes = ("angry", "happy", "sadness")

    def predict_proba(self, points, crops=None):
        return np.tile([0.2, 0.1, 0.7], (len(points), 1))


class Two(FakePredictor):
    classes = ("angry", "happy")

    def predict_proba(self, points, crops=None):
        return np.tile([0.4, 0.6], (len(points), 1))


@pytest.fixture
def run(monkeypatch, bundle):
    kinds = {"fake": FakePredictor, "sad": Sad, "two": Two}
    monkeypatch.setattr(command, "Predictor", lambda name: kinds[name](bundle))

    def run(*arguments):
        return CliRunner().invoke(app, ["compare", *map(str, arguments)])

    return run


def test_figures_agreement_and_test_of_two_models(tmp_path, run):
    features = write_features(tmp_path / "features", ROWS)
    done = run("fake", "sad", "--images", features, "--json")
    assert done.exit_code == 0, done.output
    compared = json.loads(done.stdout)
    # a1, a2: angry, sad; h1, h2: happy; s1 has no face; s2: sad
    assert (compared["n_images"], compared["n_missed"], compared["n_unreadable"]) == (6, 1, 0)
    fake, sad = compared["models"]
    assert (fake["name"], sad["name"]) == ("fake", "sad")
    assert fake["accuracy"] == pytest.approx(4 / 6)
    assert fake["accuracy_when_answered"] == pytest.approx(4 / 5)
    assert fake["recall"] == {"angry": 0.5, "happy": 1, "sad": 0.5}
    assert sad["recall"] == {"angry": 0, "happy": 0, "sad": 0.5}
    assert fake["agreement"] == [1, pytest.approx(2 / 5)]
    assert sad["agreement"] == [pytest.approx(2 / 5), 1]
    assert fake["ms_per_face"] > 0
    assert compared["mcnemar"] == {"only_first": 3, "only_second": 0, "p": pytest.approx(0.25)}


def test_people_read_a_column_for_each_model(tmp_path, run):
    features = write_features(tmp_path / "features", ROWS)
    text = run("fake", "sad", "fake", "--images", features).stdout
    lines = [" ".join(line.replace("│", " ").split()) for line in text.splitlines()]
    assert "accuracy 66.7% (30-90) 16.7% (3-56) 66.7% (30-90)" in lines
    assert "macro f1 too few to say too few to say too few to say" in lines
    assert "recall happy 100.0% (34-100) 0.0% (0-66) 100.0% (34-100)" in lines
    assert "as fake answers 100.0% 40.0% 100.0%" in lines
    assert "p = 0.25 by McNemar's exact test, which may be chance." in text


def test_what_does_not_fit_is_one_sentence(tmp_path, run):
    features = write_features(tmp_path / "features", ROWS)
    for arguments, sentence in (
        (["fake", "--images", features], "two or more bundles, got 1"),
        (["fake", "two", "--images", features], "found sad too"),
        (["fake", "sad", "--images", tmp_path / "none"], "Can't read"),
        (["fake", "sad", "--images", features, "--split", "private"], "Expected a split private"),
    ):
        done = run(*arguments)
        assert done.exit_code == 1
        assert sentence in done.stderr
        assert done.stderr.count("\n") == 1


def test_images_of_classes_that_a_model_lacks_are_left_out_on_request(tmp_path, run):
    features = write_features(tmp_path / "features", ROWS)
    done = run("fake", "two", "--images", features, "--json", "--ignore-unknown")
    compared = json.loads(done.stdout)
    assert (compared["n_images"], compared["n_ignored"]) == (4, 2)
    done = run("fake", "two", "--images", features, "--ignore-unknown")
    assert "4 images, 2 of other classes left out" in " ".join(done.stdout.split())


def test_many_unreadable_images_are_code_2_with_the_figures_printed(tmp_path, run):
    rows = [*ROWS, row("x", "sad", reason="unreadable")]
    done = run("fake", "sad", "--images", write_features(tmp_path / "f", rows), "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["n_unreadable"] == 1
    assert "1 of 7 images can't be read" in done.stderr


def test_mcnemar_is_the_exact_binomial_test():
    first = np.array([True] * 12 + [False] * 3 + [True] * 50)
    second = np.array([False] * 12 + [True] * 3 + [True] * 50)
    # 2 * (C(15,0) + C(15,1) + C(15,2) + C(15,3)) / 2**15
    expected = {"only_first": 12, "only_second": 3, "p": pytest.approx(2 * 576 / 2**15)}
    assert mcnemar(first, second) == expected
    assert mcnemar(first, first) == {"only_first": 0, "only_second": 0, "p": 1.0}


def test_answers_and_agreement_leave_out_misses():
    proba = np.array([[0.1, 0.9], [np.nan, np.nan], [0.8, 0.2]])
    given = predicted_classes(proba, ("a", "b"))
    assert given.tolist() == ["b", "", "a"]
    assert agreement(given, np.array(["b", "b", "b"])) == 0.5
    assert agreement(given, np.array(["", "", ""])) is None
    assert model_metrics(np.array(["b", "b", "a"]), proba, ("a", "b"))["accuracy"] == 2 / 3


def test_another_mesh_is_refused(tmp_path, bundle):
    rows = [face("a", "angry", name) for name in CLASSES]
    features = write_features(tmp_path / "features", rows, mesh="another")
    models = [FakePredictor(bundle), Sad(bundle)]
    with pytest.raises(DataError, match="found another"):
        compare(models, features, "test", features)
