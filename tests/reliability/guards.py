"""The tests that guard what no load shows: they are run again, with the network cut."""

import re
import subprocess
import sys
from collections.abc import Sequence

from tests.reliability.report import Figure, Section

ALONE = ("unshare", "--map-root-user", "--net", "sh", "-c")
"""Runs a command in a network namespace of its own; in the shell, loopback is brought up."""

GUARDS = {
    "tampered bundles are refused, serving unpickles nothing": "tests/test_classifiers_tampered.py",
    "serving opens no connection of its own": "tests/test_web_offline.py",
    "fuzzing of decoding, trimming and forms": "tests/test_web_fuzz.py",
    "bombs stay small, mutants get a 4xx": "tests/test_web_hostile.py",
    "no pixel in another's answer": "tests/test_web_isolation.py",
}

SUMMARY = re.compile(r"^.*\b\d+ (?:passed|failed|error).*$", re.MULTILINE)


def measure(whole_suite: bool) -> Section:
    """Run the guarding tests, or all there are, without a network.

    Parameters
    ----------
    whole_suite : bool
        Takes minutes.
    """
    section = Section(
        "Offline and silent",
        "Tests run by `unshare --net`, so that there is no network but loopback"
        + (": all of them, then those that guard this page." if whole_suite else "."),
    )
    if subprocess.run([*ALONE, _UP + "true"], capture_output=True, check=False).returncode:
        section.about += " This machine allows no network of its own, so they were left out."
        return section
    if whole_suite:
        section.figures.append(_figure("the whole suite", []))
    for what, file in GUARDS.items():
        section.figures.append(_figure(what, [file]))
    return section


_UP = "ip link set lo up && "


def _figure(what: str, arguments: Sequence[str]) -> Figure:
    """Run tests and return what came of them."""
    command = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", *arguments]
    done = subprocess.run(
        [*ALONE, _UP + 'exec "$@"', "sh", *command], capture_output=True, text=True, check=False
    )
    told = SUMMARY.findall(done.stdout)
    said = re.sub(r"[=]+| in [\d.:s() ]+$", "", told[-1]).strip(" =") if told else "no result"
    return Figure(what, said, "all pass", done.returncode == 0)
