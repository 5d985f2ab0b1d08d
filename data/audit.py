"""``make audit``: the rows of a table that shouldn't train a classifier; see `data.outliers`."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from data.errors import DataError
from data.outliers import outliers
from data.table import read_table


def audit(
    table: Annotated[Path, typer.Argument(help="Feature folder or CSV.")],
    images: Annotated[
        Path | None, typer.Option(help="The images it was made from, to find blank ones.")
    ] = None,
) -> None:
    """List the rows that shouldn't train a classifier, with the rule that each breaks."""
    try:
        rows = read_table(table)
        listed = outliers(rows, images)
    except DataError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    shown = Table(*listed.columns)
    for row in listed.itertuples(index=False):
        shown.add_row(*map(str, row))
    Console().print(shown)
    print(f"{len(listed):,} of {len(rows):,} rows are outliers.")


if __name__ == "__main__":
    typer.run(audit)
