"""``make robustness``: measure models on corrupted images, and on images without a face."""

import json
from pathlib import Path
from typing import Annotated, Any

import joblib
import typer
from joblib.externals.loky.process_executor import BrokenProcessPool

from classifiers.bundle.bundle import PREFERRED, BundleError
from classifiers.cli.options import ModelsOption, WorkersOption
from classifiers.evaluation.evaluate import ALL, match_classes
from classifiers.evaluation.inputs import choose_split
from classifiers.experiments.non_faces import KINDS
from classifiers.experiments.non_faces import names as names_of
from classifiers.experiments.robustness_metrics import summarize
from classifiers.experiments.robustness_page import section
from classifiers.experiments.robustness_runs import LABELLED, NOT_A_FACE, Job, job_of, run_jobs
from classifiers.inference.predictor import Predictor
from data.console import GOES_ON, handle_errors, progress_bar
from data.errors import DataError
from data.files import storage_errors, write_text
from data.sources import ImageRef, read_images
from data.splits import some_of_each_class
from data.votes import NO_FACE_VOTE, read_votes


def main(
    images: Annotated[
        Path, typer.Argument(help="Labelled images: folder of class folders, or CSV.")
    ] = Path("data/sample"),
    models: ModelsOption = PREFERRED,
    split: Annotated[
        str, typer.Option(help="Split to measure on; 'all' for every image. Default: test.")
    ] = "",
    limit: Annotated[int, typer.Option(min=0, help="Images of each class; 0: all.")] = 0,
    votes: Annotated[
        Path | None,
        typer.Option(help="CSV of annotator votes: what all call no face must get no expression."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the images and the corruptions.")] = 0,
    ignore_unknown: Annotated[
        bool, typer.Option("--ignore-unknown", help="Leave out classes that a model lacks.")
    ] = False,
    workers: WorkersOption = 0,
    out: Annotated[Path, typer.Option(help="JSON to write.")] = Path("results/robustness.json"),
    scratch: Annotated[
        Path, typer.Option(help="Folder for finished images: a stopped run goes on there.")
    ] = Path("build/robustness"),
) -> None:
    """Measure models on images under twelve corruptions, and on images without a face.

    Exit code 1: something doesn't fit; 3: an I/O error.

    Example: python -m classifiers.experiments.robustness fer2013 --limit 50
    """
    with handle_errors(BundleError, stopped=GOES_ON):
        predictors = [Predictor(model) for model in models]
        everything = read_images(images)
        split = choose_split({ref.split for ref in everything}, split)
        refs = [ref for ref in everything if split in (ref.split, ALL)]
        for predictor in predictors:
            names = match_classes([ref.label for ref in refs], predictor.classes, ignore_unknown)
            refs = [ref for ref in refs if ref.label in names]
        chosen = some_of_each_class(refs, limit, seed)
        jobs = [job_of(ref, LABELLED) for ref in chosen] + _without_faces(everything, votes)
        with storage_errors(scratch):
            scratch.mkdir(parents=True, exist_ok=True)
        predictions = _with_progress(jobs, [p.folder for p in predictors], seed, scratch, workers)
        summary = summarize(predictions, [ref.label for ref in chosen], models)
        inputs = {"source": images.name, "split": split, "limit": limit, "seed": seed}
        measured = inputs | summary
        write_text(out, json.dumps(measured, indent=1) + "\n")
    print(f"{section(measured)}\n\nWrote {out}; make results shows it in docs/results.md.")


def _without_faces(refs: list[ImageRef], votes: Path | None) -> list[Job]:
    """Return the jobs of synthetic images and of images that all annotators call no face."""
    jobs = [Job(name, kind) for kind in KINDS for name in names_of(kind)]
    if votes is None:
        return jobs
    counts = read_votes(votes)
    if NO_FACE_VOTE not in counts:
        raise DataError(f"Expected the column {NO_FACE_VOTE} in {votes}; leave the votes out.")
    nobody = (counts.sum(axis=1) > 0) & (counts[NO_FACE_VOTE] == counts.sum(axis=1))
    named = set(counts.index[nobody])
    return jobs + [job_of(ref, NOT_A_FACE) for ref in refs if ref.image in named]


def _with_progress(
    jobs: list[Job], bundles: list[Path], seed: int, scratch: Path, workers: int
) -> list[dict[str, Any]]:
    """Do the jobs with a progress bar on stderr."""
    with progress_bar() as bar:
        task = bar.add_task("Reading images", total=len(jobs))
        count = workers or joblib.cpu_count()
        try:
            return run_jobs(jobs, bundles, seed, scratch, count, lambda: bar.advance(task))
        except BrokenProcessPool as error:
            raise DataError(
                "A worker ended, perhaps for want of memory; run the same command again to go on, "
                "with --workers 1."
            ) from error


if __name__ == "__main__":
    typer.run(main)
