import io

import pytest

from classifiers.training.curves import (
    CURVES,
    append_line,
    curves_of,
    folder_of,
    plot_curves,
    read_curves,
    training_seconds,
)


@pytest.fixture
def run(tmp_path):
    """A run of two networks: three epochs, the second of which was cut off once, then one epoch."""
    for number, epochs in enumerate([((1, 3.0), (2, 9.0), (2, 2.0), (3, 1.0)), ((1, 4.0),)]):
        folder_of(tmp_path, number).mkdir()
        for epoch, loss in epochs:
            shown = {"epoch": epoch, "loss": loss, "validation_accuracy": 0.5, "lr": 0.1}
            append_line(folder_of(tmp_path, number) / CURVES, shown | {"seconds": 10.0 + loss})
    return tmp_path


def test_each_epoch_comes_once(run):
    first = read_curves(curves_of(run)[0])
    assert [(line["epoch"], line["loss"]) for line in first] == [(1, 3), (2, 2), (3, 1)]


def test_the_seconds_of_all_epochs_of_all_networks_add_up(run):
    assert training_seconds(run) == 13 + 12 + 11 + 14


def test_the_picture_shows_what_was_read(run):
    figure = plot_curves(run)
    shown = [line.get_xydata().tolist() for line in figure.axes[0].lines]
    assert shown == [[[1, 3], [2, 2], [3, 1]], [[1, 4]]]
    figure.savefig(io.BytesIO())
