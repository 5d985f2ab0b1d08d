"""Load the sentences that a visitor reads: a translation is a file like en.json.

A sentence may hold named places, ``{count} faces``. Where it depends on a number it is a table of
sentences by that number, with ``other`` for all that have none of their own.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

WORDS: dict[str, Any] = json.loads(Path(__file__).with_name("en.json").read_text("utf-8"))
"""Room of the page -> name -> sentence, or a further table of sentences."""


def register(app: Flask) -> None:
    """Give the templates `words`, and `say` and `counted` as filters."""
    app.jinja_env.globals["words"] = WORDS
    app.add_template_filter(say, "say")
    app.add_template_filter(counted, "counted")


def say(sentence: str, **values: object) -> str:
    """Return a sentence with its named places filled.

    Raises
    ------
    KeyError
        If a place has no value.
    """
    return sentence.format(**values)


def counted(sentences: Mapping[str, str], count: int) -> str:
    """Return the sentence for a number, with that number in its place ``{count}``."""
    return say(sentences.get(str(count), sentences["other"]), count=count)
