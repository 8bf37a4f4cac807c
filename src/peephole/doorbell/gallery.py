"""Everybody a face is compared with, read once and again only when somebody changed it."""

from dataclasses import dataclass

from peephole.doorbell.archive import Archive
from peephole.doorbell.policy import Bars, Policy, bars
from peephole.doorbell.recogniser import Recogniser
from peephole.doorbell.visit import Decision
from peephole.people.matching import References
from peephole.people.names import names_by_id


@dataclass(frozen=True)
class Gallery:
    """A snapshot of people and strangers, with the bars for so many people.

    `visits`: of each stranger, how many are over.
    """

    version: tuple[int, int]
    people: References
    strangers: References
    names: dict[str, str]
    numbers: dict[str, int]
    visits: dict[str, int]
    ignored: frozenset[str]
    bars: Bars

    def label(self, decision: Decision | None) -> str:
        """Return what to write beside a face."""
        if decision is None or decision.kind == "unsure":
            return "?"
        if decision.kind == "known":
            return self.names.get(decision.person or "", "?")
        number = self.numbers.get(decision.stranger or "")
        return "Stranger" if number is None else f"Stranger {number}"


def read_gallery(archive: Archive, recogniser: Recogniser, policy: Policy) -> Gallery:
    """Read the gallery as it is now."""
    # The version comes first: a change while reading makes the next comparison of versions fail, never pass.
    version = archive.gallery_version()
    people = References.of(archive.people.looks(recogniser.model))
    known_strangers = archive.strangers.all(("open", "ignored"))
    return Gallery(
        version=version,
        people=people,
        strangers=References.of(archive.strangers.looks(recogniser.model)),
        names=names_by_id(archive.people.all(recogniser.model)),
        numbers={stranger.id: stranger.number for stranger in known_strangers},
        visits={stranger.id: stranger.visits for stranger in known_strangers},
        ignored=frozenset(stranger.id for stranger in known_strangers if stranger.state == "ignored"),
        bars=bars(policy, recogniser.calibration, len(set(people.owners))),
    )
