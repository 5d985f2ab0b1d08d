"""Whatever a video's bytes: frames of one size, in order, within the limits, or a VideoError."""

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from landmarks.images import MAX_PIXELS
from landmarks.video.containers import VideoError
from landmarks.video.reader import VideoReader
from tests.helpers.fuzzing import fuzzed
from tests.helpers.video_maker import CODECS, make_video, set_display_matrix
from tests.reliability.mutants import KINDS

N_FRAMES = 8


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Good videos by name: of each format, one late, one of wide pixels, one turned and skewed."""
    folder = tmp_path_factory.mktemp("good")
    random = np.random.default_rng(0)
    frames = [random.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(N_FRAMES)]
    paths = [make_video(folder / f"v{suffix}", frames, sound=True) for suffix in CODECS]
    late = [3 + number / 10 for number in range(N_FRAMES)]
    paths.append(make_video(folder / "late.mkv", frames, times=late))
    paths.append(make_video(folder / "wide.mp4", frames, aspect=1.5, turn=90))
    skewed = make_video(folder / "skewed.mp4", frames, turn=90)
    set_display_matrix(skewed, 0.5, 0.2, -0.3, 2)
    return {path.name: path.read_bytes() for path in [*paths, skewed]}


def read(path):
    """Return the frames that can be read and the share that they are; all promises are kept."""
    with VideoReader(path) as video:
        frames = list(video.frames(on_audio=lambda _: None))
        share = video.share_read
    assert frames
    assert len({frame.rgb.shape for frame in frames}) == 1
    height, width, _ = frames[0].rgb.shape
    assert 0 < height * width <= MAX_PIXELS
    seconds = [frame.seconds for frame in frames]
    assert np.isfinite(seconds).all()
    assert all(np.diff(seconds) > 0)
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
    assert 0 <= share <= 1
    return frames, share


@fuzzed(0.3)
@given(st.data())
def test_a_broken_video_gives_frames_within_the_limits_or_a_video_error(good, tmp_path, data):
    content = good[data.draw(st.sampled_from(sorted(good)))]
    dice = data.draw(st.randoms(use_true_random=False))
    for breaks in data.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3)):
        if len(content) > 8:
            content = bytes(breaks(bytearray(content), dice))
    path = tmp_path / "video"
    path.write_bytes(content)
    try:
        read(path)
    except VideoError as error:
        event(type(error).__name__)


@fuzzed(0.1)
@given(st.data())
def test_of_two_videos_in_one_file_frames_or_a_video_error_come(good, tmp_path, data):
    one, other = (good[data.draw(st.sampled_from(sorted(good)))] for _ in range(2))
    cut, start = data.draw(st.integers(0, len(one))), data.draw(st.integers(0, len(other)))
    path = tmp_path / "video"
    path.write_bytes(one[:cut] + other[start:])
    try:
        read(path)
    except VideoError as error:
        event(type(error).__name__)


@pytest.mark.parametrize("suffix", CODECS)
def test_a_cut_off_video_is_never_called_whole(good, tmp_path, suffix):
    content = good[f"v{suffix}"]
    path = tmp_path / "video"
    for share in (0.5, 0.7, 0.9):
        path.write_bytes(content[: round(share * len(content))])
        try:
            frames, told = read(path)
        except VideoError:
            continue
        assert len(frames) == N_FRAMES or told < 0.99
