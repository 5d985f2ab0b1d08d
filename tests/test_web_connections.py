"""Strangers' connections: the slow are dropped, the greedy are held back, nobody else notices."""

import json
import select
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPResponse

import pytest

from tests.helpers.fake_predictor import FakePredictor
from tests.helpers.processes import GUARD, eventually
from web import create_app
from web import server as web_server
from web.inference.service import Reader
from web.server import MAX_HEADER_BYTES, Bounds, make_server
from web.uploads import MAX_BODY_BYTES

SHORT = Bounds(lag_seconds=1, cleanup_seconds=0)
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"


@pytest.fixture
def serve():
    """Return a function that serves the application and gives its server."""
    servers = []

    def start(bounds=Bounds(), threads=2, routes=None):  # noqa: B008
        app = create_app(Reader(FakePredictor()))
        for path, view in (routes or {}).items():
            app.add_url_rule(path, path.strip("/"), view)
        server = make_server(app, "127.0.0.1", 0, threads, bounds)
        threading.Thread(target=server.run, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.close()


def connect(server, buffer=None):
    connection = socket.socket()
    if buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.settimeout(GUARD)
    connection.connect(("127.0.0.1", int(server.effective_port)))
    return connection


def answered(connection):
    response = HTTPResponse(connection)
    response.begin()
    return response.status, response.headers, response.read()


def lives(server):
    with closing(HTTPConnection("127.0.0.1", server.effective_port, timeout=GUARD)) as client:
        client.request("GET", "/healthz")
        return client.getresponse().status == 200


def drip(server, first, drop):
    """Send `first` and then `drop` ten times a second; return how long the server bore with it."""
    start = time.monotonic()
    with connect(server) as connection, suppress(ConnectionError):
        connection.sendall(first)
        while select.select([connection], [], [], 0.1)[0] == [] or connection.recv(1000):
            assert time.monotonic() < start + GUARD
            connection.sendall(drop)
    return time.monotonic() - start


def test_a_client_that_drips_is_dropped_after_a_while(serve):
    drips = {
        "silent": (b"", b""),
        "header": (b"GET / HTTP/1.1\r\n", b"a"),
        "body": (POST % 1000, b"a"),
        "stopped": (POST % 1000 + b"a" * 500, b""),
        "chunks": (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        "blank lines": (b"", b"\r\n\r\n"),
        "after an answer": (GET, b"\r\n"),
    }
    server = serve(SHORT)
    with ThreadPoolExecutor(len(drips)) as threads:
        times = list(threads.map(lambda sent: drip(server, *sent), drips.values()))
    assert {kind: spent >= 1 for kind, spent in zip(drips, times, strict=True)} == dict.fromkeys(
        drips, True
    )


def test_clients_that_drip_do_not_keep_others_waiting(serve):
    server = serve()
    slow = [connect(server) for _ in range(100)]
    for connection in slow:
        connection.sendall(POST % 1000)
    eventually(lambda: len(server.active_channels) == 100)
    assert lives(server)
    for connection in slow:
        connection.close()


def test_a_client_that_keeps_up_is_not_dropped(serve, monkeypatch):
    monkeypatch.setattr(web_server, "MIN_RATE", 100)
    with connect(serve(SHORT)) as connection:
        connection.sendall(POST % 1000)
        for _ in range(20):
            connection.sendall(b"a" * 50)
            time.sleep(0.1)  # 500 bytes a second, for twice as long as it may lag
        assert answered(connection)[0] == 400


def test_a_client_that_reads_nothing_is_dropped_and_holds_no_thread(serve):
    server = serve(SHORT, threads=1, routes={"/big": lambda: bytes(20_000_000)})
    with connect(server, buffer=4096) as connection:
        connection.sendall(GET.replace(b"/healthz", b"/big"))
        eventually(lambda: server.active_channels)
        assert lives(server)
        eventually(lambda: not server.active_channels)


def test_requests_in_a_row_are_not_answered_into_memory(serve):
    asked = []
    server = serve(routes={"/count": lambda: f"{asked.append(1)}"})
    with connect(server) as connection:
        connection.sendall(GET.replace(b"/healthz", b"/count") * 200)
        assert answered(connection)[0] == 200
        while connection.recv(10_000):
            pass
    assert len(asked) < 5


def test_a_body_too_large_is_answered_but_not_kept(serve):
    server = serve()
    most = []
    with connect(server) as connection:
        connection.sendall(POST % (MAX_BODY_BYTES + 2_000_000))
        for _ in range(MAX_BODY_BYTES // 1_000_000 + 1):
            connection.sendall(bytes(1_000_000))
            most.append(kept(server))
        eventually(lambda: kept(server) == 0)
        connection.sendall(bytes(MAX_BODY_BYTES + 2_000_000 - len(most) * 1_000_000))
        status, _, body = answered(connection)
    assert status == 413
    assert b"larger than Mien takes" in body
    assert max(most) > 0


def test_a_body_in_chunks_too_large_is_answered_and_one_that_fits_is_read(serve):
    server = serve()
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n" % 1_000_000 + bytes(1_000_000) + b"\r\n"
    for n_chunks, expected in ((MAX_BODY_BYTES // 1_000_000 + 1, 413), (1, 400)):
        with connect(server) as connection:
            connection.sendall(head + n_chunks * chunk + b"0\r\n\r\n")
            assert answered(connection)[0] == expected  # 400: it holds no form
    eventually(lambda: kept(server) == 0)


def kept(server):
    return server.budget.kept


def test_bodies_share_a_bounded_memory(serve):
    server = serve(Bounds(body_bytes=100_000))
    with connect(server) as first, connect(server) as second:
        first.sendall(POST % 200_000 + bytes(90_000))
        eventually(lambda: kept(server) == 90_000)
        second.sendall(POST % 50_000 + bytes(50_000))
        status, headers, body = answered(second)
        assert status == 503
        assert headers["Retry-After"] == "1"
        assert headers["Content-Type"] == "application/problem+json"
        assert json.loads(body)["status"] == 503
        assert kept(server) == 90_000
    eventually(lambda: kept(server) == 0)
    with connect(server) as third:
        third.sendall(POST % 50_000 + bytes(50_000))
        assert answered(third)[0] == 400  # it holds no form


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nA: " + b"a" * MAX_HEADER_BYTES, 431),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * MAX_HEADER_BYTES, 431),
        (b"GET / HTTP/1.1\r\nno header\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    ],
    ids=["long header", "many headers", "no header", "length", "huge", "encoding"],
)
def test_a_request_that_breaks_the_rules_is_a_problem(serve, request_, status):
    with connect(serve()) as connection:
        connection.sendall(request_[: 2 * MAX_HEADER_BYTES])
        found, headers, body = answered(connection)
    assert found == json.loads(body)["status"] == status
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
