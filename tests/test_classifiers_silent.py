"""onnxruntime's usage events are off before it is loaded, whatever the environment says."""

import os
import subprocess
import sys

import pytest

from tests.helpers.paths import ROOT
from tests.helpers.sources import SOURCES, imports_of, is_in


def test_onnxruntime_is_loaded_by_one_room_only():
    users = {name for name, code in SOURCES.items() if "onnxruntime" in imports_of(code)}
    assert users
    assert all(is_in(name, ("classifiers",)) for name in users)


@pytest.mark.parametrize("said", [None, "0"])
def test_loading_a_model_leaves_no_identifier_on_disk(tmp_path, said):
    environment = {**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    if said is not None:
        environment["ORT_DISABLE_TELEMETRY"] = said
    code = "from classifiers.inference.predictor import Predictor; Predictor('landmarks')"
    command = [sys.executable, "-B", "-c", code]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    assert list(tmp_path.iterdir()) == []
