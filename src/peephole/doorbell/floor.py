"""The floor of the bar for known: it must not reach the two people who are most alike."""

import threading
from dataclasses import dataclass

from peephole.doorbell.archive import Archive
from peephole.doorbell.policy import Bars, Policy, bars, share_of
from peephole.doorbell.recogniser import Recogniser
from peephole.people.matching import References
from peephole.people.names import names_by_id
from peephole.people.spread import Spread, spread_of


@dataclass(frozen=True)
class Floor:
    """The two people who are most alike, by name, and their squared distance; of how many people."""

    names: tuple[str, str]
    distance: int
    people: int

    def reached(self, wished: Bars) -> bool:
        """Tell whether some bars would take one of the two for the other."""
        return wished.known >= self.distance


class Nearness:
    """How far apart everybody is, measured once, and again only when somebody changed; any thread."""

    def __init__(self, archive: Archive, recogniser: Recogniser) -> None:
        """Take whom to measure, and by what."""
        self._archive = archive
        self._recogniser = recogniser
        self._lock = threading.Lock()
        self._measured: tuple[tuple[int, int], Spread, Floor | None] | None = None

    def spread(self) -> Spread:
        """Return how far apart the looks of one person and of different people are, strangers among them."""
        return self._newest()[0]

    def floor(self) -> Floor | None:
        """Return the two people who are most alike; None for fewer than two."""
        return self._newest()[1]

    def problem(self, policy: Policy) -> str | None:
        """Return what the owner should put right where the bar for known has come to lie beyond the floor."""
        floor = self.floor()
        if floor is None or not floor.reached(now := bars(policy, self._recogniser.calibration, floor.people)):
            return None
        one, other = floor.names
        return (
            f"{one} and {other} are so alike ({share_of(floor.distance, now.known)} of the bar for known) that it does "
            "not keep them apart, and one could be taken for the other: join them if they are one person, set the "
            "wrong look aside, or make the bar stricter"
        )

    def _newest(self) -> tuple[Spread, Floor | None]:
        with self._lock:
            version = self._archive.gallery_version()  # before reading: a change meanwhile is seen the next time
            if self._measured is None or self._measured[0] != version:
                self._measured = version, *self._measure()
            return self._measured[1:]

    def _measure(self) -> tuple[Spread, Floor | None]:
        model = self._recogniser.model
        people = References.of(self._archive.people.looks(model))
        spread = spread_of(people, References.of(self._archive.strangers.looks(model)))
        if spread.closest is None:
            return spread, None
        names = names_by_id(self._archive.people.all(model))
        one, other = sorted(names.get(key, "somebody") for key in spread.closest.people)
        return spread, Floor((one, other), spread.closest.distance, len(people.names))
