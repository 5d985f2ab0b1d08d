"""What the pages tell people to type exists, and what exists stands on a page."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from mien import MODULES
from tests.helpers.docs_pages import PAGES
from tests.helpers.paths import ROOT
from tests.helpers.sub_commands import SUB_COMMANDS

START = r"(?:^|&&|;|\$ )[ \t]*(?:\w+=\S+ +)*"
"""Where a command begins: at a line's or span's start, after a prompt, or after another one."""


def code_of(markdown):
    """Return the code blocks and the code spans of a page, prose left out."""
    blocks = re.findall(r"^```.*?\n(.*?)^```", markdown, re.DOTALL | re.MULTILINE)
    prose = re.sub(r"^```.*?^```", "", markdown, flags=re.DOTALL | re.MULTILINE)
    return "\n".join(blocks + re.findall(r"`([^`]+)`", prose))


def make_calls(code):
    """Return (target, variables) of each call of make; the target is ``""`` for make alone."""
    calls = re.findall(START + r"make\b(?! sure)([^\n;&#]*)", code, re.MULTILINE)
    return [
        (
            next(iter(re.findall(r"^ +([a-z-]+)\b(?!=)", rest)), ""),
            re.findall(r"\b([A-Z]+)=", rest),
        )
        for rest in calls
    ]


def module_calls(code):
    """Return (module or module and sub-command, options) of each ``python -m module``."""
    module = r"((?:classifiers|data) [a-z][a-z-]*|[\w.]+)"
    calls = re.findall(START + rf"\S*python3? -m {module}([^\n;&#]*)", code, re.MULTILINE)
    return [(name, re.findall(r"--([a-z-]+)", rest)) for name, rest in calls]


def mien_calls(code):
    """Return the sub-command of each call of ``mien``, ``--help`` for its help."""
    return re.findall(START + r"mien ([\w-]+)", code, re.MULTILINE)


def source_of(module):
    """Return the file of a module, of a package's command, or of a sub-command."""
    name = SUB_COMMANDS[module].callback.__module__ if module in SUB_COMMANDS else module
    path = ROOT / Path(*name.split("."))
    return next((p for p in (path.with_suffix(".py"), path / "__main__.py") if p.is_file()), None)


MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE)
CODE = "\n".join(map(code_of, PAGES.values()))


def test_every_call_of_make_has_its_target_and_variables():
    calls = make_calls(CODE)
    assert calls
    for target, variables in calls:
        assert target in ("", *TARGETS)
        for variable in variables:
            assert re.search(rf"\b{variable}\b", MAKEFILE), f"make {target} {variable}="


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_stands_on_a_page(target):
    named = {"help" if called == "" else called for called, _ in make_calls(CODE)}
    assert target in named


def test_every_module_that_is_run_exists_and_has_its_options():
    calls = module_calls(CODE)
    assert calls
    for module, options in calls:
        file = source_of(module)
        assert file, f"python -m {module}"
        source = file.read_text("utf-8")
        for option in set(options) - {"help"}:
            known = f"--{option}" in source or option.replace("-", "_") in source
            assert known, f"python -m {module} --{option}"


def test_every_call_of_mien_has_its_sub_command():
    calls = set(mien_calls(CODE))
    assert {"image", "serve"} <= calls <= {*MODULES, "--help"}


@pytest.mark.parametrize("name", SUB_COMMANDS)
def test_every_sub_command_stands_on_a_page_and_has_an_example(name):
    assert name in {module for module, _ in module_calls(CODE)}
    command = SUB_COMMANDS[name]
    assert command.get_short_help_str()
    assert f"python -m {name}" in f"{command.help} {command.epilog}"


def test_the_page_is_read_as_a_person_reads_it():
    page = (
        "We make sure. Type `make web PORT=80`, or `make`.\n"
        "```console\n$ make features IMAGES=x && make train\nwe make nonsense\n"
        "$ .venv/bin/python -m classifiers image a.png --json\n$ mien serve --port 80\n```\n"
    )
    code = code_of(page)
    assert sorted(make_calls(code)) == [
        ("", []),
        ("features", ["IMAGES"]),
        ("train", []),
        ("web", ["PORT"]),
    ]
    assert module_calls(code) == [("classifiers image", ["json"])]
    assert mien_calls(code) == ["serve"]


@pytest.mark.parametrize("target", TARGETS)
def test_the_help_of_a_target_names_each_variable_that_it_takes(target):
    rule = rf"^{target}:.*## (.*)\n((?:\t.*\n)*)"
    line, recipe = re.search(rule, MAKEFILE, re.MULTILINE).groups()
    taken = set(re.findall(r"\$\((?:call option,|if \$\()?([A-Z_]+)[,)]", recipe))
    ours = {"PYTHON", "VENV", "SPREAD", "LOOKS_AT"}
    assert taken - ours <= set(re.findall(r"([A-Z_]+)=", line))


@pytest.mark.parametrize("given", ["HIDDEN=64", "PORT=80"])
def test_a_variable_that_a_target_does_not_take_is_refused(given):
    # The make that runs these tests hands its own variables down.
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "-n", "train", given, "MODEL=torch"]
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True)
    assert done.returncode == 2
    said = r"Expected variables among .*TABLE.* with make train, got (\w+)\."
    assert re.search(said, done.stderr)[1] == given.split("=")[0]


def test_a_variable_that_a_sentence_names_is_the_makefiles():
    sentence = (ROOT / "classifiers/evaluation/evaluate.py").read_text("utf-8")
    assert re.findall(r"\(make: (\w+)=1\)", sentence) == ["IGNORE_UNKNOWN"]
    assert MAKEFILE.count("$(if $(IGNORE_UNKNOWN),--ignore-unknown)") == 2
