"""A limit for a whole HTTP exchange; the timeout of a socket is for each piece of it alone."""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def broken_off(connection: http.client.HTTPConnection, limit: float) -> Iterator[None]:
    """Within the block a connection lives for `limit` seconds; after that what waits for it raises an error."""

    def break_off() -> None:
        if connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(limit, break_off)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
