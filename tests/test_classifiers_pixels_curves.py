import io

import pytest

from classifiers.models.base import line_of
from classifiers.training.curves import (
    CURVES,
    append_line,
    best_epoch,
    curves_of,
    folder_of,
    networks_of,
    plot_curves,
    read_curves,
    read_run,
    to_csv,
    training_seconds,
)


@pytest.fixture
def run(tmp_path):
    """A run of two networks: three epochs, the second of which was cut off once, then one epoch."""
    for number, epochs in enumerate([((1, 3.0), (2, 9.0), (2, 2.0), (3, 1.0)), ((1, 4.0),)]):
        folder_of(tmp_path, number).mkdir()
        for epoch, loss in epochs:
            shown = line_of(epoch, (loss, 0.9), (loss + 1, 0.5 + 0.1 * (epoch == 2)), 10.0 + loss)
            append_line(folder_of(tmp_path, number) / CURVES, shown)
    return tmp_path


def test_each_epoch_comes_once(run):
    first = read_curves(curves_of(run)[0])
    assert [(line["epoch"], line["loss"]) for line in first] == [(1, 3), (2, 2), (3, 1)]


def test_the_seconds_of_all_epochs_of_all_networks_add_up(run):
    assert training_seconds(run) == 13 + 12 + 11 + 14


def test_the_picture_shows_what_was_read(run):
    figure = plot_curves(read_run(run))
    training, validation, kept = figure.axes[0].lines[:3]
    assert training.get_xydata().tolist() == [[1, 3], [2, 2], [3, 1]]
    assert validation.get_xydata().tolist() == [[1, 4], [2, 3], [3, 2]]
    assert kept.get_xydata().tolist() == [[2, 3]]
    assert len(figure.axes[1].lines) == 6
    figure.savefig(io.BytesIO())


def test_lines_are_told_apart_by_network_and_the_best_epoch_is_known(run):
    networks = read_run(run)
    assert networks_of([line for lines in networks for line in lines]) == networks
    assert best_epoch(networks[0])["epoch"] == 2
    unvalidated = [line_of(epoch, (1.0, 0.5), None, 1.0) for epoch in (1, 2)]
    assert best_epoch(unvalidated)["epoch"] == 2
    rows = to_csv(networks).decode().splitlines()
    assert rows[0].startswith("network,epoch,loss,accuracy,validation_loss,validation_accuracy")
    assert [row[:4] for row in rows[1:]] == ["1,1,", "1,2,", "1,3,", "2,1,"]
