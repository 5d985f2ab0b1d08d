"""Mien's command line: ``python -m classifiers SUB-COMMAND``.

A sub-command is a function in a module of its own in `classifiers.commands`. Its module imports
neither PyTorch nor scikit-learn nor pandas at the top, since all modules are loaded for each call;
a sub-command that needs one of them imports it when it runs.
"""

import typer

from classifiers.commands import image

app = typer.Typer(
    name="python -m classifiers",
    help="Read expressions from pictures, films and cameras, and compare models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
app.command("image")(image.main)


@app.callback()
def _commands() -> None:
    """Let a sub-command be named even while there is but one."""


if __name__ == "__main__":
    app()
