"""What moves the lock: it opens for a short time, and is shut whenever nothing says otherwise."""

import threading
from collections.abc import Callable
from typing import Protocol


class UnclearError(OSError):
    """Whether the door has opened is not known."""


class Actuator(Protocol):
    """A relay, a strike, or somebody on the network who has one. Methods are called from several threads."""

    def prepare(self) -> None:
        """Make sure that the door is shut; raises OSError or ValueError with a sentence. May be called again."""
        ...

    def release(self, seconds: float) -> None:
        """Open, within some seconds or not at all; raises OSError or ValueError with a sentence.

        Raises UnclearError where the door may be open all the same.

        `seconds` is how long the door is to stay open, for those who shut it themselves.
        """
        ...

    def secure(self) -> None:
        """Shut; never raises."""
        ...

    def close(self) -> None:
        """Shut, and let go of the hardware."""
        ...

    def connections(self) -> tuple[str, ...]:
        """Return the addresses that this connects to, each with the reason."""
        ...


class Nothing:
    """Moves nothing, for a dry run."""

    def prepare(self) -> None:
        """Have nothing to prepare."""

    def release(self, seconds: float) -> None:
        """Refuse: whoever asks believes that there is a lock."""
        raise ValueError("nothing opens the door; name an actuator in [door] of the settings")

    def secure(self) -> None:
        """Have nothing to shut."""

    def close(self) -> None:
        """Have nothing to let go of."""

    def connections(self) -> tuple[str, ...]:
        """Connect to nothing."""
        return ()


def pulse(actuator: Actuator, seconds: float, stop: threading.Event, released: Callable[[], None]) -> None:
    """Open for so many seconds, or until `stop` is set, and shut whatever happens; a timer shuts it too.

    `released` is called when the door is open. Raises what `release` raises.
    """
    guard = _shut_after(seconds, actuator)
    try:
        if stop.is_set():
            raise OSError("the doorbell is being stopped")
        actuator.release(seconds)
        guard.cancel()
        guard = _shut_after(seconds, actuator)  # the first one is over where opening took longer
        released()
        stop.wait(seconds)
    finally:
        actuator.secure()
        guard.cancel()


def _shut_after(seconds: float, actuator: Actuator) -> threading.Timer:
    guard = threading.Timer(seconds, actuator.secure)
    guard.daemon = True
    guard.start()
    return guard
