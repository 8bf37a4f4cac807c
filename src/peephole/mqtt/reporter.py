"""What of the happenings at a door is published, and what is not; talks to no broker."""

from typing import Protocol

from peephole.doorbell.events import Challenge, Decided, Opened, Rang, Refused, VisitEnded, VisitStarted
from peephole.doorbell.visit import VisitRecord
from peephole.live import Message, Presence, Status
from peephole.mqtt import payloads
from peephole.mqtt.discovery import discovery
from peephole.mqtt.lock import LockedDoor, state_of
from peephole.mqtt.payloads import Publication
from peephole.mqtt.settings import Mqtt
from peephole.mqtt.topics import ONLINE, Topics
from peephole.people.records import Rules, Stranger

RECENT = 20
"""How many visits are looked through for the last one that may be shown."""


class Household(Protocol):
    """What is asked of a `doorbell.Doorbell`, from the link's own thread."""

    def rules(self, key: str) -> Rules:
        """Return what the owner has decided about a person; raise ValueError when there is none."""

    def strangers(self, every_state: bool = False) -> list[Stranger]:
        """Return the inbox."""

    def visits(self, limit: int = 50, before: float | None = None) -> list[VisitRecord]:
        """Return visits, newest first."""

    def visit_picture(self, visit_id: str) -> bytes | None:
        """Return the best picture (JPEG) of a visit."""


class Reporter:
    """Turns messages into events, and keeps the states.

    States are read from what is stored, so that a new name, an erased person and a new start show at once. People whom
    the owner has made silent and strangers who are ignored appear in neither. Belongs to one thread.
    """

    def __init__(self, household: Household, settings: Mqtt, door: LockedDoor | None) -> None:
        """Start with nobody at the door; `door` None: none is set up."""
        self.topics = Topics.of(settings)
        self._household = household
        self._settings = settings
        self._door = door
        self._lock = door if settings.allow_lock else None
        self._watching: dict[str, bool] = {}
        self._told: dict[str, Decided | VisitEnded | None] = {}
        self._states = {self.topics.present: payloads.switch(False), self.topics.camera: payloads.switch(False)}
        self._states_told: dict[str, str] = {}
        self._last: VisitRecord | None = None
        self._pictured: str | None = None

    def hear(self, message: Message) -> list[Publication]:
        """Take a message; return the events that it leads to."""
        if isinstance(message, Presence):
            self._states[self.topics.present] = payloads.switch(bool(message.names))
        elif isinstance(message, Status):
            self._watching[message.camera] = message.state == "watching"
            self._states[self.topics.camera] = payloads.switch(all(self._watching.values()))
        elif isinstance(message, Opened):
            return self._opened(message)
        elif isinstance(message, Rang):
            return [Publication(self.topics.bell, payloads.bell(message), "event")]
        elif isinstance(message, Refused):
            silent = self._silent(message.person_id)
            return [] if silent else [Publication(self.topics.visitor, payloads.suspicion(message), "event")]
        elif isinstance(message, Challenge):
            return [Publication(self.topics.challenge, payloads.challenge(message), "event")]
        elif isinstance(message, VisitStarted):
            self._told[message.visit] = None
        elif isinstance(message, Decided | VisitEnded) and self._is_news(message):
            return [Publication(self.topics.visitor, payloads.visitor(message), "event")]
        return []

    def changes(self) -> list[Publication]:
        """Return the states that are not what they were when this was asked last, and a new picture.

        Raises OSError when what is stored cannot be read.
        """
        self._read()
        picture = self._picture() if self._last is not None and self._last.id != self._pictured else []
        told, self._states_told = self._states_told, dict(self._states)
        changed = [
            Publication(topic, payload, "state")
            for topic, payload in self._states.items()
            if told.get(topic) != payload
        ]
        return [*changed, *picture]

    def everything(self) -> list[Publication]:
        """Return what a broker or a Home Assistant that has just started must hear: device, states, picture.

        Raises OSError when what is stored cannot be read.
        """
        self._read()
        picture = self._picture()
        self._states_told = dict(self._states)
        device = discovery(self._settings, self.topics, self._door is not None)
        return [
            *([Publication(self.topics.config, device, "state")] if self.topics.discovery else []),
            Publication(self.topics.status, ONLINE, "state"),
            *(Publication(topic, payload, "state") for topic, payload in self._states.items()),
            *picture,
        ]

    def lags_behind(self) -> bool:
        """Tell, at once, whether something that sends no message has changed: the lock, or that a lock-out is over."""
        if self._door is None or self.topics.lock_out not in self._states_told:
            return False
        now = {self.topics.lock_out: payloads.switch(self._door.locked_out())}
        if self._lock is not None:
            now[self.topics.lock] = state_of(self._lock)
        return any(self._states_told.get(topic) != payload for topic, payload in now.items())

    def _opened(self, message: Opened) -> list[Publication]:
        """Tell of an opening; the lock is open while that is told, however soon it is shut again."""
        told = payloads.door(message, named=not self._silent(message.person_id))
        event = [Publication(self.topics.door, told, "event")]
        if self._lock is None or message.mode != "on":
            return event
        self._states[self.topics.lock] = self._states_told[self.topics.lock] = "UNLOCKED"
        return [*event, Publication(self.topics.lock, "UNLOCKED", "state")]

    def _is_news(self, message: Decided | VisitEnded) -> bool:
        """Say whether visitors' listeners should hear this: once a visit, and again only if it was somebody else.

        Visits that began before the doorbell was started, and are ended now, are no news.
        """
        over = isinstance(message, VisitEnded)
        if message.visit not in self._told:
            return False
        told = self._told.pop(message.visit) if over else self._told[message.visit]
        undecided = message.decision == "unsure" and not over
        if undecided or message.reason == "nobody_seen" or message.silent or self._silent(message.person_id):
            return False
        if told is not None and _same(told, message):
            return False
        if not over:
            self._told[message.visit] = message
        return True

    def _silent(self, person_id: str | None) -> bool:
        if person_id is None:
            return False
        try:
            return self._household.rules(person_id).tell == "silent"
        except ValueError:
            return True  # erased meanwhile

    def _read(self) -> None:
        self._last = next((visit for visit in self._household.visits(RECENT) if self._shown(visit)), None)
        self._states[self.topics.last_person] = payloads.last_person(self._last)
        self._states[self.topics.last_visit] = payloads.last_visit(self._last)
        self._states[self.topics.strangers] = str(len(self._household.strangers()))
        if self._lock is not None:
            self._states[self.topics.lock] = state_of(self._lock)
        if self._door is not None:
            self._states[self.topics.lock_out] = payloads.switch(self._door.locked_out())

    def _picture(self) -> list[Publication]:
        """Return the picture of the last visit, if it is over and pictures are published; read anew each time."""
        if self._settings.pictures == "off" or self._last is None or not self._last.closed:
            return []
        picture = self._household.visit_picture(self._last.id)
        self._pictured = self._last.id
        return [] if picture is None else [Publication(self.topics.picture, picture, "picture")]

    def _shown(self, visit: VisitRecord) -> bool:
        undecided = visit.decision.kind == "unsure" and not visit.closed
        nobody = visit.sightings == 0 or visit.decision.reason == "discarded"
        return not (undecided or nobody or visit.silent or self._silent(visit.decision.person))


def _same(told: Decided | VisitEnded, message: Decided | VisitEnded) -> bool:
    """Say whether both are about the same one; a stranger gets the number at the end of the first visit."""
    if (told.decision, told.person_id) != (message.decision, message.person_id):
        return False
    return told.stranger is None or told.stranger == message.stranger
