"""The examples in docstrings, and those of Python on the pages, answer as they say."""

import doctest
import importlib

import pytest
from PIL import Image

from tests.helpers.docs_pages import blocks
from tests.helpers.paths import ROOT

LOCAL = [(page, code) for page, code in blocks("python") if "classifiers import load" in code]
"""Examples of Mien's own; `tests.test_docs_api`, `tests.test_docs_onnx` and
`tests.test_classifiers_custom` run the others."""


def test_every_python_example_is_run_somewhere():
    others = [page for page, code in blocks("python") if (page, code) not in LOCAL]
    assert sorted(others) == ["docs/api.md", "docs/custom-classes.md", "docs/onnx.md"]


@pytest.mark.parametrize("name", ["classifiers", "classifiers.inference.predictor"])
def test_every_example_of_a_docstring_holds(name, monkeypatch):
    monkeypatch.chdir(ROOT)  # the examples read the sample
    done = doctest.testmod(importlib.import_module(name))
    assert done.attempted
    assert not done.failed


@pytest.mark.parametrize(("page", "code"), LOCAL, ids=[page for page, _ in LOCAL])
def test_every_python_example_of_a_page_reads_photos(
    page, code, portrait, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    for name in ("photo.jpg", "other.jpg"):
        Image.fromarray(portrait).save(name)
    exec(code, {})
    printed = capsys.readouterr().out
    assert printed.startswith("[('happy', {'angry': ") or printed.count("happy") == 2


def test_the_readme_and_the_page_of_photos_have_python():
    assert {"README.md", "docs/photos.md"} <= {page for page, _ in LOCAL}
