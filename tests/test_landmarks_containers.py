"""What is left of a file before a decoder sees it, and the files built to keep decoders busy."""

import io
import random
import zlib

import numpy as np
import pytest
from PIL import Image

from landmarks import sanitize
from landmarks.images import PAGE_FORMATS, UnreadableImage, read_image
from landmarks.sanitize import MAX_PARTS, MAX_SCANS, TooManyParts, trimmed
from tests.reliability.bombs import chunk, exif_bomb, png_of, scan_bomb, segment

NOISE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def encoded(form, **options):
    buffer = io.BytesIO()
    Image.fromarray(NOISE).save(buffer, form, **options)
    return buffer.getvalue()


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize(
    "content",
    [
        encoded("PNG"),
        encoded("JPEG"),
        encoded("JPEG", progressive=True, exif=turned(6)),
        encoded("PNG", exif=turned(8)),
        encoded("WEBP", exif=turned(3)),
        encoded("JPEG", icc_profile=bytes(200_000), comment="a note"),
        encoded("MPO", save_all=True, append_images=[Image.fromarray(NOISE[::-1])]),
    ],
    ids=["png", "jpeg", "progressive", "png-exif", "webp", "jpeg-profile", "mpo"],
)
def test_the_picture_and_its_turn_stay_the_same(content):
    with Image.open(io.BytesIO(content)) as image:
        turns = {1: 0, 6: 3, 8: 1, 3: 2}[image.getexif().get(0x0112, 1)]
        expected = np.rot90(np.asarray(image.convert("RGB")), turns)
    np.testing.assert_array_equal(read_image(content, PAGE_FORMATS), expected)


def test_grey_palette_and_transparency_stay():
    image = Image.fromarray(NOISE).quantize(16)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", transparency=0)
    kept = trimmed(buffer.getvalue())
    assert b"PLTE" in kept
    assert b"tRNS" in kept


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"tEXt", b"iCCP", b"acTL", b"fdAT", b"abCd"])
def test_a_png_loses_what_is_no_picture(kind):
    assert kind not in trimmed(png_of(8, 8, chunk(kind, b"k\0\0" + zlib.compress(bytes(99)))))


def test_a_jpeg_loses_notes_profiles_and_previews():
    content = encoded("JPEG", icc_profile=bytes(100), comment="a note", exif=turned(6))
    kept = trimmed(content)
    assert b"Exif" in kept
    assert b"JFIF" in kept
    assert not any(word in kept for word in (b"ICC_PROFILE", b"a note"))


def test_of_many_exif_blocks_one_is_kept():
    block = segment(0xE1, b"Exif\0\0" + exif_bomb(3, 10))
    content = encoded("JPEG")
    assert trimmed(content[:2] + block * 50 + content[2:]).count(b"Exif") == 1
    assert trimmed(png_of(8, 8, chunk(b"eXIf", exif_bomb(3, 10)) * 50)).count(b"eXIf") == 1
    assert b"eXIf" not in trimmed(png_of(8, 8, chunk(b"eXIf", bytes(70_000))))


def test_a_segment_too_short_for_its_exif_mark_is_left_out():
    empty_segment = b"\xff\xe1\x00\x02"
    content = encoded("JPEG")
    assert empty_segment not in trimmed(content[:2] + empty_segment + b"Exif\0\0" + content[2:])


@pytest.mark.parametrize("form", ["GIF", "WEBP", "BMP", "TIFF"])
def test_other_files_come_back_as_they_are(form):
    assert trimmed(encoded(form)) == encoded(form)
    assert trimmed(b"") == b""


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_whatever_is_broken_is_left_to_the_decoder(form):
    content = bytearray(encoded(form, exif=turned(6)))
    dice = random.Random(0)
    for _ in range(300):
        at = dice.randrange(len(content))
        broken = content[:at] + bytes([dice.randrange(256)]) + content[at + 1 :]
        assert len(trimmed(bytes(broken[: dice.randrange(len(broken))]))) <= len(content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (png_of(8, 8, chunk(b"abCd", b"") * MAX_PARTS), f"more than {MAX_PARTS} chunks"),
        (
            b"\xff\xd8" + segment(0xE5, b"") * MAX_PARTS + encoded("JPEG")[2:],
            f"{MAX_PARTS} segments",
        ),
        (scan_bomb(64, 64, MAX_SCANS), "scans, more than 32"),
    ],
    ids=["chunks", "segments", "scans"],
)
def test_files_of_too_many_parts_are_refused(content, said):
    with pytest.raises(TooManyParts, match=said):
        trimmed(content)
    with pytest.raises(UnreadableImage, match=r"the image has .*; save it again"):
        read_image(content)


def test_rubbish_and_fill_bytes_are_passed_over_in_one_go(monkeypatch):
    content = encoded("JPEG")
    rubbish = b"\xff" * 3_000_000 + b"\0" + b"junk" * 100_000
    # Quadratic in the rubbish, this would take hours.
    assert trimmed(content[:2] + b"\xff" + rubbish + content[2:]).endswith(content[-200:])


def test_profiles_are_never_unpacked(monkeypatch):
    monkeypatch.setattr(zlib, "decompressobj", lambda *_: pytest.fail("unpacked"))
    profile = chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(2**20)))
    assert read_image(png_of(8, 8, profile * 100)).shape == (8, 8, 3)


def test_the_limits_leave_room_for_honest_files():
    assert sanitize.MAX_EXIF_BYTES + 2 == 2**16 - 1
    assert encoded("JPEG", progressive=True).count(b"\xff\xda") * 2 < MAX_SCANS
