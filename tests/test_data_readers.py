import os

import pytest

from data.errors import DataError
from data.sources import read_images, split_name, warn_other_files


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def listed(source):
    return [(ref.split, ref.label, ref.image) for ref in read_images(source)]


def test_class_folders(tmp_path):
    touch(tmp_path, "sad/2.png", "happy/1.jpg", "happy/deeper/0.JPG")
    assert listed(tmp_path) == [
        ("all", "happy", "happy/1.jpg"),
        ("all", "happy", "happy/deeper/0.JPG"),
        ("all", "sad", "sad/2.png"),
    ]


@pytest.mark.parametrize(
    ("folder", "split"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("valid", "validation"),
        ("val", "validation"),
        ("validation", "validation"),
        ("test", "test"),
        ("PublicTest", "test"),
        ("PrivateTest", "private"),
    ],
)
def test_split_folders(tmp_path, folder, split):
    touch(tmp_path, f"{folder}/fear/1.png")
    assert listed(tmp_path) == [(split, "fear", f"{folder}/fear/1.png")]


def test_other_split_names_stay():
    assert split_name("fold 3") == "fold 3"


def test_files_that_are_no_images_are_passed_over_and_named(tmp_path, capsys):
    touch(tmp_path, "sad/1.png", "sad/notes.txt", "sad/.hidden.png", "sad/clip.mp4", "README.md")
    for name in ("no_suffix", "photo.jpg_large", ".2.png"):
        (tmp_path / "sad" / name).write_bytes(b"\xff\xd8\xff\xe0")
    assert [image for _, _, image in listed(tmp_path)] == [
        *("sad/1.png", "sad/no_suffix", "sad/photo.jpg_large")
    ]
    warn_other_files(tmp_path)
    others = ("README.md", "sad/.2.png", "sad/clip.mp4", "sad/notes.txt")
    names = ", ".join(str(tmp_path / name) for name in others)
    assert (
        capsys.readouterr().err == f"Passed over 4 files that are hidden or no images: {names}.\n"
    )


def test_links_are_followed_but_not_in_circles(tmp_path):
    real = touch(tmp_path / "real", "happy/1.png")
    root = tmp_path / "root"
    root.mkdir()
    (root / "train").symlink_to(real)
    (real / "happy" / "up").symlink_to(real)
    (real / "happy" / "broken.png").symlink_to("nowhere.png")
    assert [i for _, _, i in listed(root)] == ["train/happy/1.png", "train/happy/broken.png"]


def test_a_pipe_is_not_waited_for(tmp_path):
    touch(tmp_path, "sad/1.png")
    os.mkfifo(tmp_path / "sad" / "2.png")
    assert len(read_images(tmp_path)) == 1


def test_a_name_that_is_no_utf8_can_be_written(tmp_path):
    touch(tmp_path, "sad/1.png")
    os.rename(tmp_path / "sad/1.png", os.fsencode(tmp_path / "sad") + b"/\xff.png")
    (ref,) = read_images(tmp_path)
    assert ref.image.encode() == b"sad/\\xff.png"
    assert os.path.exists(ref.path)


@pytest.mark.parametrize(
    "names", [("train/sad/1.png", "other/2.png"), ("sad/1.png", "2.png"), ("test/1.png",)]
)
def test_images_outside_class_folders_are_refused(tmp_path, names):
    touch(tmp_path, *names)
    if names == ("test/1.png",):  # A lone folder is a class, whatever its name.
        assert listed(tmp_path) == [("all", "test", "test/1.png")]
        return
    with pytest.raises(DataError, match=r"2\.png"):
        read_images(tmp_path)


def test_photos_without_class_folders_have_no_label_where_that_will_do(tmp_path):
    touch(tmp_path, "2.png", "1.png", "empty/notes.txt")
    refs = read_images(tmp_path, unlabelled=True)
    assert [(ref.split, ref.label, ref.image) for ref in refs] == [
        ("all", "", "1.png"),
        ("all", "", "2.png"),
    ]
    with pytest.raises(DataError, match=r"1\.png"):
        read_images(tmp_path)
    touch(tmp_path, "sad/3.png")
    with pytest.raises(DataError, match=r"1\.png"):
        read_images(tmp_path, unlabelled=True)


@pytest.mark.parametrize("header", ["emotion,pixels,Usage", "emotion, Usage, pixels"])
def test_fer2013(tmp_path, header):
    path = tmp_path / "fer2013.csv"
    fields = [name.strip() for name in header.split(",")]
    rows = [("3", "Training"), ("0", "PublicTest"), ("6", "PrivateTest")]
    lines = [
        ",".join({"emotion": e, "pixels": "1 2", "Usage": u}[field] for field in fields)
        for e, u in rows
    ]
    path.write_text("\n".join([header, *lines]))
    assert [(r.split, r.label, r.row) for r in read_images(path)] == [
        ("private", "neutral", 2),
        ("test", "angry", 1),
        ("train", "happy", 0),
    ]


def test_list_of_paths(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text('path,label,split\n"a,b.png",sad,val\nc/d.png,sad,\n')
    assert listed(path) == [("all", "sad", "c/d.png"), ("validation", "sad", "a,b.png")]
    assert read_images(path)[0].path == str(tmp_path / "c/d.png")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "found none"),
        ("file,class\na.png,sad\n", "file, class"),
        ("path,label\n", "found none"),
        ("path,label\na.png\n", "line 2"),
        ("path,label\na.png,\n", "line 2"),
        ("path,label\na,b.png,sad\n", "quotes"),
        ("emotion,pixels,Usage\n7,1 2,Training\n", "0 to 6"),
        ("path,label\na\0.png,sad\n", "line 2"),
        ("path,label\n\udcff.png,sad\n", "UTF-8"),
    ],
)
def test_csvs_that_do_not_fit(tmp_path, text, says):
    path = tmp_path / "list.csv"
    path.write_text(text, errors="surrogateescape")
    with pytest.raises(DataError, match=says):
        read_images(path)


def test_sources_that_are_not_there(tmp_path):
    with pytest.raises(DataError, match="nothing"):
        read_images(tmp_path / "nothing")
    with pytest.raises(DataError, match="one folder per class"):
        read_images(tmp_path)
