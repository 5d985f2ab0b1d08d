import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from landmarks.images import (
    FOLDER_FORMATS,
    MAX_PIXELS,
    PAGE_FORMATS,
    EmptyImage,
    ImageError,
    ImageTooLarge,
    UnreadableImage,
    UnsupportedImage,
    count_frames,
    image_format,
    pixel_hash,
    read_image,
    rgb_of,
)

COLOURS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [40, 80, 120]]], dtype=np.uint8)


def encoded(image, format="PNG", **options):
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(
        buffer, format, **options
    )
    return buffer.getvalue()


def png_header(width, height):
    """A PNG that announces its size and holds hardly any pixels."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def test_reads_a_file_and_its_bytes_alike(tmp_path):
    path = tmp_path / "colours.png"
    path.write_bytes(encoded(COLOURS))
    for source in (path, str(path), path.read_bytes()):
        np.testing.assert_array_equal(read_image(source), COLOURS)


def test_the_content_counts_not_the_extension(tmp_path):
    path = tmp_path / "really-a-png.jpg"
    path.write_bytes(encoded(COLOURS))
    np.testing.assert_array_equal(read_image(path), COLOURS)


@pytest.mark.parametrize(("size", "read"), [((8000, 6000), (3000, 4000)), ((5000, 5000),) * 2])
def test_a_large_jpeg_is_read_at_half_its_size_unless_that_is_not_wanted(size, read):
    content = encoded(Image.new("L", size), "JPEG")
    assert read_image(content).shape[:2] == read
    if read != size:
        with pytest.raises(ImageTooLarge):
            read_image(content, reduce=False)


@pytest.mark.parametrize("format", ["PNG", "WEBP", "BMP", "TIFF", "PPM"])
def test_lossless_formats_come_back_exactly(format):
    options = {"lossless": True} if format == "WEBP" else {}
    np.testing.assert_array_equal(read_image(encoded(COLOURS, format, **options)), COLOURS)


def test_grey_becomes_three_equal_channels():
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    np.testing.assert_array_equal(read_image(encoded(grey)), np.dstack([grey] * 3))


@pytest.mark.parametrize("dtype", [np.uint16, np.int32])
def test_sixteen_bits_are_scaled_not_cut_off(dtype):
    deep = np.array([[0, 257, 128 * 257, 65535]], dtype=dtype)
    format = "PNG" if dtype == np.uint16 else "TIFF"
    np.testing.assert_array_equal(read_image(encoded(deep, format))[0, :, 0], [0, 1, 128, 255])


def test_a_dark_sixteen_bit_image_stays_dark():
    assert read_image(encoded(np.full((2, 2), 200, dtype=np.uint16))).max() == 1


def test_float_samples_of_0_to_1_fill_the_range():
    samples = np.array([[0, 0.5, 1]], dtype=np.float32)
    assert read_image(encoded(samples, "TIFF"))[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_parts_are_put_on_white(mode):
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 255))
    image.putpixel((1, 0), (0, 0, 0, 0))
    assert read_image(encoded(image.convert(mode)))[0, :, 0].tolist() == [0, 255]


def test_a_transparent_palette_colour_is_put_on_white():
    image = Image.new("P", (2, 1))
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.putpixel((1, 0), 1)
    pixels = read_image(encoded(image, transparency=0))
    assert pixels[0].tolist() == [[255, 255, 255], [255, 0, 0]]


def test_cmyk_is_converted():
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    red, green, blue = read_image(encoded(image, "JPEG", quality=95))[4, 4]
    assert red > 200
    assert max(green, blue) < 60


def test_only_the_first_frame_of_an_animation_counts():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert read_image(data)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(("orientation", "quarters"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_exif_orientation_is_obeyed(orientation, quarters):
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = read_image(encoded(COLOURS, exif=exif))
    np.testing.assert_array_equal(pixels, np.rot90(COLOURS, quarters))


def test_a_broken_exif_block_costs_the_turn_not_the_photo():
    data = encoded(COLOURS, "JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x09\x01")
    assert read_image(data).shape == (2, 2, 3)


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (b"", EmptyImage, "empty"),
        (b"a text, not an image", UnreadableImage, "unreadable"),
        (encoded(COLOURS)[:-30], UnreadableImage, "unreadable"),
        (encoded(COLOURS)[:20], UnreadableImage, "unreadable"),
        (png_header(0, 5), ImageError, None),
        (png_header(50_000, 50_000), ImageTooLarge, "too-large"),
        (png_header(10_000, 10_000), ImageTooLarge, "too-large"),
        (png_header(5_001, 5_000), ImageTooLarge, "too-large"),
    ],
    ids=["empty", "text", "cut", "header", "no-pixels", "bomb", "warned", "just-too-large"],
)
def test_what_cant_be_read_says_why(data, error, reason):
    with pytest.raises(error) as caught:
        read_image(data)
    assert reason is None or caught.value.reason == reason
    assert str(caught.value).startswith("the image ")
    assert "\n" not in str(caught.value)


def test_a_truncated_photo_is_unreadable():
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    data = encoded(noise, "JPEG")
    with pytest.raises(UnreadableImage, match="damaged or cut off"):
        read_image(data[: len(data) // 2])


def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(ImageTooLarge, match="25 megapixels"):
        read_image(png_header(MAX_PIXELS, 2))


@pytest.mark.parametrize("broken", ["PIL.Image.open", "PIL.ImageOps.exif_transpose"])
def test_too_little_memory_is_not_the_images_fault(monkeypatch, broken):
    def fail(*_args, **_options):
        raise MemoryError

    monkeypatch.setattr(broken, fail)
    with pytest.raises(MemoryError):
        read_image(encoded(COLOURS))


def test_the_page_takes_fewer_formats_than_a_folder():
    assert set(PAGE_FORMATS) < set(FOLDER_FORMATS)
    with pytest.raises(UnsupportedImage, match="format GIF; expected JPEG, PNG, WEBP"):
        read_image(encoded(COLOURS, "GIF"), formats=PAGE_FORMATS)


@pytest.mark.parametrize("name", ["missing.jpg", ".", "null\0character", "x" * 5000])
def test_what_is_no_file_is_unreadable(tmp_path, name):
    with pytest.raises(UnreadableImage):
        read_image(str(tmp_path / name))


def test_a_file_is_named_in_the_message(tmp_path):
    path = tmp_path / "notes.jpg"
    path.write_text("hello")
    with pytest.raises(UnreadableImage, match=r"notes\.jpg is not an image"):
        read_image(path)


def test_the_hash_tells_pictures_apart_by_pixels_and_shape():
    same = pixel_hash(COLOURS.copy())
    changed = COLOURS.copy()
    changed[1, 1, 2] += 1
    assert same == pixel_hash(COLOURS)
    assert len(same) == 16
    assert len({same, pixel_hash(changed), pixel_hash(COLOURS.reshape(1, 4, 3))}) == 3
    assert pixel_hash(COLOURS[:, ::-1]) == pixel_hash(COLOURS[:, ::-1].copy())


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", "AVIF"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x0a", "JPEG XL"),
        (b"II*\0\x10\0\0\0CR\x02\0", "camera raw"),
        (b"8BPS\0\x01", "Photoshop"),
        (b"P5\n# made\n3 3", "PPM"),
        (b"P1 is the first page", ""),
        (b"BMW and other makes", ""),
        (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2", ""),
        (b"", ""),
    ],
)
def test_first_bytes_name_the_format(tmp_path, head, name):
    assert image_format(head) == name
    if name not in (*FOLDER_FORMATS, ""):
        (tmp_path / "photo.jpg").write_bytes(head)
        with pytest.raises(UnsupportedImage, match=f"format {name}; expected JPEG"):
            read_image(tmp_path / "photo.jpg")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif", ".gif", ".webp", ".ppm"])
def test_first_bytes_name_what_is_read(tmp_path, suffix):
    Image.new("RGB", (9, 7)).save(tmp_path / f"photo{suffix}")
    assert image_format((tmp_path / f"photo{suffix}").read_bytes()) in FOLDER_FORMATS


def test_the_preview_that_a_raw_file_begins_with_is_not_read(tmp_path):
    Image.new("RGB", (160, 120)).save(tmp_path / "photo.nef", "TIFF", tiffinfo={254: 1})
    with pytest.raises(UnsupportedImage, match="begins with a preview"):
        read_image(tmp_path / "photo.nef")


@pytest.mark.parametrize("suffix", ["gif", "webp", "tiff", "png"])
def test_frames_are_counted(tmp_path, suffix):
    frames = [Image.new("RGB", (9, 7), color) for color in ("red", "green", "blue")]
    frames[0].save(tmp_path / "one", suffix)
    frames[0].save(tmp_path / "three", suffix, save_all=True, append_images=frames[1:])
    assert [count_frames(tmp_path / name) for name in ("one", "three")] == [1, 3]


def test_an_image_is_taken_from_whatever_holds_it(tmp_path):
    content = encoded(COLOURS)
    (tmp_path / "image.png").write_bytes(content)
    holders = [
        *(content, bytearray(content), memoryview(content), io.BytesIO(content), COLOURS),
        *(tmp_path / "image.png", str(tmp_path / "image.png"), Image.fromarray(COLOURS)),
        np.dstack([COLOURS, np.full((2, 2), 255, dtype=np.uint8)]),
    ]
    for holder in holders:
        np.testing.assert_array_equal(rgb_of(holder), COLOURS)
    with Image.open(tmp_path / "image.png") as opened, (tmp_path / "image.png").open("rb") as file:
        np.testing.assert_array_equal(rgb_of(opened), COLOURS)
        np.testing.assert_array_equal(rgb_of(file), COLOURS)


def test_grey_and_transparent_arrays_become_rgb():
    grey = np.array([[0, 128, 255]], dtype=np.uint8)
    for pixels in (grey, grey[:, :, None]):
        np.testing.assert_array_equal(rgb_of(pixels), np.dstack([grey] * 3))
    clear = np.zeros((1, 1, 4), dtype=np.uint8)
    assert rgb_of(clear).tolist() == [[[255, 255, 255]]]


def test_a_pil_image_is_turned_upright_and_stays_as_it_was():
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.open(io.BytesIO(encoded(np.zeros((2, 5, 3), dtype=np.uint8), exif=exif)))
    assert rgb_of(image).shape == (5, 2, 3)
    assert image.size == (5, 2)


@pytest.mark.parametrize(
    ("holder", "sentence"),
    [
        (None, "its pixels, got NoneType"),
        (7, "its pixels, got int"),
        (np.zeros((2, 2, 3)), r"got float64 \(2, 2, 3\); scale them"),
        (np.zeros((2, 2, 2), dtype=np.uint8), r"got uint8 \(2, 2, 2\)"),
    ],
)
def test_what_holds_no_image_is_a_sentence(holder, sentence):
    with pytest.raises(UnsupportedImage, match=sentence):
        rgb_of(holder)
