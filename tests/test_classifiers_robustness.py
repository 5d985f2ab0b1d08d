import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer import Typer
from typer.testing import CliRunner

from classifiers.bundle.bundle import resolve
from classifiers.experiments import robustness as command
from classifiers.experiments import robustness_runs
from classifiers.experiments.corruptions import CORRUPTIONS, SEVERITIES
from classifiers.experiments.non_faces import KINDS
from classifiers.experiments.robustness_metrics import summarize
from classifiers.experiments.robustness_page import section
from classifiers.experiments.robustness_runs import (
    CLEAN,
    LABELLED,
    NOT_A_FACE,
    Job,
    job_of,
    predict_job,
    run_jobs,
)
from classifiers.inference.predictor import Predictor
from data.errors import DataError
from data.sources import read_images
from data.splits import some_of_each_class
from tests.helpers.golden_faces import SAMPLE

GOLDEN = (Path(__file__).parent / "golden" / "robustness.md").read_text()
MODELS = ["fused", "landmarks"]


def predictions(*given):
    """Return the predictions of both models."""
    return [[expression, certain] for expression, certain in given]


HAPPY = predictions(("happy", True), ("sad", False))
SAD = predictions(("sad", False), ("sad", True))
NONE = [None, None]
FOUND_BY_ONE = [["happy", True], None]
"""What another number of meshes doesn't find."""


def result(kind, name, clean=None, corrupted=(), **given):
    labelled = (
        {CLEAN: clean} | {c.name: list(corrupted) for c in CORRUPTIONS} if clean is not None else {}
    )
    return {"kind": kind, "name": name, "reason": "", "predictions": labelled | given}


RESULTS = [
    result(LABELLED, "a", HAPPY, [HAPPY, FOUND_BY_ONE, SAD, NONE, NONE]),
    result(LABELLED, "b", SAD, [SAD] * 5),
    {"kind": LABELLED, "name": "c", "reason": "unreadable", "predictions": {}},
    result("noise", "00", photo=NONE, **{"tight crop": HAPPY}),
    result("noise", "01", photo=HAPPY, **{"tight crop": NONE}),
    result("blanks", "00", photo=NONE, **{"tight crop": NONE}),
]
LABELS = ["Happiness", "sad", "sad"]


def measured():
    return {"source": "photos", "split": "test", "limit": 0, **summarize(RESULTS, LABELS, MODELS)}


def test_misses_are_errors_and_names_of_a_class_are_one():
    summary = summarize(RESULTS, LABELS, MODELS)
    assert (summary["images"], summary["unreadable"]) == (2, 1)
    assert summary["clean"] == {"found": 1.0, "accuracy": {"fused": 1.0, "landmarks": 0.5}}
    first = summary["corruptions"][0]
    assert first["found"] == [1.0, 1.0, 1.0, 0.5, 0.5]
    assert first["accuracy"]["fused"] == [1.0, 1.0, 0.5, 0.5, 0.5]
    assert first["accuracy"]["landmarks"] == [0.5] * 5


def test_without_an_image_that_can_be_read_there_are_no_metrics():
    with pytest.raises(DataError, match="None of the 1 images"):
        summarize(RESULTS[2:3], LABELS[2:], MODELS)


def test_expressions_given_to_no_face_are_counted_as_photo_and_tight_crop():
    assert summarize(RESULTS, LABELS, MODELS)["non_faces"] == [
        {
            "kind": "noise",
            "images": 2,
            "as_photo": 1,
            "as_tight_crop": 1,
            "certain": {"fused": 1, "landmarks": 0},
        },
        {
            "kind": "blanks",
            "images": 1,
            "as_photo": 0,
            "as_tight_crop": 0,
            "certain": {"fused": 0, "landmarks": 0},
        },
    ]


def test_golden_section():
    page = re.sub(r" +", " ", re.sub(r"(:?)-+(:?)\|", r"\1--\2|", section(measured())))
    assert page + "\n" == GOLDEN
    assert "2 images (photos, test, 50 of each class)" in section(measured() | {"limit": 50})


@pytest.fixture
def jobs():
    refs = [ref for ref in read_images(SAMPLE) if ref.split == "test"][:3]
    return [job_of(ref, LABELLED) for ref in refs] + [Job("00", "blanks")]


@pytest.fixture
def done(monkeypatch):
    """Replace each job by one that only notes its name."""
    calls = []

    def quick(job, bundles, seed, key):
        calls.append(job.name)
        return {"kind": job.kind, "name": job.name, "reason": "", "predictions": {}}

    monkeypatch.setattr(robustness_runs, "_run_job", quick)
    return calls


def go(jobs, folder, seed=0):
    steps = []
    bundles = [resolve("landmarks")]
    results = run_jobs(jobs, bundles, seed, folder, 1, lambda: steps.append(1))
    assert sum(steps) == len(jobs)
    assert [entry["name"] for entry in results] == [job.name for job in jobs]


def test_a_stopped_run_goes_on_after_its_last_image(jobs, done, tmp_path):
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_jobs(jobs, [resolve("landmarks")], 0, tmp_path, 1, stop)
    assert done == [jobs[0].name]
    done.clear()
    go(jobs, tmp_path)
    assert done == [job.name for job in jobs[1:]]


