"""Serve the application by waitress, so that untrusted input can neither fill nor stop it.

waitress's settings bound the size of requests and the number of connections. They don't bound the
memory of all bodies together, nor how slowly a client may send: waitress counts any byte as a sign
of life, so a client that drips one a second keeps its place for hours. Here a connection has to
keep up a minimum rate, as with Apache's mod_reqtimeout: it may lag behind by some seconds, every
byte makes up for a little, and then it is dropped.
"""

import json
import logging
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from weakref import WeakSet

from flask import Flask
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher
from waitress.utilities import Error

from web.errors import MEDIA_TYPE, RETRY_SECONDS
from web.security import HEADERS

THREADS = 16
"""Requests that are answered at once, where each reads its photo by itself."""

MAX_REQUEST_BYTES = 64 * 1024**2
"""Bodies up to here are received to their end, so that the sender gets the application's sentence
about a file too large; what the application won't take of them is not kept.
"""

MAX_HEADER_BYTES = 16 * 1024

MIN_RATE = 16 * 1024
"""Bytes a second that a client has to send, or to read of its response: a poor phone line's."""


@dataclass(frozen=True)
class Bounds:
    """What connections may take of the server.

    Attributes
    ----------
    connections : int
        How many may be open: gunicorn's default workers stopped at eight slow ones.
    lag_seconds : int
        How far one may lag behind `MIN_RATE`, and how long an idle one is kept.
    cleanup_seconds : int
        How often connections are looked over.
    body_bytes : int
        Memory for all requests' bodies together.
    """

    connections: int = 1000
    lag_seconds: int = 20
    cleanup_seconds: int = 2
    body_bytes: int = 256 * 1024**2


DEFAULT_BOUNDS = Bounds()


class MemoryBudget:
    """The memory of request bodies.

    Parameters
    ----------
    each : int
        Bytes kept of one body at most.
    together : int
        Bytes kept of all bodies at most.

    Attributes
    ----------
    requests : WeakSet
        The requests that are being received or answered.
    """

    def __init__(self, each: int, together: int):
        self.each = each
        self.together = together
        self.requests: WeakSet[Request] = WeakSet()

    @property
    def kept(self) -> int:
        """Bytes in memory."""
        return sum(len(request.body_rcv or b"") for request in self.requests)


class Overloaded(Error):
    """The response to a request whose body exceeds what is left of the memory budget."""

    code = 503
    reason = "Service Unavailable"


class Request(HTTPRequestParser):
    """Receive a request; a body beyond the memory budget is received to its end but not kept."""

    _is_dropped = _is_crowded_out = False

    def __init__(self, settings: Adjustments, budget: MemoryBudget):
        super().__init__(settings)
        self._budget = budget
        budget.requests.add(self)

    def received(self, data: bytes) -> int:
        """Take some bytes and return how many were taken."""
        taken = super().received(data)
        if self.body_rcv is not None:
            self._bound_body()
        if self.completed and self._is_crowded_out:
            self.error = Overloaded("Too many uploads at once. Try again in a few seconds.")
        return taken

    def _bound_body(self) -> None:
        """Drop the body once it, or all bodies together, exceed the budget."""
        body = self.body_rcv.getbuf()
        if not self._is_dropped:
            self._is_crowded_out = self._budget.kept > self._budget.together
            self._is_dropped = self._is_crowded_out or len(body) > self._budget.each
        if self._is_dropped:
            body.skip(len(body), allow_prune=True)
            body.prune()
            # The application judges by this; waitress would give the length of what is kept.
            self.headers["CONTENT_LENGTH"] = str(max(self.content_length, self.body_bytes_received))


class Problem(ErrorTask):
    """Answer a request that never reaches the application with problem details (RFC 9457)."""

    def execute(self) -> None:
        """Write the response, with the headers that the application's responses have."""
        error = self.request.error
        problem = {"title": error.reason, "status": error.code, "detail": error.body}
        body = json.dumps({"type": "about:blank", **problem}).encode()
        self.status = f"{error.code} {error.reason}"
        self.content_length = len(body)
        headers = HEADERS | {
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
            "Content-Type": MEDIA_TYPE,
            "Permissions-Policy": "camera=()",
        }
        if error.code == Overloaded.code:
            headers["Retry-After"] = str(RETRY_SECONDS)
        self.response_headers.extend(headers.items())
        self.set_close_on_finish()
        self.write(body)


