"""The page and the API: a photo comes in, the expression each face shows goes out.

Nothing here keeps state: there are no accounts, cookies or sessions, so a forged cross-site request
gains nothing and the form needs no token. Photos live in memory for one request.
"""

from flask import Flask, Response, request

from classifiers.predictor import Predictor
from web import views
from web.uploads import MAX_BODY_BYTES, MemoryRequest

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_app(predictor: Predictor | None = None) -> Flask:
    """Build the web application.

    Parameters
    ----------
    predictor : Predictor, optional
        What reads the photos; the default bundle's predictor, loaded here, when left out.

    Returns
    -------
    Flask
        A WSGI application that may be called from several threads.

    Raises
    ------
    classifiers.bundle.BundleError
        If the default bundle is missing or does not fit.
    """
    app = Flask(__name__)
    app.request_class = MemoryRequest
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # confidences stay in the order of the classes
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    predictor = Predictor() if predictor is None else predictor
    app.extensions["mien"] = predictor
    app.jinja_env.globals["takes_pixels"] = predictor.takes_pixels
    views.register(app)
    app.after_request(_secure)
    return app


def _secure(response: Response) -> Response:
    """Forbid inline scripts, framing and sniffing, and keep every answer out of caches."""
    response.headers.extend(SECURITY_HEADERS)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