def test_a_finished_run_does_nothing_and_another_seed_begins_anew(jobs, done, tmp_path):
    go(jobs, tmp_path)
    done.clear()
    go(jobs, tmp_path)
    assert done == []
    go(jobs, tmp_path, seed=1)
    assert len(done) == len(jobs)


def test_a_changed_image_or_model_is_measured_again(jobs, done, tmp_path, monkeypatch):
    go(jobs, tmp_path)
    done.clear()
    go([replace(jobs[0], stamp=(1, 2)), *jobs[1:]], tmp_path)
    assert done == [jobs[0].name]
    done.clear()
    monkeypatch.setattr(robustness_runs, "MESH_VERSION", "another")
    go(jobs, tmp_path)
    assert len(done) == len(jobs)


def test_models_predict_for_jobs_as_for_photos(jobs, monkeypatch):
    monkeypatch.setattr(robustness_runs, "CORRUPTIONS", CORRUPTIONS[6:7])
    predictor = Predictor("landmarks")
    summary = predict_job(jobs[0], [predictor], seed=0)["predictions"]
    face = predictor.predict(jobs[0].ref.path).faces[0]
    assert summary[CLEAN] == [[face.expression, not face.uncertain]]
    assert len(summary["brightness"]) == SEVERITIES
    assert summary["brightness"][0][0][0] == face.expression
    assert predict_job(jobs[-1], [predictor], seed=0)["predictions"] == {
        "photo": [None],
        "tight crop": [None],
    }


def test_an_image_that_cannot_be_read_gives_its_reason(tmp_path):
    (tmp_path / "sad").mkdir()
    (tmp_path / "sad" / "a.png").write_bytes(b"no picture")
    (ref,) = read_images(tmp_path)
    assert predict_job(job_of(ref, LABELLED), [], 0) == {"reason": "unreadable", "predictions": {}}


def test_a_limit_draws_the_same_images_of_each_class_again():
    refs = read_images(SAMPLE)
    chosen = some_of_each_class(refs, 3, seed=1)
    assert chosen == some_of_each_class(refs, 3, seed=1)
    assert chosen != some_of_each_class(refs, 3, seed=2)
    assert len(chosen) == 21
    labels, counts = np.unique([ref.label for ref in chosen], return_counts=True)
    assert (len(labels), set(counts)) == (7, {3})
    assert some_of_each_class(refs, 0, seed=1) == refs


@pytest.fixture
def run(monkeypatch, tmp_path):
    shown = []

    def no_work(jobs, bundles, seed, scratch, workers):
        shown.extend(jobs)
        nobody = [None] * len(bundles)
        empty = {CLEAN: nobody, **{c.name: [nobody] * SEVERITIES for c in CORRUPTIONS}}
        empty |= {"photo": nobody, "tight crop": nobody}
        return [{"kind": j.kind, "name": j.name, "reason": "", "predictions": empty} for j in jobs]

    monkeypatch.setattr(command, "_with_progress", no_work)
    app = Typer()
    app.command()(command.main)

    def call(*arguments):
        places = ("--out", tmp_path / "deep" / "robustness.json", "--scratch", tmp_path / "scratch")
        return CliRunner().invoke(app, [str(argument) for argument in (*arguments, *places)])

    return call, shown, tmp_path / "deep" / "robustness.json"


def test_the_command_measures_the_test_split_and_writes_json(run):
    call, shown, out = run
    done = call(SAMPLE, "--limit", 2)
    assert done.exit_code == 0, done.output
    assert sum(job.kind == LABELLED for job in shown) == 14
    assert {job.kind for job in shown} == {LABELLED, *KINDS}
    assert all(job.name.startswith("test/") for job in shown if job.kind == LABELLED)
    summary = json.loads(out.read_text())
    assert (summary["source"], summary["split"], summary["images"]) == ("sample", "test", 14)
    assert "0.0 % of the photos without a face" in done.stdout


def test_bundles_of_one_name_are_two_models(run, tmp_path):
    call, _, out = run
    copy = shutil.copytree(resolve("landmarks"), tmp_path / "copy")
    done = call(SAMPLE, "--limit", 1, "--models", "landmarks", "--models", copy)
    assert done.exit_code == 0, done.output
    assert json.loads(out.read_text())["models"] == ["landmarks", str(copy)]


def test_images_that_every_annotator_calls_no_face_are_read_too(run, tmp_path):
    call, shown, _ = run
    for name in ("a", "b", "c"):
        place = tmp_path / "photos" / "sad" / f"{name}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (48, 48)).save(place)
    votes = tmp_path / "votes.csv"
    votes.write_text("image,sadness,NF\nsad/a.png,0,10\nsad/b.png,1,9\nsad/c.png,0,0\n")
    assert call(tmp_path / "photos", "--votes", votes).exit_code == 0
    assert [job.ref.image for job in shown if job.kind == NOT_A_FACE] == ["sad/a.png"]
    votes.write_text("image,sadness\nsad/a.png,10\n")
    assert "column NF" in call(tmp_path / "photos", "--votes", votes).stderr


@pytest.mark.parametrize(
    "arguments", [["nowhere"], [SAMPLE, "--models", "none"], [SAMPLE, "--split", "x"]]
)
def test_bad_input_is_one_sentence(run, arguments):
    call, _, out = run
    done = call(*arguments)
    assert done.exit_code == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert not out.exists()
