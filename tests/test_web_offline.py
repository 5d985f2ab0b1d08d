"""Serving is silent: no process of the server opens a connection of its own or looks a name up."""

import json
import os
import re
import subprocess
import sys
from urllib.request import urlopen

import psutil
import pytest

from tests.helpers.paths import ROOT
from tests.helpers.posting import PORTRAIT, send

WATCH = '''
"""Python runs this file at the start of every process: it notes what would leave the machine."""
import os, sys

EVENTS = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
          "socket.gethostbyname", "socket.gethostbyaddr", "urllib.Request"}

def note(event, args):
    if event in EVENTS:
        with open(os.environ["MIEN_NOTED"], "a") as file:
            file.write(f"{event} {args[1:] if event.startswith('socket.s') else args}\\n")

sys.addaudithook(note)
with open(os.environ["MIEN_NOTED"], "a") as file:
    file.write("watched\\n")
'''


@pytest.fixture
def watched(tmp_path):
    """Return the environment of processes that note their connections, and the notes."""
    (tmp_path / "sitecustomize.py").write_text(WATCH)
    notes = tmp_path / "noted"
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    return os.environ | {"PYTHONPATH": path, "MIEN_NOTED": str(notes)}, notes


def outward(notes):
    """Return the notes of what isn't the server's own address."""
    return [line for line in notes.read_text().splitlines() if "127.0.0.1" not in line]


def remote_ends(process):
    """Return the other ends of all connections that a process and its children have."""
    return {
        connection.raddr.ip
        for each in (process, *process.children(recursive=True))
        for connection in each.net_connections("inet")
        if connection.raddr
    }


def test_serving_opens_no_connection_of_its_own(watched):
    environment, notes = watched
    command = [sys.executable, "-m", "web", "--port", "0", "--workers", "1"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
            assert json.loads(send(address + "/api/predict", PORTRAIT))["images"][0]["faces"]
            assert "happy" in send(address, PORTRAIT).lower()
            for path in ("/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/api/models"):
                with urlopen(address + path) as response:
                    assert response.status == 200
            ends = remote_ends(psutil.Process(process.pid))
        finally:
            process.terminate()
    assert ends <= {"127.0.0.1"}
    assert set(outward(notes)) == {"watched"}
    assert outward(notes).count("watched") in (2, 3)  # the spare worker may start late


def test_a_connection_would_be_noted(watched):
    environment, notes = watched
    code = (
        "import socket\n"
        "try: socket.create_connection(('192.0.2.1', 9), timeout=0.01)\n"
        "except OSError: pass\n"
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 9))"
    )
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert any("192.0.2.1" in line for line in outward(notes))
