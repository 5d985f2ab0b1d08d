"""Worker processes: whatever happens to one, only the photo it has goes without an answer."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import pytest

from classifiers.bundle.bundle import BundleError
from classifiers.inference.predictor import Predictor
from tests.helpers.paths import ROOT
from tests.helpers.posting import PHOTO, PORTRAIT
from tests.helpers.processes import eventually, is_running
from web.errors import ApiError
from web.inference import pool as web_pool
from web.inference.pool import MAX_QUEUE_PER_WORKER, WorkerPool
from web.inference.process import Limits, WorkerError
from web.inference.service import Reader

PATIENT = Limits(seconds=60)


@pytest.fixture
def start(monkeypatch):
    """Return a function that starts workers which do what a photo says, and waits for them."""
    monkeypatch.setattr(web_pool, "MAX_WAIT", 60.0)
    monkeypatch.setattr(web_pool, "MAX_EXPECTED_WAIT", 60.0)
    started = []

    def run(n=1, limits=PATIENT, maker="tests.helpers.worker_makers:obedient", spare=0):
        pool = WorkerPool("landmarks", n, limits, maker, spare)
        started.append(pool)
        pool.wait_ready()
        return pool

    yield run
    for pool in started:
        pool.close()


@pytest.fixture
def threads():
    with ThreadPoolExecutor(8) as executor:
        yield executor


def pid_of(pool):
    return int(pool.read(b"answer").prediction.model)


def refused(pool, order):
    with pytest.raises(ApiError) as caught:
        pool.read(order)
    return caught.value.reason


def held(pool, threads, path):
    """Let a worker hold a photo until `path` is gone; return the answer to come, and its pid."""
    answer = threads.submit(pool.read, f"wait {path}".encode())
    eventually(lambda: path.exists() and path.read_text())
    return answer, int(path.read_text())


def test_workers_answer_as_a_reader_does():
    predictor = Predictor("landmarks")
    expected = Reader(predictor).read(PORTRAIT, picture=True)
    pool = WorkerPool("landmarks", 1, PATIENT)
    try:
        pool.wait_ready()
        found = pool.read(PORTRAIT, picture=True)
        assert found.picture == expected.picture
        everything = {"points": True, "explain": True}
        assert found.prediction.to_json("", **everything) == expected.prediction.to_json(
            "", **everything
        )
        assert pool.read(PORTRAIT).picture == b""
        shift = [9.0] + 6 * [0.0]
        found, expected = (
            each.read(PORTRAIT, shift=shift).prediction.faces[0]
            for each in (pool, Reader(predictor))
        )
        assert (found.expression, found.confidences) == ("angry", expected.confidences)
        assert refused(pool, PHOTO) == "no-face"
        assert refused(pool, b"nothing") == "unreadable"
        assert (pool.restarts, pool.waiting, pool.ready) == (0, 0, True)
        assert (pool.manifest, pool.takes_pixels) == (predictor.manifest, False)
    finally:
        pool.close()


@pytest.mark.parametrize("name", ["landmarks", "fused"])
def test_what_a_bundle_says_is_known_without_loading_it(name, monkeypatch):
    monkeypatch.setattr(WorkerPool, "_keep", lambda self: None)
    predictor, pool = Predictor(name), WorkerPool(name)
    assert pool.takes_pixels == predictor.takes_pixels
    assert (pool.folder, pool.manifest) == (predictor.folder, predictor.manifest)


def test_a_killed_worker_costs_its_own_photo_alone(start, threads, tmp_path):
    pool = start(2)
    eventually(lambda: len({pid_of(pool) for _ in range(4)}) == 2)
    doomed, pid = held(pool, threads, tmp_path / "doomed")
    spared, _ = held(pool, threads, tmp_path / "spared")
    queued = threads.submit(pool.read, b"answer")
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ApiError, match="crashed"):
        doomed.result(60)
    queued.result(60)  # by the replacement: the other worker is still held
    assert pool.restarts == 1
    (tmp_path / "spared").unlink()
    spared.result(60)


def test_a_spare_worker_takes_the_place_of_one_that_ended(start, threads, tmp_path, monkeypatch):
    pool = start(spare=1)
    pids = {pid_of(pool)}
    eventually(lambda: pids.add(pid_of(pool)) or len(pids) == 2)
    doomed, pid = held(pool, threads, tmp_path / "doomed")
    queued = threads.submit(pool.read, b"answer")
    eventually(lambda: pool.waiting == 1)  # one photo at a time: the spare one is for restarts
    monkeypatch.setattr(pool, "_start", Mock(side_effect=OSError))  # none starts from now on
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ApiError, match="crashed"):
        doomed.result(60)
    assert int(queued.result(60).prediction.model) in pids - {pid}


def test_a_pool_that_closes_at_once_waits_for_no_spare_worker(start):
    WorkerPool("landmarks", 1, PATIENT, "tests.helpers.worker_makers:obedient").close()


def test_a_worker_killed_while_idle_costs_nothing(start):
    pool = start()
    pid = pid_of(pool)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: pool.restarts == 1)
    assert pid_of(pool) != pid


def test_a_worker_that_died_after_its_answer_is_not_asked_again(start):
    pool = start()
    with pool._worker() as worker:
        os.kill(worker.pid, signal.SIGKILL)
        eventually(lambda: pool.restarts == 1)
    assert pid_of(pool) != worker.pid


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (b"hang", "too-slow"),
        (b"crash", "crashed"),
        (b"swell", "too-much-memory"),
        (b"raise", "crashed"),
    ],
)
def test_a_worker_is_replaced_after_a_photo_that_breaks_it(start, order, reason):
    pool = start(limits=Limits(seconds=0.5, megabytes=256))
    pid = pid_of(pool)
    assert refused(pool, order) == reason
    assert pid_of(pool) != pid
    assert not is_running(pid)


def test_processor_time_counts_and_a_busy_machine_s_delay_does_not(start, monkeypatch):
    monkeypatch.setattr(Limits, "wall_seconds", 60)
    pool = start(limits=Limits(seconds=0.5))
    pid = pid_of(pool)
    assert int(pool.read(b"rest 0.7").prediction.model) == pid
    assert refused(pool, b"spin") == "too-slow"
    assert pid_of(pool) != pid


def test_a_stopped_worker_is_replaced(start):
    pool = start(limits=Limits(seconds=0.5))
    pid = pid_of(pool)
    os.kill(pid, signal.SIGSTOP)
    assert refused(pool, b"answer " + b"x" * 4_000_000) == "too-slow"
    assert pid_of(pool) != pid


def test_a_crash_leaves_no_photo_on_the_disk(start):
    assert start().read(b"core").prediction.model


def test_what_finds_no_place_is_sent_away_at_once(start, threads, tmp_path):
    pool = start()
    first, _ = held(pool, threads, tmp_path / "held")
    queued = [threads.submit(pool.read, b"answer") for _ in range(MAX_QUEUE_PER_WORKER)]
    eventually(lambda: pool.waiting == MAX_QUEUE_PER_WORKER)
    assert refused(pool, b"answer") == "busy"  # those that wait would do so for a minute
    (tmp_path / "held").unlink()
    for answer in (first, *queued):
        assert answer.result(60).prediction.model
    assert pool.waiting == 0


def test_fewer_wait_where_photos_take_long(start, threads, tmp_path, monkeypatch):
    monkeypatch.setattr(web_pool, "INITIAL_SECONDS", 30.0)
    pool = start()
    first, _ = held(pool, threads, tmp_path / "held")
    queued = [threads.submit(pool.read, b"answer") for _ in range(3)]
    eventually(lambda: pool.waiting == 3)
    assert refused(pool, b"answer") == "busy"  # 90 s lie before it
    (tmp_path / "held").unlink()
    for answer in (first, *queued):
        answer.result(60)
    for _ in range(20):  # quick ones, by which the expectation sinks below 4 s a photo
        pool.read(b"answer")
    first, _ = held(pool, threads, tmp_path / "held")
    queued = [threads.submit(pool.read, b"answer") for _ in range(4)]
    eventually(lambda: pool.waiting == 4)
    (tmp_path / "held").unlink()
    for answer in (first, *queued):
        answer.result(60)


def test_nothing_waits_for_long(start, threads, tmp_path, monkeypatch):
    pool = start()
    monkeypatch.setattr(web_pool, "MAX_WAIT", 0.05)
    first, _ = held(pool, threads, tmp_path / "held")
    assert refused(pool, b"answer") == "busy"
    (tmp_path / "held").unlink()
    assert first.result(60)


def test_closing_ends_the_workers_and_what_they_read(start, threads, tmp_path):
    pool = start()
    answer, pid = held(pool, threads, tmp_path / "held")
    pool.close()
    with pytest.raises(ApiError):
        answer.result(60)
    assert not is_running(pid)
    assert not pool.ready


@pytest.mark.parametrize(("maker", "said"), [("unfit", "that fits"), ("ended", "make doctor")])
def test_workers_that_do_not_start_are_one_sentence(start, maker, said):
    with pytest.raises(WorkerError, match=said):
        start(maker=f"tests.helpers.worker_makers:{maker}")


def test_a_bundle_that_does_not_fit_starts_no_worker(tmp_path):
    with pytest.raises(BundleError):
        WorkerPool(tmp_path)


ORPHANS = """
import sys
from threading import Thread
from tests.helpers.processes import eventually
from web.inference.process import Limits
from web.inference.pool import WorkerPool
pool = WorkerPool("landmarks", 2, Limits(seconds=0.5), "tests.helpers.worker_makers:obedient")
eventually(lambda: len(pool._loaded) == 2)
pids = [worker.pid for worker in pool._loaded]
Thread(target=pool.read, args=(sys.argv[1].encode(),), daemon=True).start()
print(*pids, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("hangs", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_no_worker_outlives_a_killed_server(hangs, tmp_path):
    order = f"hang {tmp_path / 'hanging'}" if hangs else "answer"
    command = [sys.executable, "-c", ORPHANS, order]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        pids = [int(pid) for pid in server.stdout.readline().split()]
        assert len(pids) == 2
        eventually(lambda: not hangs or (tmp_path / "hanging").exists())
        server.kill()
    eventually(lambda: not any(map(is_running, pids)))
