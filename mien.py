"""The command ``mien``, which `pip install` makes: the rooms' sub-commands under one name."""

import classifiers.__main__
import data.__main__
from data.commands import command_line

MODULES = {**classifiers.__main__.MODULES, **data.__main__.MODULES, "serve": "web.__main__"}

app = command_line(
    "mien",
    "Read facial expressions from photos, videos and cameras; train and serve models.",
    MODULES,
)

if __name__ == "__main__":
    app()
