"""What was measured, as tables that no hand touches."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version

import psutil

PACKAGES = ("flask", "waitress", "pillow", "mediapipe", "onnxruntime", "numpy", "httpx")


@dataclass(frozen=True)
class Figure:
    """One measurement beside what it should be.

    Attributes
    ----------
    what : str
    measured : str
        With its unit.
    target : str
        ``""`` for a reference, which nothing is asked of.
    holds : bool
    """

    what: str
    measured: str
    target: str = ""
    holds: bool = True


@dataclass
class Section:
    """One subject's figures.

    Attributes
    ----------
    title, about : str
        Its heading, and a paragraph on how it was measured.
    figures : list of Figure
    details : str
        A further table, or nothing.
    """

    title: str
    about: str
    figures: list[Figure] = field(default_factory=list)
    details: str = ""

    def at_most(self, what: str, value: float, limit: float, unit: str) -> None:
        """Add a figure that shall not exceed a limit."""
        self.figures.append(
            Figure(what, _with_unit(value, unit), f"≤ {_with_unit(limit, unit)}", value <= limit)
        )

    def at_least(self, what: str, value: float, limit: float, unit: str) -> None:
        """Add a figure that shall reach a limit."""
        self.figures.append(
            Figure(what, _with_unit(value, unit), f"≥ {_with_unit(limit, unit)}", value >= limit)
        )

    def reference(self, what: str, value: float | str, unit: str = "") -> None:
        """Add a figure to compare others with."""
        measured = value if isinstance(value, str) else _with_unit(value, unit)
        self.figures.append(Figure(what, measured))


def _with_unit(value: float, unit: str) -> str:
    """Write a figure to three digits or so, with its unit."""
    text = f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:.3g}"
    return f"{text} {unit}".strip()


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; every column but the first is aligned to the right."""
    marks = [":--", *["--:"] * (len(headings) - 1)]
    lines = [headings, marks, *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def page(sections: Sequence[Section], command: str, machine: str) -> str:
    """Return docs/reliability.md.

    Parameters
    ----------
    sections : sequence of Section
    command : str
        What measured them.
    machine : str
        From `machine_now`, taken before.
    """
    head = (
        "# What Mien's server withstands\n\n"
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `{command}`, which wrote this page, on "
        f"loopback, on {machine}; server and clients shared them. Python "
        f"{platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in PACKAGES)
        + ".\n"
    )
    return "\n".join([head, *(_section(section) for section in sections)])


def _section(section: Section) -> str:
    rows = [
        (figure.what, figure.measured, figure.target, _holds(figure)) for figure in section.figures
    ]
    parts = [f"## {section.title}\n", section.about + "\n"]
    if rows:
        parts.append(table(("", "measured", "target", "holds"), rows) + "\n")
    if section.details:
        parts.append(section.details + "\n")
    return "\n".join(parts)


def _holds(figure: Figure) -> str:
    if not figure.target:
        return ""
    return "yes" if figure.holds else "**no**"


def machine_now() -> str:
    """Return the machine in words, and how busy it was."""
    cores = len(os.sched_getaffinity(0))
    memory = psutil.virtual_memory().total / 2**30
    load = os.getloadavg()[0]
    return f"{cores} shared cores with {memory:.0f} GB of memory and a load of {load:.1f} before"
