"""The options that a sentence names exist in each command that can print it."""

import ast
import re
from functools import cache
from importlib import import_module

import pytest
import typer
from typer.main import get_command

from mien import MODULES, app
from tests.helpers.paths import ROOT

ROOMS = ("landmarks", "data", "classifiers")
"""The page's sentences name no options: nobody reads them where they were given."""

GROUP = get_command(app)


def file_of(module):
    path = ROOT.joinpath(*module.split("."))
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


@cache
def tree_of(module):
    return ast.parse(file_of(module).read_text("utf-8"))


@cache
def imports_of(module):
    """Return the modules of Mien that a module imports, at its top or in a function."""
    found = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return {name for name in found if name.split(".")[0] in ROOMS and file_of(name)}


def reached_from(module):
    """Return a module and all modules that it imports, directly or not."""
    reached, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += imports_of(name)
    return reached


def texts_of(module):
    """Return the texts of a module's strings, those in an f-string too, but for docstrings."""
    tree = tree_of(module)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
    ]


def takers():
    """Yield module and command line of each command and each experiment."""
    for name, module in MODULES.items():
        yield pytest.param(module, GROUP.get_command(None, name), id=name)
    for path in sorted((ROOT / "classifiers" / "experiments").glob("*.py")):
        module = f"classifiers.experiments.{path.stem}"
        main = getattr(import_module(module), "main", None)
        if main is not None:
            single = typer.Typer()
            single.command()(main)
            yield pytest.param(module, get_command(single), id=path.stem)


@pytest.mark.parametrize(("module", "command"), takers())
def test_an_option_that_a_sentence_names_exists_there(module, command):
    options = {name for param in command.params for name in param.opts}
    for name in sorted(reached_from(module)):
        if name != module and ".cli." in name:
            continue  # of what several commands share, each uses some
        for sentence in (text for text in texts_of(name) if " " in text):
            own = re.sub(r"(dask worker|ray start) --\S+", "", sentence)
            for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", own):
                assert option in options, f"{name}: {sentence}"
