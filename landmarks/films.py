"""A film becomes upright RGB frames with their times, or one typed error that says what is wrong.

What a file is says its content, never its name, and three families of containers are read: MP4 and
MOV, WebM and Matroska, AVI. FFmpeg's libraries are told which one it is and are given the open
file instead of a path, so that a playlist in disguise has no way to have another file opened.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np

from landmarks.images import MAX_PIXELS

FORMATS = "MP4, MOV, WebM, MKV or AVI"

_SIGNATURES = (
    # ISO/IEC 14496-12, 4.2: the kinds of box that a file begins with; QuickTime's among them.
    ("mov", re.compile(rb".{4}(ftyp|moov|mdat|free|skip|wide|pnot)", re.DOTALL)),
    ("matroska", re.compile(rb"\x1aE\xdf\xa3")),  # RFC 8794, 11.2.1: the EBML header
    ("avi", re.compile(rb"RIFF.{4}AVI ", re.DOTALL)),
)

_ALONE = {"protocol_whitelist": "", "enable_drefs": "0", "use_absolute_path": "0"}
"""FFmpeg's options by which a film's parts can't lie in other files or on the network."""

_DECODER_THREADS = 2
"""More would each hold pictures of their own, of up to 25 megapixels."""

_USUAL_RATE = 25.0
_RATES = (0.1, 1000.0)
"""Frames a second that are believed; a header may say anything."""

_BUFFER = 1 << 18
"""Bytes read at a time; PyAV's 32 KB cost a call into Python each."""


class FilmError(ValueError):
    """A film that can't be used; the message says what was expected, what came, what to do."""


class UnsupportedFilm(FilmError):
    """None of the formats that are read here, or no picture in it."""


class FilmTooLarge(FilmError):
    """Frames of more than `MAX_PIXELS` pixels."""


class DamagedFilm(FilmError):
    """One of the formats, but cut off or damaged so that nothing of it can be read."""


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
        self._file = _opened(Path(path), self.name)
        try:
            self._container = _container(self._file, self.name)
            self._video = _first_picture_stream(self._container, self.name)
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


def _opened(path: Path, name: str) -> BinaryIO:
    """Open a regular file; a pipe would hang and can't be searched."""
    try:
        if path.is_file():
            return path.open("rb")
    except (OSError, ValueError) as error:  # a name too long, or with a null character
        raise UnsupportedFilm(f"{name} can't be opened ({error}).") from error
    raise UnsupportedFilm(f"{name} is not a file; check the path.")


def _container(file: BinaryIO, name: str) -> av.container.InputContainer:
    """Open the one format that the first bytes tell."""
    head = file.read(16)
    file.seek(0)
    if not head:
        raise DamagedFilm(f"{name} is empty (0 bytes); copy or download it again.")
    kind = next((kind for kind, pattern in _SIGNATURES if pattern.match(head)), None)
    if kind is None:
        raise UnsupportedFilm(f"Expected a film in {FORMATS}, got something else in {name}.")
    options = {"max_pixels": str(MAX_PIXELS)} | (_ALONE if kind == "mov" else {})
    try:
        return av.open(file, format=kind, options=options, buffer_size=_BUFFER)
    except (av.FFmpegError, UnicodeDecodeError) as error:
        raise DamagedFilm(
            f"{name} is damaged or cut off so that nothing of it can be read; copy it again."
        ) from error


def _first_picture_stream(
    container: av.container.InputContainer, name: str
) -> av.video.stream.VideoStream:
    """Return the first stream of pictures, its decoder limited."""
    covers = av.stream.Disposition.attached_pic  # a piece of music has its record's
    videos = [each for each in container.streams.video if not each.disposition & covers]
    if not videos:
        raise UnsupportedFilm(f"Expected a film, got no pictures in {name}, only sound or text.")
    video = videos[0]
    if video.codec_context is None:
        raise DamagedFilm(
            f"{name} is damaged, or its pictures are of a kind that can't be decoded; "
            "copy it again, or convert it to an MP4."
        )
    # FFmpeg gives up on larger frames and then knows of no size.
    if not 0 < video.width * video.height <= MAX_PIXELS:
        raise FilmTooLarge(
            f"{name} has frames of no size or of more than {MAX_PIXELS // 1_000_000} megapixels; "
            "make them smaller first."
        )
    video.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    video.thread_type, video.codec_context.thread_count = "AUTO", _DECODER_THREADS
    return video


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


def _decoded(packet: av.Packet) -> tuple[list[av.VideoFrame] | list[av.AudioFrame], bool]:
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
