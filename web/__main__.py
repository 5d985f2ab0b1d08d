"""The command behind ``make web``: serve the page on this machine."""

import errno
import sys
from typing import Annotated, NoReturn

import numpy as np
import typer

from classifiers.bundle import DEFAULT_BUNDLE, BundleError
from classifiers.predictor import Predictor
from web import create_app
from web.reader import Reader
from web.serve import make_server


def main(
    host: Annotated[str, typer.Option(help="Name or address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port, 0 for a free one.")] = 5000,
    model: Annotated[
        str,
        typer.Option(help="A bundle's folder, or one of landmarks, fused, auto."),
    ] = DEFAULT_BUNDLE,
) -> None:
    """Serve Mien's page and API until Ctrl-C."""
    try:
        predictor = Predictor(model)
    except BundleError as error:
        _stop(str(error))
    try:
        server = make_server(create_app(Reader(predictor)), host, port)
    except (OSError, ValueError) as error:
        _stop(_why_not(error, host, port))
    # The face mesh is built at its first use: not on the first visitor's time.
    predictor.read(np.zeros((64, 64, 3), dtype=np.uint8))
    print(f"Mien is at {_url(host, server.effective_port)} (Ctrl-C stops it)", flush=True)
    server.run()


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
