"""What every answer tells the browser to forbid."""

from flask import Flask, Response, request

POLICY = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
WEBASSEMBLY = ("live",)
"""Endpoints whose page runs the face mesh in the browser."""


def register(app: Flask) -> None:
    """Let every answer of the application carry the rules."""
    app.after_request(_secure)


def _secure(response: Response) -> Response:
    """Forbid inline scripts, framing and sniffing, and keep every answer out of caches."""
    scripts = " 'wasm-unsafe-eval'" if request.endpoint in WEBASSEMBLY else ""
    response.headers["Content-Security-Policy"] = POLICY.format(scripts=scripts)
    response.headers.extend(HEADERS)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
