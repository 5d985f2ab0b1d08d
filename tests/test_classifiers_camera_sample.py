import numpy as np
import pytest
from PIL import Image
from typer import Typer
from typer.testing import CliRunner

from classifiers.cli import record
from data.features.schema import MANIFEST
from data.features.table import read_table
from tests.helpers.video_maker import make_video, moving, numbered


@pytest.fixture(scope="module")
def video(portrait, tmp_path_factory):
    path = tmp_path_factory.mktemp("videos") / "me.mp4"
    return make_video(path, moving(portrait, 10, (640, 512), step=(10, 0)), rate=5)


def run(*arguments):
    app = Typer()
    app.command()(record.main)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_classes_are_collected_one_after_the_other_and_can_be_trained_on(video, tmp_path):
    mine = tmp_path / "mine"
    done = run("happy", "--folder", mine, "--camera", video, "--seconds", 0.7)
    assert done.exit_code == 0, done.output
    assert "4 crops of happy" in done.output
    assert run("my own", "--folder", mine, "--camera", video, "--start", 1).exit_code == 0
    crops = sorted(path.relative_to(mine).as_posix() for path in mine.rglob("*.png"))
    assert crops == [f"happy/{n:05}.png" for n in range(1, 5)] + [
        f"my own/{n:05}.png" for n in range(1, 6)
    ]
    table = read_table(tmp_path / "mine-features")
    assert table["label"].value_counts().to_dict() == {"happy": 4, "my own": 5}
    assert table["success"].all()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "mine-features"]


def test_a_crop_is_the_face_with_its_surroundings(video, portrait, tmp_path):
    run("happy", "--folder", tmp_path / "mine", "--camera", video, "--seconds", 0.1)
    crop = np.asarray(Image.open(tmp_path / "mine" / "happy" / "00001.png"))
    assert crop.shape == (256, 256, 3)
    # The face is 93 x 110 pixels at (180, 67), so that the crop shows 220 around its middle.
    wanted = Image.fromarray(portrait[12:232, 116:336]).resize((256, 256))
    assert np.abs(crop.astype(int) - np.asarray(wanted)).mean() < 8


def test_further_runs_add_to_a_class(video, tmp_path):
    for wanted in (1, 2):
        done = run("happy", "--folder", tmp_path / "mine", "--camera", video, "--seconds", 0.1)
        assert done.exit_code == 0, done.output
        assert len(list((tmp_path / "mine" / "happy").iterdir())) == wanted


def test_a_start_after_the_videos_end_is_one_sentence(tmp_path):
    path = make_video(tmp_path / "video.mp4", numbered(3))
    done = run("happy", "--folder", tmp_path / "mine", "--camera", path, "--start", 60)
    assert done.exit_code == 1
    assert "Expected --start before the video's end, got 60 s" in done.stderr


def test_a_video_without_a_face_is_one_sentence(tmp_path):
    path = make_video(tmp_path / "video.mp4", numbered(3))
    done = run("happy", "--folder", tmp_path / "mine", "--camera", path)
    assert done.exit_code == 2
    assert "No face was seen" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("label", ["a/b", "..", " ", "a\nb"])
def test_a_label_that_is_no_folders_name_is_refused(video, tmp_path, label):
    done = run(label, "--folder", tmp_path / "mine", "--camera", video)
    assert done.exit_code == 1
    assert not (tmp_path / "mine").exists()


def test_a_folder_of_something_else_is_not_touched(video, tmp_path):
    other = tmp_path / "mine-features"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    done = run("happy", "--folder", tmp_path / "mine", "--camera", video)
    assert done.exit_code == 1
    assert [path.name for path in other.iterdir()] == ["notes.txt"]
    assert not (other / MANIFEST).exists()


def test_photos_that_lie_about_are_said_before_anything_is_shot(video, tmp_path):
    mine = tmp_path / "mine"
    (mine / "happy").mkdir(parents=True)
    assert run("happy", "--folder", mine, "--camera", video, "--seconds", 0.1).exit_code == 0
    Image.new("RGB", (4, 4)).save(mine / "loose.png")
    done = run("happy", "--folder", mine, "--camera", video)
    assert done.exit_code == 1
    assert "found 1 outside, such as loose.png" in done.stderr
    assert len(list((mine / "happy").iterdir())) == 1


def test_the_root_is_no_folder_for_crops(video):
    done = run("happy", "--folder", "/", "--camera", video)
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
