"""A film becomes upright RGB frames with their times, as far as it can be read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from landmarks.video.containers import DamagedFilm, open_container, open_file, picture_stream

_USUAL_RATE = 25.0
_RATES = (0.1, 1000.0)
"""Frames a second that are believed; a header may say anything."""


@dataclass(frozen=True)
class Frame:
    """One picture of a film or a camera.

    Attributes
    ----------
    number : int
        Place among all frames, from 1.
    seconds : float
        When it is shown, by the film's own clock; each frame's is later than the one's before.
    rgb : ndarray of uint8, shape (height, width, 3)
        Upright.
    """

    number: int
    seconds: float
    rgb: np.ndarray


class Film:
    """An open film, to be read once from its beginning to its end.

    Parameters
    ----------
    path : str or Path
        The file, whatever its extension.

    Attributes
    ----------
    rate : float
        Frames a second on average, as the film announces it.
    announced : float or None
        Length in seconds, as the film announces it; None where it doesn't.
    seconds_read : float
        Length of what was read so far.

    Raises
    ------
    UnsupportedFilm
        It isn't a file, or not of the formats that are read.
    FilmTooLarge
        Its header announces more than `landmarks.images.MAX_PIXELS` pixels.
    DamagedFilm
        It is cut off or damaged so that nothing can be read.
    """

    def __init__(self, path: str | Path) -> None:
        self.name = str(path)
        self._file = open_file(Path(path), self.name)
        try:
            self._container = open_container(self._file, self.name)
            self._video = picture_stream(self._container, self.name)
        except BaseException:
            self._file.close()
            raise
        sounds = (each for each in self._container.streams.audio if each.codec_context)
        self._sound = next(sounds, None)
        self.rate = _believed_rate(self._video)
        self.announced = _announced_seconds(self._container, self._video, self.rate)
        self.seconds_read = 0.0
        self._n_lost = self._n_packets = 0

    def __enter__(self) -> "Film":
        """Return the film itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._container.close()
        self._file.close()

    def frames(
        self,
        rate: float | None = None,
        hear: Callable[[av.AudioFrame], None] | None = None,
    ) -> Iterator[Frame]:
        """Yield the frames in the order of their times; damaged ones are passed over.

        Parameters
        ----------
        rate : float, optional
            Most frames a second of film; all of them if not given.
        hear : callable, optional
            Is given the first sound track's pieces, between the frames that they belong to.

        Yields
        ------
        Frame
            All of one size, that of the first.

        Raises
        ------
        DamagedFilm
            Not a single frame could be decoded.
        """
        half = 0.5 / self.rate  # of a frame: half a frame early is as near as half a frame late
        seconds = due = size = None
        for number, picture in enumerate(self._pictures(hear), 1):
            seconds = _time_of(picture, seconds, self.rate)
            due = seconds if due is None else due
            if rate and seconds < due - half:
                continue
            if rate:
                due = max(due + 1 / rate, seconds)
            size = size or (picture.width, picture.height)
            yield Frame(number, seconds, _upright(picture, size))
        if seconds is None:
            raise DamagedFilm(
                f"{self.name} is damaged: none of its pictures can be decoded; copy it again."
            )

    @property
    def has_sound(self) -> bool:
        """Whether there is sound that can be decoded."""
        return self._sound is not None

    @property
    def share_read(self) -> float:
        """Share, 0..1, of the announced length that was read so far and could be decoded."""
        reached = min(1.0, self.seconds_read / self.announced) if self.announced else 1.0
        return reached * (1 - self._n_lost / max(self._n_packets, 1))

    def _pictures(self, hear: Callable[[av.AudioFrame], None] | None) -> Iterator[av.VideoFrame]:
        """Yield what can be decoded of the pictures, and keep count of the rest."""
        for packet in self._packets():
            if packet.stream is self._video:
                self._n_packets += bool(packet.size)
                pictures, is_whole = _decoded(packet)
                self._n_lost += not is_whole
                yield from pictures
            elif hear and packet.stream is self._sound:
                for piece in _decoded(packet)[0]:
                    hear(piece)

    def _packets(self) -> Iterator[av.Packet]:
        """Yield the packets of all streams as far as the file goes."""
        start = (self._container.start_time or 0) / av.time_base
        try:
            for packet in self._container.demux():
                if packet.pts is not None and packet.time_base:
                    end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
                    self.seconds_read = max(self.seconds_read, end - start)
                yield packet
        except av.FFmpegError:  # what comes after can't be told apart any more
            return


def _believed_rate(video: av.video.stream.VideoStream) -> float:
    """Return the announced frames a second where they can be true, else a usual number."""
    rate = float(video.average_rate or video.guessed_rate or 0)
    return rate if _RATES[0] <= rate <= _RATES[1] else _USUAL_RATE


def _announced_seconds(
    container: av.container.InputContainer, video: av.video.stream.VideoStream, rate: float
) -> float | None:
    """Return the length that a film announces, of all its streams."""
    seconds = container.duration / av.time_base if container.duration else 0.0
    if container.format.name == "avi":  # FFmpeg corrects the length, not the frames, of a cut one
        seconds = max(seconds, video.frames / rate)
    return seconds or None


def _decoded(packet: av.Packet) -> tuple[list[Any], bool]:
    """Return what a packet completes, and whether nothing of it was lost."""
    try:
        found = packet.decode()
    except av.FFmpegError:
        return [], False
    return found, not any(piece.is_corrupt for piece in found)


def _time_of(picture: av.VideoFrame, before: float | None, rate: float) -> float:
    """Return when a picture is shown, in seconds, always later than the one before."""
    seconds = picture.time
    if before is None:
        return seconds or 0.0
    return before + 1 / rate if seconds is None or seconds <= before else seconds


def _upright(picture: av.VideoFrame, size: tuple[int, int]) -> np.ndarray:
    """Return RGB pixels, turned as the film says; a change of size on the way is undone."""
    width, height = size
    pixels = picture.to_ndarray(format="rgb24", width=width, height=height)
    quarters = round(picture.rotation / 90) % 4  # counterclockwise, as NumPy's
    return np.ascontiguousarray(np.rot90(pixels, quarters)) if quarters else pixels
