"""The examples in docstrings answer as they say."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", ["classifiers", "classifiers.predictor"])
def test_every_example_of_a_docstring_holds(name, monkeypatch):
    monkeypatch.chdir(ROOT)  # the examples read the sample
    done = doctest.testmod(importlib.import_module(name))
    assert done.attempted
    assert not done.failed
