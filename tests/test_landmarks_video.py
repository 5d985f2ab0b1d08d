import av
import numpy as np
import pytest

from landmarks.video.containers import DamagedVideo, UnsupportedVideo, VideoError, VideoTooLarge
from landmarks.video.reader import VideoReader
from tests.helpers.video_maker import (
    CODECS,
    make_video,
    numbered,
    set_display_matrix,
    with_data_elsewhere,
)


@pytest.fixture(scope="module")
def noise():
    """Twenty frames that a codec can't make small, so that a cut file has lost pictures."""
    random = np.random.default_rng(0)
    return [random.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(20)]


def seen(path, **wanted):
    with VideoReader(path) as video:
        return [(frame.number, round(frame.seconds, 3)) for frame in video.frames(**wanted)]


@pytest.mark.parametrize("suffix", CODECS)
def test_every_format_gives_its_frames_in_order_with_their_times_and_sound(tmp_path, suffix):
    path = make_video(tmp_path / f"video{suffix}", numbered(12), sound=True)
    audio_frames = []
    with VideoReader(path) as video:
        frames = list(video.frames(on_audio=audio_frames.append))
        assert video.has_audio
        assert video.rate == 10
        assert video.container_duration == pytest.approx(1.2, abs=0.05)
        assert video.share_read > 0.98
        assert video.seconds_read == pytest.approx(1.2, abs=0.05)
    assert [frame.number for frame in frames] == list(range(1, 13))
    assert [frame.seconds for frame in frames] == pytest.approx(np.arange(12) / 10, abs=0.002)
    assert all(frame.rgb.shape == (48, 64, 3) for frame in frames)
    brightness = [frame.rgb.mean() for frame in frames]
    assert brightness == pytest.approx(10.0 * np.arange(12), abs=6)
    assert sum(piece.samples for piece in audio_frames) / 48_000 == pytest.approx(1.2, abs=0.1)


def test_the_name_says_nothing_about_the_format(tmp_path):
    path = make_video(tmp_path / "video.webm", numbered(3)).rename(tmp_path / "video.jpg")
    assert len(seen(path)) == 3


def test_times_are_the_containers_own_even_where_they_are_uneven(tmp_path):
    times = [0, 0.1, 0.5, 0.55, 2.0]
    path = make_video(tmp_path / "video.mp4", numbered(5), times=times)
    assert [seconds for _, seconds in seen(path)] == pytest.approx(times, abs=0.002)


@pytest.mark.parametrize(
    ("rate", "numbers"), [(5, [1, 3, 5, 7, 9, 11]), (3, [1, 4, 8, 11]), (50, list(range(1, 13)))]
)
def test_fewer_frames_are_taken_evenly_and_keep_their_numbers(tmp_path, rate, numbers):
    path = make_video(tmp_path / "video.mp4", numbered(12))
    assert [number for number, _ in seen(path, rate=rate)] == numbers


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize(
    ("aspect", "width"), [("64/45", 91), ("1/2", 32), ("1/1", 64), ("60/1", 64)]
)
def test_pixels_are_made_square(tmp_path, suffix, aspect, width):
    path = make_video(tmp_path / f"video{suffix}", numbered(3), aspect=aspect)
    with VideoReader(path) as video:
        shapes = {frame.rgb.shape for frame in video.frames()}
    assert shapes == {(48, width, 3)}


@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ((-1, 0, 0, 1), lambda pixels: pixels[:, ::-1]),
        ((1, 0, 0, -1), lambda pixels: pixels[::-1]),
        ((0, 1, 1, 0), lambda pixels: pixels.swapaxes(0, 1)),
        ((0, -1, -1, 0), lambda pixels: pixels.swapaxes(0, 1)[::-1, ::-1]),
        ((2, 0, 0, 1), lambda pixels: pixels.repeat(2, axis=1)),
        ((2, 0, 0, 2), lambda pixels: pixels),
        ((0, 0, 0, 0), lambda pixels: pixels),
    ],
)
def test_the_whole_display_matrix_counts(tmp_path, matrix, shown):
    corner = np.zeros((48, 64, 3), dtype=np.uint8)
    corner[:16, :48] = 250
    path = make_video(tmp_path / "video.mp4", [corner] * 3)
    set_display_matrix(path, *matrix)
    with VideoReader(path) as video:
        read = next(video.frames()).rgb
    wanted = shown(corner)
    assert read.shape == wanted.shape
    assert np.abs(read.astype(int) - wanted).mean() < 12


@pytest.mark.parametrize("suffix", [".webm", ".mkv", ".mp4"])
def test_a_clock_that_starts_late_is_the_videos_own(tmp_path, suffix):
    times = [10 + number / 10 for number in range(12)]
    path = make_video(tmp_path / f"video{suffix}", numbered(12), times=times)
    with VideoReader(path) as video:
        read = [round(frame.seconds, 3) for frame in video.frames()]
    assert read == [round(number / 10, 3) for number in range(12)]
    assert video.share_read > 0.9
    assert video.container_duration == pytest.approx(1.2, abs=0.15)


