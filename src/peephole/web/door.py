"""What the page needs to know of the door it belongs to."""

from dataclasses import dataclass

from peephole.doorbell.doorbell import Doorbell


@dataclass(frozen=True)
class Door:
    """A doorbell with its surroundings.

    Attributes:
        doorbell: the facade.
        source: what is watched, for people; without passwords.
        connections: every address that this program connects to, each with the reason.
    """

    doorbell: Doorbell
    source: str
    connections: tuple[str, ...] = ()
