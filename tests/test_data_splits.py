import numpy as np
import pytest

from data.errors import DataError
from data.splits import validation_split

LABELS = np.repeat(["happy", "disgust"], [900, 100])


def test_each_class_gives_its_share():
    chosen = validation_split(LABELS, np.arange(1000), fraction=0.1, seed=1)
    assert chosen[:900].sum() == 90
    assert chosen[900:].sum() == 10


def test_copies_stay_together_even_across_classes():
    groups = np.arange(1000) % 400
    chosen = validation_split(LABELS, groups, fraction=0.2, seed=1)
    assert not set(groups[chosen]) & set(groups[~chosen])
    assert 0.18 <= chosen.mean() <= 0.2


def test_the_seed_decides():
    groups = np.arange(1000)
    first, again, other = (validation_split(LABELS, groups, 0.1, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_every_class_keeps_a_row_for_training():
    labels = ["a"] * 50 + ["b", "c", "c"]
    chosen = validation_split(labels, np.arange(53), fraction=0.9, seed=0)
    assert set(np.array(labels)[~chosen]) == {"a", "b", "c"}


@pytest.mark.parametrize("fraction", [0, 1, -0.1])
def test_a_share_must_be_a_share(fraction):
    with pytest.raises(DataError, match="between 0 and 1"):
        validation_split(LABELS, np.arange(1000), fraction)


@pytest.mark.parametrize("labels", [[], ["a"], ["a", "b"]])
def test_too_few_rows_are_one_sentence(labels):
    with pytest.raises(DataError, match=r"too few for a validation share of .*; add images\.$"):
        validation_split(labels, np.arange(len(labels)), 0.1)
