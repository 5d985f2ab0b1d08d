"""Strangers' connections: how slowly they may send and read, and what they get that break rules.

waitress counts any byte as a sign of life, so a client that drips one a second keeps its place for
hours. Here a connection has to keep up a rate, as with Apache's mod_reqtimeout: it may lag behind
it by some seconds, every byte sent or read makes up for a little, and then it is dropped.
"""

import json
import socket
import time
from contextlib import suppress
from functools import partial

from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask

from web.bodies import Parser, Room
from web.problems import MEDIA_TYPE, RETRY_SECONDS
from web.security import HEADERS

LEAST_RATE = 16 * 1024
"""Bytes a second that a client has to send, or to read of its answer: a poor phone line's."""


class Problem(ErrorTask):
    """What a request gets that never reaches the application, as problem details (RFC 9457)."""

    def execute(self) -> None:
        """Write the answer, with the same headers that the application's answers have."""
        error = self.request.error
        said = {"title": error.reason, "status": error.code, "detail": error.body}
        body = json.dumps({"type": "about:blank", **said}).encode()
        self.status = f"{error.code} {error.reason}"
        self.content_length = len(body)
        headers = HEADERS | {
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
            "Content-Type": MEDIA_TYPE,
            "Permissions-Policy": "camera=()",
        }
        if error.code == 503:
            headers["Retry-After"] = str(RETRY_SECONDS)
        self.response_headers.extend(headers.items())
        self.set_close_on_finish()
        self.write(body)


class Channel(HTTPChannel):
    """A connection that has to keep up `LEAST_RATE`.

    ``last_activity``, by which waitress drops connections, is the time up to which the bytes moved
    so far are enough.
    """

    error_task_class = Problem

    def __init__(self, server: "Server", *args: object, **kwargs: object):
        self.parser_class = partial(Parser, room=server.room)
        self._kept_up = time.time()
        self._ends_after_this = False
        super().__init__(server, *args, **kwargs)

    def received(self, data: bytes) -> bool:
        """Take some bytes, and no second request before the first is answered.

        Requests in a row on one connection, which no browser sends, would be answered into memory
        while the client reads nothing.
        """
        self._moved(len(data))
        taken = super().received(data)
        with self.requests_lock:
            if len(self.requests) > 1:
                self._ends_after_this = True
                del self.requests[1:]
        return taken

    def service(self) -> None:
        """Answer a request; from then on the client has to keep up again."""
        super().service()
        self._kept_up = self.last_activity
        if self._ends_after_this:
            self.close_when_flushed = True
            self.server.pull_trigger()

    def _flush_some(self, do_close: bool = True) -> bool:
        """Send what the client takes."""
        before = self.total_outbufs_len
        sent = super()._flush_some(do_close)
        if sent:
            self._moved(before - self.total_outbufs_len)
        return sent

    def _moved(self, n_bytes: int) -> None:
        self._kept_up = min(time.time(), self._kept_up + n_bytes / LEAST_RATE)
        self.last_activity = self._kept_up


class Server(TcpWSGIServer):
    """waitress' server for such connections."""

    channel_class = Channel
    room: Room

    def maintenance(self, now: float) -> None:
        """Drop connections that lag behind.

        waitress waits until it can write before it closes one, which never comes with a client
        that reads nothing: shut down, the socket reports at once.
        """
        super().maintenance(now)
        for channel in self.active_channels.values():
            if channel.will_close:
                with suppress(OSError):  # it may have gone by itself
                    channel.socket.shutdown(socket.SHUT_RDWR)
