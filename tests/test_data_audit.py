import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter
from typer import Typer
from typer.testing import CliRunner

from data.audit import command
from data.audit.audit import audit, class_counts, to_json
from data.audit.sheets import sheets_of
from data.errors import DataError
from data.sources import read_images
from tests.helpers.face_folder import write_faces

COLUMNS = "image,neutral,happiness,sadness,NF\n"


def scene(seed):
    """Return a smooth grey picture, uint8 (48, 48, 3), like no other seed's."""
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(48, 48)), 5)
    grey = 128 + 100 * noise / np.abs(noise).max()
    return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)


def save(folder, pictures):
    for name, picture in pictures.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(picture, bytes):
            (folder / name).write_bytes(picture)
        else:
            Image.fromarray(picture).save(folder / name)
    return folder


def darker(picture):
    """Return the picture with less light and contrast and a written line, as stock photos have."""
    changed = (picture * 0.6).astype(np.uint8)
    changed[30, 10:30] = 120
    return changed


@pytest.fixture
def folder(tmp_path):
    return save(
        tmp_path / "photos",
        {
            "train/happy/1.png": scene(1),
            "train/happy/2.png": scene(2),
            "train/sad/1b.png": scene(1),
            "train/sad/black.png": np.zeros((48, 48, 3), np.uint8),
            "train/sad/grey.png": np.full((48, 48, 3), 90, np.uint8),
            "train/sad/torn.png": b"\x89PNG\r\n\x1a\n",
            "test/happy/2b.png": darker(scene(2)),
            "test/happy/2c.png": scene(2)[:, ::-1],
            "test/sad/1c.png": scene(1),
        },
    )


def names(found, rows):
    return [found.refs[row].image for row in rows]


@pytest.fixture
def found(folder):
    return audit(read_images(folder))


def test_pictures_with_nothing_to_see_are_found(found):
    blank, unreadable = found.issues["blank"], found.issues["unreadable"]
    assert names(found, blank.rows) == ["train/sad/black.png", "train/sad/grey.png"]
    assert {found.refs[row].image: why for row, why in unreadable.rows.items()} == {
        "train/sad/torn.png": "unreadable"
    }
    assert (len(blank.checked), len(unreadable.checked)) == (8, 9)


def test_identical_copies_are_found_within_and_across_splits_and_labels(found):
    (group,) = found.copies["identical"]
    assert names(found, group) == ["test/sad/1c.png", "train/happy/1.png", "train/sad/1b.png"]
    figures = to_json(found)["copies"]["identical"]
    listed = figures.pop("listed")
    assert [entry["image"] for entry in listed[0]] == names(found, group)
    assert figures == {
        "groups": 1,
        "images": 3,
        "redundant": 2,
        "conflicting_labels": 1,
        "across_splits": {"test": {"train": 1}, "train": {"test": 2}},
    }


def test_darker_written_on_and_mirrored_copies_are_near_ones_and_blanks_are_not(found):
    (group,) = found.copies["near"]
    assert names(found, group) == ["test/happy/2b.png", "test/happy/2c.png", "train/happy/2.png"]
    assert to_json(found)["copies"]["near"]["across_splits"]["test"] == {"train": 2}


def test_an_identical_copy_is_no_near_one_in_another_split(tmp_path):
    pictures = {"train/happy/1.png": scene(1), "test/happy/1.png": scene(1)}
    found = audit(read_images(save(tmp_path, pictures | {"train/happy/2.png": darker(scene(1))})))
    across = to_json(found)["copies"]["near"]["across_splits"]
    assert across == {"test": {"train": 1}, "train": {"test": 1}}


def test_the_worst_copies_come_first(tmp_path):
    pairs = {"a": ("train/happy", "train/happy"), "b": ("train/happy", "test/happy")}
    pairs["c"] = ("train/happy", "train/sad")
    pictures = {}
    for seed, (name, places) in enumerate(pairs.items()):
        pictures |= {f"{place}/{name}{n}.png": scene(seed) for n, place in enumerate(places)}
    found = audit(read_images(save(tmp_path, pictures)))
    order = [found.refs[group[0]].image.split("/")[-1][0] for group in found.copies["identical"]]
    assert order == ["c", "b", "a"]


def test_classes_are_counted_with_their_issues(found):
    counts = class_counts(found)
    assert counts["train"]["sad"] == {"images": 4, "unreadable": 1, "blank": 2}
    assert counts["test"]["happy"] == {"images": 2, "unreadable": 0, "blank": 0}
    assert to_json(found)["imbalance"] == {"test": 2.0, "train": 2.0}


