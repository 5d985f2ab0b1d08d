"""Read a video as upright RGB frames with their times, as far as it can be decoded."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from landmarks.images import MAX_PIXELS
from landmarks.video.containers import DamagedVideo, open_container, open_file, video_stream

_DEFAULT_RATE = 25.0
_PLAUSIBLE_RATES = (0.1, 1000.0)
"""Frames a second outside of which a container's header is not believed."""


_PLAUSIBLE_ASPECTS = (0.2, 5.0)
"""Shapes of a pixel outside of which a header is not believed."""


@dataclass(frozen=True)
class Frame:
    """One frame of a video or a camera.

    Attributes
    ----------
    number : int
        Place among all frames, from 1.
    seconds : float
        Presentation time from the video's start; later than that of the frame before.
    rgb : ndarray of uint8, shape (height, width, 3)
        Upright, and of square pixels, as a player shows it.
    """

    number: int
    seconds: float
    rgb: np.ndarray


class VideoReader:
    """Read a video once, from its beginning to its end.

    Parameters
    ----------
    path : str or Path
        The file, whatever its extension.

    Attributes
    ----------
    rate : float
        Frames a second on average, by the container.
    container_duration : float or None
        Seconds, by the container; None where it doesn't tell.
    seconds_read : float
        Seconds of what was read so far.

    Raises
    ------
    VideoError
        It isn't a file.
    UnsupportedVideo
        It is not of the formats that are read.
    VideoTooLarge
        Its header announces more than `landmarks.images.MAX_PIXELS` pixels.
    DamagedVideo
        It is cut off or damaged so that nothing can be read.
    """

    def __init__(self, path: str | Path) -> None:
        self.name = str(path)
        self._file = open_file(Path(path), self.name)
        try:
            self._container = open_container(self._file, self.name)
            self._video = video_stream(self._container, self.name)
        except BaseException:
            self._file.close()
            raise
        audio = (each for each in self._container.streams.audio if each.codec_context)
        self._audio = next(audio, None)
        self.rate = _plausible_rate(self._video)
        # A recorder's clock, or a cut that kept its times, need not begin at zero.
        self._start = max(0, self._container.start_time or 0) / av.time_base
        self.container_duration = _container_duration(self._container, self._video, self.rate)
        self.seconds_read = 0.0
        self._n_lost = self._n_packets = 0

    def __enter__(self) -> "VideoReader":
        """Return the reader itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._container.close()
        self._file.close()

    def frames(
        self,
        rate: float | None = None,
        on_audio: Callable[[av.AudioFrame], None] | None = None,
    ) -> Iterator[Frame]:
        """Yield the frames in the order of their times; damaged ones are passed over.

        Parameters
        ----------
        rate : float, optional
            Most frames a second of video; all of them if not given.
        on_audio : callable, optional
            Called with each frame of the first audio stream, between the video frames around it.

        Yields
        ------
        Frame
            All of one size, that of the first.

        Raises
        ------
        DamagedVideo
            Not a single frame could be decoded.
        """
        tolerance = 0.5 / self.rate  # half a frame early is as near as half a frame late
        seconds = due = size = None
        for number, decoded in enumerate(self._video_frames(on_audio), 1):
            seconds = _time_of(decoded, self._start, seconds, self.rate)
            due = seconds if due is None else due
            if rate and seconds < due - tolerance:
                continue
            if rate:
                due = max(due + 1 / rate, seconds)
            matrix = _display_matrix(decoded)
            size = size or _size_of_square_pixels(decoded, _pixel_aspect(self._video))
            yield Frame(number, seconds, _upright(decoded, size, matrix))
        if seconds is None:
            raise DamagedVideo(
                f"{self.name} is damaged: none of its frames can be decoded; copy it again."
            )

    @property
    def has_audio(self) -> bool:
        """Whether there is an audio stream that can be decoded."""
        return self._audio is not None

    @property
    def share_read(self) -> float:
        """Share, 0..1, of the container's duration that was read so far and could be decoded."""
        duration = self.container_duration or self.seconds_read
        share = min(1.0, self.seconds_read / duration) if duration else 1.0
        return share * (1 - self._n_lost / max(self._n_packets, 1))

    def _video_frames(
        self, on_audio: Callable[[av.AudioFrame], None] | None
    ) -> Iterator[av.VideoFrame]:
        """Yield the video frames that can be decoded, and count the packets of the others."""
        for packet in self._packets():
            if packet.stream is self._video:
                self._n_packets += bool(packet.size)
                frames, is_whole = _decoded(packet)
                self._n_lost += not is_whole
                yield from frames
            elif on_audio and packet.stream is self._audio:
                for audio_frame in _decoded(packet)[0]:
                    if audio_frame.pts is not None and audio_frame.time_base:
                        audio_frame.pts -= round(self._start / audio_frame.time_base)
                    on_audio(audio_frame)

    def _packets(self) -> Iterator[av.Packet]:
        """Yield the packets of all streams as far as the file goes."""
        try:
            for packet in self._container.demux():
                if packet.pts is not None and packet.time_base:
                    end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
                    self.seconds_read = max(self.seconds_read, end - self._start)
                yield packet
        except av.FFmpegError:  # no packet can be found after a damaged place
            return


