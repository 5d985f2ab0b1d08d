"""What the server counts for Prometheus: requests, refusals, photos, faces, and how it fares.

No label holds what a visitor typed, so their number is bounded: an unknown address counts as
``unknown``. Every application counts for itself.
"""

from time import perf_counter
from typing import Any

from flask import Flask, Response, current_app, g, request
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from web.reader import Answer, Reads
from web.uploads import Refusal

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Upper edges, in seconds: from a health check to a batch whose every photo takes its 2 s."""

GAUGES = {
    "waiting": ("mien_queue_depth", "Photos that wait for a worker."),
    "restarts": ("mien_worker_restarts", "Workers that died or hung and were replaced."),
}
"""Attribute of a reader that has worker processes -> name and help of its gauge."""

EXTENSION = "mien-metrics"


class Metrics:
    """The counters of one application.

    Parameters
    ----------
    reader : Reads
        Whose queue and workers are shown, where it has them.
    """

    def __init__(self, reader: Reads):
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "mien_requests", "Answered requests.", ["endpoint", "status"], registry=registry
        )
        self.seconds = Histogram(
            "mien_request_seconds",
            "From a request's arrival in the application to its answer.",
            ["endpoint"],
            buckets=BUCKETS,
            registry=registry,
        )
        self.refusals = Counter(
            "mien_refusals", "Requests that were refused.", ["reason"], registry=registry
        )
        self.photos = Counter(
            "mien_photos", "Photos that were read or why not.", ["outcome"], registry=registry
        )
        self.faces = Counter("mien_faces", "Faces that were read.", registry=registry)
        for attribute, (name, text) in GAUGES.items():
            if hasattr(reader, attribute):
                gauge = Gauge(name, text, registry=registry)
                gauge.set_function(lambda attribute=attribute: getattr(reader, attribute))


class CountedReader:
    """A reader whose answers and refusals are counted; all else is the reader's own.

    Parameters
    ----------
    reader : Reads
    metrics : Metrics
    """

    def __init__(self, reader: Reads, metrics: Metrics):
        self._reader = reader
        self._metrics = metrics

    def __getattr__(self, name: str) -> Any:
        """Return what only the reader has."""
        return getattr(self._reader, name)

    def read(self, content: bytes, picture: bool = False) -> Answer:
        """See `web.reader.Reader.read`."""
        try:
            answer = self._reader.read(content, picture)
        except Refusal as refusal:
            self._metrics.photos.labels(refusal.reason).inc()
            raise
        self._metrics.photos.labels("read").inc()
        self._metrics.faces.inc(len(answer.reading.faces))
        return answer


def register(app: Flask, reader: Reads) -> CountedReader:
    """Count an application's requests, from now on.

    Parameters
    ----------
    app : Flask
        Gets the route ``/metrics``.
    reader : Reads
        What reads its photos.

    Returns
    -------
    CountedReader
        The same, counted.
    """
    counts = app.extensions[EXTENSION] = Metrics(reader)
    app.before_request(_start)
    app.after_request(_count)
    app.add_url_rule("/metrics", "metrics", show)
    return CountedReader(reader, counts)


def of(app: Flask) -> Metrics:
    """Return the counters of an application."""
    return app.extensions[EXTENSION]


def show() -> Response:
    """Answer every counter in Prometheus' text format."""
    text = generate_latest(of(current_app).registry)
    return Response(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _start() -> None:
    g.start = perf_counter()


def _count(response: Response) -> Response:
    """Count an answer and its time."""
    counts, endpoint = of(current_app), request.endpoint or "unknown"
    counts.requests.labels(endpoint, response.status_code).inc()
    counts.seconds.labels(endpoint).observe(perf_counter() - g.start)
    return response
