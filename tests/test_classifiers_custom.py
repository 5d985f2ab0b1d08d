import os
import subprocess
import sys
from io import BytesIO
from zipfile import ZipFile

import numpy as np
import pytest

from classifiers.custom import __main__ as command
from classifiers.custom.dataset import to_npz
from classifiers.evaluation.evaluate import ALL, evaluate
from classifiers.inference.predictor import Predictor
from classifiers.training.read_dataset import hold_out, read_rows
from data import processes
from data.features.schema import header_line
from tests.helpers.custom_datasets import PULL, dataset, video
from tests.helpers.docs_pages import blocks
from tests.helpers.paths import ROOT

N = 24


def run(folder, content):
    """Run the command with an empty folder for whatever it would leave behind."""
    environment = {**os.environ, "TMPDIR": str(folder), "HOME": str(folder)}
    command = [sys.executable, "-B", "-m", "classifiers.custom"]
    return subprocess.run(command, input=content, capture_output=True, cwd=ROOT, env=environment)


@pytest.fixture(scope="module")
def custom(tmp_path_factory):
    """What the command makes of a dataset, unzipped; the folder it worked beside is still empty."""
    left, folder = tmp_path_factory.mktemp("left"), tmp_path_factory.mktemp("custom")
    done = run(left, to_npz(dataset(N)))
    assert done.returncode == 0, done.stderr
    assert list(left.rglob("*")) == []
    ZipFile(BytesIO(done.stdout)).extractall(folder)
    return folder


def test_the_bundle_serves_and_knows_new_frames(custom):
    predictor = Predictor(custom / "model")
    assert predictor.classes == tuple(sorted(PULL))
    for name, pull in PULL.items():
        proba = predictor.predict_proba(video(pull, 6, seed=50))
        assert {predictor.classes[i] for i in proba.argmax(axis=1)} == {name}
    between = predictor.predict_proba(video(PULL["pout"] / 2, 6, seed=50)).max(axis=1)
    assert (between < predictor.manifest["uncertain_threshold"]).all()


def test_the_bundle_says_what_its_figures_are_worth(custom):
    manifest = Predictor(custom / "model").manifest
    assert manifest["data"]["n_validation"] == 3 * N // 4
    assert manifest["data"]["n_train"] == 3 * N - 3 * N // 4
    card = (custom / "model" / "card.md").read_text("utf-8")
    assert "the last quarter of each expression's frames" in card
    assert "100% of them are near copies" in card
    assert "no picture has a copy on both sides" not in card


def test_make_train_takes_the_features_and_a_single_csv_of_them(custom, tmp_path):
    texts = [path.read_text("utf-8") for path in sorted(custom.glob("features/all/*.csv"))]
    assert all(text.startswith(header_line()) for text in texts)
    single = tmp_path / "custom-classes.csv"  # as the page joins them
    single.write_text(header_line() + "".join(t.removeprefix(header_line()) for t in texts))
    for table in (custom / "features", single):
        rows = read_rows([table])
        assert len(rows.y) == 3 * N
        assert set(rows.y[hold_out(rows)]) == set(PULL)


def test_make_evaluate_takes_both(custom):
    report, _ = evaluate(Predictor(custom / "model"), custom / "features", ALL)
    assert report["accuracy"] == 1
    assert report["n_missed"] == 0


def test_the_python_of_the_page_names_the_faces_without_mien(custom, monkeypatch, capsys):
    monkeypatch.chdir(custom)
    (custom / "custom").symlink_to(custom, target_is_directory=True)
    (code,) = (code for page, code in blocks("python") if page == "docs/custom-classes.md")
    assert "classifiers" not in code
    exec(code, {})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(PULL)
    for line in lines:
        name = line.split()[0]
        assert line.count(f"'{name}'") >= 0.9 * N


def test_no_dataset_is_one_sentence_and_no_zip(tmp_path):
    done = run(tmp_path, b"no dataset")
    assert done.returncode == 1
    assert done.stderr.decode().startswith("Expected a dataset, an .npz file")
    assert done.stderr.count(b"\n") == 1
    assert done.stdout == b""
    assert list(tmp_path.iterdir()) == []


def test_the_last_quarter_of_each_class_is_held_out():
    y = np.repeat(["a", "b", "a"], [8, 10, 4])
    assert np.flatnonzero(command.last_of_each(y)).tolist() == [16, 17, 19, 20, 21]


def test_frames_of_another_sitting_are_no_near_copies():
    known = dataset(8, {"a": 0.0, "b": 0.3})
    other = dataset(8, {"a": 0.5, "b": -0.5})
    points = np.concatenate([known.points, other.points])
    rows = command.Rows(points, np.tile(known.y, 2), np.full(32, ""), "mesh")
    held_out = np.arange(32) >= 16
    assert " 0% of them are near copies" in command._validation_note(rows, held_out)


def test_it_ends_when_its_parent_is_gone(monkeypatch):
    class Ended(Exception):
        pass

    def end(code):
        raise Ended

    parents = iter([7, 7, 1])
    monkeypatch.setattr(processes.os, "getppid", lambda: next(parents))
    monkeypatch.setattr(processes.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(processes.os, "_exit", end)
    with pytest.raises(Ended):
        processes._end_with(7, 130)
    assert next(parents, None) is None