def _plausible_rate(video: av.video.stream.VideoStream) -> float:
    """Return the container's frames a second if they are plausible, else a default."""
    rate = float(video.average_rate or video.guessed_rate or 0)
    low, high = _PLAUSIBLE_RATES
    return rate if low <= rate <= high else _DEFAULT_RATE


def _container_duration(
    container: av.container.InputContainer, video: av.video.stream.VideoStream, rate: float
) -> float | None:
    """Return the seconds of the longest stream, by the container."""
    seconds = container.duration / av.time_base if container.duration else 0.0
    # Of an AVI that is cut off, FFmpeg corrects the length, not the number of frames.
    if container.format.name == "avi":
        seconds = max(seconds, video.frames / rate)
    # FFmpeg writes a Matroska file's last time as its duration.
    start = max(0, container.start_time or 0) / av.time_base
    if "matroska" in container.format.name and seconds > start:
        seconds -= start
    return seconds or None


def _decoded(packet: av.Packet) -> tuple[list[Any], bool]:
    """Return what a packet completes, and whether nothing of it was lost."""
    try:
        frames = packet.decode()
    except av.FFmpegError:
        return [], False
    return frames, not any(frame.is_corrupt for frame in frames)


def _time_of(frame: av.VideoFrame, start: float, before: float | None, rate: float) -> float:
    """Return a frame's presentation time in seconds, always later than the one before."""
    seconds = None if frame.time is None else frame.time - start
    if before is None:
        return max(0.0, seconds or 0.0)
    return before + 1 / rate if seconds is None or seconds <= before else seconds


def _display_matrix(frame: av.VideoFrame) -> np.ndarray:
    """Return the matrix (2, 2) that takes a frame's right and down to the display's."""
    found: Any = frame.side_data.get("DISPLAYMATRIX")
    if found is None:
        return np.eye(2)
    # libavutil/display.h: (a, b, u, c, d, v, x, y, w); x' = a x + c y, y' = b x + d y; 16.16.
    matrix = np.frombuffer(found, "=i4").reshape(3, 3)[:2, :2].T / 65536
    return matrix if matrix.any() else np.eye(2)


def _pixel_aspect(video: av.video.stream.VideoStream) -> float:
    """Return how many times wider than high a pixel is shown, before any turn.

    FFmpeg's demuxer has put the display matrix's scales into it.
    """
    aspect = float(video.sample_aspect_ratio or 1)
    low, high = _PLAUSIBLE_ASPECTS
    return aspect if low <= aspect <= high else 1.0


def _size_of_square_pixels(frame: av.VideoFrame, aspect: float) -> tuple[int, int]:
    """Return the width and height at which a frame has square pixels."""
    wide = max(1, round(frame.width * aspect)), frame.height
    if wide[0] * wide[1] <= MAX_PIXELS:
        return wide
    return frame.width, max(1, round(frame.height / aspect))


def _upright(frame: av.VideoFrame, size: tuple[int, int], matrix: np.ndarray) -> np.ndarray:
    """Return RGB pixels, scaled to one size, then turned and mirrored as the container says."""
    pixels = frame.to_ndarray(format="rgb24", width=size[0], height=size[1])
    across = np.abs(matrix)
    if across[0, 1] + across[1, 0] > across[0, 0] + across[1, 1]:
        pixels, matrix = pixels.swapaxes(0, 1), matrix[:, ::-1]
    flips = tuple(slice(None, None, -1 if matrix[k, k] < 0 else 1) for k in (1, 0))
    return np.ascontiguousarray(pixels[flips])
