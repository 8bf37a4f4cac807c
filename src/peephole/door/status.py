"""How the door is doing, and what became of a wish to open it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """What became of a wish to open the door."""

    opened: bool
    text: str


@dataclass(frozen=True)
class DoorStatus:
    """How the door is doing; times are seconds since 1970. held: why it is a dry run though set to on."""

    mode: str
    actuator: str
    state: str
    liveness: str
    challenge: str
    openings: int
    most_openings: int
    locked_until: float | None
    trouble: str | None
    held: str | None = None
