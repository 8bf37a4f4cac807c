"""Connections that send no request, or half of one, keep nobody from the page."""

import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI, Request

from peephole.live import Announcer
from peephole.web import connection_limits
from peephole.web.server import Server, listen
from peephole.web.streams import Streams

HALF = b"POST /length HTTP/1.1\r\nHost: localhost\r\nX-Slow: "


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server with room for five connections, which gives a request's head one second and its body two."""
    monkeypatch.setattr(connection_limits, "MOST_CONNECTIONS", 5)
    monkeypatch.setattr(connection_limits, "HEAD_SECONDS", 1.0)
    monkeypatch.setattr(connection_limits, "BODY_SECONDS", 2.0)
    app = FastAPI()

    @app.post("/length")
    async def length(request: Request) -> int:
        return len(await request.body())

    with Server(app, Streams(SimpleNamespace(cameras=(), announcer=Announcer())), listen("127.0.0.1", 0)) as server:
        yield server.url


def connected(address: str, first: bytes) -> socket.socket:
    """A connection on which so much has been sent."""
    found = urlsplit(address)
    line = socket.create_connection((found.hostname, found.port), timeout=30)
    line.sendall(first)
    return line


def asked(address: str, body: bytes) -> bytes:
    """The answer to a whole request."""
    with urllib.request.urlopen(f"{address}length", body, timeout=30) as answer:  # noqa: S310 - our own
        return answer.read()


def ended(line: socket.socket) -> None:
    """Wait until the server ends the connection; it is a fault if it never does."""
    try:
        while line.recv(1000):
            pass
    except ConnectionResetError:
        pass


def test_many_half_requests_keep_nobody_from_the_page(address: str) -> None:
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(connected(address, HALF))
        assert asked(address, b"four") == b"4"


@pytest.mark.parametrize(
    ("first", "least"),
    [
        (b"", 0.8),
        (HALF, 0.8),
        (b"POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf", 1.8),
    ],
    ids=["nothing", "half a head", "half a body"],
)
def test_a_request_that_never_comes_ends_its_line(address: str, first: bytes, least: float) -> None:
    began = time.monotonic()
    with connected(address, first) as line:
        ended(line)
    assert time.monotonic() - began > least


def test_a_body_that_comes_slowly_is_waited_for(address: str) -> None:
    with connected(address, b"POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\n") as line:
        for _ in range(8):
            time.sleep(0.3)
            line.sendall(b"a")
        assert line.recv(1000).startswith(b"HTTP/1.1 200")
