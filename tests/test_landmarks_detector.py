import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from landmarks.detection import detector, tta_crops
from landmarks.detection.detector import Face, FaceDetector, shared_detector
from landmarks.images import read_image
from landmarks.mesh import N_POINTS, mirrored

MOUTH, RIGHT_EYE, LEFT_EYE, CHIN = 13, 159, 386, 152


@pytest.fixture(scope="module")
def face_detector():
    return shared_detector()


@pytest.fixture(scope="module")
def mesh(face_detector, portrait):
    (face,) = face_detector.detect(portrait)
    return face.points


def face_width(points):
    return np.ptp(points[:, 0])


def mean_error(found, expected):
    """Mean distance in the image plane as a share of the face's size."""
    size = np.ptp(expected[:, :2], axis=0).max()
    return np.linalg.norm((found - expected)[:, :2], axis=1).mean() / size


def moved(points, matrix):
    """Take x and y to where cv2.warpAffine takes them, from corners to its pixel middles."""
    xy = points[:, :2] - 0.5
    return np.column_stack([xy @ matrix[:, :2].T + matrix[:, 2] + 0.5, points[:, 2]])


def test_the_portrait_gives_one_face_in_pixels(mesh):
    assert mesh.shape == (N_POINTS, 3)
    assert mesh.dtype == np.float32
    # Where the astronaut's eyes, mouth and chin are in the 512 x 512 picture.
    for point, place in {
        RIGHT_EYE: (203, 101),
        LEFT_EYE: (247, 103),
        MOUTH: (222, 149),
        CHIN: (222, 177),
    }.items():
        np.testing.assert_allclose(mesh[point, :2], place, atol=7)


def test_the_box_holds_the_points_in_whole_pixels(mesh):
    left, top, width, height = Face(mesh).box
    assert all(isinstance(number, int) for number in Face(mesh).box)
    assert (mesh[:, :2] >= (left, top)).all()
    assert (mesh[:, :2] <= (left + width, top + height)).all()
    assert width < face_width(mesh) + 2


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_photo_on_its_side_or_upside_down_gives_the_same_mesh(
    face_detector, portrait, mesh, quarters
):
    (face,) = face_detector.detect(np.ascontiguousarray(np.rot90(portrait, quarters)))
    x, y = mesh[:, 0], mesh[:, 1]
    side = len(portrait)
    turned = {1: (y, side - x), 2: (side - x, side - y), 3: (side - y, x)}[quarters]
    assert mean_error(face.points, np.column_stack([*turned, mesh[:, 2]])) < 0.01


@pytest.mark.parametrize("degrees", [-60, -25, 25, 45, 130])
def test_a_rolled_head_gives_the_rolled_mesh(face_detector, portrait, mesh, degrees):
    matrix = cv2.getRotationMatrix2D((215, 130), degrees, 1)
    faces = face_detector.detect(cv2.warpAffine(portrait, matrix, (430, 300)))
    assert len(faces) == 1
    assert mean_error(faces[0].points, moved(mesh, matrix)) < 0.03


