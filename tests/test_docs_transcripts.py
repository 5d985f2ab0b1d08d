"""What the README shows as a command's output is what the command prints, but for scatter.

Figures may differ by one in what is shown, since processors round differently; how long a face
takes may differ by any factor. Of films, which aren't shipped, only the words are compared.
"""

import re
import shlex
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from classifiers.__main__ import app
from landmarks.images import read_image
from tests.film_maker import make_film, moving
from tests.test_docs_commands import README, SUB_COMMANDS

ROOT = Path(__file__).parent.parent
NUMBER = re.compile(r"\d[\d,]*\.?\d*")
START = "$ .venv/bin/python -m classifiers "


def transcripts():
    """Return (command, output) of each call of a sub-command in the README's blocks."""
    shown = []
    for block in re.findall(r"^```console\n(.*?)^```", README, re.DOTALL | re.MULTILINE):
        for call in re.split(r"^(?=\$ )", block, flags=re.MULTILINE):
            line, _, output = call.partition("\n")
            if line.startswith(START):
                shown.append((line.removeprefix(START), output))
            elif line.startswith("$ head "):  # of a file that the command before wrote
                shown[-1] = (f"{shown[-1][0]}\n{line}", shown[-1][1] + output)
    return shown


SHOWN = transcripts()
SILENT = ("webcam",)
"""A window shows what they find."""


@pytest.fixture
def desk(tmp_path, portrait, monkeypatch):
    """Work in a folder with what the README's commands are about."""
    monkeypatch.chdir(tmp_path)
    Path("data").symlink_to(ROOT / "data")
    Image.fromarray(portrait).save("portrait.jpg", quality=95)
    faces = [read_image(f"data/sample/test/{name}/{name}_01.png") for name in ("happy", "surprise")]
    frames = list(moving(faces[0], 10, (640, 320), (20, 40), (0, 0)))
    for frame in frames[2:]:
        frame[40 : 40 + len(faces[1]), 360 : 360 + faces[1].shape[1]] = faces[1]
    make_film(Path("talk.mp4"), frames, rate=2)


def printed(command):
    """Run a command, and the calls of head that look at its results."""
    call, *heads = command.splitlines()
    done = CliRunner().invoke(app, shlex.split(call))
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


def test_every_sub_command_has_an_output_in_the_readme():
    answered = {command.split()[0] for command, output in SHOWN if output.strip()}
    assert answered == set(SUB_COMMANDS) - set(SILENT)


PHOTOS = [shown for shown in SHOWN if shown[0].split()[0] in ("image", "explain", "compare")]


@pytest.mark.parametrize(("command", "output"), PHOTOS, ids=[c.split()[0] for c, _ in PHOTOS])
@pytest.mark.usefixtures("desk")
def test_the_readme_shows_what_a_command_prints(command, output):
    text = printed(command)
    assert words(text) == words(output)
    assert figures(text) == pytest.approx(figures(output), abs=1)


FILMS = [shown for shown in SHOWN if "talk.mp4" in shown[0] and shown[1]]


@pytest.mark.parametrize(("command", "output"), FILMS, ids=[c.split()[0] for c, _ in FILMS])
@pytest.mark.usefixtures("desk")
def test_the_readme_shows_what_a_film_s_command_says(command, output):
    def forms(text):
        shares = r"(\b[a-z]+ \d+%(, )?)+"
        rows = re.sub(r"^1,1,.*$", "a row", re.sub(shares, "shares ", text), flags=re.MULTILINE)
        return [words(line) for line in rows.splitlines()]

    assert forms(printed(command)) == forms(output)
