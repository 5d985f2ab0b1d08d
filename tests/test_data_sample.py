import numpy as np
import pytest
from PIL import Image

from data.labels import EMOTIONS
from data.sources import read_images
from data.tools.composites import COUNTS
from data.tools.warp import FACE_HEIGHT, SIDE
from landmarks.detection.detector import shared_detector
from landmarks.images import pixel_hash, read_image
from tests.helpers.golden_faces import SAMPLE

REFS = read_images(SAMPLE)


@pytest.mark.parametrize("emotion", EMOTIONS)
@pytest.mark.parametrize("split", COUNTS)
def test_count(split, emotion):
    found = [ref for ref in REFS if (ref.split, ref.label) == (split, emotion)]
    assert len(found) == COUNTS[split]


def test_nothing_else():
    assert len(REFS) == len(EMOTIONS) * sum(COUNTS.values())


def test_small_grey_pngs_without_metadata():
    for ref in REFS:
        with Image.open(ref.path) as image:
            assert (image.format, image.mode, image.size) == ("PNG", "L", (SIDE, SIDE)), ref.image
            assert not image.getexif(), ref.image
            assert not image.info, ref.image
    sizes = [(SAMPLE / ref.image).stat().st_size for ref in REFS]
    assert max(sizes) < 12_000
    assert sum(sizes) < 4_000_000


def test_no_composite_twice():
    assert len({pixel_hash(read_image(ref.path)) for ref in REFS}) == len(REFS)


def test_one_upright_face_in_each():
    face_detector = shared_detector()
    for ref in REFS[::3]:  # a face takes a while
        faces = face_detector.detect(read_image(ref.path))
        assert len(faces) == 1, ref.image
        points = faces[0].points
        assert np.ptp(points[:, 1]) == pytest.approx(FACE_HEIGHT * SIDE, rel=0.12), ref.image
        assert points[10, 1] < points[152, 1], f"{ref.image}: the forehead is above the chin"
