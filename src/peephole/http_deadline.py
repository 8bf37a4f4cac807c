"""A limit for a whole HTTP exchange; the timeout of a socket is for each piece of it alone."""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def broken_off(connection: http.client.HTTPConnection, limit: float) -> Iterator[None]:
    """Within the block a connection lives for `limit` seconds; a block that takes longer raises an OSError.

    That is at its end a TimeoutError: what has come of an answer that was broken off may read like the whole of one.
    """
    over = threading.Event()

    def break_off() -> None:
        over.set()
        if connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(limit, break_off)
    timer.daemon = True
    timer.start()
    try:
        yield
        if over.is_set():
            raise TimeoutError
    finally:
        timer.cancel()
