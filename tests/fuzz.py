"""The command behind ``make fuzz``: let Hypothesis look for bytes that break Mien."""

import os
import secrets
import subprocess
import sys
import time
from typing import Annotated

import typer

EXAMPLES = "500"
"""A round's examples of each test, some seconds, after which another seed has its turn."""


def main(
    seconds: Annotated[float, typer.Option(help="When no further round is begun.")] = 60.0,
) -> None:
    """Fuzz until the time is up or something breaks; exit as pytest does."""
    environment = os.environ | {"MIEN_FUZZ_EXAMPLES": EXAMPLES}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seed = secrets.randbelow(2**32)
        print(f"Fuzzing with --hypothesis-seed={seed}", flush=True)
        command = [sys.executable, "-m", "pytest", "-q", "tests/test_web_fuzz.py"]
        done = subprocess.run([*command, f"--hypothesis-seed={seed}"], env=environment, check=False)
        if done.returncode:
            raise typer.Exit(done.returncode)


if __name__ == "__main__":
    typer.run(main)
