import csv
import json
import os

import joblib
import numpy as np
import pyarrow.parquet
import pytest
from PIL import Image
from typer import Typer
from typer.testing import CliRunner

from classifiers.cli import parquet
from classifiers.cli import video as command
from classifiers.cli import workers as command_workers
from classifiers.cli.video_writer import VideoWriter
from classifiers.inference.tables import Schema
from data.errors import StorageError
from data.files import part_of
from landmarks.video.reader import VideoReader
from tests.helpers.square_faces import (
    CONFIDENCE,
    GREEN,
    RED,
    ColourPredictor,
    squares,
    use_squares,
)
from tests.helpers.video_maker import make_video, moving, numbered


@pytest.fixture
def run(monkeypatch):
    def run(*arguments):
        use_squares(monkeypatch, command)
        app = Typer()
        app.command()(command.main)
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def video(tmp_path):
    """Two seconds: an angry face that moves right; from 1 s on a happy one, too; sound."""
    frames = [
        squares(*[(10 + 2 * k, 20, 40, RED)], *([(110, 60, 40, GREEN)] if k >= 10 else []))
        for k in range(20)
    ]
    return make_video(tmp_path / "video.mp4", frames, rate=10, sound=True)


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_csv_has_a_row_for_each_face_in_each_frame(run, video, tmp_path):
    out = tmp_path / "out" / "video.csv"
    done = run(video, "--output-csv", out)
    assert done.exit_code == 0, done.output
    table = rows(out)
    assert list(table[0]) == Schema(ColourPredictor.classes).names
    assert {row["image"] for row in table} == {str(video)}
    assert [(row["frame"], row["face"]) for row in table] == [
        (str(k + 1), number) for k in range(20) for number in ("1", "2")[: 1 + (k >= 10)]
    ]
    assert [float(row["timestamp"]) for row in table[:10]] == pytest.approx(np.arange(10) / 10)
    first, last = table[0], table[-1]
    assert (first["expression"], last["expression"]) == ("angry", "happy")
    assert (
        float(first["expression_confidence"]) == float(first["angry"]) == pytest.approx(CONFIDENCE)
    )
    assert [int(first[name]) for name in ("x", "y", "width", "height")] == pytest.approx(
        [10, 20, 40, 40], abs=3
    )
    assert not list(tmp_path.rglob("*.part"))


def test_a_frame_without_a_face_has_its_row(run, tmp_path):
    path = make_video(tmp_path / "video.mp4", numbered(3))
    run(path, "--output-csv", tmp_path / "video.csv")
    table = rows(tmp_path / "video.csv")
    assert [(row["face"], row["success"], row["reason"]) for row in table] == [
        ("0", "0", "no-face")
    ] * 3
    assert {row["image_width"] for row in table} == {"64"}
    assert {row["x"] + row["expression"] + row["happy"] for row in table} == {""}


def test_confidences_are_averaged_over_time_unless_told_otherwise(run, tmp_path):
    frames = [squares((40, 40, 40, RED if k < 5 else GREEN)) for k in range(10)]
    path = make_video(tmp_path / "video.mp4", frames, rate=10)
    happy = {}
    for tau in (0, 0.2):
        run(path, "--output-csv", tmp_path / "video.csv", "--overwrite", "--smoothing", tau)
        happy[tau] = [float(row["happy"]) for row in rows(tmp_path / "video.csv")]
    before, after = (1 - CONFIDENCE) / 6, CONFIDENCE
    assert happy[0] == pytest.approx([before] * 5 + [after] * 5, abs=1e-5)
    steps = np.exp(-np.arange(1, 6) * 0.1 / 0.2)
    wanted = [*[before] * 5, *(after + (before - after) * steps)]
    assert happy[0.2] == pytest.approx(wanted, abs=1e-5)


def test_the_summary_says_who_showed_what_for_how_long(run, video):
    done = run(video, "--json")
    (answer,) = json.loads(done.stdout)["videos"]
    assert answer["video"] == str(video)
    assert (answer["frames"], answer["share_read"]) == (20, 1.0)
    one, two = answer["faces"]
    assert (one["face"], one["seconds"], one["expressions"]["angry"]) == (1, 2.0, 1.0)
    assert (two["first"], two["seconds"], two["expressions"]["happy"]) == (1.0, 1.0, 1.0)
    assert answer["expressions"]["angry"] == pytest.approx(2 / 3, abs=1e-4)
    text = run(video).stdout
    assert "face 1, 0.0 to 1.9 s: seen for 2.0 s: angry 100%" in text
    assert "all faces: seen for 3.0 s: angry 67%, happy 33%" in text


