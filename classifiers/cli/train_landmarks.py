"""Train a model on landmarks, with a progress bar."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from classifiers.bundle.bundle import save_bundle
from classifiers.cli.training_summary import print_summary
from classifiers.training.config import CONFIG, to_toml, train_options
from classifiers.training.landmarks import train
from classifiers.training.read_dataset import hold_out, read_rows
from data.console import progress_bar


def train_landmarks(table: Sequence[Path], out: Path, settings: Mapping[str, Any]) -> None:
    """Read rows, train on them, write the bundle and print its metrics.

    Parameters
    ----------
    table : sequence of Path
    out : Path
        See `classifiers.cli.train.main` for both.
    settings : mapping
        All of `classifiers.training.config.with_defaults`.

    Raises
    ------
    ValueError
        If the rows don't fit.
    """
    options = train_options(settings, out.absolute().name)
    rows = read_rows(table, settings["classes"], settings["drop_outliers"])
    held_out = hold_out(rows, options.seed)
    with progress_bar() as bar:
        task = bar.add_task("Preparing features", total=None)

        def progress(epoch: int, most: int, accuracy: float | None) -> None:
            text = "Epochs" if accuracy is None else f"Epochs, validation {accuracy:.1%}"
            bar.update(task, description=text, completed=epoch, total=most)

        manifest, files = train(rows, held_out, options, progress)
    save_bundle(out, manifest, files | {CONFIG: to_toml(settings).encode()})
    print_summary(manifest, out)
    if manifest["n_components"] < settings["n_components"]:
        print(
            f"There are fewer rows than {settings['n_components']} principal components: "
            f"{manifest['n_components']} were kept."
        )
