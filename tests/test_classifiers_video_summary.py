from types import SimpleNamespace

import numpy as np
import pytest

from classifiers.inference.timeline import MAX_BINS, MAX_PANELS, Timeline, draw
from classifiers.inference.video import TrackedFace
from classifiers.inference.video_summary import VideoSummary

CLASSES = ("happy", "sad")


def face(number, happy=1.0, uncertain=False):
    confidences = {"happy": happy, "sad": 1 - happy}
    best = max(confidences, key=confidences.get)
    return TrackedFace(
        number, SimpleNamespace(expression=best, confidences=confidences, uncertain=uncertain)
    )


def test_an_answer_stands_until_the_next_frame():
    summary = VideoSummary(CLASSES)
    summary.add(0.0, [face(1, 0.9)])
    summary.add(1.0, [face(1, 0.2, uncertain=True), face(2, 0.9)])
    summary.add(1.5, [])
    summary.add(9.0, [face(2, 0.9)])
    summary.end(10.0)
    one, two = summary.to_json()["faces"]
    assert (one["face"], one["first"], one["last"]) == (1, 0.0, 1.0)
    assert (one["seconds"], one["uncertain"]) == (1.5, 0.5)
    assert one["expressions"] == {"happy": pytest.approx(2 / 3, abs=1e-4), "sad": 0.3333}
    assert (two["first"], two["last"], two["seconds"]) == (1.0, 9.0, 1.5)
    assert summary.to_json()["frames"] == 4
    assert summary.overall() == {"happy": pytest.approx(5 / 6, abs=1e-4), "sad": 0.1667}


def test_a_video_without_faces_has_no_shares():
    summary = VideoSummary(CLASSES)
    summary.add(0.0, [])
    summary.end(1.0)
    assert summary.to_json() == {"frames": 1, "expressions": {"happy": 0, "sad": 0}, "faces": []}


def test_a_timeline_keeps_the_means_of_columns_of_time():
    timeline = Timeline(CLASSES, rate=20)
    for seconds, happy in ((0.0, 1.0), (0.05, 0.5), (0.35, 0.0)):
        timeline.add(seconds, [face(1, happy)])
    nan = np.nan
    wanted = [[0.75, 0.25], [nan, nan], [nan, nan], [0, 1]]
    np.testing.assert_allclose(timeline.means(1), wanted)


def test_a_timeline_stays_small_however_long_the_video():
    timeline = Timeline(CLASSES, rate=1)
    hours = 10
    for second in range(hours * 3600):
        timeline.add(float(second), [face(1, 1.0 if second < hours * 1800 else 0.0)])
    means = timeline.means(1)
    assert MAX_BINS / 2 <= len(means) <= MAX_BINS
    assert not np.isnan(means).any()
    assert means[:, 0].mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("rate", [0.1, 2, 12.5, 60])
def test_no_column_is_empty_between_frames_at_any_rate(rate):
    timeline = Timeline(CLASSES, rate)
    for k in range(100):
        timeline.add(k / rate, [face(1)])
    assert not np.isnan(timeline.means(1)).any()


def test_the_faces_seen_longest_are_drawn():
    timeline = Timeline(CLASSES, rate=10)
    for k in range(20):
        # The later a face comes, the longer it is seen.
        timeline.add(k / 10, [face(number) for number in range(1, 16) if k > 15 - number])
    figure = draw(timeline, "video.mp4")
    panels = [axes.get_ylabel() for axes in figure.axes]
    assert panels == [f"face {number}" for number in range(4, 16)]
    assert len(panels) == MAX_PANELS
    assert "3 more" in figure.get_suptitle()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(CLASSES)


def test_a_timeline_of_no_face_says_so():
    timeline = Timeline(CLASSES, rate=10)
    timeline.add(0.0, [])
    assert "no face found" in draw(timeline, "video.mp4").get_suptitle()
