"""Two doorbells of one name on a broker would speak over each other: each says which machine it is, and listens.

A machine is a digest of the host's name, its network address and systemd's id of it, so that nobody reads on the broker
which one it is.
"""

import hashlib
import socket
import time
import uuid
from collections.abc import Callable
from pathlib import Path

AGAIN_SECONDS = 60.0
"""As often one that has heard another says again who it is, so that both learn of it, and when it is over."""
OVER_SECONDS = 150.0


def this_machine() -> str:
    """Return which machine this is, 12 hexadecimal digits; the same after a restart."""
    node = uuid.getnode()
    if node >> 40 & 1:  # no network address was found, and this is another number each time
        node = 0
    try:
        machine = Path("/etc/machine-id").read_text("ascii", "replace").strip()
    except OSError:
        machine = ""
    return hashlib.sha256(f"{socket.gethostname()} {node} {machine}".encode()).hexdigest()[:12]


class Claim:
    """Whether the name of this doorbell is its own on the broker; belongs to one thread.

    What the broker kept from an earlier machine is nobody's claim: the one who lives speaks up.
    """

    def __init__(self, machine: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Start alone."""
        self.machine = machine
        self._clock = clock
        self._heard = float("-inf")
        self._said = float("-inf")

    def hear(self, machine: str, retained: bool) -> None:
        """Take what was said."""
        if machine and machine != self.machine and not retained:
            self._heard = self._clock()

    @property
    def contested(self) -> bool:
        """Whether somebody else goes by this name."""
        return self._clock() - self._heard < OVER_SECONDS

    def due(self) -> bool:
        """Say whether it is time to say again who this is; true once each time."""
        if not self.contested or self._clock() - self._said < AGAIN_SECONDS:
            return False
        self._said = self._clock()
        return True
