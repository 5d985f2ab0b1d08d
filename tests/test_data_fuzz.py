"""Whatever a folder holds: each file is an image, passed over by name, or the system's."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st
from PIL import Image

from data.errors import DataError
from data.features.extraction import extract_features
from data.features.table import read_pixels
from data.image_files import walk
from data.sources import read_images
from tests.helpers.fuzzing import fuzzed


def encoded(form):
    buffer = io.BytesIO()
    Image.fromarray(np.full((9, 9, 3), 128, np.uint8)).save(buffer, form)
    return buffer.getvalue()


CONTENTS = {
    "png": encoded("PNG"),
    "jpeg": encoded("JPEG"),
    "gif": encoded("GIF"),
    "cut": encoded("PNG")[:40],
    "empty": b"",
    "text": b"path,label\na.png,happy\n",
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "noise": bytes(range(256)),
}

letters = st.characters(
    codec="utf-8", exclude_characters="/\0", exclude_categories=("Cs",)
)  # what a file system takes
names = st.one_of(
    st.sampled_from([
        *("train", "Test", "val", "validation", "private", "happy", "Happy ", "angry", "anger"),
        *("a.png", "a.JPG", "b.txt", "Thumbs.db", ".DS_Store", ".hidden.png", "__MACOSX"),
        *("x" * 200, "NA", "None", "=1+1", "a\nb", 'a"b', "a,b", "\\udcff", "é", "e\u0301"),
    ]),
    st.text(letters, min_size=1, max_size=12),
).filter(lambda name: name not in (".", "..") and len(os.fsencode(name)) < 250)  # fmt: skip
paths = st.lists(names, min_size=1, max_size=4).map(tuple)
folders = st.dictionaries(paths, st.sampled_from(sorted(CONTENTS)), max_size=10)


@pytest.fixture
def scratch(tmp_path):
    """Return empty folders, a new one each time."""
    count = iter(range(10**6))

    def make():
        folder = tmp_path / str(next(count))
        folder.mkdir()
        return folder

    return make


def write(root, files):
    """Write the files whose names don't get in one another's way; return their paths."""
    written = []
    for parts, kind in files.items():
        path = root.joinpath(*parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.write_bytes(CONTENTS[kind])
                written.append(path)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
    return written


def is_the_systems(path, root):
    """Tell files that may go without a word: hidden ones that are no image, and what is in them."""
    parts = path.relative_to(root).parts
    return any(part.startswith((".", "__MACOSX")) for part in parts)


@fuzzed(0.5)
@given(files=folders)
def test_each_file_is_read_or_named(scratch, files):
    root = scratch()
    written = write(root, files)
    try:
        refs = read_images(root)
    except DataError as error:
        event(type(error).__name__)
        return
    read = {Path(ref.path) for ref in refs}
    others = {path for listing in walk(root) for path in listing.others}
    assert not read & others
    unnamed = [path for path in written if path not in read | others]
    assert all(is_the_systems(path, root) for path in unnamed)
    assert len(refs) == len(read)


@fuzzed(0.02)
@given(files=folders)
def test_each_image_has_a_row_and_the_counts_add_up(scratch, files):
    root = scratch()
    write(root, files)
    try:
        refs = read_images(root)
    except DataError:
        assume(False)
    out = scratch() / "features"
    done = extract_features(root, out, workers=1)
    assert done["images"] == len(refs) == len(read_pixels(out))
    assert done["found"] + done["missed"] + done["unreadable"] == done["images"]
