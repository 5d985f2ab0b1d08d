import numpy as np
import pytest

from landmarks.detection.validation import disagreement, dispersion
from landmarks.mesh import CANONICAL

MOVED = CANONICAL + np.array([0.2, 0, 0])


def test_the_dispersion_is_the_mean_disagreement():
    assert dispersion([CANONICAL] * 3, CANONICAL) == 0
    apart = disagreement(MOVED, CANONICAL)
    assert dispersion([CANONICAL, MOVED], CANONICAL) == pytest.approx(apart / 2)
    assert apart == pytest.approx(0.2)


def test_a_crop_without_a_mesh_counts_as_a_radius_and_none_for_more():
    assert dispersion([None] * 2, CANONICAL) == 1
    assert dispersion([CANONICAL] * 3 + [None], CANONICAL) == 0.25
    assert dispersion([CANONICAL + np.array([50, 0, 0]), CANONICAL], CANONICAL) == 0.5


def test_the_dispersion_does_not_hang_on_the_size():
    small, large = dispersion([MOVED], CANONICAL), dispersion([100 * MOVED], 100 * CANONICAL)
    assert small == pytest.approx(large)
