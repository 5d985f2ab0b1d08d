import numpy as np

from landmarks.detection.detector import Face
from landmarks.video.tracks import Tracks

LEFT, RIGHT = (0, 0, 100, 100), (300, 0, 100, 100)


def moved(box, by):
    return (box[0] + by, *box[1:])


def assign(tracks, boxes, seconds):
    """Return the track id of each box, given as the two corners of a face."""
    faces = [Face(np.array([(x, y), (x + width, y + height)])) for x, y, width, height in boxes]
    ids = {id(face): track_id for track_id, face in tracks.update(faces, seconds).items()}
    return [ids[id(face)] for face in faces]


def test_faces_keep_their_track_ids_while_they_move_whatever_order_they_come_in():
    tracks = Tracks()
    assert assign(tracks, [LEFT, RIGHT], 0.0) == [1, 2]
    assert assign(tracks, [moved(RIGHT, -30), moved(LEFT, 30)], 0.04) == [2, 1]
    assert assign(tracks, [moved(LEFT, 60), moved(RIGHT, -60)], 0.08) == [1, 2]


def test_pairs_are_the_best_together_not_the_best_alone():
    """The first box overlaps known face 1 more than the second does, but has another choice."""
    tracks = Tracks()
    assign(tracks, [(0, 0, 100, 100), (60, 0, 100, 100)], 0.0)
    boxes = [(28, 0, 100, 100), (-40, 0, 100, 100)]
    assert assign(tracks, boxes, 0.04) == [2, 1]


def test_a_new_face_gets_a_new_track_id_and_none_is_given_twice():
    tracks = Tracks()
    assert assign(tracks, [LEFT], 0.0) == [1]
    assert assign(tracks, [LEFT, RIGHT], 0.1) == [1, 2]
    assert assign(tracks, [RIGHT], 0.2) == [2]
    assert assign(tracks, [], 5.0) == []
    assert assign(tracks, [LEFT], 5.1) == [3]


def test_a_jump_is_another_face():
    tracks = Tracks()
    assert assign(tracks, [LEFT], 0.0) == [1]
    assert assign(tracks, [moved(LEFT, 60)], 0.04) == [2]


def test_a_face_missed_for_a_moment_keeps_its_track_id():
    tracks = Tracks()
    assign(tracks, [LEFT], 0.0)
    for seconds in np.arange(0.1, 1.0, 0.1):
        assign(tracks, [], seconds)
    assert assign(tracks, [LEFT], 1.0) == [1]
    assign(tracks, [], 1.1)
    assign(tracks, [], 2.1)
    assert assign(tracks, [LEFT], 2.2) == [2]


def test_frames_far_apart_still_follow_from_one_to_the_next():
    tracks = Tracks()
    assert [assign(tracks, [LEFT], seconds) for seconds in (0.0, 10.0, 20.0)] == [[1], [1], [1]]


def test_after_a_cut_every_face_is_new():
    tracks = Tracks()
    assign(tracks, [LEFT], 0.0)
    tracks.end_all()
    assert assign(tracks, [LEFT], 0.04) == [2]
