"""Keep other sites' pages out, and tell the browser what to forbid.

Two attacks reach a server that listens on this machine alone, both from a page of another site in
the visitor's own browser. The page may post a form here (cross-site request forgery): browsers then
send that site as ``Origin``. Or the page's name may be made to lead to this machine, so that the
browser takes both for one site (DNS rebinding): ``Host`` is then still that name.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from flask import Flask, Response, request

from web.errors import ApiError

LOCAL = ("localhost", "127.0.0.1", "[::1]")
"""The names of this machine to itself."""

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

POLICY = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

LOOSER = {"live": " 'wasm-unsafe-eval'", "mesh_worker": " 'unsafe-eval'"}
"""Endpoint -> what its scripts may do beyond loading scripts of ours.

The live tab's page runs WebAssembly; the mesh's worker, which sees no page, also makes functions
out of text.
"""

FORBIDDEN = (
    "accelerometer",
    "browsing-topics",
    "clipboard-read",
    "display-capture",
    "encrypted-media",
    "gamepad",
    "geolocation",
    "gyroscope",
    "hid",
    "identity-credentials-get",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "otp-credentials",
    "payment",
    "picture-in-picture",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "storage-access",
    "usb",
    "window-management",
    "xr-spatial-tracking",
)
"""Features of browsers that no page of Mien uses."""

CAMERA = ("live", "page")
"""Endpoints whose page may ask for the camera."""

HEADERS = {
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not no-referrer: browsers then send "Origin: null" with our own forms, too.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

FILES = ("static", "vendor", "live_model")
"""Endpoints of files that are the same for everyone.

The browser may keep these but asks each time whether they changed: without that the live tab would
fetch its 25 MB anew at every visit.
"""


def register(app: Flask, hosts: Collection[str]) -> None:
    """Guard every request and every response of the application.

    Parameters
    ----------
    app : Flask
    hosts : collection of str
        Names and addresses that ``Host`` may give, without a port; IPv6 with or without brackets.
    """
    # Flask's own TRUSTED_HOSTS can't hold an IPv6 address: it cuts it at the first colon.
    names = {host.strip("[]").lower() for host in hosts}

    def guard() -> None:
        """Reject a request for another name, and one that another site's page sends."""
        if urlsplit(f"//{request.host}").hostname not in names:
            raise ApiError("wrong-host")
        if request.method not in SAFE_METHODS and _from_another_site():
            raise ApiError("cross-site")

    app.before_request(guard)
    app.after_request(_secure)


def _from_another_site() -> bool:
    """Say whether a browser sent the request from a page that isn't ours.

    Programs send neither header; every browser sends ``Origin`` with a POST.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("Origin")
    # Where something in front speaks TLS, the origin of our pages is https.
    return origin not in (None, f"http://{request.host}", f"https://{request.host}")


def _secure(response: Response) -> Response:
    """Forbid inline scripts, framing, sniffing and features, and keep responses out of caches."""
    scripts = LOOSER.get(request.endpoint, "")
    camera = "(self)" if request.endpoint in CAMERA and response.status_code < 400 else "()"
    response.headers.update(HEADERS)
    response.headers["Content-Security-Policy"] = POLICY.format(scripts=scripts)
    response.headers["Permissions-Policy"] = ", ".join(
        [f"camera={camera}", *(f"{feature}=()" for feature in FORBIDDEN)]
    )
    is_file = request.endpoint in FILES and response.status_code in (200, 206, 304)
    response.headers["Cache-Control"] = "no-cache" if is_file else "no-store"
    return response
