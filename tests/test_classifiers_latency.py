"""The figures are those of a clock that only the stages move: nothing here waits or is timed."""

import re

import numpy as np
import pytest
from PIL import Image
from typer import Typer
from typer.testing import CliRunner

from classifiers.experiments import benchmark_latency
from classifiers.experiments.benchmark_latency import BARE, CANVAS, DECODING, LARGE
from landmarks.detection.detector import Face
from landmarks.face_crop import SIDE
from landmarks.images import read_image
from landmarks.mesh import CANONICAL
from tests.helpers.face_folder import write_faces

MESHES = {"landmarks": 2, "fused": 1}
MS = {DECODING: 2.0, 1: 20.0, 2: 40.0, BARE: 5.0, "landmarks": 0.5, "fused": 10.0}
"""Milliseconds of each stage; the meshes' by their number."""


class Stages:
    """Stands in for every stage: counts its calls and moves the clock by what it takes."""

    def __init__(self):
        self.now = 0.0
        self.calls = dict.fromkeys(MS, 0)
        self.seen = {}
        self.slow = {}
        self.found = 1

    def ran(self, stage, **seen):
        self.calls[stage] += 1
        self.seen[stage] = seen
        self.now += self.slow.get((stage, self.calls[stage]), MS[stage]) / 1000

    def read_image(self, source):
        if isinstance(source, bytes):
            self.ran(DECODING)
        return read_image(source)

    def detect(self, rgb, meshes):
        self.ran(meshes, rgb=rgb)
        points = CANONICAL * 10 + (*np.array(rgb.shape[1::-1]) / 2, 0)
        return [Face(points.astype(np.float32))] * self.found

    def bare_call(self, confidence):
        return lambda pixels: self.ran(BARE, pixels=pixels)

    def predictor(self, name):
        return StagePredictor(self, name)


class StagePredictor:
    def __init__(self, stages, name):
        self.stages, self.name = stages, name
        self.takes_pixels, self.meshes = name == "fused", MESHES[name]

    def predict_proba(self, points, crops):
        self.stages.ran(self.name, points=points, crops=crops)


@pytest.fixture
def stages(monkeypatch):
    made = Stages()
    monkeypatch.setattr(benchmark_latency, "perf_counter", lambda: made.now)
    monkeypatch.setattr(benchmark_latency, "process_time", lambda: made.now / 2)
    monkeypatch.setattr(benchmark_latency, "read_image", made.read_image)
    monkeypatch.setattr(benchmark_latency, "shared_detector", lambda: made)
    monkeypatch.setattr(benchmark_latency, "bare_call", made.bare_call)
    monkeypatch.setattr(benchmark_latency, "Predictor", made.predictor)
    return made


@pytest.fixture(scope="module")
def cut_out(tmp_path_factory):
    return write_faces(tmp_path_factory.mktemp("cut_out"), {"sad": 8})


def run(*options):
    app = Typer()
    app.command()(benchmark_latency.main)
    arguments = [str(option) for option in options]
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "120"})


def tables(text):
    """Return a dict of stage to figures for each table that was printed."""
    found = []
    for line in text.splitlines():
        if "ms an image" in line:
            found.append({})
        cells = [cell.strip() for cell in line.split("│")[1:-1]]
        if len(cells) == 5:
            found[-1][cells[0]] = [float(cell) for cell in cells[1:]]
    return found


@pytest.mark.slow
def test_each_stage_stands_beside_the_bare_call(stages, cut_out):
    done = run("--images", cut_out)
    assert done.exit_code == 0, done.output
    tight_crops, photos, groups, large = tables(done.stdout)
    assert tight_crops == photos == groups == large
    assert photos == {
        "decoding": [2, 2, 1, 0.4],
        "meshes, fused": [20, 20, 10, 4],
        "meshes, landmarks": [40, 40, 20, 8],
        "bare Face Mesh call": [5, 5, 2.5, 1],
        "model fused": [10, 10, 5, 2],
        "model landmarks": [0.5, 0.5, 0.25, 0.1],
        "photo to prediction, fused": [32, 32, 16, 6.4],
        "photo to prediction, landmarks": [42.5, 42.5, 21.25, 8.5],
    }
    some = 100 // benchmark_latency.FEWER
    assert some > 8  # as many photos of several faces and large ones as of one face
    shown = 4 * (8 + benchmark_latency.WARM_UP)
    assert stages.calls == dict.fromkeys(MS, shown)


@pytest.mark.slow
def test_models_see_what_they_are_served_with(stages, cut_out):
    stages.found = 2
    assert run("--images", cut_out).exit_code == 0
    assert stages.seen["fused"]["points"].shape == (2, 468, 3)
    assert stages.seen["fused"]["crops"].shape == (2, SIDE, SIDE)
    assert stages.seen["fused"]["crops"].dtype == np.uint8
    assert stages.seen["landmarks"]["crops"] is None


@pytest.mark.slow
def test_the_first_images_warm_up_and_slow_ones_show(stages, cut_out):
    stages.slow = {(BARE, 1): 9000.0, (2, benchmark_latency.WARM_UP + 3): 140.0}
    tight_crops, photos, *_ = tables(run("--images", cut_out).stdout)
    assert tight_crops["bare Face Mesh call"][:2] == [5, 5]
    assert tight_crops["meshes, landmarks"][:2] == [40, 105]  # 0.65 of the way to the slowest
    assert photos["meshes, landmarks"][:2] == [40, 40]


def test_tight_crops_are_measured_as_they_are_and_in_a_photo(stages, cut_out):
    tight_crops, photos, groups, large = benchmark_latency.encoded_images(cut_out, 3).values()
    assert [read_image(content).shape for content in groups] == [(*CANVAS[::-1], 3)]
    assert [read_image(content).shape for content in large] == [(*LARGE[::-1], 3)]
    assert [read_image(content).shape for content in tight_crops] == 3 * [(48, 48, 3)]
    assert [read_image(content).shape for content in photos] == 3 * [(*CANVAS[::-1], 3)]
    benchmark_latency.measure(tight_crops, {})
    assert stages.seen[BARE]["pixels"].shape[0] > 192  # enlarged, as the detector shows it
    benchmark_latency.measure(photos, {})
    assert stages.seen[BARE]["pixels"].shape == (*CANVAS[::-1], 3)


def test_a_photo_is_taken_as_it_is(tmp_path, stages):
    (tmp_path / "happy").mkdir()
    path = tmp_path / "happy" / "large.jpg"
    Image.new("RGB", (800, 600)).save(path)
    (tmp_path / "happy" / "broken.png").write_bytes(b"nothing")
    assert benchmark_latency.encoded_images(tmp_path, 10)["photos of one face"] == [
        path.read_bytes()
    ]


def test_no_face_or_no_image_is_one_sentence(tmp_path, stages, cut_out):
    stages.found = 0
    done = run("--images", cut_out)
    assert done.exit_code == 1
    assert "No face was found in any of 8 images" in done.stderr
    (tmp_path / "sad").mkdir()
    (tmp_path / "sad" / "1.png").touch()
    done = run("--images", tmp_path)
    assert done.exit_code == 1
    assert re.fullmatch(r"None of the images in \S+ can be read; name others.\n", done.stderr)


def test_a_missing_bundle_is_one_sentence(tmp_path, cut_out):
    done = run("--images", cut_out, "--models", tmp_path / "nothing")
    assert done.exit_code == 1
    assert done.stderr.startswith("Expected a bundle's folder")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
