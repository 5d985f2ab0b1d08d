"""Write the measures of the faces in a feature table: ``python -m data measures TABLE OUT``."""

from pathlib import Path
from typing import Annotated

import typer

from data.console import handle_errors
from data.errors import DataError
from data.files import write_text


def main(
    table: Annotated[Path, typer.Argument(help="Folder of make features, or a CSV in it.")],
    out: Annotated[Path, typer.Argument(help="CSV for the measures.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file there.")] = False,
) -> None:
    """Write head pose, opening of the mouth and 16 other measures of each face as a CSV.

    Exit code 1: something doesn't fit; 3: an I/O error.

    Example: python -m data measures build/features measures.csv
    """
    # Only here: serving and the other commands do without pandas.
    from data.features.table import read_table, with_measures

    with handle_errors():
        if out.exists() and not (overwrite and out.is_file()):
            raise DataError(
                f"Expected a new name for the measures, got {out}, which exists; name another "
                "place, or replace a file with --overwrite."
            )
        measured = with_measures(read_table(table))
        write_text(out, measured.to_csv(index=False, lineterminator="\n"))
        print(f"The measures of {measured['success'].sum():,} faces are in {out}.")
