"""What a message from the broker asks for; what must not be obeyed asks for nothing."""

from typing import Literal

from peephole.mqtt.settings import Mqtt
from peephole.mqtt.topics import ONLINE, Topics

Command = Literal["ring", "open", "close", "announce", "forget"]
"""`announce`: Home Assistant has started; `forget`: a command was retained, which the broker must drop."""

SETTLE_SECONDS = 2.0
"""No door opens so soon after connecting: what comes then may have waited on the way."""


def subscriptions(settings: Mqtt, topics: Topics, has_lock: bool) -> list[str]:
    """Return the topics to listen to."""
    return [
        *([topics.home_assistant] if topics.discovery else []),
        *([topics.press] if settings.allow_ring else []),
        *([topics.lock_command] if settings.allow_lock and has_lock else []),
    ]


def command(topics: Topics, topic: str, payload: bytes, retained: bool, connected: float) -> Command | None:
    """Return what a message asks for.

    retained: it was kept by the broker, so nobody asks at this moment. connected: for how many seconds we have been.
    """
    if topic == topics.home_assistant:
        return "announce" if payload == ONLINE.encode() and not retained else None
    if not payload:
        return None
    if retained:
        return "forget"
    if topic == topics.press:
        return "ring"
    if topic != topics.lock_command or connected < SETTLE_SECONDS:
        return None
    if payload in (b"UNLOCK", b"OPEN"):
        return "open"
    return "close" if payload == b"LOCK" else None
