"""What a bundle says of its training: settings, curves and the confusion on validation rows."""

import io
import json
from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from classifiers.bundle.bundle import (
    CONFIG,
    CONFUSION,
    CURVES,
    CURVES_PICTURE,
    VALIDATION_METRICS,
)
from classifiers.evaluation.report import plot_confusion
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
        CURVES_PICTURE: _png(plot_curves(networks)),
        CONFUSION: _png(plot_confusion(json.loads(files[VALIDATION_METRICS]))),
    }


def _png(figure: Figure) -> bytes:
    """Return a picture of the figure, the same bytes for the same figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()
