"""Find the features of one split of labelled images, or make them."""

from pathlib import Path

from classifiers.evaluation.evaluate import ALL, detector_of
from data.console import progress_bar
from data.errors import DataError
from data.features.extraction import extract_features
from data.features.schema import MANIFEST
from data.features.table import read_manifest
from data.sources import read_images, split_name, warn_other_files
from landmarks.detection.registry import Detector


def features_of(
    images: Path,
    out: Path,
    split: str,
    workers: int | None,
    backend: str,
    detector: Detector = "mesh",
) -> tuple[Path, str, Path]:
    """Return a feature folder of the images, made if need be, and the split of it to measure.

    Parameters
    ----------
    images : Path
        A feature folder, or what `data.sources.read_images` reads.
    out : Path
        Features are made in its sub-folder ``features``, or that of another detector.
    split : str
        The split that the user named, ``""`` for the default.
    workers, backend, detector
        As for `data.features.extraction.extract_features`.

    Returns
    -------
    folder : Path
        A folder made for one split holds nothing else.
    split : str
        The split or `ALL`.
    source : Path
        What the features were made of; the folder itself where that isn't known.

    Raises
    ------
    DataError, StorageError
        As `data.features.extraction.extract_features` does, or if there is no such split, or a
        feature folder was made with another detector than the one that was asked for.
    """
    if (images / MANIFEST).is_file():
        manifest = read_manifest(images)
        if detector not in ("mesh", detector_of(manifest)):
            raise DataError(
                f"Expected images, or features of the detector {detector}, got features of "
                f"{detector_of(manifest)} in {images}; name the images."
            )
        return images, choose_split(manifest["splits"], split), images
    split = choose_split({ref.split for ref in read_images(images)}, split)
    source = _split_folder(images, split)
    warn_other_files(source)
    folder = out / ("features" if detector == "mesh" else f"features-{detector}")
    with progress_bar() as bar:
        task = bar.add_task("Finding faces")
        extract_features(
            source,
            folder,
            workers,
            backend,
            lambda done, total: bar.update(task, completed=done, total=total),
            detector,
        )
    return folder, split, source


def choose_split(splits, wanted: str) -> str:
    """Return the split to measure: the wanted one, else test, else the only one.

    Raises
    ------
    DataError
        If there is no such split, or several and none called test.
    """
    wanted = split_name(wanted) if wanted else ""
    names = ", ".join(sorted(splits))
    if wanted:
        if wanted != ALL and wanted not in splits:
            raise DataError(f"Expected a split {wanted}, found {names}; name one of these or all.")
        return wanted
    if "test" in splits:
        return "test"
    if len(splits) > 1:
        raise DataError(f"Expected a split test, found {names}; name one of these or all.")
    return next(iter(splits))


def _split_folder(images: Path, split: str) -> Path:
    """Return the folder of one split, so that the others' images aren't searched for faces."""
    if not images.is_dir() or split == ALL:
        return images
    folders = [f for f in images.iterdir() if f.is_dir() and split_name(f.name) == split]
    return folders[0] if len(folders) == 1 else images
