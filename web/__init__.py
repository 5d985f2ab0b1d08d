"""Serve the page and the API: a photo comes in, the expression each face shows goes out.

Nothing here keeps state: there are no accounts, cookies or sessions. Photos live in memory for one
request.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from flask import Flask

from web import errors, metrics, security
from web.uploads import MAX_BODY_BYTES, MemoryRequest

if TYPE_CHECKING:
    from web.inference.service import Service


def create_app(reader: "Service | None" = None, hosts: Collection[str] = security.LOCAL) -> Flask:
    """Build the web application.

    Parameters
    ----------
    reader : Service, optional
        What reads the photos; when left out, a `web.inference.service.Reader` with the default
        bundle, loaded here.
    hosts : collection of str
        Names and addresses under which visitors reach it, without a port; a request for another
        one is rejected.

    Returns
    -------
    Flask
        A WSGI application that may be called from several threads.

    Raises
    ------
    classifiers.bundle.bundle.BundleError
        If the default bundle is missing or does not fit.
    """
    # Only now: they load OpenCV, and the command has a sentence for where it can't be loaded.
    from classifiers.inference.predictor import Predictor
    from web.inference.service import Reader
    from web.routes import api, custom, live, pages, tables

    app = Flask(__name__)
    app.request_class = MemoryRequest
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # confidences stay in the order of the classes
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    reader = Reader(Predictor()) if reader is None else reader
    app.jinja_env.globals["takes_pixels"] = reader.takes_pixels
    app.extensions["service"] = reader
    metrics.register(app, reader)
    security.register(app, hosts)
    errors.register(app, pages.failed)
    for routes in (pages, api, live, custom, tables):
        routes.register(app)
    return app
