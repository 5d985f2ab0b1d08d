"""Train a model on landmarks, with a progress bar."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from classifiers.bundle.bundle import save_bundle
from classifiers.cli.epochs import EpochLog
from classifiers.cli.training_summary import print_summary
from classifiers.training.config import train_options
from classifiers.training.curves import networks_of
from classifiers.training.landmarks import train
from classifiers.training.read_dataset import hold_out, read_rows
from classifiers.training.report import report_files
from data.console import progress_bar


def train_landmarks(
    table: Sequence[Path], out: Path, settings: Mapping[str, Any], votes: Path | None
) -> None:
    """Read rows, train on them, write the bundle and print its metrics.

    Parameters
    ----------
    table : sequence of Path
    out : Path
        See `classifiers.cli.train.main` for both.
    settings : mapping
        All of `classifiers.training.config.with_defaults`.
    votes : Path, optional
        CSV of annotator votes, for MODEL=torch.

    Raises
    ------
    ValueError
        If the rows don't fit.
    """
    options = train_options(settings, out.absolute().name)
    rows = read_rows(table, settings["classes"], settings["drop_outliers"], votes)
    held_out = hold_out(rows)
    total = options.settings["epochs"] * options.settings.get("n_networks", 1)
    with progress_bar() as bar:
        log = EpochLog(bar, total * (2 if options.refit else 1))
        manifest, files = train(rows, held_out, options, log)
    files |= report_files(settings, networks_of(log.lines), files)
    save_bundle(out, manifest, files)
    print_summary(manifest, files, out, networks_of(log.lines))
    if manifest["n_components"] < settings["n_components"]:
        print(
            f"There are fewer rows than {settings['n_components']} principal components: "
            f"{manifest['n_components']} were kept."
        )
