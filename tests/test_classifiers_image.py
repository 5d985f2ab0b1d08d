import csv
import errno
import json
import os
import pickle

import joblib
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from classifiers.__main__ import app
from classifiers.bundle.bundle import BundleError
from classifiers.cli import image as command
from classifiers.cli import outputs, workers
from classifiers.cli.batch import Job, read_photo, read_photos
from classifiers.cli.display import BAR_WIDTH
from classifiers.inference.tables import Schema
from tests.helpers.fake_predictor import CONFIDENCES, CONTRIBUTIONS, FakePredictor

CLASSES = list(CONFIDENCES)
HEAD = Schema(CLASSES).names


@pytest.fixture
def run(monkeypatch):
    def run(*arguments, predictor=None, **options):
        answering = predictor or FakePredictor(**options)
        monkeypatch.setattr(command, "open_predictor", lambda *_: answering)
        return CliRunner().invoke(app, ["image", *map(str, arguments)])

    return run


@pytest.fixture
def photo(tmp_path):
    return write_photo(tmp_path / "photos" / "one.png")


def write_photo(path, size=(120, 80)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (200, 200, 200)).save(path)
    return path


def rows(path):
    return list(csv.DictReader(path.open(newline="", encoding="utf-8")))


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_json_is_what_programs_are_promised(run, photo):
    done = run(photo, "--json", n_faces=2)
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert list(answer) == ["model", "version", "classes", "uncertain_threshold", "images"]
    assert (answer["model"], answer["uncertain_threshold"]) == ("fake", 0.5)
    (image,) = answer["images"]
    assert image["image"] == str(photo)
    assert image["reason"] == ""
    assert len(image["faces"]) == 2
    for face in image["faces"]:
        assert len(face["box"]) == 4
        assert face["expression"] == "happy"
        assert list(face["confidences"]) == CLASSES
        assert "explanation" not in face


def test_explain_adds_the_regions(run, photo):
    (image,) = json.loads(run(photo, "--json", "--explain").stdout)["images"]
    assert image["faces"][0]["explanation"] == CONTRIBUTIONS
    text = run(photo, "--explain").stdout
    lines = [line.split() for line in text.splitlines()]
    regions = [line[0] for line in lines if line and line[0] in CONTRIBUTIONS]
    assert regions == ["mouth", "eyes", "nose", "brows", "jaw"]
    assert ["mouth", "+60.0", "for"] in lines
    assert ["nose", "-3.4", "against"] in lines


def test_people_read_bars_and_per_cent(run, photo):
    text = run(photo).stdout
    assert str(photo) in text.replace("\n", "")
    assert "face 1" in text
    for name in CLASSES:
        assert name in text
    assert "80.0%" in text
    bars = {line.split()[0]: line.count("█") for line in text.splitlines() if "%" in line}
    assert bars["happy"] == round(0.8 * BAR_WIDTH)


def test_uncertain_answers_name_the_two_best(run, photo):
    assert "uncertain: happy or neutral" in run(photo, uncertain=True).stdout
    assert "uncertain:" not in run(photo).stdout


def test_no_face_is_an_answer_not_a_failure(run, photo):
    done = run(photo, "--json", n_faces=0)
    assert done.exit_code == 0
    (image,) = json.loads(done.stdout)["images"]
    assert (image["image"], image["model"]) == (str(photo), "fake")
    assert (image["faces"], image["reason"]) == ([], "no-face")
    assert "no face found" in run(photo, n_faces=0).stdout


def test_an_unreadable_photo_is_a_reason_and_the_others_are_answered(run, photo):
    broken = photo.with_name("broken.png")
    broken.write_bytes(photo.read_bytes()[:60])
    missing = photo.with_name("missing.png")
    done = run(broken, photo, missing, "--json")
    assert done.exit_code == 2
    images = json.loads(done.stdout)["images"]
    assert [image["reason"] for image in images] == ["unreadable", "", "unreadable"]
    assert [len(image["faces"]) for image in images] == [0, 1, 0]
    assert done.stderr.count("\n") == 3
    assert "broken.png" in done.stderr
    assert done.stderr.endswith("2 of 3 photos can't be read; mend or remove them.\n")
    alone = run(missing)
    assert (alone.exit_code, alone.stderr.count("\n")) == (2, 1)


