"""The section of the results page that compares the face detectors."""

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
        `classifiers.experiments.detectors.summarize` returns.
    """
    of_each = f"{measured['limit']} of each class" if measured["limit"] else "all"
    text = (
        f"`DETECTOR=mesh`, the default, compared with `DETECTOR=mtcnn` ({measured['mtcnn']}, its "
        f"own settings) by `make detectors`: on tight crops of {measured['source']} ({of_each}, "
        f"seed {measured['seed']}), and on photos of 640 x 480 pixels composed of composite faces "
        "and scikit-image's images.\n\n"
        "- A face counts as found if a mesh's box overlaps the true one by 0.4 or more "
        "(intersection over union). In a tight crop and in the portrait any mesh counts.\n"
        "- *IoU* compares the boxes of both detectors. *distance* is the mean distance of their "
        "points, in radii of the face. Both are medians. Two crops of one face are about 0.01 "
        "apart.\n"
        "- *bare call* is one call of Face Mesh, in milliseconds of processor time. The last three "
        "columns are multiples of it. All are medians of one run.\n"
        "- A detector that takes less than half of its usual time found no face, and made no mesh."
    )
    return f"{text}\n\n{markdown(pd.DataFrame(list(map(_row, measured['groups']))))}"


def _row(group: dict[str, Any]) -> dict[str, str]:
    """Return a line for one kind of images."""
    mesh, mtcnn, bare = group["mesh"], group["mtcnn"], group["bare_ms"]
    faces = group["faces"] or math.nan
    return {
        "images": group["kind"],
        "number": f"{group['images']:,}",
        "found by mesh": percent(mesh["found"] / faces),
        "by MTCNN": percent(mtcnn["found"] / faces),
        "by both": percent(group["both"] / faces),
        "false positives of mesh": f"{mesh['false']:,}",
        "of MTCNN": f"{mtcnn['false']:,}",
        "IoU": number(group["iou"], ".2f"),
        "distance": number(group["distance"], ".4f"),
        "bare call": f"{bare:.1f} ms",
        "mesh": f"{mesh['ms'] / bare:.1f}",
        "MTCNN and mesh": f"{mtcnn['ms'] / bare:.1f}",
        "MTCNN alone": f"{group['alone_ms'] / bare:.1f}",
    }
