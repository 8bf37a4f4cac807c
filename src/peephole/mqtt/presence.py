"""Whether somebody is at a door, told only when that changes."""

from peephole.live import Message, Presence, Status, View

HOLD_SECONDS = 3.0
"""A face that is lost for so long has left; shorter gaps are a turned head."""


class Occupied:
    """Follows the frames of every camera; belongs to one thread at a time."""

    def __init__(self) -> None:
        self._seen_at: dict[str, float] = {}  # by camera
        self._present = False
        self._occupied = False

    def change(self, message: Message, now: float) -> bool | None:
        """Take a message, heard at `now` (time.monotonic()); return the new state where it has changed."""
        if isinstance(message, View):
            self._present = False  # of a door that sends pictures nobody tells who is there
            if message.faces:
                self._seen_at[message.camera] = now
        elif isinstance(message, Presence):
            self._present = bool(message.names)
        elif isinstance(message, Status) and message.state != "watching":
            self._present = False
            self._seen_at.pop(message.camera, None)
        else:
            return None
        occupied = self._present or any(now - at < HOLD_SECONDS for at in self._seen_at.values())
        if occupied == self._occupied:
            return None
        self._occupied = occupied
        return occupied
