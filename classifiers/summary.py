"""What a training prints when it is done."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


def print_summary(manifest: dict[str, Any], out: Path) -> None:
    """Print a new bundle's figures on the validation rows.

    Parameters
    ----------
    manifest : dict
        What `classifiers.bundle` keeps.
    out : Path
        The bundle's folder.
    """
    data, metrics = manifest["data"], manifest["metrics"]
    table = Table("on validation rows", title=f"{manifest['model']}, seed {manifest['seed']}")
    table.add_column("", justify="right")
    for name, value in metrics.items():
        table.add_row(name.replace("_", " "), f"{value:.3f}" if name == "ece" else f"{value:.1%}")
    Console().print(table)
    print(
        f"Trained on {data['n_train']:,} faces and checked on {data['n_validation']:,} in "
        f"{manifest['training_seconds']:.0f} s. The bundle is in {out}."
    )