def test_labels_that_most_annotators_dispute_are_found(folder, tmp_path):
    votes = tmp_path / "votes.csv"
    votes.write_text(
        COLUMNS
        + "train/happy/1.png,6,3,1,0\n"  # most say neutral
        + "train/happy/2.png,5,4,1,0\n"  # no majority
        + "test/happy/2b.png,0,9,1,0\n"  # as labelled, by another name of it
        + "train/sad/black.png,0,0,0,10\n"
    )
    found = audit(read_images(folder), votes=votes)
    disputed = found.issues["disputed"]
    assert {found.refs[row].image: why for row, why in disputed.rows.items()} == {
        "train/happy/1.png": "60% neutral, 30% happy",
        "train/sad/black.png": "100% NF, 0% sad",
    }
    assert to_json(found)["issues"]["disputed"]["share"] == 0.5


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """A folder of faces and one picture without, and what make features made of them."""
    from data.features.extraction import extract_features

    place = tmp_path_factory.mktemp("faces")
    folder = write_faces(place / "photos", {"train/happy": 3, "test/sad": 1})
    first = np.asarray(Image.open(folder / "train/happy/000.png"))
    moved = np.roll(first, 1, axis=0)
    save(folder, {"test/sad/moved.png": moved, "test/sad/scene.png": scene(0)})
    extract_features(folder, place / "features", workers=1)
    return folder, place / "features"


def test_with_features_missed_and_unusual_faces_and_moved_copies_are_found(faces):
    folder, features = faces
    found = audit(read_images(folder), table=features)
    assert names(found, found.issues["missed"].rows) == ["test/sad/scene.png"]
    assert found.issues["outlier"].rows == {}
    assert len(found.issues["outlier"].checked) == 5
    (group,) = [
        group for group in found.copies["near"] if "test/sad/moved.png" in names(found, group)
    ]
    assert "train/happy/000.png" in names(found, group)


def test_what_does_not_fit_the_images_is_refused(folder, faces, tmp_path):
    with pytest.raises(DataError, match=r"they lack train/happy/000\.png|they lack test/sad"):
        audit(read_images(folder), table=faces[1])
    votes = tmp_path / "votes.csv"
    votes.write_text(COLUMNS + "elsewhere.png,1,1,1,1\n")
    with pytest.raises(DataError, match="found none"):
        audit(read_images(folder), votes=votes)
    votes.write_text("picture,happy\na.png,1\n")
    with pytest.raises(DataError, match="column image"):
        audit(read_images(folder), votes=votes)


def test_sheets_show_what_was_found(found):
    sheets = dict(sheets_of(found))
    assert set(sheets) == {"blank.png", "identical.png", "near.png"}
    # The frame of copies with conflicting labels is red.
    pixels = np.asarray(sheets["identical.png"])
    assert (pixels == (0xD0, 0x20, 0x20)).all(axis=2).any()
    assert not (np.asarray(sheets["blank.png"]) == (0xD0, 0x20, 0x20)).all(axis=2).any()


def test_fer2013_csv_is_audited_too(tmp_path):
    lines = ["emotion,pixels,Usage"]
    for seed, usage in ((0, "Training"), (1, "Training"), (0, "PublicTest")):
        lines.append(f"3,{' '.join(map(str, scene(seed)[..., 0].ravel()))},{usage}")
    (tmp_path / "fer2013.csv").write_text("\n".join(lines) + "\n")
    found = audit(read_images(tmp_path / "fer2013.csv"))
    assert to_json(found)["copies"]["identical"]["across_splits"]["test"] == {"train": 1}
    assert dict(sheets_of(found))["identical.png"].width


@pytest.fixture
def run():
    app = Typer()
    app.command()(command.main)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_prints_and_writes_what_it_found(folder, tmp_path, run):
    done = run(folder, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "1 images of test have an identical copy in train." in done.stdout
    report = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert report["images"] == 9
    assert report["issues"]["blank"]["images"] == 2
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"audit.json", *report["sheets"]}


def test_a_second_audit_leaves_no_sheet_of_the_first_and_no_file_of_others_is_lost(
    folder, tmp_path, run
):
    out = tmp_path / "out"
    run(folder, "--out", out)
    (out / "mine.png").write_bytes(b"mine")
    (folder / "train/sad/black.png").unlink()
    (folder / "train/sad/grey.png").unlink()
    assert run(folder, "--out", out).exit_code == 0
    assert not (out / "blank.png").exists()
    assert (out / "identical.png").exists()
    assert (out / "mine.png").read_bytes() == b"mine"


def test_a_folder_of_something_else_is_not_touched(folder, tmp_path, run):
    out = tmp_path / "out"
    out.mkdir()
    (out / "blank.png").write_bytes(b"mine")
    done = run(folder, "--out", out)
    assert done.exit_code == 1
    assert "new or of an earlier audit" in done.stderr
    assert [path.read_bytes() for path in out.iterdir()] == [b"mine"]


@pytest.mark.parametrize("options", [["--table", "none"], ["--votes", "none.csv"], []])
def test_bad_input_is_one_sentence(folder, tmp_path, run, options):
    source = folder if options else tmp_path / "nowhere"
    done = run(source, *options, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_an_out_that_is_a_file_is_code_3(folder, tmp_path, run):
    (tmp_path / "out").write_text("kept")
    done = run(folder, "--out", tmp_path / "out")
    assert done.exit_code == 3
    assert (tmp_path / "out").read_text() == "kept"
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_class_called_like_markup_is_shown_as_it_is(tmp_path, run):
    folder = save(tmp_path / "photos", {"[red]/1.png": scene(0), "nan/1.png": scene(1)})
    done = run(folder, "--out", tmp_path / "out")
    assert "[red]" in done.stdout
    assert pd.notna(json.loads((tmp_path / "out/audit.json").read_text())["images"])
