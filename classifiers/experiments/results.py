"""Write docs/results.md and the README's table from reports, for ``make results``.

Nothing is measured here. ``make evaluate ... OUT=results/runs/NAME`` writes the report of one run.
``results/*ablation.jsonl`` have a JSON object a line for each ablation run: its key ``table`` names
the table, its other keys are the columns. ``make robustness`` and ``make detectors`` write
``results/robustness.json`` and ``results/detectors.json``.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from classifiers.bundle.bundle import PREFERRED
from classifiers.experiments import detectors_page, robustness_page
from classifiers.experiments.results_page import headline, read_ablation_runs, render, with_block
from data.console import handle_errors
from data.files import atomic_write


def main(
    measured: Annotated[
        Path,
        typer.Option(help="Folder of runs/, *ablation.jsonl, robustness.json, detectors.json."),
    ] = Path("results"),
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/results.md"),
    readme: Annotated[
        Path | None, typer.Option(help="A page that shows the shipped models' metrics, too.")
    ] = None,
) -> None:
    """Write the results page. Exit code 1: nothing to show; 3: the page can't be written."""
    with handle_errors(ValueError):
        reports = read_reports(measured / "runs")
        paths = sorted(measured.glob("*ablation.jsonl"))
        ablation = [run for path in paths for run in read_ablation_runs(path)]
        robustness, detectors = (
            read_measured(measured / f"{name}.json", page.section, f"make {name}")
            for name, page in (("robustness", robustness_page), ("detectors", detectors_page))
        )
        pages = {out: render(reports, ablation, robustness, detectors)}
        if readme is not None:
            block = headline(reports, PREFERRED)
            pages[readme] = with_block(readme.read_text("utf-8"), block)
        for path, page in pages.items():
            with atomic_write(path) as file:
                file.write(page.encode())
            print(f"wrote {path}")


def read_reports(runs: Path) -> list[dict]:
    """Read ``report.json`` of every run, in order of the runs' names.

    Parameters
    ----------
    runs : Path
        A folder with one sub-folder per run, in each what `make evaluate` wrote.

    Raises
    ------
    ValueError
        If there is no report, one was not written by `make evaluate`, or two are of the same
        variant and seed, which would pass for a small spread.
    """
    paths = sorted(runs.glob("*/report.json"))
    if not paths:
        raise ValueError(
            f"expected reports in {runs}/NAME/report.json, found none; "
            f"write one with make evaluate IMAGES=... MODEL=... OUT={runs}/NAME"
        )
    reports = [
        _read(path, lambda report: render([report], []), f"a report of make evaluate in {path}")
        for path in paths
    ]
    keys = [(report["model"]["name"], report["model"]["seed"]) for report in reports]
    for name, seed in keys:
        if keys.count((name, seed)) > 1:
            raise ValueError(
                f"expected one report of {name} with seed {seed}, found several; "
                "remove all but one, or evaluate models of different seeds"
            )
    return reports


def read_measured(
    path: Path, section: Callable[[dict[str, Any]], str], command: str
) -> dict[str, Any] | None:
    """Read what a command measured for a section of the page; no file means nothing.

    Raises
    ------
    ValueError
        If it is something else.
    """
    return _read(path, section, f"what {command} writes in {path}") if path.exists() else None


def _read(path: Path, show: Callable[[dict[str, Any]], str], expected: str) -> dict[str, Any]:
    """Read JSON that `show` can show."""
    try:
        content = json.loads(path.read_text("utf-8"))
        show(content)
    except (ValueError, LookupError, TypeError, AttributeError):
        raise ValueError(f"expected {expected}, got something else; run it again") from None
    return content


if __name__ == "__main__":
    typer.run(main)
