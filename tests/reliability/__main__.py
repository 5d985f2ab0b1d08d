"""The command behind ``make reliability``: measure what the server withstands, for ten minutes."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from tests.reliability import guards, hostile, isolation, load, lost_workers
from tests.reliability.report import Section, machine_now, page
from tests.reliability.server import served


def main(
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/reliability.md"),
    corpus: Annotated[str, typer.Option(help="Pillow's source distribution.")] = "",
    corpus_files: Annotated[int | None, typer.Option(help="Of its images, the first n.")] = None,
    mutants: Annotated[int, typer.Option(min=1, help="Broken images.")] = 2000,
    uploads: Annotated[int, typer.Option(min=1, help="Broken uploads after a good one.")] = 1000,
    visitors: Annotated[int, typer.Option(min=2, max=216, help="Visitors at the page.")] = 100,
    clients: Annotated[int, typer.Option(min=2, help="Slow clients.")] = 400,
    seconds: Annotated[float, typer.Option(min=1, help="Length of each load.")] = 20.0,
    suite: Annotated[bool, typer.Option(help="Run all tests without a network, too.")] = False,
    only: Annotated[str, typer.Option(help="One section, by the first letters of it.")] = "",
) -> None:
    """Start the server, measure it and write the page; exit with 1 if a target is missed."""
    workers, machine = len(os.sched_getaffinity(0)), machine_now()

    def files() -> list[Section]:
        with served(workers) as server:
            server.warm()
            return [
                hostile.measure_bombs(server),
                hostile.measure_files(server, corpus, corpus_files, mutants),
            ]

    def people() -> list[Section]:
        with served(workers) as server:
            server.warm()
            return [
                isolation.measure(server, visitors, uploads, at_once=2 * workers),
                load.measure_rate(server, seconds, at_once=2 * workers),
                load.measure_slow(server, clients, seconds=45),
            ]

    steps = {
        "files": files,
        "people": people,
        "workers": lambda: [lost_workers.measure(workers)],
        "guards": lambda: [guards.measure(suite)],
    }
    sections = []
    for name, measure in steps.items():
        if name.startswith(only):
            print(f"Measuring: {name}", file=sys.stderr)
            sections += measure()
    command = " ".join(["python -m tests.reliability", *sys.argv[1:]])
    out.write_text(page(sections, command, machine), "utf-8")
    missed = [
        f"{section.title}: {figure.what} {figure.measured}, target {figure.target}"
        for section in sections
        for figure in section.figures
        if not figure.holds
    ]
    print("\n".join([*missed, f"{out} is written; {len(missed)} targets are missed."]))
    raise typer.Exit(bool(missed))


if __name__ == "__main__":
    typer.run(main)
