import pytest

from classifiers.cli.training_summary import print_summary
from classifiers.evaluation.intervals import mean_of, share_of


@pytest.mark.parametrize(
    ("value", "n", "text"),
    [
        # Wilson's interval of 2 of 2: z = 1.96, 1 / (1 + z**2 / 2) = 0.342
        (1.0, 2, "100.0% (34-100)"),
        (0.5, 10, "50.0% (24-76)"),
        (0.5, 30, "50.0%"),
        (None, 0, "-"),
    ],
)
def test_a_share_of_few_rows_carries_its_interval(value, n, text):
    assert share_of(value, n) == text


def test_an_f1_of_few_rows_is_too_few_to_say():
    assert mean_of(0.5, 29) == "too few to say"
    assert (mean_of(0.5, 30), mean_of(None, 2)) == ("50.0%", "-")


def test_a_training_of_few_validation_rows_says_so(tmp_path, capsys):
    metrics = {"accuracy": 1.0, "macro_f1": 1.0, "ece": 0.1}
    data = {"n_train": 9, "n_validation": 2}
    manifest = {"model": "sklearn", "seed": 0, "training_seconds": 1.0}
    print_summary(manifest | {"metrics": metrics, "data": data}, tmp_path)
    printed = capsys.readouterr().out
    assert "100.0% (34-100)" in printed
    assert printed.count("too few to say") == 2
