"""Makes small videos for tests: moving pictures with a tone as sound, in all formats read here."""

import struct
from fractions import Fraction
from functools import cache
from itertools import chain

import av
import cv2
import numpy as np

from landmarks.images import read_image
from tests.helpers.paths import ROOT

SAMPLE = ROOT / "data" / "sample"
CODECS = {
    ".mp4": ("libx264", "aac"),
    ".mov": ("libx264", "aac"),
    ".webm": ("libvpx", "libopus"),
    ".mkv": ("libx264", "libopus"),
    ".avi": ("mpeg4", "pcm_s16le"),
}
SOUND_RATE = 48_000


def make_video(path, frames, rate=10, sound=False, times=None, options=None, turn=0, aspect=None):
    """Write RGB frames (h, w, 3) as a video whose name says its format.

    `times` are in seconds; `turn` is by how many degrees a player turns it to the left,
    `aspect` how many times wider than high its pixels are.
    """
    frames = iter(frames)
    first = next(frames)
    video_codec, sound_codec = CODECS[path.suffix]
    with av.open(str(path), "w", options=options or {}) as container:
        video = container.add_stream(video_codec, rate=rate)
        video.height, video.width = first.shape[:2]
        video.pix_fmt = "yuv420p"
        video.gop_size = 5
        if aspect:
            video.codec_context.sample_aspect_ratio = Fraction(aspect)
        if turn:
            video.set_display_rotation(turn)
        ticks = Fraction(1, 1000)
        if times is not None:
            video.codec_context.time_base = ticks
        tone = container.add_stream(sound_codec, rate=SOUND_RATE) if sound else None
        for number, pixels in enumerate(chain([first], frames)):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame.time_base = Fraction(1, rate) if times is None else ticks
            frame.pts = number if times is None else round(1000 * times[number])
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if tone:
            for chunk in _tone((number + 1) / rate):
                container.mux(tone.encode(chunk))
            container.mux(tone.encode(None))
    return path


def set_display_matrix(path, a, b, c, d):
    """Write a display matrix into an MP4's track header, as phones and editors do."""
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 44
    values = (round(65536 * value) for value in (a, b, 0, c, d, 0, 0, 0))
    struct.pack_into(">9i", content, at, *values, 1 << 30)
    path.write_bytes(content)


def moving(picture, n_frames, size=(320, 240), start=(0, 0), step=(2, 0)):
    """Yield frames in which a picture moves over grey by so many pixels a frame."""
    width, height = size
    for number in range(n_frames):
        frame = np.full((height, width, 3), 120, np.uint8)
        matrix = np.float32(
            [[1, 0, start[0] + number * step[0]], [0, 1, start[1] + number * step[1]]]
        )
        yield cv2.warpAffine(picture, matrix, size, dst=frame, borderMode=cv2.BORDER_TRANSPARENT)


def numbered(n_frames, size=(64, 48)):
    """Return frames whose brightness is ten times their number."""
    return [np.full((size[1], size[0], 3), 10 * number, np.uint8) for number in range(n_frames)]


def _tone(seconds):
    """Yield a tone of 440 Hz in frames of sound."""
    wave = np.sin(2 * np.pi * 440 * np.arange(int(seconds * SOUND_RATE)) / SOUND_RATE)
    samples = (8000 * wave).astype(np.int16)
    for start in range(0, len(samples), 1024):
        chunk = np.repeat(samples[None, start : start + 1024], 2, axis=1)
        frame = av.AudioFrame.from_ndarray(chunk, format="s16", layout="stereo")
        frame.sample_rate, frame.pts = SOUND_RATE, start
        frame.time_base = Fraction(1, SOUND_RATE)
        yield frame


def with_data_elsewhere(video, other):
    """Return a MOV whose pictures aren't in it but in another file, as QuickTime's references say.

    The layout of the alias is what FFmpeg's demuxer makes of it (libavformat/mov.c, dref).
    """
    place = str(other).encode()
    place += bytes(len(place) % 2)
    alias = bytes(4 + 10 + 1 + 27 + 12 + 1 + 63 + 16 + 4 + 16)
    alias += struct.pack(">HH", 2, len(place)) + place + struct.pack(">HH", 0xFFFF, 0)
    reference = struct.pack(">I4s", 8 + len(alias), b"alis") + alias
    table = bytes(4) + struct.pack(">I", 1) + reference
    content = _replaced(video, [b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"], table)
    start, end = _box(content, b"mdat")
    return content[:start] + bytes(end - start) + content[end:]


def _replaced(content, path, body):
    """Put a new body into a box within boxes, whose sizes follow; it has to lie behind the data."""
    start, end = _box(content, path[0])
    inner = body if len(path) == 1 else _replaced(content[start:end], path[1:], body)
    size = struct.pack(">I", 8 + len(inner))
    return content[: start - 8] + size + path[0] + inner + content[end:]


def _box(content, kind):
    """Return start and end of the body of the first box of a kind."""
    at = 0
    while at < len(content):
        size, name = struct.unpack_from(">I4s", content, at)
        if name == kind:
            return at + 8, at + size
        at += size
    raise AssertionError(f"no {kind} in the video")


def talk(path):
    """Make the README's video: two composites whose faces change, the second from 1.4 s on."""
    plans = (
        (40, ((0.0, "neutral"), (2.0, "happy"), (4.0, "neutral"), (6.0, "happy"))),
        (360, ((1.4, "neutral"), (4.0, "surprise"), (6.0, "sad"))),
    )
    frames = []
    for number in range(120):
        frame = np.full((300, 640, 3), 120, np.uint8)
        for left, plan in plans:
            face = _changing(plan, number / 15)
            if face is not None:
                frame[30:270, left : left + 240] = face
        frames.append(frame)
    return make_video(path, frames, rate=15, sound=True)


def _changing(plan, seconds):
    """Return the face of a moment, 240 x 240; each one takes the last one's place in 0.4 s."""
    begun = [(start, name) for start, name in plan if start <= seconds]
    if not begun:
        return None
    before, after = (_composite(name) for _, name in (begun[-2:] * 2)[:2])
    share = min((seconds - begun[-1][0]) / 0.4, 1.0) if len(begun) > 1 else 1.0
    return cv2.addWeighted(after, share, before, 1 - share, 0)


@cache
def _composite(name):
    """Return the first composite of a class, nobody's face, 240 x 240."""
    return cv2.resize(read_image(SAMPLE / f"test/{name}/{name}_01.png"), (240, 240))