def test_nobody_is_seen_while_the_sound_alone_goes_on(run, tmp_path):
    frames = [squares((10, 20, 40, RED))] * 10
    times = [number / 10 for number in range(10)]
    # The tone has a second for each frame.
    path = make_video(tmp_path / "video.mp4", frames, rate=1, sound=True, times=times)
    (face,) = json.loads(run(path, "--json").stdout)["videos"][0]["faces"]
    assert face["last"] == pytest.approx(0.9, abs=0.01)
    assert face["seconds"] == pytest.approx(1.0, abs=0.1)


def test_fewer_frames_can_be_looked_at(run, video, tmp_path):
    done = run(video, "--fps", 2, "--json", "--output-csv", tmp_path / "video.csv")
    assert json.loads(done.stdout)["videos"][0]["frames"] == 4
    assert [row["frame"] for row in rows(tmp_path / "video.csv")] == [
        "1",
        "6",
        "11",
        "11",
        "16",
        "16",
    ]


def test_the_copy_has_boxes_all_frames_and_the_sound(run, video, tmp_path):
    out = tmp_path / "seen.mp4"
    assert run(video, "--output-video", out).exit_code == 0
    heard = []
    with VideoReader(out) as copy:
        frames = list(copy.frames(on_audio=heard.append))
        assert copy.container_duration == pytest.approx(2.0, abs=0.1)
    assert [frame.seconds for frame in frames] == pytest.approx(np.arange(20) / 10, abs=0.002)
    assert sum(piece.samples for piece in heard) / 48_000 == pytest.approx(2.0, abs=0.1)
    with VideoReader(video) as original:
        plain = next(original.frames()).rgb
    scale = frames[0].rgb.shape[1] // plain.shape[1]
    drawn = frames[0].rgb[::scale, ::scale].astype(int)
    changed = np.abs(drawn - plain).max(axis=2) > 60
    assert changed[15:65, 5:60].mean() > 0.05
    assert changed[80:].mean() < 0.01


def test_a_video_of_odd_sides_without_sound_can_be_copied(run, tmp_path):
    path = make_video(tmp_path / "video.avi", [f[:599, :801] for f in numbered(3, (802, 600))])
    assert run(path, "--output-video", tmp_path / "seen.mp4").exit_code == 0
    with VideoReader(tmp_path / "seen.mp4") as copy:
        assert not copy.has_audio
        assert next(copy.frames()).rgb.shape == (598, 800, 3)


def test_the_timeline_is_a_picture(run, video, tmp_path):
    out = tmp_path / "video.png"
    assert run(video, "--output-timeline", out).exit_code == 0
    with Image.open(out) as picture:
        assert picture.width > 1000
        colours = picture.convert("RGB").getcolors(picture.width * picture.height)
    by_colour = {colour: count for count, colour in colours}
    assert by_colour[0xEE, 0x66, 0x77] > 2 * by_colour[0x22, 0x88, 0x33]


def test_a_cut_off_video_leaves_what_was_read_and_ends_with_code_2(run, tmp_path):
    random = np.random.default_rng(0)
    noise = [random.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(20)]
    path = make_video(tmp_path / "video.webm", noise)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    done = run(path, "--output-csv", tmp_path / "video.csv")
    assert done.exit_code == 2
    assert "of the 2.0 s of its container" in done.stderr
    assert done.stderr.count("\n") == 1
    assert 3 < len(rows(tmp_path / "video.csv")) < 18


def test_a_damaged_video_is_one_sentence_and_a_row(run, video, tmp_path):
    out, copy = tmp_path / "video.csv", tmp_path / "seen.mp4"
    video.write_bytes(video.read_bytes()[:3000])
    done = run(video, "--output-csv", out, "--output-video", copy)
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    (row,) = rows(out)
    given = {name: value for name, value in row.items() if value}
    assert given == {"image": str(video), "face": "0", "success": "0", "reason": "unreadable"}
    assert not copy.exists()


