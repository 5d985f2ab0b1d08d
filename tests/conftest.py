"""What several test files share."""

import os

import pytest
import skimage.data

from tests.helpers.browsing import address, address_of_two, browser, serve, visit  # noqa: F401
from tests.helpers.face_folder import write_faces

# Threads cost networks of a few units more than they give. Read by PyTorch when it is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture
def no_pictures(monkeypatch):
    """Leave plots empty, for tests that look at none: each takes longer than a small training."""
    for module in ("classifiers.evaluation.report", "classifiers.training.report"):
        monkeypatch.setattr(f"{module}.png_of", lambda _: b"no picture")


@pytest.fixture
def no_export(monkeypatch, no_pictures):
    """Leave out the export to ONNX, a training's slowest step, for tests that ask for no graph."""
    model = "classifiers.training.bundle_content.TrainedModel"
    monkeypatch.setattr(f"{model}.export", lambda *_: b"")  # an ONNX file of nothing


@pytest.fixture(scope="session")
def portrait():
    """NASA's portrait of an astronaut: RGB uint8 (512, 512, 3), one face of 93 x 108 pixels."""
    image = skimage.data.astronaut()
    image.setflags(write=False)
    return image


@pytest.fixture(scope="module")
def faces(request, tmp_path_factory):
    """A folder of small face crops: as many in each class folder as the module's FACES says."""
    return write_faces(tmp_path_factory.mktemp("faces"), request.module.FACES)


@pytest.fixture
def bundle(tmp_path):
    """A folder with a file of 1000 bytes, as a fake predictor's bundle."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(bytes(1000))
    return folder
