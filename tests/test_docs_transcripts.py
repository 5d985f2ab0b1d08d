"""What a page shows as a command's output is what the command prints, but for scatter.

Figures may differ by one in what is shown, since processors round differently; how long a face
takes may differ by any factor. What needs FER2013 or a camera isn't run.
"""

import re
import shlex
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

import classifiers.__main__
import data.__main__
from tests.helpers.docs_pages import blocks
from tests.helpers.paths import ROOT
from tests.helpers.sub_commands import SUB_COMMANDS
from tests.helpers.video_maker import talk

NUMBER = re.compile(r"\d[\d,]*\.?\d*")
APPS = {"classifiers": classifiers.__main__.app, "data": data.__main__.app}
START = "$ .venv/bin/python -m "


def transcripts():
    """Return (command, output) of each call of a sub-command in the pages' blocks."""
    shown = []
    for _, block in blocks("console"):
        for call in re.split(r"^(?=\$ )", block, flags=re.MULTILINE):
            line, _, output = call.partition("\n")
            if line.startswith(START) and line.split()[3] in APPS:
                shown.append((line.removeprefix(START), output))
            elif line.startswith("$ head "):  # of a file that the command before wrote
                shown[-1] = (f"{shown[-1][0]}\n{line}", shown[-1][1] + output)
    return shown


SHOWN = transcripts()
SILENT = (
    "classifiers webcam",
    "classifiers train",
    "classifiers evaluate",
    "classifiers doctor",
    "data features",
)
"""A window shows what the first finds; the pages call the others by make."""


@pytest.fixture
def desk(tmp_path, portrait, monkeypatch):
    """Work in a folder with what the pages' commands are about."""
    monkeypatch.chdir(tmp_path)
    Path("data").symlink_to(ROOT / "data")
    Image.fromarray(portrait).save("portrait.jpg", quality=95)
    talk(Path("talk.mp4"))
    Path("events.csv").write_text("start,end,label\n2,4,joke\n")


def printed(command):
    """Run a command, and the calls of head that look at its results."""
    call, *heads = command.splitlines()
    room, *arguments = shlex.split(call)
    done = CliRunner().invoke(APPS[room], arguments)
    assert done.exit_code == 0, done.output
    text = done.stdout
    for head in heads:
        count, path = re.fullmatch(r"\$ head -(\d+) (\S+)", head).groups()
        text += "".join(Path(path).read_text("utf-8").splitlines(keepends=True)[: int(count)])
    return text


def words(text):
    """Return the lines without figures, bars and the lines of tables."""
    plain = re.sub(r"[█▏▎▍▌▋▊▉┏┳┓┃┡╇┩│└┴┘━─\s]+(?=.)", " ", NUMBER.sub("#", text))
    return plain.strip()


def figures(text):
    """Return all figures, but for those of time."""
    lines = [line for line in text.splitlines() if "ms a face" not in line]
    return [float(figure.replace(",", "")) for figure in NUMBER.findall("\n".join(lines))]


def test_every_sub_command_has_an_output_on_a_page():
    answered = {" ".join(command.split()[:2]) for command, output in SHOWN if output.strip()}
    assert answered == set(SUB_COMMANDS) - set(SILENT)


HERE = ("portrait.jpg", "data/sample", "talk.mp4")
TRIED = [shown for shown in SHOWN if any(name in shown[0] for name in HERE)]


@pytest.mark.slow
@pytest.mark.parametrize(("command", "output"), TRIED, ids=[c.split()[1] for c, _ in TRIED])
@pytest.mark.usefixtures("desk")
def test_a_page_shows_what_a_command_prints(command, output):
    text = printed(command)
    assert words(text) == words(output)
    assert figures(text) == pytest.approx(figures(output), abs=1)
