"""Hostile files: images that are broken by nature, by dice and on purpose."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from tests.reliability.bombs import BOMBS, png_of
from tests.reliability.corpus import NoCorpus, images, source_distribution
from tests.reliability.mutants import mutants
from tests.reliability.report import Section, table
from tests.reliability.server import Answered, Server

MAX_SECONDS = 2.0
"""Seconds that one file may take."""

REFUSED_WITHIN = 100.0
"""Milliseconds in which a bomb shall be refused."""

BOMB_MEMORY = 50.0
"""MB that a bomb may cost all processes together."""


def measure_files(server: Server, corpus: str, n_corpus: int | None, n_mutants: int) -> Section:
    """Post Pillow's test images and broken images, and count what they get."""
    section = Section(
        "Hostile files",
        "Every image of Pillow's source distribution, which holds what broke decoders before, and "
        "seeded mutants of good JPEG, PNG and WebP files (cut, flipped, spliced, other lengths), "
        "each posted to `/api/predict`, as many at once as there are workers.",
    )
    rows = []
    try:
        source = source_distribution(corpus)
        rows.append(_measure(server, section, "Pillow's", images(source, n_corpus)))
    except NoCorpus as error:
        section.about += f" {error}"
    rows.append(_measure(server, section, "mutants", mutants(n_mutants)))
    section.at_most("errors of Mien's own in the log", server.tracebacks(), 0, "")
    section.details = table(("files", "n", "statuses", "slowest"), rows)
    return section


def _measure(
    server: Server, section: Section, what: str, files: Iterator[tuple[str, bytes]]
) -> tuple[str, ...]:
    """Post files, add their figures to the section and return their row of the second table."""
    before = {worker.pid for worker in server.workers()}
    answers = server.post_all(files, server.n_workers)
    seconds = np.array([answer.seconds for answer in answers])
    lost = len(before - {worker.pid for worker in server.workers()})
    section.at_most(f"{what}: slowest", seconds.max(), MAX_SECONDS, "s")
    section.reference(f"{what}: 99th percentile", 1000 * np.percentile(seconds, 99), "ms")
    section.at_most(f"{what}: hung or without an answer", _count(answers, 0), 0, "")
    section.at_most(f"{what}: status 500", _count(answers, 500), 0, "")
    section.at_most(f"{what}: workers lost", lost, 0, "")
    statuses = Counter(answer.status for answer in answers)
    told = ", ".join(f"{status}: {n:,}" for status, n in sorted(statuses.items()))
    slowest = max(answers, key=lambda answer: answer.seconds)
    return what, f"{len(answers):,}", told, f"{slowest.name} ({slowest.status})"


def _count(answers: list[Answered], status: int) -> int:
    return sum(answer.status == status for answer in answers)


def measure_bombs(server: Server) -> Section:
    """Post each bomb three times, and take the middle time and the greatest memory."""
    section = Section(
        "Bombs",
        "Small files that unpack to much. Time: the middle one of three posts, the upload of the "
        "file included; memory: the greatest peak of all processes together over what they held "
        "before. Of those that hold a small picture besides (marked *), notes, profiles and "
        "further frames are left out and the picture is read: their time is mostly the search for "
        "a face, so that the same picture without them is the reference.",
    )
    rows, refused, memories = [], [], []
    for name, bomb in BOMBS.items():
        content = bomb.make()
        tries = [_post_watched(server, content) for _ in range(3)]
        answer = sorted((answer for answer, _ in tries), key=lambda a: a.seconds)[1]
        more = max(memory for _, memory in tries)
        memories.append(more)
        if not bomb.is_picture:
            refused.append(1000 * answer.seconds)
        size = f"{len(content) / 1000:,.0f} KB"
        time, memory = f"{1000 * answer.seconds:.0f} ms", f"{more:.0f} MB"
        label = name + " *" * bomb.is_picture
        rows.append((label, bomb.what, size, answer.status, time, memory))
    section.at_most("slowest refusal", max(refused), REFUSED_WITHIN, "ms")
    section.at_most("greatest memory", max(memories), BOMB_MEMORY, "MB")
    alone = server.post(png_of(8, 8), "alone")
    section.reference("the small picture of the PNGs alone", 1000 * alone.seconds, "ms")
    headings = ("bomb", "would unpack to", "file", "status", "time", "memory")
    section.details = table(headings, rows)
    return section


def _post_watched(server: Server, content: bytes) -> tuple[Answered, float]:
    """Post a file and return its answer and by how many MB the processes grew meanwhile."""
    server.reset_peaks()
    before = server.peaks()
    answer = server.post(content, "bomb")
    after = server.peaks()
    # A worker that starts meanwhile takes the place of one that was lost: not the bomb's doing.
    return answer, sum(after[pid] - before[pid] for pid in after if pid in before)
