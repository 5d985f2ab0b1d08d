"""Nobody sees a photo of somebody else's, and nothing of a photo stays."""

import base64
import io
import re
from itertools import islice

import numpy as np
import skimage.data
from PIL import Image

from tests.helpers.posting import encoded
from tests.reliability.mutants import mutants
from tests.reliability.report import Section
from tests.reliability.server import Answered, Server

FLAT_MB = 40
"""Growth of all processes that still counts as flat: allocators keep some."""

PICTURE = re.compile(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)")


def coloured(colour: tuple[int, int, int]) -> bytes:
    """Return a photo of a face with a wide border of one colour."""
    photo = np.empty((400, 400, 3), np.uint8)
    photo[:] = colour
    photo[80:320, 80:320] = skimage.data.astronaut()[20:260, 110:350]
    return encoded(photo, "PNG")


def colours(n: int) -> list[tuple[int, int, int]]:
    """Return `n` colours, up to 216, that differ by 51 at least in one channel."""
    dice = np.random.default_rng(0)
    return [
        (int(k // 36 * 51), int(k // 6 % 6 * 51), int(k % 6 * 51))
        for k in dice.permutation(216)[:n]
    ]


def border_of(text: str) -> list[np.ndarray]:
    """Return the mean colour of each picture's border on an answered page."""
    pictures = [Image.open(io.BytesIO(base64.b64decode(found))) for found in PICTURE.findall(text)]
    return [np.asarray(picture)[5:40, 5:-5].mean(axis=(0, 1)) for picture in pictures]


def is_own(answer: Answered, colour: tuple[int, int, int]) -> bool:
    """Whether an answer shows the sender's picture and file name, and no other."""
    borders = border_of(answer.text)
    names = set(re.findall(r"visitor-\d+-\d+-\d+", answer.text))
    return (
        len(borders) == 1
        and np.abs(borders[0] - colour).max() < 12
        and names == {_name(colour).removesuffix(".png")}
    )


def _name(colour: tuple[int, int, int]) -> str:
    return "visitor-{}-{}-{}.png".format(*colour)


def measure(server: Server, n_visitors: int, n_broken: int, at_once: int) -> Section:
    """Send photos of many visitors at once, then broken ones after a good one.

    Parameters
    ----------
    server : Server
    n_visitors : int
        Visitors, up to 216, each with a photo of a colour.
    n_broken : int
    at_once : int
        Requests at a time: no more than the server takes.
    """
    section = Section(
        "One visitor and the next",
        f"{n_visitors} visitors send photos with borders of different colours to the page, "
        f"{at_once} at once: each answer shows one picture, of the sender's colour, and the "
        f"sender's file name alone. Then {n_broken:,} broken uploads follow a good one.",
    )
    seen = colours(n_visitors)
    photos = ((_name(colour), coloured(colour)) for colour in seen)
    answers = server.post_all(photos, at_once, "/")
    pairs = list(zip(answers, seen, strict=True))
    read = [pair for pair in pairs if pair[0].status == 200]
    section.at_least("visitors answered", len(read), n_visitors, "")
    section.at_most("answers with another's", sum(not is_own(*pair) for pair in read), 0, "")
    _measure_broken(server, section, n_broken, at_once)
    return section


def _measure_broken(server: Server, section: Section, n: int, at_once: int) -> None:
    """Send a good photo, then broken ones, and look for what is left of the good one."""
    marked = (255, 0, 255)
    server.post(coloured(marked), _name(marked), "/")
    server.post_all(islice(mutants(n), 50), at_once, "/")  # until allocators have what they keep
    files, open_files, memory = server.files(), server.open_files(), server.memory()
    answers = server.post_all(mutants(n), at_once, "/")
    leaked = [
        answer
        for answer in answers
        if "visitor-" in answer.text
        or any(np.abs(border - marked).max() < 30 for border in border_of(answer.text))
    ]
    section.at_most("broken uploads answered with the good one's", len(leaked), 0, "")
    section.at_most("files left on the disk", len(server.files() - files), 0, "")
    section.at_most("more open files", max(server.open_files() - open_files, 0), 0, "")
    section.at_most("more memory", max(server.memory() - memory, 0), FLAT_MB, "MB")
