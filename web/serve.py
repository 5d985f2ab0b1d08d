"""The server: waitress, set so that a request's bytes never reach the disk."""

from typing import Any

from flask import Flask
from waitress import create_server

CONNECTION_LIMIT = 1000
"""Slow clients that may wait at once: gunicorn's default workers stopped at eight of them."""

MAX_REQUEST_BYTES = 32 * 1024**2
"""Bodies up to here are received whole, so that a camera's 12 MB photo gets the page's sentence.

Larger ones are cut off by waitress before they are in memory.
"""


def make_server(app: Flask, host: str, port: int) -> Any:
    """Bind a server to an address.

    Parameters
    ----------
    app : Flask
        The application.
    host : str
        Name or address to listen on.
    port : int
        Port to listen on, 0 for a free one.

    Returns
    -------
    waitress server
        Already listening; ``run()`` serves, ``effective_port`` is the port, ``close()`` ends it.

    Raises
    ------
    OSError
        If the address can't be had: busy, forbidden or unknown.
    """
    return create_server(
        app,
        host=host,
        port=port,
        connection_limit=CONNECTION_LIMIT,
        asyncore_use_poll=True,  # select() fails on file descriptors above 1023
        max_request_body_size=MAX_REQUEST_BYTES,
        # waitress spools larger buffers to temporary files: photos coming in and going out
        # shall stay in memory.
        inbuf_overflow=2 * MAX_REQUEST_BYTES,
        outbuf_overflow=2 * MAX_REQUEST_BYTES,
        ident=None,
    )
