"""Count requests, errors, photos and faces for Prometheus.

No label holds what a visitor typed, so their number is bounded: an unknown address counts as
``unknown``. Every application counts for itself.
"""

import logging
from functools import partial
from time import perf_counter
from urllib.parse import quote

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

log = logging.getLogger(__name__)
"""Silent until its level is lowered."""

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Upper edges, in seconds: from a health check to a batch whose every photo takes its 2 s."""

GAUGES = {
    "waiting": ("mien_queue_depth", "Photos that wait for a worker."),
    "restarts": ("mien_worker_restarts", "Workers that died or hung and were replaced."),
}
"""Attribute of a reader that has worker processes -> name and help of its gauge."""


class Metrics:
    """The counters of one application.

    Parameters
    ----------
    reader : web.inference.service.Service
        Whose queue and workers are shown, where it has them.
    """

    def __init__(self, reader: object):
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        counter = partial(Counter, registry=self.registry)
        self.requests = counter("mien_requests", "Answered requests.", ["endpoint", "status"])
        self.errors = counter(
            "mien_errors", "Requests and photos that were answered with an error.", ["reason"]
        )
        self.photos = counter("mien_photos", "Photos that were read or why not.", ["outcome"])
        self.faces = counter("mien_faces", "Faces that were read.")
        self.seconds = Histogram(
            "mien_request_seconds",
            "From a request's arrival in the application to its response.",
            ["endpoint"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        for attribute, (name, text) in GAUGES.items():
            if hasattr(reader, attribute):
                gauge = Gauge(name, text, registry=self.registry)
                gauge.set_function(partial(getattr, reader, attribute))


def register(app: Flask, reader: object) -> None:
    """Count an application's requests and show the counters at ``/metrics``."""
    app.extensions["metrics"] = Metrics(reader)
    app.before_request(_start)
    app.after_request(_count)
    app.add_url_rule("/metrics", "metrics", show)


def current() -> Metrics:
    """Return the counters of the application that answers."""
    return current_app.extensions["metrics"]


def show() -> Response:
    """Answer every counter in Prometheus's text format."""
    text = generate_latest(current().registry)
    return Response(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _start() -> None:
    g.start = perf_counter()


def _count(response: Response) -> Response:
    """Count a response and its time, and log a line where that is wanted."""
    endpoint, seconds = request.endpoint or "unknown", perf_counter() - g.start
    current().requests.labels(endpoint, response.status_code).inc()
    current().seconds.labels(endpoint).observe(seconds)
    # A path may hold anything, a line break for one; the query is left out.
    path, status = quote(request.path), response.status_code
    log.info("%s %s %s %.0f ms", request.method, path, status, 1000 * seconds)
    return response