def test_videos_of_a_folder_are_read_although_one_fails(run, video, tmp_path):
    folder = tmp_path / "talks"
    (folder / "deep").mkdir(parents=True)
    video.rename(folder / "a.mp4")
    (folder / "b.mp4").write_bytes(b"no video")
    make_video(folder / "deep/c.mov", [squares((40, 40, 40, RED))] * 5, rate=10)
    (folder / "notes.txt").write_text("mine")
    table, summary, seen = tmp_path / "t.csv", tmp_path / "s.csv", tmp_path / "seen"
    done = run(
        *(folder, "--output-csv", table, "--output-summary", summary, "--output-video", seen),
        *("--output-timeline", seen),
    )
    assert done.exit_code == 2
    assert done.stderr.endswith("1 of 3 videos can't be read as a whole.\n")
    names = [str(folder / name) for name in ("a.mp4", "b.mp4", "deep/c.mov")]
    found = rows(summary)
    assert [row["image"] for row in found] == names
    assert [row["reason"] for row in found] == ["", "unsupported", ""]
    assert [row["frames"] for row in found] == ["20", "0", "5"]
    assert found[0]["angry"] == "0.6667"
    assert found[1]["angry"] == found[1]["uncertain_share"] == ""
    assert [row["image"] for row in rows(table)] == [names[0]] * 30 + names[1:2] + names[2:] * 5
    assert sorted(path.relative_to(seen).as_posix() for path in seen.rglob("*.*")) == [
        *("a.mp4", "a.png", "deep/c.mp4", "deep/c.png")
    ]


@pytest.mark.parametrize("table_format", ["csv", "jsonl", "parquet"])
def test_two_workers_give_the_same_bytes_as_one(run, video, tmp_path, monkeypatch, table_format):
    monkeypatch.setattr(command_workers, "_own_predictor", lambda _: ColourPredictor())
    folder = tmp_path / "talks"
    folder.mkdir()
    (folder / "b.mp4").write_bytes(b"no video")
    (folder / "c.mp4").write_bytes(video.read_bytes())
    video.rename(folder / "a.mp4")
    made = []
    for workers in (1, 2):
        out = tmp_path / str(workers)
        with joblib.parallel_config(backend="threading"):
            run(
                *(
                    folder,
                    "--workers",
                    workers,
                    "--output-csv",
                    out / "t",
                    "--format",
                    table_format,
                ),
                *("--output-summary", out / "s", "--output-timeline", out / "seen"),
            )
        files = {path.relative_to(out): path for path in out.rglob("*") if path.is_file()}
        assert len(files) == 5
        made.append({name: path.read_bytes() for name, path in files.items()})
    assert made[0] == made[1]


def test_a_folder_takes_the_copy_of_one_video_and_is_not_read_again(run, video, tmp_path):
    seen = tmp_path / "seen"
    for _ in range(2):
        assert run(tmp_path, "--output-video", seen, "--overwrite").exit_code == 0
    assert [path.name for path in seen.iterdir()] == ["video.mp4"]


def test_several_videos_need_a_folder_for_their_copies(run, video, tmp_path):
    video.with_name("b.mp4").write_bytes(video.read_bytes())
    done = run(tmp_path / "*.mp4", "--output-video", tmp_path / "seen.mp4")
    assert done.exit_code == 1
    assert "Expected a folder for the results of 2 videos" in done.stderr


def test_a_video_that_is_not_there_has_a_row(run, tmp_path):
    done = run(tmp_path / "none.mp4", "--output-csv", tmp_path / "out.csv")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert [row["reason"] for row in rows(tmp_path / "out.csv")] == ["unreadable"]


def test_events_have_means_peaks_and_onsets(run, video, tmp_path):
    events, out = tmp_path / "events.csv", tmp_path / "out.csv"
    events.write_text(
        "start,end,label,image\n0.5,1.5,both,\n1.5,2,late,video.mp4\n5,6,never,\n0,1,x,other.mp4\n"
    )
    done = run(video, "--events", events, "--output-events", out, "--smoothing", 0)
    assert done.exit_code == 0, done.output
    table = rows(out)
    n_classes = len(ColourPredictor.classes)
    assert [row["label"] for row in table] == ["both", "late"] * 0 + (
        ["both"] * 2 * n_classes + ["late"] * 2 * n_classes + ["never"]
    )
    by = {(row["label"], row["face"], row["expression"]): row for row in table}
    angry, happy = by["both", "1", "angry"], by["both", "2", "happy"]
    assert (angry["frames"], happy["frames"]) == ("10", "5")
    assert float(happy["mean"]) == float(happy["peak"]) == pytest.approx(CONFIDENCE)
    assert (angry["onset_time"], happy["onset_time"], happy["peak_time"]) == (
        *("0.000", "0.500", "0.500"),
    )
    assert by["both", "2", "angry"]["onset_time"] == ""
    assert (by["never", "0", ""]["frames"], by["never", "0", ""]["mean"]) == ("0", "")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("start,label\n1,a\n", "Expected rows of start, end and label"),
        ("start,end,label\n", "got no rows"),
        ("start,end,label\n2,1,a\n", "its start below its end, in row 1"),
        ("start,end,label\n0,1,a\nx,1,a\n", "in row 2"),
    ],
)
def test_events_that_do_not_fit_are_one_sentence(run, video, tmp_path, content, sentence):
    (tmp_path / "events.csv").write_text(content)
    done = run(
        *(video, "--events", tmp_path / "events.csv"),
        *("--output-events", tmp_path / "out.csv"),
    )
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert sentence in done.stderr


