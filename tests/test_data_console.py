import math

import pytest
import typer

from data.console import BAD_INPUT, NO_STORAGE, STOPPED, handle_errors, per_cent, progress_bar
from data.errors import DataError, StorageError
from landmarks.detection.registry import DetectorError


class OwnError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (DataError("Expected a, got b."), BAD_INPUT, "Expected a, got b."),
        (DetectorError("Expected c."), BAD_INPUT, "Expected c."),
        (OwnError("Expected d."), BAD_INPUT, "Expected d."),
        (StorageError("Can't write e."), NO_STORAGE, "Can't write e."),
        (KeyboardInterrupt(), STOPPED, "Stopped; go on."),
        (
            FileNotFoundError(2, "No such file or directory", "f\n"),
            BAD_INPUT,
            "Can't use f\\n: No such file or directory; name another file.",
        ),
    ],
)
def test_an_error_ends_a_command_with_a_sentence_and_a_code(capsys, error, code, sentence):
    with pytest.raises(typer.Exit) as ended, handle_errors(OwnError, stopped="Stopped; go on."):
        raise error
    assert ended.value.exit_code == code
    assert capsys.readouterr().err == sentence + "\n"


@pytest.mark.parametrize("error", [ValueError("a bug"), BrokenPipeError(32, "Broken pipe")])
def test_other_errors_are_not_hidden(error):
    with pytest.raises(type(error)), handle_errors(OwnError):
        raise error


def test_a_percentage_of_nothing_is_a_hyphen():
    assert [per_cent(value) for value in (0.0, 0.1234, None, math.nan)] == [
        "0.0%",
        "12.3%",
        "-",
        "-",
    ]
    assert per_cent(0.126, digits=0) == "13%"


def test_there_is_no_bar_in_a_file(capsys):
    with progress_bar() as bar:
        list(bar.track(range(3)))
    assert capsys.readouterr().err == ""
