"""The command behind ``make fuzz``: let Hypothesis look for input that breaks Mien."""

import itertools
import os
import secrets
import subprocess
import sys
import time
from typing import Annotated

import typer

TESTS = ("tests/test_web_fuzz.py", "tests/test_data_fuzz.py", "tests/test_landmarks_fuzz.py")

EXAMPLES = "500"
"""A round's examples of each test, some seconds, after which another seed has its turn."""


def main(
    seconds: Annotated[float, typer.Option(help="When no further round is begun.")] = 60.0,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of the first round, the next being its followers.")
    ] = None,
) -> None:
    """Fuzz until the time is up or something breaks; exit as pytest does.

    A given seed repeats a run; without one each run looks at bytes of its own.
    """
    environment = os.environ | {"MIEN_FUZZ_EXAMPLES": EXAMPLES}
    end = time.monotonic() + seconds
    first = secrets.randbelow(2**32) if seed is None else seed
    for round_seed in itertools.count(first):
        if time.monotonic() >= end:
            return
        print(f"Fuzzing with --hypothesis-seed={round_seed}", flush=True)
        command = [sys.executable, "-m", "pytest", "-q", *TESTS]
        command.append(f"--hypothesis-seed={round_seed}")
        done = subprocess.run(command, env=environment, check=False)
        if done.returncode:
            raise typer.Exit(done.returncode)


if __name__ == "__main__":
    typer.run(main)