def test_events_and_their_table_belong_together(run, video, tmp_path):
    done = run(video, "--output-events", tmp_path / "out.csv")
    assert done.exit_code == 1
    assert "name both" in done.stderr


def test_every_second_frame_can_be_read(run, video, tmp_path):
    run(video, "--every", 2, "--output-csv", tmp_path / "video.csv")
    frames = [row["frame"] for row in rows(tmp_path / "video.csv")]
    assert sorted({int(frame) for frame in frames}) == list(range(1, 21, 2))


def test_json_lines_hold_the_same_as_the_csv(run, video, tmp_path):
    lines = tmp_path / "lines.jsonl"
    run(video, "--output-csv", tmp_path / "video.csv", "--points")
    run(video, "--output-csv", lines, "--points", "--format", "jsonl")
    found = [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
    for row, other in zip(rows(tmp_path / "video.csv"), found, strict=True):
        assert list(row) == list(other)
        assert row["expression"] == other["expression"]
        assert float(row["x_467"]) == other["x_467"]
        assert (row["score"], other["score"]) == ("", None)
        assert row["uncertain"] == str(other["uncertain"]).lower()


def test_parquet_holds_the_same_as_json_lines(run, video, tmp_path):
    places = tmp_path / "lines.jsonl", tmp_path / "table.parquet"
    for place in places:
        run(video, "--output-csv", place, "--format", place.suffix[1:])
    lines = [json.loads(line) for line in places[0].read_text("utf-8").splitlines()]
    table = pyarrow.parquet.read_table(places[1])
    assert table.to_pylist() == lines
    kinds = {"image": "string", "frame": "int64", "happy": "double", "uncertain": "bool"}
    assert {name: str(table.schema.field(name).type) for name in kinds} == kinds
    assert not list(tmp_path.glob("*.part*"))


def test_parquet_without_its_package_is_one_sentence(run, video, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "find_spec", lambda _: None)
    done = run(video, "--output-csv", tmp_path / "t.parquet", "--format", "parquet")
    assert done.exit_code == 1
    assert "Expected the package pyarrow for Parquet, found none" in " ".join(done.output.split())
    assert not list(tmp_path.glob("t.*"))


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--output-csv", "notes.txt"),
        ("--output-csv", "pipe"),
        ("--output-video", "notes.txt"),
        ("--output-video", "video.mp4"),
        ("--output-video", "other.mp4"),
        ("--output-timeline", "other.png"),
    ],
)
def test_nothing_that_is_there_is_replaced(run, video, tmp_path, option, name):
    (tmp_path / "notes.txt").write_text("mine\n")
    make_video(tmp_path / "other.mp4", numbered(3))
    Image.new("RGB", (4, 4)).save(tmp_path / "other.png")
    os.mkfifo(tmp_path / "pipe")
    before = (tmp_path / name).stat()
    done = run(video, option, tmp_path / name)
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    after = (tmp_path / name).stat()
    assert (after.st_ino, after.st_mode, after.st_size, after.st_mtime_ns) == (
        before.st_ino,
        before.st_mode,
        before.st_size,
        before.st_mtime_ns,
    )


def test_each_result_needs_a_place_of_its_own(run, video, tmp_path):
    place = tmp_path / "seen.mp4"
    done = run(video, "--output-csv", place, "--output-video", place)
    assert done.exit_code == 1
    assert not place.exists()


