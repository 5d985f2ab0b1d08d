"""Write an annotated copy of a video: H.264 and AAC in an MP4, which nearly everything plays."""

from collections import deque
from collections.abc import Collection
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np

from classifiers.inference.annotate import Annotation, annotate
from classifiers.inference.video import TrackedFace
from data.files import part_of, storage_errors

VIDEOS = (".mp4",)
"""Suffixes of the videos that are written."""

TICKS = 1000
"""Units of time in a second: frames keep their times, at whatever distances."""

QUALITY = {"preset": "veryfast", "crf": "21"}
"""x264's: a loss that is hardly seen, at a speed that doesn't slow the prediction down."""

SOUND_RATE = 48_000
MAX_EARLY_FRAMES = 500
"""Audio frames that are kept until the first picture: ten seconds."""


def annotated(rgb: np.ndarray, faces: Collection[TrackedFace]) -> np.ndarray:
    """Return a copy of a frame with a box, track id, expression and confidence for each face."""
    annotations = []
    for track_id, found in faces:
        words = f"{found.expression} or {found.second}?" if found.uncertain else found.expression
        text = f"{track_id} {words} {found.confidences[found.expression]:.0%}"
        annotations.append(Annotation(found.face.box, text))
    return np.asarray(annotate(rgb, annotations))


class VideoWriter:
    """Write a video to ``NAME.part``, which takes its name once it is whole.

    Parameters
    ----------
    path : Path
        Its place; what stands there is replaced at the end.
    rate : float
        Frames a second on average.
    sound : bool, default False
        Whether there will be some.

    Raises
    ------
    StorageError
        On an I/O error, here or later.
    """

    def __init__(self, path: Path, rate: float, sound: bool = False) -> None:
        self.path, self.part = path, part_of(path)
        self._rate = Fraction(rate).limit_denominator(1001)
        self._early: deque | None = deque(maxlen=MAX_EARLY_FRAMES) if sound else None
        self._pictures = self._sound = None
        self._last = -1
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            # A file and not a name, which FFmpeg could take for one of its protocols.
            self._file = self.part.open("wb")
            self._container = av.open(self._file, "w", format="mp4")

    def add(self, seconds: float, rgb: np.ndarray) -> None:
        """Append a frame, uint8 (height, width, 3), shown from so many seconds on."""
        with storage_errors(self.path):
            if self._pictures is None:
                self._start(rgb)
            width, height = self._pictures.width, self._pictures.height
            pixels = np.ascontiguousarray(rgb[:height, :width])
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.time_base = Fraction(1, TICKS)
            frame.pts = self._last = max(round(seconds * TICKS), self._last + 1)
            self._container.mux(self._pictures.encode(frame))

    def on_audio(self, audio: av.AudioFrame) -> None:
        """Append an audio frame, if there is to be sound."""
        if self._sound is not None:
            try:
                packets = self._sound.encode(audio)
            except (av.FFmpegError, ValueError):  # damaged: its channels or rate make no sense
                return
            with storage_errors(self.path):
                self._container.mux(packets)
        elif self._early is not None:
            self._early.append(audio)

    def __enter__(self) -> "VideoWriter":
        """Return the copy, to be left once all its frames are there."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Give the copy its name, unless an error ended the work."""
        with storage_errors(self.path):
            try:
                if kind is None and self._pictures is not None:
                    for stream in filter(None, (self._pictures, self._sound)):
                        self._container.mux(stream.encode(None))
                    self._container.close()
                    self._file.close()
                    self.part.replace(self.path)
            finally:
                with suppress(OSError):  # a full disk takes no last bytes, either
                    self._file.close()
                self.part.unlink(missing_ok=True)

    def _start(self, rgb: np.ndarray) -> None:
        """Add the streams: their sizes have to be known before anything is written."""
        pictures = self._container.add_stream("libx264", rate=self._rate, options=QUALITY)
        # The encoder halves the sides of its colours, so that both have to be even.
        pictures.width, pictures.height = rgb.shape[1] // 2 * 2, rgb.shape[0] // 2 * 2
        pictures.pix_fmt = "yuv420p"
        pictures.codec_context.time_base = Fraction(1, TICKS)
        self._pictures = pictures
        if self._early is not None:
            self._sound = self._container.add_stream("aac", rate=SOUND_RATE)
            for audio in self._early:
                self.on_audio(audio)
