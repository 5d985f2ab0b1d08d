"""What a worker's end costs the visitors: killed at its work, or hanging over a photo."""

import signal
import threading
import time
from collections.abc import Callable

import psutil

from tests.reliability.report import Section
from tests.reliability.server import Answered, Server, portrait_jpeg, served

REPLACED_WITHIN = 1.0
"""Seconds until another worker answers, where one reads at a time."""

GIVE_UP = 30.0
"""Seconds after which no successor is waited for any longer."""


def measure(workers: int) -> Section:
    """End workers, alone and beside others.

    Parameters
    ----------
    workers : int
        Processes of the second server; the first has one.
    """
    section = Section(
        "Workers that die or hang",
        "A server of one worker and its spare one: a worker is killed (SIGKILL), then another is "
        "made to hang (SIGSTOP) with a photo in its hands; from then on a good photo is posted "
        "every 50 ms. A hanging worker is ended when its photo's time is up, from where its "
        "replacement counts. The spare one reads meanwhile, and takes its memory for that. Then a "
        f"server of {workers} workers at which {workers} clients post without a pause: one worker "
        "is killed, one hangs, and the requests without an answer are counted. A new worker "
        "imports its libraries and builds the face mesh anew; the reference is the time from the "
        "server's start to its first answer.",
    )
    begin = time.perf_counter()
    with served(1) as server:
        server.post(portrait_jpeg())
        section.reference("from the start to the first answer", time.perf_counter() - begin, "s")
        server.warm()
        own = server.workers()[-1].memory_full_info().uss / 2**20
        section.reference("memory that each worker has for itself, so has the spare one", own, "MB")
        killed = _until_good(server, lambda worker: worker.kill())
        section.at_most("killed: until the next good answer", killed, REPLACED_WITHIN, "s")
        server.warm()
        hung, limit = _hung(server)
        section.reference("hung: until its photo is given up", limit, "s")
        section.at_most("hung: from then to the next good answer", hung, REPLACED_WITHIN, "s")
    with served(max(workers, 2)) as server:
        for what, end in (("killed", psutil.Process.kill), ("hung", psutil.Process.suspend)):
            server.warm()
            answers = _under_load(server, end, workers)
            lost = [answer for answer in answers if answer.status not in (200, 503)]
            section.at_most(f"{what} among {workers}: requests lost", len(lost), 1, "")
            told = f"{len(answers) - len(lost)} of {len(answers)}"
            section.reference(f"{what} among {workers}: answered meanwhile", told)
    return section


def _until_good(server: Server, end: Callable[[psutil.Process], None]) -> float:
    """End a worker and return the seconds to the next good answer."""
    end(server.workers()[0])
    return _wait_for_good(server)


def _wait_for_good(server: Server) -> float:
    """Post until a photo is read, and return the seconds."""
    begin = time.perf_counter()
    while time.perf_counter() - begin < GIVE_UP:
        if server.post(portrait_jpeg()).status == 200:
            break
        time.sleep(0.05)
    return time.perf_counter() - begin


def _hung(server: Server) -> tuple[float, float]:
    """Let a worker hang over a photo.

    Returns
    -------
    seconds : float
        From the photo's refusal to the next good answer.
    limit : float
        From its upload to its refusal.
    """
    server.workers()[0].send_signal(signal.SIGSTOP)
    while (answer := server.post(portrait_jpeg())).status == 200:
        pass  # the other one had it
    limit = answer.seconds
    return _wait_for_good(server), limit


def _under_load(
    server: Server, end: Callable[[psutil.Process], None], n_clients: int, seconds: float = 8.0
) -> list[Answered]:
    """Post without a pause, end a worker after a second, and return all answers."""
    photo, stop, answers = portrait_jpeg(), threading.Event(), []

    def client() -> None:
        while not stop.is_set():
            answers.append(server.post(photo))

    clients = [threading.Thread(target=client) for _ in range(n_clients)]
    for thread in clients:
        thread.start()
    time.sleep(1)
    end(server.workers()[0])
    time.sleep(seconds)
    stop.set()
    for thread in clients:
        thread.join()
    return answers