@pytest.mark.parametrize("turn", [90, -90, 180])
def test_a_phones_video_is_turned_upright(tmp_path, turn):
    right = np.zeros((48, 64, 3), np.uint8)
    right[:, 32:] = 255
    path = make_video(tmp_path / "video.mp4", [right] * 3, turn=turn)
    with VideoReader(path) as video:
        frame = next(video.frames())
    wanted = np.rot90(right, turn // 90)
    assert frame.rgb.shape == wanted.shape
    assert np.abs(frame.rgb.astype(int) - wanted).mean() < 10


DISGUISES = {
    "ffconcat": "ffconcat version 1.0\nfile secret.mp4\n",
    "hls": "#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:10,\nsecret.mp4\n#EXT-X-ENDLIST\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    "text": "a video",
}


@pytest.mark.parametrize("kind", DISGUISES)
def test_a_playlist_in_disguise_is_refused_by_its_first_bytes(tmp_path, kind):
    make_video(tmp_path / "secret.mp4", numbered(3))
    path = tmp_path / "video.mp4"
    path.write_text(DISGUISES[kind])
    with pytest.raises(UnsupportedVideo, match=r"Expected a video in MP4, .*video\.mp4"):
        VideoReader(path)


@pytest.mark.parametrize("name", ["frame%02d.png", "concat:a.mp4|b.mp4", "http://localhost/a.mp4"])
def test_patterns_and_addresses_are_no_files(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    make_video(tmp_path / "a.mp4", numbered(3))
    with pytest.raises(VideoError, match="is not a file"):
        VideoReader(name)


def test_a_mov_reads_no_pictures_out_of_another_file(tmp_path):
    other = make_video(tmp_path / "other.mov", numbered(5))
    path = tmp_path / "video.mov"
    path.write_bytes(with_data_elsewhere(other.read_bytes(), other))
    # The trap works where references are followed:
    followed = {"enable_drefs": "1", "use_absolute_path": "1"}
    with av.open(str(path), options=followed) as container:
        assert len(list(container.decode(video=0))) == 5
    with pytest.raises(DamagedVideo):
        seen(path)


def test_a_folder_nothing_and_an_empty_file_are_a_sentence(tmp_path):
    (tmp_path / "empty.mp4").touch()
    for path in (tmp_path, tmp_path / "missing.mp4", tmp_path / "empty.mp4", tmp_path / "\0.mp4"):
        with pytest.raises(VideoError, match=r"^[^\n]+\.$"):
            VideoReader(path)


def test_sound_alone_is_no_video(tmp_path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        tone = container.add_stream("aac", rate=48_000)
        piece = av.AudioFrame.from_ndarray(
            np.zeros((1, 4096), np.int16), format="s16", layout="mono"
        )
        piece.sample_rate = 48_000
        container.mux(tone.encode(piece))
        container.mux(tone.encode(None))
    with pytest.raises(UnsupportedVideo, match="no frames"):
        VideoReader(path)


@pytest.mark.parametrize(
    ("suffix", "options"), [(".webm", {}), (".avi", {}), (".mp4", {"movflags": "faststart"})]
)
def test_a_video_that_is_cut_off_says_how_much_was_read(tmp_path, noise, suffix, options):
    path = make_video(tmp_path / f"video{suffix}", noise, options=options)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with VideoReader(path) as video:
        n_frames = sum(1 for _ in video.frames())
        assert 5 <= n_frames < 15
        assert video.container_duration == pytest.approx(2.0, abs=0.05)
        assert 0.2 < video.share_read < 0.8


@pytest.mark.parametrize("lost", [500, 5000])
def test_a_video_that_lost_its_index_is_damaged(tmp_path, noise, lost):
    path = make_video(tmp_path / "video.mp4", noise)
    path.write_bytes(path.read_bytes()[:-lost])
    with pytest.raises(DamagedVideo, match="is damaged"):
        VideoReader(path)


def test_damaged_pictures_are_not_counted_as_read(tmp_path, noise):
    path = make_video(tmp_path / "video.mp4", noise)
    content = bytearray(path.read_bytes())
    content[len(content) // 3 : len(content) // 3 * 2] = bytes(len(content) // 3)
    path.write_bytes(content)
    with VideoReader(path) as video:
        list(video.frames())
        assert 0.4 < video.share_read < 0.9


@pytest.mark.parametrize(("duration", "share"), [(3600.0, 0.001), (0.5, 1.0)])
def test_a_length_that_is_not_true_is_found_out(tmp_path, duration, share):
    path = make_video(tmp_path / "video.webm", numbered(20))
    content = bytearray(path.read_bytes())
    at = content.index(b"\x44\x89\x88") + 3  # Matroska's Duration, a double of milliseconds
    content[at : at + 8] = np.array(1000 * duration, ">f8").tobytes()
    path.write_bytes(content)
    with VideoReader(path) as video:
        assert len(list(video.frames())) == 20
        assert video.container_duration == pytest.approx(duration)
        assert video.seconds_read == pytest.approx(2.0, abs=0.05)
        assert video.share_read == pytest.approx(share, abs=0.001)


def large_video(path):
    """Write a video of one black frame of 26 megapixels."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("mjpeg", rate=5)
        video.width, video.height, video.pix_fmt = 5200, 5000, "yuvj420p"
        container.mux(video.encode(av.VideoFrame(5200, 5000, "yuvj420p")))
        container.mux(video.encode(None))
    return path


def test_frames_of_more_than_25_megapixels_are_refused(tmp_path):
    path = large_video(tmp_path / "video.avi")
    with pytest.raises(VideoTooLarge, match="25 megapixels"):
        VideoReader(path)
    honest = np.array([5200, 5000], "<u4").tobytes()
    small = np.array([64, 48], "<u4").tobytes()
    path.write_bytes(path.read_bytes().replace(honest, small))
    with pytest.raises(VideoError):  # the header lies; the decoder doesn't believe it
        seen(path)
