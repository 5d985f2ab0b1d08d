import numpy as np
import pytest

from classifiers.experiments.corruptions import CORRUPTIONS, GREY, SEVERITIES
from classifiers.experiments.non_faces import (
    CANVAS,
    KINDS,
    TIGHT_CROP_SIZE,
    as_photo_and_tight_crop,
    names,
    non_face,
)
from landmarks.crops import TIGHT_SIDE

BY_NAME = {corruption.name: corruption for corruption in CORRUPTIONS}


def image(height=90, width=120):
    """Return an image of smooth colours and one sharp square, dark enough to become brighter."""
    y, x = np.mgrid[:height, :width]
    rgb = np.stack([x * 120 / width, y * 120 / height, (x + y) * 60 / width], axis=2)
    rgb[height // 3 : height // 2, width // 3 : width // 2] = 10
    return rgb.astype(np.uint8)


def corrupt(name, severity, rgb, seed=0):
    return BY_NAME[name](rgb, severity, np.random.default_rng(seed))


def test_there_are_twelve_in_five_severities():
    assert len(BY_NAME) == 12
    assert all(len(corruption.amounts) == SEVERITIES for corruption in CORRUPTIONS)


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("size", [(90, 120), (48, 48), (7, 5)])
def test_each_corrupts_images_of_any_size_the_same_way_again(name, size):
    rgb = image(*size)
    before = rgb.copy()
    for severity in range(1, SEVERITIES + 1):
        bad = corrupt(name, severity, rgb)
        assert bad.dtype == np.uint8
        assert bad.ndim == 3
        np.testing.assert_array_equal(bad, corrupt(name, severity, rgb))
        assert bad.shape == rgb.shape or name == "crop"
    np.testing.assert_array_equal(rgb, before)


NEVER_MILDER = [
    *("noise", "salt and pepper", "blur", "motion blur", "JPEG", "low resolution"),
    *("brightness", "contrast", "fog", "rotation", "occlusion"),
]


@pytest.mark.parametrize("name", NEVER_MILDER)
def test_a_higher_severity_corrupts_more(name):
    rgb = image()
    harm = [
        np.mean(
            [np.abs(corrupt(name, s, rgb, seed) - rgb.astype(float)).mean() for seed in range(8)]
        )
        for s in (1, 3, 5)
    ]
    assert 0 < harm[0] < harm[1] < harm[2]


def test_a_motion_blur_keeps_the_light_and_goes_one_way():
    dot = np.zeros((101, 101, 3), np.uint8)
    dot[50, 50] = 255
    blurred = corrupt("motion blur", 5, dot)[..., 0].astype(float)
    assert blurred.sum() == pytest.approx(255, rel=0.15)
    y, x = np.nonzero(blurred)
    variances = np.linalg.eigvalsh(np.cov(x, y))
    assert variances[1] > 20 * variances[0]


def test_a_crop_cuts_one_side_and_an_occlusion_hides_its_share():
    rgb = image(100, 100)
    cut = corrupt("crop", 5, rgb)
    assert sorted(cut.shape[:2]) == [70, 100]
    hidden = (corrupt("occlusion", 5, rgb) == GREY).all(axis=2)
    assert hidden.mean() == pytest.approx(0.4, abs=0.02)


def test_a_colour_all_over_gets_no_worse_than_it_is():
    blank = np.full((48, 48, 3), 200, np.uint8)
    for name in ("blur", "motion blur", "low resolution", "contrast", "rotation"):
        assert np.abs(corrupt(name, 5, blank).astype(int) - 200).max() <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_images_without_a_face_are_many_and_the_same_again(kind):
    assert len(set(names(kind))) >= 60
    for name in names(kind)[::10]:
        rgb = non_face(kind, name, seed=3)
        assert rgb.dtype == np.uint8
        assert rgb.ndim == rgb.shape[2] == 3
        np.testing.assert_array_equal(rgb, non_face(kind, name, seed=3))
    if kind != "scikit-image":
        assert (rgb != non_face(kind, name, seed=4)).any()


@pytest.mark.parametrize("size", [(48, 48), (100, 30), (300, 451), (1, 1)])
def test_an_image_is_read_as_a_photo_and_as_a_tight_crop(size):
    rgb = image(300, 451)[: size[0], : size[1]]
    images = as_photo_and_tight_crop(rgb)
    assert images["tight crop"].shape == (*TIGHT_CROP_SIZE, 3)
    assert min(images["photo"].shape[:2]) >= TIGHT_SIDE
    if min(size) >= TIGHT_SIDE:
        np.testing.assert_array_equal(images["photo"], rgb)
    else:
        assert images["photo"].shape == (*CANVAS, 3)