def test_one_unreadable_photo_in_a_hundred_is_no_failure(run, photo):
    for number in range(99):
        (photo.parent / f"{number}.png").write_bytes(photo.read_bytes())
    (photo.parent / "broken.png").write_bytes(b"")
    done = run(photo.parent, "--output-csv", photo.parents[1] / "faces.csv")
    assert (done.exit_code, done.stderr.count("\n")) == (0, 1)
    (photo.parent / "another.png").write_bytes(b"")
    assert run(photo.parent, "--json").exit_code == 2


def test_a_csv_has_a_row_for_each_face_and_for_each_photo_without(run, tmp_path, photo):
    (photo.parent / "broken.png").write_bytes(b"no photo")
    out, counts = tmp_path / "deep" / "faces.csv", tmp_path / "counts.csv"
    done = run(photo.parent, "--output-csv", out, "--counts", counts, n_faces=2, uncertain=True)
    assert done.exit_code == 2
    assert next(csv.reader(out.open(newline=""))) == HEAD
    broken, *found = rows(out)
    assert {name for name, value in broken.items() if value} == {
        *("image", "face", "success", "reason")
    }
    assert (broken["face"], broken["success"], broken["reason"]) == ("0", "0", "unreadable")
    assert [(row["image"], row["face"]) for row in found] == [(str(photo), "1"), (str(photo), "2")]
    expected = FakePredictor(n_faces=2).predict(np.zeros((80, 120, 3))).faces[1].face.box
    assert tuple(int(found[1][side]) for side in ("x", "y", "width", "height")) == expected
    assert {name: float(found[0][name]) for name in CLASSES} == CONFIDENCES
    assert (found[0]["uncertain"], found[0]["success"], found[0]["reason"]) == ("true", "1", "")
    counted = {row["expression"]: row for row in rows(counts)}
    assert list(counted) == CLASSES
    assert list(counted["happy"].values()) == ["happy", "2", "1.000000", "2"]
    assert list(counted["sad"].values()) == ["sad", "0", "0.000000", "0"]
    assert files(tmp_path / "deep") == ["faces.csv", "faces.json"]
    run(photo, "--output-csv", out, "--overwrite", n_faces=0)
    assert [(row["reason"], row["expression"]) for row in rows(out)] == [("no-face", "")]


