"""What a message from the broker asks for; what must not be obeyed asks for nothing."""

import json
from dataclasses import dataclass
from typing import Literal

from peephole.mqtt.settings import Mqtt
from peephole.mqtt.topics import ONLINE, Topics

Command = Literal["ring", "open", "close", "announce", "forget"]
"""`announce`: Home Assistant has started; `forget`: a command was retained, which the broker must drop."""

SETTLE_SECONDS = 2.0
"""No door opens so soon after connecting: what comes then may have waited on the way."""
LONGEST_COMMAND = 1024
LONGEST_NAME = 40
"""Of a camera."""


@dataclass(frozen=True)
class Wish:
    """What a message asks for, with the code that it gives, if it gives one, and the camera where to ring (or none)."""

    command: Command
    code: str | None = None
    camera: str = ""


def subscriptions(settings: Mqtt, topics: Topics, has_lock: bool) -> list[str]:
    """Return the topics to listen to."""
    return [
        topics.machine,
        *([topics.home_assistant] if topics.discovery else []),
        *([topics.press] if settings.allow_ring else []),
        *([topics.lock_command] if settings.allow_lock and has_lock else []),
    ]


def wish(topics: Topics, topic: str, payload: bytes, retained: bool, connected: float) -> Wish | None:
    """Return what a message asks for, and with which code.

    A command to the lock is a word, or a JSON object of `action` and `code`; one to the bell is anything, or a JSON
    object of `camera`.
    retained: it was kept by the broker, so nobody asks at this moment. connected: for how many seconds we have been.
    """
    if topic != topics.lock_command or retained:
        found = _command(topics, topic, payload, retained)
        if found == "ring":
            camera = _texts(payload).get("camera", "")
            # What cannot be a name is not repeated in a sentence for the owner.
            return Wish("ring", camera=camera) if camera.isprintable() and len(camera) <= LONGEST_NAME else None
        return None if found is None else Wish(found)
    if connected < SETTLE_SECONDS:
        return None
    read = _texts(payload) if payload.startswith(b"{") else {"action": payload.decode("utf-8", "replace")}
    action = read.get("action")
    if action in ("UNLOCK", "OPEN"):
        return Wish("open", read.get("code"))
    return Wish("close") if action == "LOCK" else None


def _texts(payload: bytes) -> dict[str, str]:
    """Return the texts of a JSON object; of anything else nothing."""
    try:
        read = json.loads(payload[:LONGEST_COMMAND])
    except (ValueError, RecursionError):
        return {}
    return {name: text for name, text in read.items() if isinstance(text, str)} if isinstance(read, dict) else {}


def _command(topics: Topics, topic: str, payload: bytes, retained: bool) -> Command | None:
    if topic == topics.home_assistant:
        return "announce" if payload == ONLINE.encode() and not retained else None
    if not payload:
        return None
    if retained:
        return "forget"
    return "ring" if topic == topics.press else None
