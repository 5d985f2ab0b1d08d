"""Mien's command line: ``python -m classifiers SUB-COMMAND``.

A sub-command is a function in a module of its own in `classifiers.commands`. Its module imports
neither PyTorch nor scikit-learn nor pandas at the top, since all modules are loaded for each call;
a sub-command that needs one of them imports it when it runs.
"""

import typer

from classifiers.cli import compare, explain, image, record, video, webcam

app = typer.Typer(
    name="python -m classifiers",
    help="Read expressions from pictures, films and cameras, and compare models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
app.command("image")(image.main)
app.command("explain")(explain.main)
app.command("compare")(compare.main)
app.command("video")(video.main)
app.command("webcam")(webcam.main)
app.command("camera-sample")(record.main)


if __name__ == "__main__":
    app()