def test_a_file_name_is_no_formula_and_no_terminal_s_command(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wicked = write_photo(tmp_path / "=1+1.png").name
    escape = write_photo(tmp_path / "a\x1b[31m\nb.png").name
    run(wicked, "--output-csv", "faces.csv")
    assert rows(tmp_path / "faces.csv")[0]["image"] == "'=1+1.png"
    shown = run(escape).stdout
    assert "\x1b" not in shown
    assert r"a\x1b[31m\nb.png" in shown
    # bytes that are no text in any encoding
    strange = "caf\udce9.png"
    (tmp_path / strange).write_bytes((tmp_path / wicked).read_bytes())
    assert run(strange, "--output-csv", "faces.csv", "--overwrite").exit_code == 0
    assert rows(tmp_path / "faces.csv")[0]["image"] == r"caf\xe9.png"
    assert run(strange).exit_code == 0


def test_pictures_keep_their_folders_and_never_share_a_name(run, tmp_path, photo):
    write_photo(photo.parent / "deeper" / "two.JPG")
    write_photo(photo.parent / "deeper" / "two.webp")
    write_photo(tmp_path / "other" / "one.png", (1000, 800))
    out = tmp_path / "seen"
    done = run(photo.parent, tmp_path / "other", "--output-image", out, "--mesh")
    assert done.exit_code == 0, done.output
    assert files(out) == ["deeper/two.JPG", "deeper/two.webp.png", "one-2.png", "one.png"]
    assert Image.open(out / "one-2.png").size == (1000, 800)
    assert Image.open(out / "deeper" / "two.JPG").format == "JPEG"
    assert np.ptp(np.asarray(Image.open(out / "one.png").convert("L"))) > 150
    assert "3 photos" not in done.stdout
    assert "4 photos, 4 faces (happy 4)" in done.stdout
    assert run(photo.parent, "--output-image", out).exit_code == 1
    assert run(photo.parent, "--output-image", out, "--overwrite").exit_code == 0


def test_pictures_below_the_photos_are_not_read_the_next_time(run, photo):
    for _ in range(2):
        done = run(photo.parent, "--output-image", photo.parent / "seen", "--overwrite")
        assert "1 photos" in done.stdout


@pytest.mark.parametrize("option", ["--output-image", "--output-csv", "--counts"])
def test_what_is_there_is_replaced_with_overwrite_alone(run, tmp_path, photo, option):
    place = tmp_path / "results"
    taken = place / "one.png" if option == "--output-image" else place / "mine.csv"
    taken.parent.mkdir()
    taken.write_bytes(b"mine,own\r\n1,2\r\n")
    before = taken.read_bytes()
    given = (photo, option, place if option == "--output-image" else taken)
    done = run(*given)
    assert done.exit_code == 1
    assert f"got {taken}, which exists" in done.stderr
    assert "--overwrite" in done.stderr
    assert done.stderr.count("\n") == 1
    assert taken.read_bytes() == before
    assert files(place) == [taken.name]
    assert run(*given, "--overwrite").exit_code == 0
    assert taken.read_bytes() != before


def test_what_is_called_as_an_unfinished_result_is_not_touched(run, tmp_path, photo):
    part = tmp_path / "seen" / "one.png.part"
    part.parent.mkdir()
    part.write_text("someone's download")
    assert run(photo, "--output-image", part.parent).exit_code == 1
    assert part.read_text() == "someone's download"
    assert run(photo, "--output-image", part.parent, "--overwrite").exit_code == 0
    assert files(part.parent) == ["one.png"]


def test_a_photo_is_never_written_over(run, photo):
    before = photo.read_bytes()
    for options in (("--output-image", photo.parent), ("--output-csv", photo)):
        done = run(photo, *options, "--overwrite")
        assert done.exit_code == 1
        assert "one of the files" in done.stderr
        assert photo.read_bytes() == before


class Stopping(FakePredictor):
    """Is stopped by Ctrl-C at the second photo."""

    def predict(self, rgb):
        if getattr(self, "seen", 0):
            raise KeyboardInterrupt
        self.seen = 1
        return super().predict(rgb)


def test_a_stop_loses_nothing_and_says_where_it_was(run, tmp_path, photo):
    out = tmp_path / "faces.csv"
    run(photo, "--output-csv", out)
    before = out.read_bytes()
    write_photo(photo.with_name("two.png"))
    done = run(photo.parent, "--output-csv", out, "--overwrite", predictor=Stopping())
    assert done.exit_code == 130
    part = outputs.part_of(out)
    assert done.stderr == f"Stopped after 1 of 2 photos; their rows are in {part}.\n"
    assert out.read_bytes() == before
    assert len(rows(part)) == 1
    assert run(photo.parent, "--output-csv", out, "--overwrite").exit_code == 0
    assert len(rows(out)) == 2
    assert not part.exists()


def test_a_disk_that_refuses_is_code_3_and_leaves_no_half_picture(
    run, tmp_path, photo, monkeypatch
):
    (tmp_path / "file").write_text("")
    for option in ("--output-csv", "--counts", "--output-image"):
        done = run(photo, option, tmp_path / "file" / "faces.csv")
        assert (done.exit_code, done.stderr.count("\n")) == (3, 1)

    def full(self, file, *args, **options):
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    out = tmp_path / "seen"
    run(photo, "--output-image", out)
    before = (out / "one.png").read_bytes()
    monkeypatch.setattr(Image.Image, "save", full)
    done = run(photo, "--output-image", out, "--overwrite")
    assert done.exit_code == 3
    assert "No space left" in done.stderr
    assert (out / "one.png").read_bytes() == before
    assert files(out) == ["one.png"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--mesh"], "name --output-image, too"),
        (["--output-csv", "a.csv", "--counts", "a.csv"], "name two files"),
        (["--output-csv", os.devnull], "which is none"),
        (["--counts", "a" * 300], "File name too long"),
        ([""], "got an empty name"),
        (["--output-csv", "."], "which is none"),
    ],
)
def test_options_that_do_not_fit_are_one_sentence(run, photo, options, sentence, monkeypatch):
    monkeypatch.chdir(photo.parent)
    done = run(photo, *options)
    assert done.exit_code == 1
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_bundle_that_does_not_fit_is_one_sentence(monkeypatch, photo):
    def refuse(model, *_):
        raise BundleError(f"{model} is no bundle")

    monkeypatch.setattr(command, "open_predictor", refuse)
    done = CliRunner().invoke(app, ["image", str(photo), "--model", "nonsense"])
    assert done.exit_code == 1
    assert done.stderr == "nonsense is no bundle\n"


