"""Both estimators: scikit-learn's own checks, and what those don't ask."""

import numpy as np
import pytest
import torch
from sklearn.utils.estimator_checks import parametrize_with_checks

from classifiers.models.sklearn_mlp import SklearnMLPClassifier
from classifiers.models.torch_mlp import TorchMLPClassifier
from classifiers.models.torch_network import fuse_batch_norm, network_of

SMALL = {
    TorchMLPClassifier: {
        "hidden": (32, 16),
        "epochs": 25,
        "lr": 0.02,
        "dropout": 0.1,
        "n_networks": 1,
    },
    SklearnMLPClassifier: {"hidden": (16,), "lr": 0.01, "weight_decay": 1e-4},
}
BOTH = pytest.mark.parametrize("kind", list(SMALL))


def blobs(n=90, seed=0):
    random = np.random.default_rng(seed)
    y = np.arange(n) % 3
    return (random.normal(size=(n, 5)) + 3 * np.eye(5)[y]).astype(np.float32), y


@parametrize_with_checks([kind(**settings) for kind, settings in SMALL.items()])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@BOTH
def test_same_seed_same_model(kind):
    X, y = blobs()
    first, again, other = (kind(**SMALL[kind], random_state=s).fit(X, y) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.predict_proba(X), again.predict_proba(X))
    assert (first.predict_proba(X) != other.predict_proba(X)).any()


@BOTH
def test_stops_early_by_the_rows_that_are_given(kind):
    X, y = blobs()
    seen = []
    settings = SMALL[kind] | {"epochs": 200, "patience": 3}
    model = kind(**settings)
    model.fit(X, y, validation=blobs(seed=1), progress=seen.append)
    accuracies = [line["validation_accuracy"] for line in seen]
    assert seen[-1]["loss"] < seen[0]["loss"]
    assert seen[-1]["validation_loss"] < seen[0]["validation_loss"]
    assert len(seen) < 200
    assert len(seen) == int(np.argmax(accuracies)) + 1 + 3
    assert model.score(*blobs(seed=1)) == pytest.approx(max(accuracies), abs=0.02)


@BOTH
@pytest.mark.parametrize("how", [{"class_weight": "balanced"}, {"sampler": "balanced"}])
def test_balance_helps_a_rare_class(kind, how):
    random = np.random.default_rng(0)
    y = (random.random(400) < 0.05).astype(int)
    X = random.normal(size=(400, 3)) + y[:, None]
    plain, balanced = (kind(**SMALL[kind], **more).fit(X, y) for more in ({}, how))
    assert (balanced.predict(X)[y == 1] == 1).mean() > (plain.predict(X)[y == 1] == 1).mean()


@BOTH
def test_versions_are_what_is_learned_from(kind):
    X, y = blobs()
    copies = np.stack([X, X + 0.1], axis=1).astype(np.float16)
    model = kind(**SMALL[kind]).fit(np.zeros_like(X), y, augmented=copies)
    assert model.score(X, y) > 0.9
    with pytest.raises(ValueError, match="Expected augmented copies"):
        kind(**SMALL[kind]).fit(X, y, augmented=copies[:5])


@BOTH
def test_one_class_is_refused(kind):
    with pytest.raises(ValueError, match="one class"):
        kind().fit(np.zeros((4, 2)), ["happy"] * 4)


@BOTH
def test_an_unknown_class_in_validation_is_refused(kind):
    X, y = blobs()
    with pytest.raises(ValueError, match="got 7 too"):
        kind(**SMALL[kind]).fit(X, y, validation=(X[:2], np.array([0, 7])))


@BOTH
def test_weights_fit_in_float16(kind):
    X, y = blobs()
    model = kind(**SMALL[kind]).fit(X, y)
    assert {w.dtype for layers in model.networks_ for pair in layers for w in pair} == {
        np.dtype(np.float16)
    }


def test_folding_batchnorm_changes_no_answer():
    torch.manual_seed(0)
    network = network_of(5, (8, 6), 3, 0.5)
    X = torch.randn(64, 5)
    for _ in range(5):
        network(X)  # moves the running means away from their start
    network.eval()
    hidden = X.numpy()
    *first, last = fuse_batch_norm(network)
    for weight, bias in first:
        hidden = np.maximum(hidden @ weight + bias, 0)
    expected = network(X).detach().numpy()
    np.testing.assert_allclose(hidden @ last[0] + last[1], expected, atol=5e-3)


@pytest.mark.parametrize(
    "settings",
    [
        {"scheduler": "plateau"},
        {"optimizer": "adam"},
        {"optimizer": "sgd"},
        {"label_smoothing": 0.1},
        {"n_networks": 2},
        {"batch_size": 89},  # leaves a last batch of one row, which BatchNorm can't train on
    ],
)
def test_each_setting_learns(settings):
    X, y = blobs()
    model = TorchMLPClassifier(**{**SMALL[TorchMLPClassifier], **settings}).fit(X, y)
    assert model.score(*blobs(seed=1)) > 0.85
    assert len(model.networks_) == settings.get("n_networks", 1)


@pytest.mark.parametrize(
    ("settings", "known"), [({"scheduler": "step"}, "plateau"), ({"optimizer": "lion"}, "adamw")]
)
def test_an_unknown_scheduler_or_optimizer_is_refused(settings, known):
    with pytest.raises(ValueError, match=known):
        TorchMLPClassifier(**settings).fit(*blobs())


def test_an_optimizer_that_scikit_learns_mlp_lacks_is_refused():
    with pytest.raises(ValueError, match="adam"):
        SklearnMLPClassifier(optimizer="adamw").fit(*blobs())


@pytest.mark.parametrize("epochs", [1, 2, 5])
def test_a_training_of_few_steps_has_a_schedule(epochs):
    X, y = blobs()
    model = TorchMLPClassifier(hidden=(4,), epochs=epochs, n_networks=1, batch_size=len(X))
    assert np.isfinite(model.fit(X, y).predict_proba(X)).all()


def test_training_leaves_the_callers_random_numbers_alone():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    TorchMLPClassifier(hidden=(4,), epochs=1).fit(*blobs())
    assert torch.rand(1) == expected


def test_votes_teach_what_the_labels_do_not_tell():
    X, y = blobs(300)
    random = np.random.default_rng(1)
    noisy = np.where(random.random(len(y)) < 0.6, random.permutation(y), y)
    votes = np.stack([y == name for name in np.unique(y)], axis=1).astype(np.float32)
    votes[::5] = 0  # on some rows nobody voted
    settings = SMALL[TorchMLPClassifier] | {"epochs": 12}
    accuracy = {}
    for name, given in (("none", None), ("votes", votes)):
        model = TorchMLPClassifier(**settings).fit(X, noisy, votes=given)
        assert model.predict_proba(X).shape == (300, 3)
        accuracy[name] = (model.predict(X) == y).mean()
    assert accuracy["votes"] > accuracy["none"]


def test_votes_without_effect_change_nothing():
    X, y = blobs()
    made = [
        TorchMLPClassifier(**SMALL[TorchMLPClassifier] | {"vote_loss": loss}).fit(X, y)
        for loss in (0.0, 5.0)
    ]
    np.testing.assert_array_equal(*(model.predict_proba(X) for model in made))


def test_votes_are_refused_where_nothing_learns_them():
    X, y = blobs()
    with pytest.raises(ValueError, match="Expected no votes for scikit-learn's MLP"):
        SklearnMLPClassifier().fit(X, y, votes=np.ones((len(y), 2), np.float32))
