"""What a bundle says of its training: settings, curves and the confusion on validation rows."""

import json
from collections.abc import Mapping
from typing import Any

from classifiers.bundle.bundle import (
    CONFIG,
    CONFUSION,
    CURVES,
    CURVES_PICTURE,
    VALIDATION_METRICS,
)
from classifiers.evaluation.report import plot_confusion, png_of
from classifiers.training.config import to_toml
from classifiers.training.curves import Curves, plot_curves, to_csv


def report_files(
    settings: Mapping[str, Any], networks: Curves, files: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Return the files for people to add to a bundle.

    Parameters
    ----------
    settings : mapping
        All settings of the training.
    networks : list of list of Line
    files : mapping of str to bytes
        The bundle's, with its metrics on validation rows.
    """
    return {
        CONFIG: to_toml(settings).encode(),
        CURVES: to_csv(networks),
        CURVES_PICTURE: png_of(plot_curves(networks)),
        CONFUSION: png_of(plot_confusion(json.loads(files[VALIDATION_METRICS]))),
    }
