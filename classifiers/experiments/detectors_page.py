"""The section of the results page on the detectors of faces that there are to choose from."""

import math
from typing import Any

import pandas as pd

from classifiers.evaluation.markdown import markdown, number, percent


def section(measured: dict[str, Any]) -> str:
    """Return what `make detectors` measured as Markdown.

    Parameters
    ----------
    measured : dict
        ``source``, ``limit``, ``seed``, ``mtcnn`` (package and version) and ``groups``, what
        `classifiers.experiments.detectors.summed` returns.

    Returns
    -------
    str
    """
    of_each = f"{measured['limit']} of each class" if measured["limit"] else "all"
    text = (
        f"`DETECTOR=mesh`, the default, beside `DETECTOR=mtcnn` ({measured['mtcnn']}, its own "
        f"settings), by `make detectors`: on close-ups of {measured['source']} ({of_each}, seed "
        f"{measured['seed']}) and on photos of 640 x 480 pixels made up of composite faces on "
        "scikit-image's pictures. A face is found where it gets a mesh whose box shares 0.4 or "
        "more with the true one (intersection over union); in a close-up and in the portrait, "
        "where any is found. *IoU* is that of the boxes which both lead to, *points apart* the "
        "mean distance of the points in radii of the face, medians; two looks at one face are "
        "about 0.01 apart. *Bare call* is Face Mesh's own on one picture, in milliseconds of the "
        "processor's time, and the last three columns are as many times that: medians of one run. "
        "Where it takes less than half as long as elsewhere, it found no face, nor paid for a mesh."
    )
    return f"{text}\n\n{markdown(pd.DataFrame(list(map(_row, measured['groups']))))}"


def _row(group: dict[str, Any]) -> dict[str, str]:
    """Return a line for one kind of pictures."""
    mesh, mtcnn, bare = group["mesh"], group["mtcnn"], group["bare_ms"]
    faces = group["faces"] or math.nan
    return {
        "pictures": group["kind"],
        "number": f"{group['pictures']:,}",
        "found by mesh": percent(mesh["found"] / faces),
        "by MTCNN": percent(mtcnn["found"] / faces),
        "by both": percent(group["both"] / faces),
        "false finds of mesh": f"{mesh['false']:,}",
        "of MTCNN": f"{mtcnn['false']:,}",
        "IoU": number(group["iou"], ".2f"),
        "points apart": number(group["apart"], ".4f"),
        "bare call": f"{bare:.1f} ms",
        "mesh": f"{mesh['ms'] / bare:.1f}",
        "MTCNN and mesh": f"{mtcnn['ms'] / bare:.1f}",
        "MTCNN alone": f"{group['alone_ms'] / bare:.1f}",
    }