@pytest.mark.parametrize("share", [0.15, 0.06])
def test_small_faces_are_found(face_detector, portrait, mesh, share):
    width = int(face_width(mesh) / share)
    canvas = np.full((width * 3 // 4, width, 3), 90, dtype=np.uint8)
    canvas[70:370, 130:430] = portrait[:300, 50:350]
    (face,) = face_detector.detect(canvas)
    assert mean_error(face.points, mesh + np.array([80, 70, 0])) < 0.02


def test_a_face_that_fills_a_large_picture_is_found(face_detector, portrait, mesh):
    large = cv2.resize(portrait[55:190, 165:285], None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC)
    (face,) = face_detector.detect(large)
    assert mean_error(face.points, (mesh - [165, 55, 0]) * 5) < 0.03


def test_several_faces_come_in_reading_order_without_doubles(face_detector, portrait, mesh):
    half = cv2.resize(portrait, (256, 256), interpolation=cv2.INTER_AREA)
    pair = np.zeros((512, 768, 3), dtype=np.uint8)
    pair[100:356, :256] = half
    pair[:, 256:] = portrait
    small, large = face_detector.detect(pair)
    assert mean_error(large.points, mesh + np.array([256, 0, 0])) < 0.02
    assert mean_error(small.points, mesh / 2 + [0, 100, 0]) < 0.03


@pytest.mark.parametrize("part", [np.s_[:, :], np.s_[60:185, 170:280]], ids=["photo", "tight-crop"])
def test_the_mirror_image_gives_the_mirrored_mesh(face_detector, portrait, part):
    image = np.ascontiguousarray(portrait[part])
    straight, flipped = (
        face_detector.detect(image),
        face_detector.detect(np.ascontiguousarray(image[:, ::-1])),
    )
    assert len(straight) == len(flipped) == 1
    back = mirrored(flipped[0].points, image.shape[1])
    if part == np.s_[:, :]:  # the detector sees the photo alone: the crop lies a little elsewhere
        assert mean_error(back, straight[0].points) < 0.01
    else:
        np.testing.assert_allclose(straight[0].points, back, atol=0.1)


def test_a_tiny_crop_gives_exactly_one_face(face_detector, portrait, mesh):
    crop = portrait[60:180, 165:285]
    tiny = cv2.resize(crop, (48, 48), interpolation=cv2.INTER_AREA)
    (face,) = face_detector.detect(tiny)
    assert mean_error(face.points, (mesh - [165, 60, 0]) * (48 / 120)) < 0.04


def test_answers_dont_depend_on_what_was_asked_before(face_detector, portrait):
    tiny = cv2.resize(portrait[60:180, 165:285], (48, 48), interpolation=cv2.INTER_AREA)
    first = face_detector.detect(tiny)[0].points
    face_detector.detect(np.ascontiguousarray(portrait[::-1]))
    face_detector.detect(np.zeros((48, 48, 3), dtype=np.uint8))
    np.testing.assert_array_equal(face_detector.detect(tiny)[0].points, first)


@pytest.mark.parametrize("name", ["coffee", "brick"])
def test_a_picture_without_a_face_gives_none(face_detector, name):
    import skimage.data

    image = getattr(skimage.data, name)()
    if image.ndim == 2:
        image = np.dstack([image] * 3)
    assert face_detector.detect(image[:300, :300].copy()) == []


@pytest.fixture(scope="module")
def cells():
    """Return a part of a micrograph, in which the detector takes a cell for a face."""
    import skimage.data

    return np.dstack([skimage.data.cell()[330:, 276:]] * 3)


def test_what_passes_for_a_face_on_one_crop_alone_is_none(face_detector, cells):
    assert face_detector.detect(cells) == []


def test_without_further_crops_it_would_be_one(face_detector, cells, monkeypatch):
    monkeypatch.setattr(tta_crops, "MAX_DISPERSION", 2)
    monkeypatch.setattr(detector, "is_drawing", lambda crop: False)
    assert face_detector.detect(cells) != []


def test_a_face_below_the_least_size_is_none(face_detector, portrait, monkeypatch):
    monkeypatch.setattr(
        "landmarks.detection.detector.MIN_FACE_SIDE", 120
    )  # the portrait's is 109 high
    assert face_detector.detect(portrait) == []
    larger = cv2.resize(portrait, None, fx=1.2, fy=1.2, interpolation=cv2.INTER_CUBIC)
    assert len(face_detector.detect(larger)) == 1


def test_a_tight_crop_is_a_face_whatever_further_crops_show(face_detector, portrait, monkeypatch):
    tiny = cv2.resize(portrait[60:180, 165:285], (48, 48), interpolation=cv2.INTER_AREA)
    (face,) = face_detector.detect(tiny)
    monkeypatch.setattr(tta_crops, "MAX_DISPERSION", 0)
    np.testing.assert_array_equal(face_detector.detect(tiny)[0].points, face.points)


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 9, 3), (1, 1, 3), (1, 700, 3), (48, 48, 3)])
def test_blank_and_pixelless_images_do_no_harm(face_detector, portrait, shape):
    assert face_detector.detect(np.zeros(shape, dtype=np.uint8)) == []
    assert len(face_detector.detect(portrait)) == 1


@pytest.mark.parametrize(
    "image", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 4), np.uint8), np.zeros((9, 9, 3))]
)
def test_what_is_no_rgb_image_is_refused(face_detector, image):
    with pytest.raises(ValueError, match="expected uint8 pixels of shape"):
        face_detector.detect(image)


def test_one_face_detector_serves_threads_in_turn(face_detector, portrait, mesh):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(face_detector.detect(portrait)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    for (face,) in answers:
        np.testing.assert_array_equal(face.points, mesh)


def test_a_process_has_one_face_detector():
    assert shared_detector() is shared_detector()
    assert isinstance(shared_detector(), FaceDetector)


@pytest.mark.parametrize("meshes", [1, 2, 4])
def test_any_number_of_meshes_gives_nearly_the_same_points(face_detector, portrait, mesh, meshes):
    (face,) = face_detector.detect(portrait, meshes)
    assert mean_error(face.points, mesh) < 0.01
    assert (mean_error(face.points, mesh) == 0) == (meshes == 2)


@pytest.mark.parametrize("meshes", [0, 3, 8])
def test_another_number_of_meshes_is_refused(face_detector, portrait, meshes):
    with pytest.raises(ValueError, match="meshes a face, got"):
        face_detector.detect(portrait, meshes)


def test_a_sharp_face_is_seen_as_its_small_copy_is(face_detector, portrait, mesh):
    """Classifiers learn from FER2013's 48 pixels: a photo's face has to look like one of those."""
    tiny = cv2.resize(portrait[60:180, 165:285], (48, 48), interpolation=cv2.INTER_AREA)
    (face,) = face_detector.detect(tiny)
    assert mean_error(face.points, (mesh - [165, 60, 0]) * (48 / 120)) < 0.015


def grid(faces, columns):
    """Return tight crops side by side in rows on grey, with a gap between them."""
    padded = [np.pad(face, ((30, 30), (30, 30), (0, 0)), constant_values=128) for face in faces]
    rows = [padded[i : i + columns] for i in range(0, len(padded), columns)]
    return np.concatenate([np.concatenate(row, axis=1) for row in rows])


@pytest.mark.parametrize(("columns", "rows"), [(4, 1), (5, 2)])
def test_faces_beside_one_another_are_all_found_in_reading_order(face_detector, columns, rows):
    paths = sorted(Path("data/sample/test").glob("*/*_03.png"))
    faces = [cv2.resize(read_image(paths[i % 7]), (200, 200)) for i in range(columns * rows)]
    found = face_detector.detect(grid(faces, columns))
    middles = [(face.box[0] + face.box[2] / 2, face.box[1] + face.box[3] / 2) for face in found]
    expected = [(130 + 260 * (i % columns), 130 + 260 * (i // columns)) for i in range(len(faces))]
    np.testing.assert_allclose(middles, expected, atol=40)
