"""Record crops of one's own expressions to train on: ``python -m classifiers record LABEL``."""

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

from classifiers.cli.options import CameraOption, DetectorOption
from data.console import exit_with, handle_errors, progress_bar
from data.errors import DataError, NoImages
from data.features.extraction import extract_features
from data.features.schema import MANIFEST, file_stem
from data.files import storage_errors
from data.sources import read_images
from landmarks.crops import upright_crop
from landmarks.detection.registry import Detector
from landmarks.video.camera import open_camera
from landmarks.video.containers import VideoError
from landmarks.video.reader import Frame
from landmarks.video.tracker import FaceTracker

SIDE_OF_FACE = 2.0
"""Side of a crop over the longer side of the face's box: room around it, as in a photo."""

NO_FACE = 2


def main(
    label: Annotated[str, typer.Argument(help="The class to collect, in any words.")],
    folder: Annotated[Path, typer.Option(help="Gets the crops, as FOLDER/LABEL/00001.png.")],
    camera: CameraOption = "0",
    start: Annotated[float, typer.Option(min=0, help="Seconds to pass over first.")] = 0.0,
    seconds: Annotated[float, typer.Option(min=0.1, help="Seconds to read.")] = 30.0,
    fps: Annotated[float, typer.Option(min=0.1, help="Crops a second.")] = 5.0,
    detector: DetectorOption = "mesh",
) -> None:
    """Collect crops of the largest face for a class, and the landmarks of all classes so far.

    Run it once for each class, then train: make train TABLE=FOLDER-features IMAGES=FOLDER. Further
    runs add to what is there. Exit code 1: something doesn't fit; 2: no face was seen; 3: an I/O
    error.

    Example: python -m classifiers record happy --folder mine --seconds 30
    """
    with handle_errors(VideoError):
        features = _features_of(folder)
        _check(label, folder, features)
        tracker = FaceTracker(max_faces=2, detector=detector)
        count = _collect(label, folder, camera, tracker, start, seconds, fps)
        if not count:
            exit_with(
                f"No face was seen in {seconds:g} s; sit in the light, facing the camera.", NO_FACE
            )
        done = _renew(folder, features, detector)
    print(
        f"{count} crops of {label} are in {folder / label}; the landmarks of all "
        f"{done['images']:,} crops, {done['found']:,} of them with a face, in {features}."
    )


def _features_of(folder: Path) -> Path:
    """Return the place beside the crops where their landmarks go."""
    named = folder if folder.name not in ("", "..") else folder.resolve()
    if not named.name:
        raise DataError(f"Expected a folder for the crops, got {folder}; name another --folder.")
    return named.with_name(f"{named.name}-features")


def _check(label: str, folder: Path, features: Path) -> None:
    """Refuse, before the camera is opened, what couldn't be kept at its end."""
    if not label.strip() or file_stem(label) != label:
        raise DataError(
            f'Expected a label that can be a folder\'s name, got "{label}"; leave out / and the '
            "like."
        )
    if features.exists() and not (features / MANIFEST).is_file():
        raise DataError(
            f"Expected {features} to be new or of an earlier run, got something else; name another "
            "--folder, it was not touched."
        )
    if folder.is_dir():
        with suppress(NoImages):  # of an earlier run that saw no face
            read_images(folder)


def _collect(
    label: str,
    folder: Path,
    camera: str,
    tracker: FaceTracker,
    start: float,
    seconds: float,
    fps: float,
) -> int:
    """Write the crops and return how many there are."""
    place, count = folder / label, 0
    with open_camera(camera) as source, storage_errors(place), progress_bar() as bar:
        place.mkdir(parents=True, exist_ok=True)
        numbers = [int(path.stem) for path in place.glob("*.png") if path.stem.isdecimal()]
        last, task = max(numbers, default=0), bar.add_task(f"Looking for {label}", total=seconds)
        now = 0.0
        with suppress(KeyboardInterrupt):  # what was collected so far is kept
            for frame in source.frames(fps):
                now = frame.seconds
                if now > start + seconds:
                    break
                if now >= start and (crop := _crop(frame, tracker)):
                    count += 1
                    crop.save(place / f"{last + count:05}.png")
                bar.update(task, completed=max(now - start, 0))
            else:
                if now < start:
                    raise DataError(
                        f"Expected --start before the video's end, got {start:g} s; its last "
                        f"picture comes at {now:.1f} s."
                    )
    return count


def _crop(frame: Frame, tracker: FaceTracker) -> Image.Image | None:
    """Cut the largest face out with its surroundings, if there is one."""
    faces = tracker.track(frame.rgb, frame.seconds)
    if not faces:
        return None
    largest = max(faces.values(), key=lambda face: face.area)
    x, y, width, height = largest.box
    centre = (x + width / 2, y + height / 2)
    side = SIDE_OF_FACE * max(width, height)
    return Image.fromarray(upright_crop(frame.rgb, centre, side, 0.0).pixels)


def _renew(folder: Path, features: Path, detector: Detector) -> dict:
    """Find the landmarks of all crops anew, which take the place of those before at the end."""
    with (
        storage_errors(features),
        tempfile.TemporaryDirectory(dir=features.parent, prefix=f".{features.name}-") as scratch,
    ):
        fresh = Path(scratch, "fresh")
        done = extract_features(folder, fresh, detector=detector)
        if features.exists():
            features.rename(Path(scratch, "before"))
        fresh.rename(features)
    return done
