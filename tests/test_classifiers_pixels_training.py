import json
import signal
from dataclasses import replace

import pytest
import torch

from classifiers.models.fused import FusedNetwork, Outputs
from classifiers.training.curves import CURVES, read_curves
from classifiers.training.loop import CHECKPOINT, Run, device_of, train_network
from tests.helpers.small_fused import arrays, small_network, small_training


@pytest.fixture(scope="module")
def prepared():
    return arrays(votes=4)[1]


def run(prepared, out, training=None, progress=None, **network):
    config = small_network(prepared.X.shape[2], n_votes=4, **network)
    settings = training or small_training()
    return train_network(prepared, prepared, config, settings, out, "cpu", progress)


def weights(network):
    return torch.cat([values.flatten().double() for values in network.state_dict().values()])


def test_it_learns_what_pixels_and_landmarks_say(prepared, tmp_path):
    lines = []
    run(prepared, tmp_path, small_training(epochs=25), progress=lines.append)
    assert lines[-1]["loss"] < lines[0]["loss"]
    assert max(line["validation_accuracy"] for line in lines) > 0.9


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "adamw", "lr": 1e-3},
        {"balance": "weights"},
        {"balance": "roots"},
        {"balance": "sampler"},
        {"scheduler": "plateau", "patience": 3},
        {"pixel_loss": 0.0, "landmark_loss": 0.0, "vote_loss": 0.0, "label_smoothing": 0.0},
    ],
)
def test_each_setting_trains(prepared, tmp_path, settings):
    lines = []
    run(prepared, tmp_path, small_training(**settings), progress=lines.append)
    assert [line["epoch"] for line in lines] == [1, 2]


def test_without_an_early_stopping_split_the_last_epoch_is_kept(prepared, tmp_path):
    config = small_network(prepared.X.shape[2], n_votes=4)
    for scheduler in ("cosine", "plateau"):
        settings = small_training(scheduler=scheduler, patience=1, epochs=3)
        data = prepared, prepared[:0], config, settings, tmp_path / scheduler, "cpu"
        network = train_network(*data)
        lines = read_curves(tmp_path / scheduler / CURVES)
        assert [line["validation_accuracy"] for line in lines] == [None] * 3
        state = torch.load(tmp_path / scheduler / CHECKPOINT, weights_only=True)
        last = state["average"]["module.head.weight"]
        assert network.head.weight.equal(last)
        assert train_network(*data).head.weight.equal(last)  # from the checkpoint


def test_a_network_that_is_far_off_has_a_finite_validation_loss(prepared, tmp_path, monkeypatch):
    def outputs(network, pixels, X, has_points):
        logits = network.head(torch.zeros(len(X), network.head.in_features)) * 0
        logits[:, 0] += 1e4
        return Outputs(logits, logits, logits, torch.zeros(len(X), 4))

    monkeypatch.setattr(FusedNetwork, "outputs", outputs)
    lines = []
    run(prepared, tmp_path, small_training(epochs=1), progress=lines.append)
    assert lines[0]["validation_loss"] == pytest.approx(58.2, abs=1)


@pytest.mark.parametrize(("balance", "count"), [("none", 10), ("down", 6), ("over", 14)])
def test_rows_are_dropped_or_repeated_for_the_balance(prepared, balance, count):
    codes = prepared.targets.argmax(dim=1)
    few = torch.cat([torch.where(codes == 0)[0][:7], torch.where(codes == 1)[0][:3]])
    network = small_network(prepared.X.shape[2], n_votes=4)
    training = small_training(balance=balance)
    made = Run(prepared[few], network, training)
    assert (
        made.rows.targets.sum(dim=0)[:2].tolist()
        == {
            "none": [7, 3],
            "down": [3, 3],
            "over": [7, 7],
        }[balance]
    )
    assert len(made.rows) == count


@pytest.mark.parametrize("left_out", [{"pixels": False}, {"landmarks": False}])
def test_a_branch_alone_trains(prepared, tmp_path, left_out):
    run(prepared, tmp_path, small_training(epochs=1), **left_out)


def test_an_interrupted_run_goes_on_as_if_nothing_had_been(prepared, tmp_path):
    straight = run(prepared, tmp_path / "straight", small_training(epochs=3))

    def interrupt(line):
        if line["epoch"] == 2:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        run(prepared, tmp_path / "stopped", small_training(epochs=3), interrupt)
    torch.manual_seed(99)
    resumed = run(prepared, tmp_path / "stopped", small_training(epochs=3))
    assert weights(resumed).equal(weights(straight))
    curves = [read_curves(tmp_path / name / CURVES) for name in ("straight", "stopped")]
    for line in curves[0] + curves[1]:
        assert line.pop("seconds") >= 0
    assert curves[0] == curves[1]


def test_the_signals_are_given_back(prepared, tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    run(prepared, tmp_path, small_training(epochs=1))
    assert signal.getsignal(signal.SIGTERM) is before


def test_another_run_s_checkpoint_is_refused(prepared, tmp_path):
    run(prepared, tmp_path, small_training(epochs=1))
    before = (tmp_path / CHECKPOINT).read_bytes()
    with pytest.raises(ValueError, match="begun with"):
        run(prepared, tmp_path, small_training(epochs=2))
    other = replace(prepared, crops=prepared.crops.flip(0))
    with pytest.raises(ValueError, match="begun with"):
        run(other, tmp_path, small_training(epochs=1))
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_a_finished_run_is_not_trained_again(prepared, tmp_path):
    first = run(prepared, tmp_path, small_training(epochs=1))
    lines = []
    again = run(prepared, tmp_path, small_training(epochs=1), lines.append)
    assert lines == []
    assert weights(first).equal(weights(again))


def test_it_stops_where_nothing_gets_better(prepared, tmp_path):
    lines = []
    still = small_training(epochs=40, lr=1e-12, patience=2)
    run(prepared, tmp_path, still, progress=lines.append)
    accuracies = [line["validation_accuracy"] for line in lines]
    assert len(lines) == accuracies.index(max(accuracies)) + 1 + 2
    assert len(lines) < 40


def test_the_same_seed_gives_the_same_network(prepared, tmp_path):
    one, two, other = (
        weights(run(prepared, tmp_path / name, small_training(epochs=1, seed=seed)))
        for name, seed in (("one", 1), ("two", 1), ("other", 2))
    )
    assert one.equal(two)
    assert not one.equal(other)


def test_the_curves_are_one_json_a_line(prepared, tmp_path):
    run(prepared, tmp_path, small_training())
    lines = [json.loads(line) for line in (tmp_path / CURVES).read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    assert {"loss", "validation_accuracy", "lr"} <= set(lines[0])
    assert lines[-1]["lr"] < 1e-6


def test_a_device_that_is_not_there_is_refused():
    assert device_of("cpu").type == "cpu"
    with pytest.raises(ValueError, match="auto, cpu, cuda, got 'tpu'"):
        device_of("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="found none"):
            device_of("cuda")
