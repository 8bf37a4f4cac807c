"""What is asked of a door that may be opened from the broker; whether it opens, the door decides."""

from typing import Protocol

STATES = ("locked", "locking", "unlocked", "unlocking", "open", "opening", "jammed")


class Answer(Protocol):
    """What became of a wish to open."""

    @property
    def opened(self) -> bool:
        """Whether the door was opened."""

    @property
    def text(self) -> str:
        """The reason, in a sentence."""


class LockedDoor(Protocol):
    """A door with a lock."""

    def open(self, by: str) -> Answer:
        """Open, if everything that must hold does; `by` says who wished it ("mqtt"). May take seconds.

        Raises OSError with a sentence where that cannot be done.
        """

    def open_with_code(self, by: str, right: bool) -> Answer:
        """Open as `open` does, for somebody who gave a code; too many wrong ones shut out the right one for a while."""

    def locked_out(self) -> bool:
        """Tell, at once, whether faces or codes wait after too many suspicious refusals."""

    def state(self) -> str:
        """Return one of `STATES`, at once; anything else means that it is not known."""


def state_of(door: LockedDoor) -> str:
    """Return the state as Home Assistant calls it."""
    state = door.state()
    return state.upper() if state in STATES else "None"
