"""A port for a server that a test starts later, and more than once, or for one that is to be away."""

import random
import socket
from contextlib import suppress


def free_port() -> int:
    """Return a port on which nobody listens.

    It is none of those which the system gives to whoever asks for any: until it is used, nobody comes upon it.
    """
    for _ in range(100):
        port = random.SystemRandom().randrange(15_000, 32_000)
        with suppress(OSError), socket.socket() as one:
            one.bind(("127.0.0.1", port))
            return port
    raise AssertionError("a hundred ports are taken")