def test_workers_answer_in_order_and_can_send_their_answers(photo, monkeypatch):
    jobs = [Job(write_photo(photo.with_name(f"{number}.png"))) for number in range(5)]
    monkeypatch.setattr(workers, "_own_predictor", lambda *_: FakePredictor())
    with joblib.parallel_config(backend="threading"):
        outcomes = list(read_photos(FakePredictor(), jobs, workers=2))
    assert [outcome.path for outcome in outcomes] == [job.path for job in jobs]
    for explain in (False, True):
        sent = pickle.loads(pickle.dumps(read_photo(FakePredictor(), Job(photo, explain=explain))))
        (face,) = sent.prediction.faces
        if explain:
            assert face.explanation() == CONTRIBUTIONS
        else:
            with pytest.raises(RuntimeError, match="without its explanations"):
                face.explanation()


def test_a_real_portrait_is_read_and_drawn_on(tmp_path, portrait):
    photo = tmp_path / "portrait.png"
    Image.fromarray(portrait).save(photo)
    arguments = ["--output-image", tmp_path / "seen", "--output-csv", tmp_path / "faces.csv"]
    arguments = [photo, *arguments, "--model", "landmarks"]
    done = CliRunner().invoke(app, ["image", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    (row,) = rows(tmp_path / "faces.csv")
    assert row["expression"] == "happy"
    x, y, width = (int(row[name]) for name in ("x", "y", "width"))
    drawn = np.asarray(Image.open(tmp_path / "seen" / "portrait.png")).astype(int)
    assert (drawn[y, x : x + width] > 240).all()


def test_what_is_passed_over_is_named(run, photo):
    frames = [Image.new("RGB", (90, 70), color) for color in ("red", "green")]
    frames[0].save(photo.with_name("moving.gif"), save_all=True, append_images=frames[1:])
    photo.with_name("clip.mp4").write_bytes(b"x")
    done = run(photo.parent, "--json")
    assert done.exit_code == 0
    assert len(json.loads(done.stdout)["images"]) == 2
    assert "moving.gif has 2 frames or pages; the first was read.\n" in done.stderr
    assert done.stderr.endswith("clip.mp4.\n")


@pytest.mark.parametrize("letter", ["n", "é"])
def test_a_name_too_long_for_its_copy_is_shortened(run, photo, tmp_path, letter):
    stem = (letter * 248).encode()[:248].decode()
    names = [photo.with_name(f"{stem[: -len(end)]}{end}.png") for end in ("ab", "cd")]
    for name in names:
        photo.with_name(name.name).write_bytes(photo.read_bytes())
    done = run(photo.parent, "--output-image", tmp_path / "out")
    assert done.exit_code == 0, done.output
    copies = files(tmp_path / "out")
    assert len(copies) == 3
    assert all(len(os.fsencode(name)) <= 255 - len("-2.part") for name in copies)
    assert done.stderr.count("is too long for its copy, which is") == 2
