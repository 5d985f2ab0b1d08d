"""Read frames from a camera, or from a video in place of one."""

import time
from collections.abc import Callable, Iterator

import cv2

from landmarks.video.containers import VideoError
from landmarks.video.reader import Frame, VideoReader

DEFAULT_RATE = 30.0
"""Frames a second of a camera that doesn't tell."""


class CameraError(VideoError):
    """A camera that can't be opened."""


class Camera:
    """An open camera, released at the end of a ``with``.

    Parameters
    ----------
    index : int
        Its number, from 0.

    Attributes
    ----------
    rate : float
        Frames a second, as the camera reports them.
    container_duration : None
        A camera has no end.
    has_audio : bool
        False: only frames are read.

    Raises
    ------
    CameraError
        If there is none, or it may not be used.
    """

    container_duration = None
    has_audio = False

    def __init__(self, index: int) -> None:
        # OpenCV would print several messages of its own.
        level = cv2.getLogLevel()
        cv2.setLogLevel(0)
        self._capture = cv2.VideoCapture(index)
        cv2.setLogLevel(level)
        if not self._capture.isOpened():
            self._capture.release()
            raise CameraError(
                f"Camera {index} can't be opened: connect one, close other programs that use it, "
                "or name another camera or a video."
            )
        self.rate = self._capture.get(cv2.CAP_PROP_FPS) or DEFAULT_RATE

    def __enter__(self) -> "Camera":
        """Return the camera itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release the camera."""
        self._capture.release()

    def frames(
        self, rate: float | None = None, on_audio: Callable | None = None
    ) -> Iterator[Frame]:
        """Yield frames as they come, until the camera gives no more.

        Parameters
        ----------
        rate : float, optional
            Most frames a second; all of them if not given.
        on_audio : callable, optional
            For `VideoReader.frames`; no audio is read from a camera.

        Yields
        ------
        Frame
            Its seconds count from the first one.
        """
        start, due, number = None, 0.0, 0
        while True:
            there, bgr = self._capture.read()
            if not there:
                return
            now = time.monotonic()
            start = now if start is None else start
            number += 1
            if rate and now - start < due:
                continue
            due += 1 / rate if rate else 0.0
            yield Frame(number, now - start, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))


def open_camera(name: str) -> Camera | VideoReader:
    """Open a camera by its number, or a video by its path.

    Raises
    ------
    VideoError
        If it can't be used; a `CameraError` of a camera.
    """
    return Camera(int(name)) if name.isascii() and name.isdecimal() else VideoReader(name)
