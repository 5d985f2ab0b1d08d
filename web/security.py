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
LOOSER = {"live": " 'wasm-unsafe-eval'", "mesh_worker": " 'unsafe-eval'"}
"""Endpoint -> what its scripts may do beyond loading scripts of ours.

The live tab's page runs WebAssembly; the mesh's worker, which sees no page, also makes functions
out of text.
"""


def register(app: Flask) -> None:
    """Let every answer of the application carry the rules."""
    app.after_request(_secure)


def _secure(response: Response) -> Response:
    """Forbid inline scripts, framing and sniffing, and keep every answer out of caches."""
    scripts = LOOSER.get(request.endpoint, "")
    response.headers["Content-Security-Policy"] = POLICY.format(scripts=scripts)
    response.headers.extend(HEADERS)
    if request.endpoint not in ("static", "vendor"):
        response.headers["Cache-Control"] = "no-store"
    return response
