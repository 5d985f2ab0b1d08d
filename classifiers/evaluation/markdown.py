"""Tables and metrics as Markdown."""

import pandas as pd

from data.console import per_cent


def markdown(table: pd.DataFrame) -> str:
    """Return a table as Markdown: its first column to the left, the others to the right."""
    cells = table.map(lambda cell: str(cell).replace("|", "\\|"))
    sides = ("left", *["right"] * (len(table.columns) - 1))
    return cells.to_markdown(index=False, colalign=sides, disable_numparse=True)


def number(value: float | None, form: str) -> str:
    """Return a number in the given format, a hyphen for none."""
    return "-" if pd.isna(value) else format(value, form)


def percent(value: float | None) -> str:
    """Return a share as per cent with one decimal, a hyphen for none."""
    return per_cent(value).replace("%", " %")


def duration(seconds: float | None) -> str:
    """Return seconds in the unit that a person would use."""
    if pd.isna(seconds):
        return "-"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
