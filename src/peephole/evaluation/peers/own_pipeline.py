"""Our doorbell as something to time: it is shown one visit after the other, and must recognise who comes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

from peephole.doorbell.archive import Archive, PeopleShelf, VisitsShelf
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.doorbell.events import Event, VisitEnded
from peephole.doorbell.policy import Policy
from peephole.doorbell.recogniser import Recogniser
from peephole.doorbell.visit import Trace, VisitRecord, VisitState
from peephole.evaluation.peers.rows import Job
from peephole.people.names import names_by_id
from peephole.people.records import Descriptor
from peephole.vision.image import Image
from peephole.vision.sources.frame import Frame

RATE = 12
"""Frames a second that the doorbell is told of, those of the demo; the slower, the more of them it describes."""
VISIT_FRAMES = 5 * RATE
EVERY_FRAME = Policy(look_seconds=0, later_look_seconds=0)
"""Of a doorbell that describes each face of each frame; the usual one takes ten looks a second, and later two."""
NAME = "the visitor"
_PAUSE = 20.0  # seconds between two visits, enough for the one before to end


def visits_of(doorbell: Doorbell, frames: Sequence[Image], length: int = VISIT_FRAMES) -> Job:
    """Return the job of showing a visit of so many frames, which are shown to and fro, after the end of the one before.

    Raises `RuntimeError` where a visit that ended was not decided for the only person, who is `NAME`.
    """
    times = count()
    there_and_back = [*frames, *reversed(frames)]
    shown = [there_and_back[place % len(there_and_back)] for place in range(length)]

    def work() -> None:
        begin = next(times) * (_PAUSE + length / RATE)
        events: list[Event] = []
        for place, image in enumerate(shown):
            events += doorbell.process(Frame(image, begin + place / RATE, place))
        for event in events:
            if isinstance(event, VisitEnded) and event.person != NAME:
                raise RuntimeError(f"a visit was decided as {event.decision}: {event.text}")

    return Job(work, length)


def own_pipeline(
    archive: Archive, recogniser: Recogniser, policy: Policy, portrait: Image, frames: Sequence[Image], length: int
) -> Job:
    """Return the job of `visits_of` for a doorbell to which whoever the portrait shows has been introduced."""
    doorbell = Doorbell(archive, recogniser, policy)
    if archive.people.find(NAME) is None:
        doorbell.enrol(NAME, [Photo("portrait", portrait)])
    return visits_of(doorbell, frames, length)


def crowded(archive: Archive, references: Sequence[tuple[str, Descriptor]]) -> Archive:
    """Return an archive in which references (person's id, descriptor) of others are compared with, too."""
    people = cast(PeopleShelf, _Crowd(archive.people, references))
    parts = (archive.references, archive.strangers, archive.inbox, archive.journal, archive.visits)
    return cast(Archive, _Archive(people, *parts, archive.gallery_version))


class _Crowd:
    """A shelf of people with others on it, who are in no store."""

    def __init__(self, people: PeopleShelf, references: Sequence[tuple[str, Descriptor]]) -> None:
        self._people, self._references = people, references

    def __getattr__(self, name: str) -> Any:
        return getattr(self._people, name)

    def looks(self, model: str) -> list[tuple[str, Descriptor]]:
        """Return everybody's looks."""
        return [*self._people.looks(model), *self._references]


@dataclass(frozen=True)
class _Archive:
    people: Any
    references: Any
    strangers: Any
    inbox: Any
    journal: Any
    visits: VisitsShelf
    gallery_version: Callable[[], tuple[int, int]]


class _Unwritten:
    """A shelf of visits on which nothing is put."""

    def __init__(self, names: Callable[[], dict[str, str]]) -> None:
        self._names = names

    def save(self, state: VisitState) -> None:
        """Write nothing."""

    def close(self, state: VisitState, trace: Trace, keep: int, cool_down: float) -> VisitRecord:
        """Write nothing and return the visit as it would have been stored."""
        decision = state.decision
        name = None if decision.person is None else self._names()[decision.person]
        return VisitRecord(
            state.id, True, state.first_seen, state.last_seen, decision, state.sightings, False, False, name, None
        )


def unwritten(archive: Archive, model: str) -> Archive:
    """Return an archive with the same people, which does not write visits; model: of the descriptors."""

    def names() -> dict[str, str]:
        return names_by_id(archive.people.all(model))

    parts = (archive.people, archive.references, archive.strangers, archive.inbox, archive.journal)
    return cast(Archive, _Archive(*parts, cast(VisitsShelf, _Unwritten(names)), archive.gallery_version))