def test_a_full_disk_is_said_and_leaves_no_half_copy(tmp_path):
    path = tmp_path / "seen.mp4"
    part_of(path).symlink_to("/dev/full")
    noise = np.random.default_rng(0).integers(0, 255, (5, 480, 640, 3), dtype=np.uint8)

    def add_noise():
        with VideoWriter(path, 10) as copy:
            for number in range(50):
                copy.add(number / 10, noise[number % 5])

    with pytest.raises(StorageError, match="No space left"):
        add_noise()
    assert list(tmp_path.iterdir()) == []


def test_what_is_called_as_an_unfinished_copy_is_not_touched(run, video, tmp_path):
    part = tmp_path / "seen.mp4.part"
    part.write_text("my notes")
    assert run(video, "--output-video", tmp_path / "seen.mp4").exit_code == 1
    assert part.read_text() == "my notes"
    assert run(video, "--output-video", tmp_path / "seen.mp4", "--overwrite").exit_code == 0


def test_results_are_replaced_with_overwrite(run, video, tmp_path):
    places = ["--output-video", tmp_path / "a.mp4", "--output-timeline", tmp_path / "a.png"]
    for _ in range(2):
        assert run(video, *places, "--overwrite").exit_code == 0
    done = run(video, *places)
    assert done.exit_code == 1
    assert "--overwrite" in done.stderr


@pytest.mark.parametrize("content", ["ffconcat version 1.0\nfile video.mp4\n", "no video", ""])
def test_what_is_no_video_is_one_sentence(run, tmp_path, content):
    path = tmp_path / "playlist.mp4"
    path.write_text(content)
    done = run(path)
    assert done.exit_code in (1, 2)
    assert done.stderr.count("\n") == 1


def test_a_real_face_is_followed_through_a_video(portrait, tmp_path):
    """The portrait moves, a cut goes by, and the shipped landmark model reads it."""
    shots = [*moving(portrait, 8, (640, 512), step=(6, 0)), *numbered(2, (640, 512))]
    path = make_video(tmp_path / "video.mp4", [*shots, *shots[:4]], rate=10)
    app = Typer()
    app.command()(command.main)
    out = tmp_path / "video.csv"
    done = CliRunner().invoke(app, [str(path), "--output-csv", str(out)])
    assert done.exit_code == 0, done.output
    table = rows(out)
    assert [row["face"] for row in table] == ["1"] * 8 + ["0"] * 2 + ["2"] * 4
    assert {row["expression"] for row in table if row["success"] == "1"} == {"happy"}
    lefts = [int(row["x"]) for row in table[:8]]
    assert np.diff(lefts) == pytest.approx([6] * 7, abs=2)


def test_each_track_is_read_relative_to_its_own_seconds_of_rest(run, video, tmp_path):
    out = tmp_path / "video.csv"
    done = run(video, "--output-csv", out, "--baseline", "0-0.5", "--smoothing", 0)
    assert done.exit_code == 0, done.output
    table = rows(out)
    angry, happy = ([row for row in table if row["face"] == number] for number in "12")
    # The first face never changes, so it stays neutral; the second is not seen in these seconds.
    assert {row["expression"] for row in angry} == {"neutral"}
    proba = np.array([(1 - CONFIDENCE) / 6] * 6 + [CONFIDENCE])
    powers = proba**-0.15
    powers[0] *= 4**1.15  # the weight and the odds of a model on landmarks
    neutral = powers[0] ** 1.5 / (powers**1.5).sum()
    assert float(angry[-1]["neutral"]) == pytest.approx(neutral, abs=1e-3)
    assert abs(float(angry[0]["mouth_width_change"])) < 1e-3
    assert {row["expression"] for row in happy} == {"happy"}
    assert {row["mouth_width_change"] for row in happy} == {""}
    assert json.loads(out.with_suffix(".json").read_text())["video"]["baseline"] == [0.0, 0.5]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--baseline", "2-1"), "Expected seconds such as 0-2.5 for --baseline, got 2-1."),
        (("--baseline", "-1-2"), "Expected seconds such as 0-2.5"),
        (("--baseline", "0-1", "--neutral", "me.png"), "name one of them"),
    ],
)
def test_a_baseline_that_does_not_fit_is_one_sentence(run, video, options, sentence):
    done = run(video, *options)
    assert done.exit_code == 1
    assert sentence in " ".join(done.output.split())


def test_seconds_without_a_face_are_said(run, video):
    done = run(video, "--baseline", "5-6")
    assert done.exit_code == 0
    assert "No face in" in done.output
    assert "confidences are absolute" in done.output
