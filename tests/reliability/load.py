"""More requests than can be answered, and clients that take their time."""

import asyncio
import contextlib
import time
from typing import NamedTuple

import httpx
import numpy as np

from classifiers.inference.predictor import Predictor
from tests.reliability.report import Section
from tests.reliability.server import TIMEOUT, Server, form, portrait_jpeg
from web.inference.service import Reader

TURNED_AWAY_WITHIN = 100.0
"""Milliseconds in which a request that doesn't fit shall get its 503."""

SERVED_WITHIN = 1.0
"""Seconds in which 95 % of the served requests shall be answered at twice the rate."""

KEPT_UP = 0.9
"""Share of the sustainable rate that counts as still served: the rate itself is measured twice."""

HEALTH_WITHIN = 250.0
"""Milliseconds in which 99 % of the health checks shall be answered beside slow clients."""

DROPPED_WITHIN = 30.0
"""Seconds in which slow clients shall be dropped."""


class Shot(NamedTuple):
    """One request's outcome; ``status`` 0 if none came."""

    status: int
    seconds: float
    retry_after: str


def measure_rate(server: Server, seconds: float, at_once: int) -> Section:
    """Find the sustainable rate in a closed loop, then send twice as many in an open one."""
    section = Section(
        "Load",
        f"A 512 x 512 JPEG of one face, posted to `/api/predict`. The sustainable rate: {at_once} "
        f"clients that each wait for their answer before they ask again, for {seconds:g} s. Then "
        "twice that rate, sent on time whatever comes back. The reference reads the same photo in "
        "one process without a server, times the workers; the clients take their share of the "
        "same cores.",
    )
    workers = server.n_workers
    section.reference(f"read without a server, times {workers}", workers * _bare(), "/s")
    closed = asyncio.run(_closed_loop(server, seconds, at_once))
    rate = sum(shot.status == 200 for shot in closed) / seconds
    section.reference("sustainable rate", rate, "/s")
    times = [1000 * shot.seconds for shot in closed if shot.status == 200]
    section.reference(
        "answered at that rate, 95th percentile", np.percentile(times or [1000 * TIMEOUT], 95), "ms"
    )
    _measure_twice(server, section, rate, seconds)
    return section


def _measure_twice(server: Server, section: Section, rate: float, seconds: float) -> None:
    """Send twice the sustainable rate and add what became of it."""
    shots = asyncio.run(_open_loop(server, 2 * rate, seconds))
    good = [shot.seconds for shot in shots if shot.status == 200]
    away = [shot for shot in shots if shot.status == 503]
    section.at_least("at twice the rate: served", len(good) / seconds, KEPT_UP * rate, "/s")
    section.at_most(
        "at twice the rate: 95th percentile",
        np.percentile(good or [TIMEOUT], 95),
        SERVED_WITHIN,
        "s",
    )
    section.reference("at twice the rate: turned away with 503", f"{len(away)} of {len(shots)}")
    slow = 1000 * np.percentile([shot.seconds for shot in away] or [0.0], 95)
    section.at_most("503: 95th percentile", slow, TURNED_AWAY_WITHIN, "ms")
    section.at_most("503 without Retry-After", sum(not s.retry_after for s in away), 0, "")
    other = len(shots) - len(good) - len(away)
    section.at_most("any other outcome", other, 0, "")


def _bare(seconds: float = 3.0) -> float:
    """Return how many photos a second one process reads by itself."""
    reader, photo, n = Reader(Predictor()), portrait_jpeg(), 0
    reader.read(photo)
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        reader.read(photo)
        n += 1
    return n / (time.perf_counter() - begin)


async def _post(client: httpx.AsyncClient, request: dict) -> Shot:
    begin = time.perf_counter()
    try:
        response = await client.post("/api/predict", **request)
    except httpx.HTTPError:
        return Shot(0, time.perf_counter() - begin, "")
    retry = response.headers.get("Retry-After", "")
    return Shot(response.status_code, time.perf_counter() - begin, retry)


def _client(server: Server) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=50)
    return httpx.AsyncClient(base_url=server.address, timeout=TIMEOUT, limits=limits)


