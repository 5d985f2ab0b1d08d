import io

import pytest

from classifiers.curves import append_line, draw_curves, read_curves, training_seconds


@pytest.fixture
def curves(tmp_path):
    """Three epochs, the second of which was cut off once."""
    path = tmp_path / "curves.jsonl"
    for epoch, loss in ((1, 3.0), (2, 9.0), (2, 2.0), (3, 1.0)):
        shown = {"epoch": epoch, "loss": loss, "validation_accuracy": 0.5, "lr": 0.1}
        append_line(path, shown | {"seconds": 10.0 + loss})
    return path


def test_each_epoch_comes_once(curves):
    assert [(line["epoch"], line["loss"]) for line in read_curves(curves)] == [
        (1, 3),
        (2, 2),
        (3, 1),
    ]


def test_the_seconds_of_all_epochs_add_up(curves):
    assert training_seconds(curves) == 13 + 12 + 11


def test_the_picture_shows_what_was_read(curves):
    figure = draw_curves(curves)
    assert figure.axes[0].lines[0].get_xydata().tolist() == [[1, 3], [2, 2], [3, 1]]
    figure.savefig(io.BytesIO())