class Channel(HTTPChannel):
    """A connection, which has to keep up `MIN_RATE`.

    Attributes
    ----------
    kept_up : float
        The time up to which the bytes moved so far are enough.
    """

    error_task_class = Problem
    _is_pipelined = False

    def __init__(self, server: "Server", *args: object, **kwargs: object):
        self.parser_class = partial(Request, budget=server.budget)
        self.kept_up = time.time()
        super().__init__(server, *args, **kwargs)

    def recv(self, buffer_size: int) -> bytes:
        """Read from the socket."""
        data = super().recv(buffer_size)
        self._credit(len(data))
        return data

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Write to the socket."""
        n_bytes = super().send(data, do_close)
        self._credit(n_bytes)
        return n_bytes

    def _credit(self, n_bytes: int) -> None:
        self.kept_up = min(time.time(), self.kept_up + n_bytes / MIN_RATE)

    def received(self, data: bytes) -> bool:
        """Take some bytes, but no second request before the first is answered.

        Pipelined requests, which no browser sends, would be answered into memory while the client
        reads nothing.
        """
        taken = super().received(data)
        with self.requests_lock:
            if len(self.requests) > 1:
                self._is_pipelined = True
                del self.requests[1:]
        return taken

    def service(self) -> None:
        """Answer a request; from then on the client has to keep up again."""
        super().service()
        self.kept_up = time.time()
        if self._is_pipelined:
            self.close_when_flushed = True
            self.server.pull_trigger()


class Server(TcpWSGIServer):
    """waitress's server, for such connections."""

    channel_class = Channel
    budget: MemoryBudget

    def maintenance(self, now: float) -> None:
        """Drop connections that lag behind.

        waitress waits until it can write before it closes one, which never comes with a client
        that reads nothing: shut down, the socket reports at once.
        """
        for channel in self.active_channels.values():
            if not channel.requests and channel.kept_up < now - self.adj.channel_timeout:
                channel.will_close = True
                with suppress(OSError):  # it may have gone by itself
                    channel.socket.shutdown(socket.SHUT_RDWR)


def make_server(
    app: Flask,
    host: str,
    port: int,
    threads: int = THREADS,
    bounds: Bounds = DEFAULT_BOUNDS,
) -> Server:
    """Bind a server to an address.

    Parameters
    ----------
    app : Flask
        The application.
    host : str
        Name or address to listen on.
    port : int
        Port to listen on, 0 for a free one.
    threads : int
        How many requests are answered at once: more than may wait for something, so that one is
        always free to say that the server lives.
    bounds : Bounds
        What connections may take.

    Returns
    -------
    Server
        Already listening; ``run()`` serves until a signal raises SystemExit or KeyboardInterrupt,
        ``effective_port`` is the port, ``close()`` ends it.

    Raises
    ------
    OSError, ValueError
        If the address can't be had: busy, forbidden or unknown.
    """
    # How often this logger would speak is up to the clients.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    settings = _settings(host, port, bounds)
    dispatcher = ThreadedTaskDispatcher()
    budget = MemoryBudget(app.config["MAX_CONTENT_LENGTH"], bounds.body_bytes)
    sockets = {}  # a name may stand for several addresses: one loop serves them all
    for address in settings.listen:
        server = Server(app, sockets, dispatcher=dispatcher, adj=settings, sockinfo=address)
        server.budget = budget
    dispatcher.set_thread_count(threads)
    return server


def _settings(host: str, port: int, bounds: Bounds) -> Adjustments:
    """Return waitress's settings."""
    return Adjustments(
        host=host,
        port=port,
        connection_limit=bounds.connections,
        channel_timeout=bounds.lag_seconds,
        cleanup_interval=bounds.cleanup_seconds,
        asyncore_use_poll=True,  # select() fails on file descriptors above 1023
        recv_bytes=64 * 1024,
        max_request_header_size=MAX_HEADER_BYTES,
        max_request_body_size=MAX_REQUEST_BYTES,
        # Anything larger would be spooled to temporary files.
        inbuf_overflow=MAX_REQUEST_BYTES,
        outbuf_overflow=MAX_REQUEST_BYTES,
        outbuf_high_watermark=MAX_REQUEST_BYTES,  # responses shall not keep a thread until read
        log_socket_errors=False,
        ident=None,
    )
