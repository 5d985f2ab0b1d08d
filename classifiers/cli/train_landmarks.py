"""Train a model on landmarks, with a progress bar."""

from collections.abc import Sequence
from pathlib import Path

from classifiers.bundle.bundle import save_bundle
from classifiers.cli.training_summary import print_summary
from classifiers.models.pipeline import N_COMPONENTS
from classifiers.training.bundle_content import TrainOptions
from classifiers.training.landmarks import train
from classifiers.training.read_dataset import hold_out, read_rows
from data.console import progress_bar


def train_landmarks(
    table: Sequence[Path],
    out: Path,
    classes: Sequence[str],
    options: TrainOptions,
    drop_outliers: bool,
) -> None:
    """Read rows, train on them, write the bundle and print its metrics.

    Parameters
    ----------
    table : sequence of Path
    out : Path
        See `classifiers.cli.train.main` for both.
    classes : sequence of str
    drop_outliers : bool
        See `classifiers.training.read_dataset.read_rows` for both.
    options : TrainOptions

    Raises
    ------
    ValueError
        If the rows don't fit.
    """
    rows = read_rows(table, classes, drop_outliers)
    held_out = hold_out(rows, options.seed)
    with progress_bar() as bar:
        task = bar.add_task("Preparing features", total=None)

        def progress(epoch: int, most: int, accuracy: float | None) -> None:
            text = "Epochs" if accuracy is None else f"Epochs, validation {accuracy:.1%}"
            bar.update(task, description=text, completed=epoch, total=most)

        manifest, files = train(rows, held_out, options, progress)
    save_bundle(out, manifest, files)
    print_summary(manifest, out)
    if manifest["n_components"] < N_COMPONENTS:
        print(
            f"There are fewer rows than {N_COMPONENTS} principal components: "
            f"{manifest['n_components']} were kept."
        )
