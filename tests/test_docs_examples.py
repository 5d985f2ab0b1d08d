"""The examples in docstrings, and the README's of Python, answer as they say."""

import doctest
import importlib
import re
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", ["classifiers", "classifiers.inference.predictor"])
def test_every_example_of_a_docstring_holds(name, monkeypatch):
    monkeypatch.chdir(ROOT)  # the examples read the sample
    done = doctest.testmod(importlib.import_module(name))
    assert done.attempted
    assert not done.failed


def test_the_readme_s_three_lines_of_python_read_a_photo(portrait, tmp_path, monkeypatch, capsys):
    page = (ROOT / "README.md").read_text("utf-8")
    section = re.search(r"^## Read photos\n(.*?)^## ", page, re.DOTALL | re.MULTILINE)[1]
    (code,) = re.findall(r"^```python\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    Image.fromarray(portrait).save("photo.jpg")
    exec(code, {})
    assert capsys.readouterr().out.startswith("[('happy', {'angry': ")
