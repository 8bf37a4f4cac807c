"""A household of made-up rows, one visit to it, and what is told of it on a broker."""

import json
from dataclasses import dataclass, field

from peephole.doorbell.events import Decided, VisitEnded, VisitStarted
from peephole.doorbell.visit import Decision, VisitRecord
from peephole.mqtt.reporter import Reporter
from peephole.mqtt.settings import Mqtt
from peephole.mqtt.topics import Topics
from peephole.people.records import Rules, Stranger

NINE = 1_795_000_000.0
FRONT = Mqtt(host="broker", device="front", name="Front door")
EVERYTHING = FRONT.model_copy(update={"pictures": "visits", "allow_lock": True, "allow_ring": True})
TOPICS = Topics.of(FRONT)
STARTED = VisitStarted("v1", NINE)
DECIDED = Decided("v1", NINE, "known", "Anna", "p1", None, 90, 50, "agreed", "3 of 3 looks agree", False)
ENDED = VisitEnded(
    "v1", "known", "Anna", "p1", None, None, 90, 50, "agreed", "3 of 3 looks agree", 8, NINE, NINE + 4, True, False
)
VISIT = VisitRecord(
    "v1",
    True,
    NINE,
    NINE + 4,
    Decision("known", "p1", 90, 50, "agreed", "3 of 3 looks agree"),
    8,
    False,
    False,
    "Anna",
    None,
)


@dataclass
class Household:
    """People by rule, and visits, newest first."""

    tells: dict[str, str] = field(default_factory=lambda: {"p1": "notify"})
    stored: list[VisitRecord] = field(default_factory=list)
    waiting: list[Stranger] = field(default_factory=list)

    def rules(self, key: str) -> Rules:
        if key not in self.tells:
            raise ValueError(f"{key}: there is nobody of this name")
        return Rules(tell=self.tells[key])

    def strangers(self, every_state: bool = False) -> list[Stranger]:
        return self.waiting

    def visits(self, limit: int = 50, before: float | None = None) -> list[VisitRecord]:
        return self.stored[:limit]

    def visit_picture(self, visit_id: str) -> bytes | None:
        return f"picture of {visit_id}".encode()


@dataclass
class Door:
    now: str
    waits: bool = False

    def locked_out(self) -> bool:
        return self.waits

    def open(self, by: str) -> None:
        raise AssertionError("nobody asked")

    def state(self) -> str:
        return self.now


def told(reporter: Reporter, *messages: object) -> list[tuple[str, object]]:
    return [
        (one.topic, json.loads(one.payload))
        for message in messages
        for one in reporter.hear(message)
        if one.kind == "event"
    ]


def states(reporter: Reporter) -> dict[str, str]:
    return {one.topic.removeprefix("doorbell/front/"): one.payload for one in reporter.changes()}
