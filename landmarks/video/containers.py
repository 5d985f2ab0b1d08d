"""Open a video file as the container that its first bytes name, and as nothing else.

Three families of containers are read: MP4 and MOV, WebM and Matroska, AVI. FFmpeg's libraries are
told which one it is and are given the open file instead of a path, so that a playlist in disguise
has no way to have another file opened.
"""

import re
from pathlib import Path
from typing import BinaryIO

import av

from landmarks.images import MAX_PIXELS, Reason

FORMATS = "MP4, MOV, WebM, MKV or AVI"

SUFFIXES = frozenset((".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi"))
"""Suffixes by which a folder's videos are told from its other files."""

_SIGNATURES = (
    # ISO/IEC 14496-12, 4.2: the types of box that a file begins with; QuickTime's among them.
    ("mov", re.compile(rb".{4}(ftyp|moov|mdat|free|skip|wide|pnot)", re.DOTALL)),
    ("matroska", re.compile(rb"\x1aE\xdf\xa3")),  # RFC 8794, 11.2.1: the EBML header
    ("avi", re.compile(rb"RIFF.{4}AVI ", re.DOTALL)),
)

_ISOLATED = {"protocol_whitelist": "", "enable_drefs": "0", "use_absolute_path": "0"}
"""FFmpeg's options that keep it from opening other files or the network."""

_DECODER_THREADS = 2
"""More would each hold frames of their own, of up to 25 megapixels."""

_BUFFER = 1 << 18
"""Bytes read at a time; PyAV's 32 KB cost a call into Python each."""


class VideoError(ValueError):
    """A video that can't be used; the message says what was expected, what came, what to do."""

    reason = Reason.UNREADABLE


class UnsupportedVideo(VideoError):
    """Not one of the formats that are read here, or without a video stream."""

    reason = Reason.UNSUPPORTED


class VideoTooLarge(VideoError):
    """Frames of more than `MAX_PIXELS` pixels."""

    reason = Reason.TOO_LARGE


class DamagedVideo(VideoError):
    """One of the formats, but cut off or damaged so that nothing of it can be read."""


def open_file(path: Path, name: str) -> BinaryIO:
    """Open a regular file; a pipe would hang and can't be searched.

    Raises
    ------
    VideoError
        It is no regular file.
    """
    try:
        if path.is_file():
            return path.open("rb")
    except (OSError, ValueError) as error:  # a name too long, or with a null character
        raise VideoError(f"{name} can't be opened ({error}).") from error
    raise VideoError(f"{name} is not a file; check the path.")


def open_container(file: BinaryIO, name: str) -> av.container.InputContainer:
    """Open the one format that the first bytes name.

    Raises
    ------
    UnsupportedVideo
        They name none that is read here.
    DamagedVideo
        There are no bytes, or what follows makes no sense.
    """
    head = file.read(16)
    file.seek(0)
    if not head:
        raise DamagedVideo(f"{name} is empty (0 bytes); copy or download it again.")
    container = next((each for each, pattern in _SIGNATURES if pattern.match(head)), None)
    if container is None:
        raise UnsupportedVideo(f"Expected a video in {FORMATS}, got something else in {name}.")
    options = {"max_pixels": str(MAX_PIXELS)} | (_ISOLATED if container == "mov" else {})
    try:
        return av.open(file, "r", format=container, options=options, buffer_size=_BUFFER)
    except (av.FFmpegError, UnicodeDecodeError) as error:
        raise DamagedVideo(
            f"{name} is damaged or cut off so that nothing of it can be read; copy it again."
        ) from error


def video_stream(container: av.container.InputContainer, name: str) -> av.video.stream.VideoStream:
    """Return the first video stream, its decoder limited.

    Raises
    ------
    UnsupportedVideo, VideoTooLarge, DamagedVideo
        There is none, or it can't be decoded, or not within `landmarks.images.MAX_PIXELS`.
    """
    covers = av.stream.Disposition.attached_pic  # an album cover
    videos = [each for each in container.streams.video if not each.disposition & covers]
    if not videos:
        raise UnsupportedVideo(f"Expected a video, got no frames in {name}, only sound or text.")
    video = videos[0]
    if video.codec_context is None:
        raise DamagedVideo(
            f"{name} is damaged, or its video codec can't be decoded; "
            "copy it again, or convert it to an MP4."
        )
    # FFmpeg gives up on larger frames and then knows of no size.
    if not 0 < video.width * video.height <= MAX_PIXELS:
        raise VideoTooLarge(
            f"{name} has frames of no size or of more than {MAX_PIXELS // 1_000_000} megapixels; "
            "make them smaller first."
        )
    video.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    video.thread_type, video.codec_context.thread_count = "AUTO", _DECODER_THREADS
    return video
