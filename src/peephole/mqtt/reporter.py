"""What of the happenings at a door is published, and what is not; talks to no broker."""

from typing import Protocol

from peephole.doorbell.events import Decided, Rang, VisitEnded, VisitStarted
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

    def __init__(self, household: Household, settings: Mqtt, lock: LockedDoor | None) -> None:
        """Start with nobody at the door; `lock` None: no lock may be commanded."""
        self.topics = Topics.of(settings)
        self._household = household
        self._settings = settings
        self._lock = lock
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
            self._states[self.topics.camera] = payloads.switch(message.state == "watching")
        elif isinstance(message, Rang):
            return [Publication(self.topics.bell, payloads.bell(message), "event")]
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
        device = discovery(self._settings, self.topics, self._lock is not None)
        return [
            *([Publication(self.topics.config, device, "state")] if self.topics.discovery else []),
            Publication(self.topics.status, ONLINE, "state"),
            *(Publication(topic, payload, "state") for topic, payload in self._states.items()),
            *picture,
        ]

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

    def _picture(self) -> list[Publication]:
        """Return the picture of the last visit, if it is over and pictures are published; read anew each time."""
        if self._settings.pictures == "off" or self._last is None or not self._last.closed:
            return []
        picture = self._household.visit_picture(self._last.id)
        self._pictured = self._last.id
        return [] if picture is None else [Publication(self.topics.picture, picture, "picture")]

    def _shown(self, visit: VisitRecord) -> bool:
        undecided = visit.decision.kind == "unsure" and not visit.closed
        nobody = visit.sightings == 0
        return not (undecided or nobody or visit.silent or self._silent(visit.decision.person))


def _same(told: Decided | VisitEnded, message: Decided | VisitEnded) -> bool:
    """Say whether both are about the same one; a stranger gets the number at the end of the first visit."""
    if (told.decision, told.person_id) != (message.decision, message.person_id):
        return False
    return told.stranger is None or told.stranger == message.stranger
