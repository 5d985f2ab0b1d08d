"""Tables and figures as Markdown."""

Table = list[list[str]]


def markdown(table: Table) -> str:
    """Return a table whose first line is the head: text to the left, figures to the right."""
    head, *body = table
    rule = [":--", *["--:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *body))


def percent(value: float | None) -> str:
    """Return a share as per cent with one decimal, a hyphen for none."""
    return "-" if value is None else f"{value:.1%}".replace("%", " %")


def number(value: float | None, form: str) -> str:
    """Return a number in the given format, a hyphen for none."""
    return "-" if value is None else format(value, form)


def duration(seconds: float | None) -> str:
    """Return seconds in the unit that a person would use."""
    if seconds is None:
        return "-"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
