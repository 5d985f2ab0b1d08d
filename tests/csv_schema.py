"""Write the tables of docs/csv-schema.md from the code: ``python -m tests.csv_schema``."""

import re

from classifiers.inference.tables import COUNTS, EXPRESSION, NUMBER, PLACE, QUALITY
from classifiers.inference.video_events import EVENT_COLUMNS
from classifiers.inference.video_summary import summary_columns
from landmarks.measures import DEGREES, MEASURES
from tests.helpers.paths import ROOT

PAGE = ROOT / "docs/csv-schema.md"
START = "<!-- {}: written by python -m tests.csv_schema -->"
END = "<!-- end -->"


def written(page: str) -> str:
    """Return the page with its tables as the code has them."""
    for name, table in _tables().items():
        start = START.format(name)
        pattern = re.compile(f"{re.escape(start)}.*?{re.escape(END)}", re.DOTALL)
        page, count = pattern.subn(lambda _, t=f"{start}\n{table}\n{END}": t, page)
        assert count == 1, name
    return page


def _tables() -> dict[str, str]:
    classes = "| one a class, such as `happy` | number | its confidence, from 0 to 1 | 6 |"
    share = "| one a class, such as `happy` | number | its share of this time, from 0 to 1 | 4 |"
    return {
        "faces": "\n".join([*_rows(PLACE + EXPRESSION), classes, *_rows(QUALITY)[2:]]),
        "measures": _measures(),
        "counts": "\n".join(_rows(COUNTS)),
        "videos": "\n".join([*_rows(summary_columns(())), share]),
        "events": "\n".join(_rows(EVENT_COLUMNS)),
    }


def _rows(columns) -> list[str]:
    """Return the head and the rows of a table of columns."""
    head = ["| column | type | meaning | decimals |", "|---|---|---|--:|"]
    return head + [
        f"| `{column.name}` | {column.kind} | {column.meaning} | "
        f"{column.decimals if column.kind == NUMBER else ''} |"
        for column in columns
    ]


def _measures() -> str:
    """Return the table of the measures."""
    lines = [
        "| column | grows with | formula | unit | usual range | action units |",
        "|---|---|---|---|---|---|",
    ]
    for each in MEASURES:
        low, high = (f"{x:.0f}" if each.unit == DEGREES else f"{x:.2f}" for x in each[2:4])
        lines.append(
            f"| `{each.name}` | {each.meaning} | {each.formula} | {each.unit} | {low} to {high} | "
            f"{each.action_units} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
