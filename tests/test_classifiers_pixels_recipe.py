import pytest
import torch

from classifiers.models.fused import FusedNetwork, Outputs
from classifiers.training.augmentation import Batch
from classifiers.training.recipe import (
    FusedLoss,
    TrainingConfig,
    averaging_of,
    class_weights,
    optimizer_of,
    schedule_of,
)
from tests.helpers.small_fused import small_network, small_training

TARGETS = torch.eye(3)


def loss_of(outputs, counts=(1.0, 1.0, 1.0), votes=None, **settings):
    votes = torch.zeros(3, 0) if votes is None else votes
    batch = Batch(torch.zeros(3), torch.zeros(3), torch.ones(3), TARGETS, votes)
    config = TrainingConfig(label_smoothing=0.0, **settings)
    return float(FusedLoss(config, torch.tensor(counts))(outputs, batch))


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_only_matrices_decay(optimizer):
    network = FusedNetwork(small_network(5))
    made = optimizer_of(network, small_training(optimizer=optimizer, weight_decay=0.01))
    decays = {id(w): group["weight_decay"] for group in made.param_groups for w in group["params"]}
    assert len(decays) == len(list(network.parameters()))
    for weight in network.parameters():
        assert decays[id(weight)] == (0.01 if weight.ndim > 1 else 0)


def test_the_learning_rate_rises_in_a_line_and_falls_in_a_cosine():
    config = small_training(epochs=10, warm_up=2.0, lr=1.0)
    optimizer = optimizer_of(torch.nn.Linear(2, 2), config)
    schedule = schedule_of(optimizer, config, steps=5)
    rates = []
    for _ in range(50):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    rise = torch.tensor(rates[:11]).diff()
    torch.testing.assert_close(rise, torch.full((10,), 1 / 11))
    assert max(rates) == rates[10] == 1.0
    assert rates[30] == pytest.approx(0.5)
    assert schedule.get_last_lr()[0] == pytest.approx(0, abs=1e-9)


def test_on_a_plateau_the_learning_rate_falls_to_a_fifth():
    config = small_training(lr=1.0, scheduler="plateau", patience=3)
    schedule = schedule_of(optimizer_of(torch.nn.Linear(2, 2), config), config, steps=5)
    rates = []
    for accuracy in (0.5, 0.6, 0.6, 0.6):
        schedule.step(accuracy)
        rates.append(schedule.get_last_lr()[0])
    assert rates == pytest.approx([1.0, 1.0, 1.0, 0.2])


@pytest.mark.parametrize(
    ("balance", "weights"), [("none", None), ("weights", [0.625, 2.5]), ("roots", [5 / 6, 5 / 3])]
)
def test_the_weights_of_classes_have_mean_1_over_the_rows(balance, weights):
    found = class_weights(torch.tensor([8.0, 2.0]), balance)
    assert found is weights or found.tolist() == pytest.approx(weights)


def test_each_part_of_the_loss_has_its_weight():
    even = torch.zeros(3, 3)
    one = torch.tensor(3.0).log()
    assert loss_of(Outputs(even, None, None, None)) == pytest.approx(one)
    both = Outputs(even, even, even, None)
    assert loss_of(both, pixel_loss=0.5, landmark_loss=0.25) == pytest.approx(1.75 * one)


def test_rows_without_votes_add_nothing():
    outputs = Outputs(torch.zeros(3, 3), None, None, torch.randn(3, 4))
    without = loss_of(outputs, votes=torch.zeros(3, 4))
    assert without == loss_of(Outputs(outputs.logits, None, None, None))
    votes = torch.zeros(3, 4)
    votes[0, 2] = 1
    gap = -outputs.votes.log_softmax(1)[0, 2] / 3
    assert loss_of(outputs, votes=votes, vote_loss=1.0) == pytest.approx(without + float(gap))


def test_weights_make_a_rare_class_count_more():
    sure = 4 * TARGETS
    sure[2] = 0  # wrong on the third class alone
    outputs = Outputs(sure, None, None, None)
    balanced = loss_of(outputs, (9.0, 9.0, 1.0), balance="weights")
    assert balanced > 2 * loss_of(outputs, (9.0, 9.0, 1.0))


@pytest.mark.parametrize(
    "settings", [{"optimizer": "adagrad"}, {"scheduler": "step"}, {"balance": "some"}]
)
def test_a_setting_that_does_not_exist_is_refused(settings):
    with pytest.raises(ValueError, match="got '"):
        TrainingConfig(**settings)


def test_a_short_training_is_averaged_over_its_end_and_a_long_one_as_set():
    move = averaging_of(small_training(averaging=0.9))
    early, late, count = torch.zeros(1), torch.zeros(1), torch.zeros(1, dtype=torch.int64)
    move([early, count], [torch.ones(1), torch.tensor([7])], 1)
    assert float(early) == pytest.approx(9 / 11)
    assert int(count) == 7
    move([late], [torch.ones(1)], torch.tensor(10_000))
    assert float(late) == pytest.approx(0.1)
