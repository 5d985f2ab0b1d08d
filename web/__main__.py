"""Serve the page on this machine, as ``make web`` does."""

import errno
import logging
import signal
import sys
from contextlib import closing
from typing import Annotated, NoReturn

import typer

from classifiers.bundle.bundle import DEFAULT_BUNDLE, BundleError
from landmarks.system_libraries import exit_on_missing_library
from web import create_app
from web.security import LOCAL
from web.server import make_server

with exit_on_missing_library():
    from web.inference.pool import WorkerPool
    from web.inference.process import Limits, WorkerError

SPARE_THREADS = 8
"""For everything but photos, while every photo that is taken keeps a thread waiting."""


def main(
    host: Annotated[
        str, typer.Option(envvar="MIEN_HOST", help="Name or address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(envvar="MIEN_PORT", min=0, max=65535, help="Port, 0 for a free one."),
    ] = 5000,
    model: Annotated[
        str,
        typer.Option(
            envvar="MIEN_MODEL", help="A bundle's folder, or one of landmarks, fused, auto."
        ),
    ] = DEFAULT_BUNDLE,
    workers: Annotated[
        int | None,
        typer.Option(
            envvar="MIEN_WORKERS", min=1, help="Photos that are read at once; one a core."
        ),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(
            envvar="MIEN_SECONDS",
            min=0.1,
            help="Most processor time for one photo, before it is given up.",
        ),
    ] = Limits.seconds,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            envvar="MIEN_ALLOW_HOST",
            help="Another name under which visitors reach this machine; repeatable.",
        ),
    ] = None,
    log: Annotated[
        bool,
        typer.Option(
            envvar="MIEN_LOG", help="Print a line for each request: method, path, status, ms."
        ),
    ] = False,
) -> None:
    """Serve Mien's page and API until Ctrl-C."""
    if log:
        logging.basicConfig(format="%(asctime)s %(message)s")
        logging.getLogger("web.metrics").setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, _leave)
    try:
        reader = WorkerPool(model, workers, Limits(seconds))
    except BundleError as error:
        _stop(str(error))
    with closing(reader):
        _serve(reader, host, port, (*LOCAL, host, *(allow_host or ())))


def _serve(reader: WorkerPool, host: str, port: int, names: tuple[str, ...]) -> None:
    """Answer requests until a signal ends it."""
    app = create_app(reader, hosts=names)
    try:
        server = make_server(app, host, port, threads=reader.capacity + SPARE_THREADS)
    except (OSError, ValueError) as error:
        _stop(_why_not(error, host, port))
    try:
        reader.wait_ready()
        print(f"Mien is at {_url(host, server.effective_port)} (Ctrl-C stops it)", flush=True)
        server.run()
    except WorkerError as error:
        _stop(str(error))
    except KeyboardInterrupt:
        pass  # during the start; later it ends run()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):  # it is ending: once is enough
            signal.signal(number, signal.SIG_IGN)


def _leave(*_args: object) -> NoReturn:
    """End as Ctrl-C does, without a word."""
    raise SystemExit(0)


def _url(host: str, port: int) -> str:
    """Return the address to open; an IPv6 address stands in brackets."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _why_not(error: OSError | ValueError, host: str, port: int) -> str:
    """Say in one sentence why an address can't be had and what to do."""
    code = getattr(error, "errno", None)
    if code == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken: stop what uses it, or choose PORT={port + 1}."
    if code == errno.EACCES:
        return f"Port {port} needs an administrator: choose one above 1023, for example PORT=5000."
    return f"{host} is no address of this machine: use HOST=127.0.0.1, or 0.0.0.0 for all of them."


def _stop(sentence: str) -> NoReturn:
    """End the command with one sentence on stderr."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
