"""Whether somebody is at the door, told only when that changes."""

from peephole.live import Look, Message, Presence, Status

HOLD_SECONDS = 3.0
"""A face that is lost for so long has left; shorter gaps are a turned head."""


class Occupied:
    """Follows the frames of one camera; belongs to the thread that they come from."""

    def __init__(self) -> None:
        self._seen_at: float | None = None
        self._occupied = False

    def change(self, message: Message, now: float) -> bool | None:
        """Take a message, heard at `now` (time.monotonic()); return the new state where it has changed."""
        if isinstance(message, Look):
            if message.faces:
                self._seen_at = now
            occupied = self._seen_at is not None and now - self._seen_at < HOLD_SECONDS
        elif isinstance(message, Presence):
            occupied = bool(message.names)
        elif isinstance(message, Status) and message.state != "watching":
            self._seen_at, occupied = None, False
        else:
            return None
        if occupied == self._occupied:
            return None
        self._occupied = occupied
        return occupied
