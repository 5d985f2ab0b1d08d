import json

import pytest
from typer.testing import CliRunner

from classifiers.__main__ import app
from classifiers.cli.methods import paragraph
from tests.helpers.paths import ROOT
from tests.helpers.video_maker import make_video, numbered

SAMPLE = ROOT / "data/sample/test/happy"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def photos(tmp_path):
    """Return a folder of two faces, a picture without one and a file that is none."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in (1, 2):
        name = f"happy_0{number}.png"
        (folder / name).write_bytes((SAMPLE / name).read_bytes())
    (folder / "broken.png").write_bytes(b"no photo")
    return folder


def test_the_same_command_gives_the_same_bytes_on_one_worker_or_two(photos, tmp_path):
    made = []
    for number, workers in enumerate((1, 1, 2)):
        out = tmp_path / str(number) / "faces.csv"
        neutral = photos / "happy_02.png"
        done = run(
            *("image", photos, "--output-csv", out, "--workers", workers, "--points"),
            *("--neutral", neutral, "--min-confidence", 0.7),
        )
        assert done.exit_code == 2, done.output
        made.append((out.read_bytes(), out.with_suffix(".json").read_bytes()))
    assert made[0] == made[1] == made[2]


def test_the_json_beside_a_table_says_how_it_was_made(photos, tmp_path):
    run("image", photos, "--output-csv", tmp_path / "faces.csv", "--min-confidence", 0.7)
    made = json.loads((tmp_path / "faces.json").read_text("utf-8"))
    assert (made["table"], made["model"], made["uncertain_threshold"]) == (
        *("faces.csv", "fused", 0.7),
    )
    assert made["counts"] == {
        **{"images": 3, "found": 2, "missed": 0, "unreadable": 1},
        **{"faces": 2, "uncertain": made["counts"]["uncertain"]},
    }
    text = run("methods", tmp_path / "faces.json").stdout
    assert "model fused 0.1.0, trained on FER2013" in text
    assert "a prediction below 0.700 is uncertain" in text
    assert "Of 3 photographs, 2 showed a face and 0 none; 1 photographs could not be read" in text


def test_a_videos_paragraph_says_how_it_was_read(tmp_path):
    video = make_video(tmp_path / "video.mp4", numbered(6), rate=10)
    options = ("--every", 2, "--fps", 10, "--smoothing", 0.5, "--prior", "uniform")
    run("video", video, "--output-csv", tmp_path / "video.csv", *options)
    text = run("methods", tmp_path / "video.json").stdout
    assert "at most 10 frames a second, of them one in 2" in text
    assert "averaged over time (exponentially, tau 0.5 s)" in text
    assert "classes were set to uniform" in text
    assert "Of 3 frames of 1 video, 0 showed a face and 3 none" in text


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"versions": 1}'])
def test_another_file_is_one_sentence(tmp_path, content):
    (tmp_path / "other.json").write_text(content)
    done = run("methods", tmp_path / "other.json")
    assert done.exit_code == 1
    assert done.stderr.startswith("Expected the JSON that image or video writes beside a table")
    assert done.stderr.count("\n") == 1


def test_a_json_that_is_there_stays_and_a_table_needs_another_suffix(photos, tmp_path):
    (tmp_path / "faces.json").write_text("mine")
    for name, sentence in (("faces.csv", "which exists"), ("table.json", "end with .csv")):
        done = run("image", photos, "--output-csv", tmp_path / name)
        assert done.exit_code == 1
        assert sentence in done.stderr
    assert (tmp_path / "faces.json").read_text() == "mine"


def test_the_neutral_face_and_another_detector_are_named(photos, tmp_path):
    run("image", photos, "--output-csv", tmp_path / "faces.csv")
    made = json.loads((tmp_path / "faces.json").read_text("utf-8"))
    text = paragraph(made | {"neutral": ["a.png"], "detector": "mtcnn 1", "meshes": 1})
    assert "relative to 1 photograph of the person's neutral face" in text
    assert "detected with mtcnn 1" in text
    assert "the mean of 1 mesh." in text
