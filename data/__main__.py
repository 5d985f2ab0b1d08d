"""Mien's commands on data sets: ``python -m data SUB-COMMAND``."""

import typer

from data.audit import command as audit
from data.features import command as features

app = typer.Typer(
    name="python -m data",
    help="Make feature tables of images, and check data sets.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
app.command("features")(features.features)
app.command("audit")(audit.main)


if __name__ == "__main__":
    app()
