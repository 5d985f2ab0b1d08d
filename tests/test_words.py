"""Names, messages and prose use the field's words and none of the private ones before them."""

import re
import subprocess

import pytest

from tests.helpers.paths import ROOT

SAY = {
    r"sighting": "crop, mesh of a crop",
    r"looked again": "test-time augmentation",
    r"(?i:film)": "video",
    r"unsure|surer|sure answer|when_sure": "uncertain, coverage, selective accuracy",
    r"\bspoil": "corruption",
    r"lesson|taught": "custom dataset, custom classes",
    r"FaceReading|\bReading\b(?= *[(\]|,])": "FacePrediction, ImagePrediction",
    r"spoke for": "attribution, contribution",
    r"rest_face|rest_crop|at_rest": "neutral_face, neutral_crop",
    r"Follower": "tracker, track id",
    r"close[-_]up": "tight crop",
    r"SKETCH|\bshades\b": "PCA candidates, grayscale thumbnail",
    r"crowd's votes": "annotator votes",
    r"stranger": "untrusted input, extra files",
    r"Refusal": "ApiError",
    r"disk refuses": "I/O error",
    r"camera-sample": "record",
    r"\b_?(MOST|LEAST|FEWEST|LONGEST|SHORTEST|SMALLEST|LARGEST|STRONGEST)(_[A-Z]+)*\b(?= =|,)": (
        "MAX_, MIN_"
    ),
}
"""Pattern -> what to say in its place."""


def texts():
    """Return path -> text of the code, the templates and the prose."""
    patterns = ("*.py", "*.js", "*.md", "*.html", "web/en.json", "web/openapi.json", "Makefile")
    names = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    skipped = "tests/test_words.py"
    return {name: (ROOT / name).read_text("utf-8") for name in names if name != skipped}


TEXTS = texts()


@pytest.mark.parametrize("pattern", SAY)
def test_a_private_word_stands_nowhere(pattern):
    found = [
        f"{name}:{number}: {line.strip()}"
        for name, text in TEXTS.items()
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert not found, f"say {SAY[pattern]}:\n" + "\n".join(found)
