"""The server: waitress, set so that strangers can neither fill nor stop it."""

import logging
from dataclasses import dataclass

from flask import Flask
from waitress.adjustments import Adjustments
from waitress.task import ThreadedTaskDispatcher

from web.bodies import Room
from web.connections import Server

THREADS = 16
"""Requests that are answered at once, where each reads its photo by itself."""

MAX_REQUEST_BYTES = 64 * 1024**2
"""Bodies up to here are received to their end, so that the sender gets the application's sentence
about a file too large; what the application won't take of them is not kept.
"""

MAX_HEADER_BYTES = 16 * 1024


@dataclass(frozen=True)
class Bounds:
    """What connections may take of the server.

    Attributes
    ----------
    connections : int
        How many may be open: gunicorn's default workers stopped at eight slow ones.
    lag_seconds : int
        How far one may lag behind `web.connections.LEAST_RATE`, and how long an idle one is kept.
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
    # Strangers decide how often these two would speak.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    adjustments = Adjustments(
        host=host,
        port=port,
        connection_limit=bounds.connections,
        channel_timeout=bounds.lag_seconds,
        cleanup_interval=bounds.cleanup_seconds,
        asyncore_use_poll=True,  # select() fails on file descriptors above 1023
        recv_bytes=64 * 1024,
        max_request_header_size=MAX_HEADER_BYTES,
        max_request_body_size=MAX_REQUEST_BYTES,
        # Larger answers would be spooled to temporary files, or keep a thread until they are read.
        outbuf_overflow=MAX_REQUEST_BYTES,
        outbuf_high_watermark=MAX_REQUEST_BYTES,
        log_socket_errors=False,
        ident=None,
    )
    dispatcher = ThreadedTaskDispatcher()
    room = Room(app.config["MAX_CONTENT_LENGTH"], bounds.body_bytes)
    sockets = {}  # a name may stand for several addresses: one loop serves them all
    for address in adjustments.listen:
        server = Server(app, sockets, dispatcher=dispatcher, adj=adjustments, sockinfo=address)
        server.room = room
    dispatcher.set_thread_count(threads)
    return server
