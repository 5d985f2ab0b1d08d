import os

import pytest

from classifiers.cli.inputs import find_photos
from data.errors import DataError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ["a.jpg", "b/c.PNG", "b/d/e.webp", ".hidden.jpg", ".cache/x.jpg", "b/notes.txt"]
    for name in names:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path / "photos"


def found(*arguments, besides=None):
    return [str(photo.path) for photo in find_photos(arguments, besides)[0]]


def test_a_folder_stands_for_the_images_below_it_hidden_ones_left_out(folder):
    assert found("photos") == ["photos/a.jpg", "photos/b/c.PNG", "photos/b/d/e.webp"]
    places = [str(photo.place) for photo in find_photos(["photos/b"])[0]]
    assert places == ["c.PNG", "d/e.webp"]


def test_globs_are_followed_and_a_file_that_is_called_like_one_is_itself(folder):
    assert found("photos/*.jpg") == ["photos/a.jpg"]
    assert found("photos/**/*") == ["photos/a.jpg", "photos/b/c.PNG", "photos/b/d/e.webp"]
    (folder / "[1].jpg").write_bytes(b"")
    assert found("photos/[1].jpg") == ["photos/[1].jpg"]


def test_each_photo_counts_once_and_a_missing_one_is_kept(folder):
    assert found("photos/a.jpg", "photos/b/../a.jpg", "photos/*.jpg")[0] == "photos/a.jpg"
    assert len(found("photos/a.jpg", "photos", str(folder / "a.jpg"))) == 3
    assert found("nowhere.jpg") == ["nowhere.jpg"]


def test_what_an_earlier_run_left_there_is_not_read(folder):
    assert found("photos", besides=folder / "b") == ["photos/a.jpg"]


@pytest.mark.parametrize("argument", ["empty", "photos/*.gif"])
def test_nothing_to_read_is_one_sentence(folder, argument):
    os.mkdir("empty")
    with pytest.raises(DataError, match="found none; name a photo"):
        find_photos([argument])


def test_pipes_in_a_folder_are_no_photos(folder):
    os.mkfifo(folder / "pipe.jpg")
    assert "photos/pipe.jpg" not in found("photos")


def test_what_is_an_image_is_told_by_first_bytes(folder):
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    for name, content in (("odd.jpg_large", b"\xff\xd8\xff\xe0"), ("h", heic), ("clip.mp4", b"x")):
        (folder / "b" / name).write_bytes(content)
    (folder / "b" / ".kept.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    photos, others = find_photos(["photos/b"])
    assert [str(photo.place) for photo in photos] == ["c.PNG", "h", "odd.jpg_large", "d/e.webp"]
    assert [path.name for path in others] == [".kept.jpg", "clip.mp4", "notes.txt"]
    assert find_photos(["photos/b/[!n]*"])[1] == others[1:2]


def test_linked_folders_and_folders_that_a_glob_matches_are_searched(folder):
    (folder.parent / "linked").mkdir()
    (folder.parent / "linked/there").symlink_to(folder / "b")
    (folder / "b" / "up").symlink_to(folder)
    assert found("linked") == [
        "linked/there/c.PNG",
        "linked/there/d/e.webp",
        "linked/there/up/a.jpg",
    ]
    assert found("photos/b/d*") == ["photos/b/d/e.webp"]


def test_a_link_to_nowhere_is_a_photo_that_cant_be_read(folder):
    (folder / "gone.jpg").symlink_to("nowhere.jpg")
    assert "photos/gone.jpg" in found("photos")