async def _closed_loop(server: Server, seconds: float, at_once: int) -> list[Shot]:
    """Let clients ask again and again, each waiting for its answer."""
    request, shots = form(portrait_jpeg()), []
    end = time.perf_counter() + seconds

    async def ask(client: httpx.AsyncClient) -> None:
        while time.perf_counter() < end:
            shots.append(await _post(client, request))

    async with _client(server) as client:
        await asyncio.gather(*(ask(client) for _ in range(at_once)))
    return shots


async def _open_loop(server: Server, rate: float, seconds: float) -> list[Shot]:
    """Send requests on time, whatever becomes of those before."""
    request, tasks, begin = form(portrait_jpeg()), [], time.perf_counter()
    async with _client(server) as client:
        for i in range(round(rate * seconds)):
            await asyncio.sleep(max(begin + i / rate - time.perf_counter(), 0))
            tasks.append(asyncio.create_task(_post(client, request)))
        return await asyncio.gather(*tasks)


def measure_slow(server: Server, n_clients: int, seconds: float) -> Section:
    """Let clients send a byte a second while the health is asked for.

    Parameters
    ----------
    server : Server
    n_clients : int
        Half of them drip their headers, half the body.
    seconds : float
        After which those that are left are given up.
    """
    section = Section(
        "Slow clients",
        f"{n_clients} clients send a byte a second, half of them of their headers and half of a "
        "body that they announced. Meanwhile `/healthz` is asked for ten times a second, each "
        "time by a new connection; the reference is the same without the slow clients.",
    )
    alone = 1000 * np.percentile(asyncio.run(_health(server, 3)), 99)
    section.reference("`/healthz` alone, 99th percentile", alone, "ms")
    lives, health = asyncio.run(_drip_all(server, n_clients, seconds))
    section.at_most(
        "`/healthz`, 99th percentile", 1000 * np.percentile(health, 99), HEALTH_WITHIN, "ms"
    )
    section.at_least("slow clients connected", np.isfinite(lives).sum(), n_clients, "")
    section.at_most("longest life of a slow client", np.nanmax(lives), DROPPED_WITHIN, "s")
    return section


async def _drip_all(server: Server, n: int, seconds: float) -> tuple[list[float], list[float]]:
    """Return how long each slow client lived, and how long each health check took."""
    drips = [asyncio.create_task(_drip(server, i % 2 == 0, seconds)) for i in range(n)]
    health = asyncio.create_task(_health(server, seconds, drips))
    return await asyncio.gather(*drips), await health


async def _drip(server: Server, headers: bool, seconds: float) -> float:
    """Send a byte a second; return the seconds to the hang-up, NaN if there was no connection."""
    url = httpx.URL(server.address)
    try:
        reader, writer = await asyncio.open_connection(url.host, url.port)
    except OSError:
        return float("nan")
    begin = time.perf_counter()
    head = f"POST /api/predict HTTP/1.1\r\nHost: {url.netloc.decode()}\r\n"
    with contextlib.suppress(ConnectionError):
        writer.write((head + "X-Slow: " * headers).encode())
        if not headers:
            writer.write(f"Content-Type: {form(b'')['headers']['Content-Type']}\r\n".encode())
            writer.write(b"Content-Length: 100000\r\n\r\n")
        while time.perf_counter() - begin < seconds:
            writer.write(b"x")
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                if not await asyncio.wait_for(reader.read(1000), 1):
                    break
    writer.close()
    return time.perf_counter() - begin


async def _health(
    server: Server, seconds: float, beside: list[asyncio.Task] | None = None
) -> list[float]:
    """Ask for the health until the time is up or the clients beside it are gone."""
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end and not (beside and all(task.done() for task in beside)):
        begin = time.perf_counter()
        async with _client(server) as client:
            try:
                (await client.get("/healthz")).raise_for_status()
                times.append(time.perf_counter() - begin)
            except httpx.HTTPError:
                times.append(TIMEOUT)
        await asyncio.sleep(0.1)
    return times
