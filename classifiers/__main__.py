"""Mien's command line: ``python -m classifiers SUB-COMMAND``.

A sub-command is the function `main` of a module in `classifiers.cli`. ``--help`` imports them all,
so that none imports PyTorch, scikit-learn or pandas at the top: a sub-command that needs one of
them imports it when it runs.
"""

from data.commands import command_line

COMMANDS = (
    "image",
    "explain",
    "video",
    "webcam",
    "record",
    "train",
    "evaluate",
    "compare",
    "methods",
    "doctor",
)
MODULES = {name: f"classifiers.cli.{name}" for name in COMMANDS}

app = command_line(
    "python -m classifiers",
    "Read expressions from photos, videos and cameras; train, measure and compare models.",
    MODULES,
)

if __name__ == "__main__":
    app()
