import errno

import pytest

from data.errors import StorageError
from data.files import atomic_write, part_of, write_text


def test_a_file_is_replaced_once_it_is_whole(tmp_path):
    path = tmp_path / "deep" / "file.txt"
    write_text(path, "old")
    with atomic_write(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
        assert part_of(path).read_text() == "new"
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (KeyboardInterrupt(), KeyboardInterrupt),
        (OSError(errno.ENOSPC, "No space left on device"), StorageError),
    ],
)
def test_an_error_leaves_what_was_there(tmp_path, error, seen):
    path = tmp_path / "file.txt"
    path.write_text("old")

    def write():
        with atomic_write(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(seen):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_takes_no_file_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"Can't write .*page\.md: "):
        write_text(tmp_path / "file" / "page.md", "text")
