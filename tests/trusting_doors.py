"""Doors of one owner that trust each other, each with its people and its keys."""

import time
from dataclasses import dataclass
from pathlib import Path

from doorbell_parts import MODEL, SIZE, Actor, doorbell, paint, walk
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.doorbell.events import VisitEnded
from peephole.people.records import Rules
from peephole.people.shared import Merge, TrustedDoor
from peephole.store.keys import Keys, Storage
from peephole.store.store import Store
from peephole.sync.exchange import Terms, export_people, import_people, trust
from peephole.sync.identity import Identity, own_identity

ALICE, BEN = 1, 2


@dataclass
class OneDoor:
    """A door with its people, and its keys."""

    name: str
    store: Store
    identity: Identity
    accept_may_open: bool = False

    @property
    def bell(self) -> Doorbell:
        return doorbell(self.store)

    @property
    def terms(self) -> Terms:
        return Terms(self.accept_may_open, MODEL, SIZE)

    def enrol(self, name: str, who: int, noise: int = 200) -> str:
        return self.bell.enrol(name, [Photo("a.jpg", paint([Actor(who, noise=noise)]).image)]).person.id

    def export(self, *receivers: str) -> bytes:
        doors = [door for door in self.store.sharing.doors() if not receivers or door.name in receivers]
        return export_people(self.store.sharing, self.identity, doors, time.time())

    def take(self, data: bytes, dry_run: bool = False) -> tuple[TrustedDoor, Merge]:
        return import_people(self.store.sharing, self.identity, data, self.terms, time.time(), dry_run)

    def everything(self) -> list[tuple[str, str, Rules, list[tuple[bytes, bytes]]]]:
        people = [row.person for row in self.bell.people()]
        return [
            (
                one.id,
                one.name,
                self.bell.rules(one.id),
                sorted((x.descriptor.tobytes(), x.picture) for x in self.store.references.all(one.id)),
            )
            for one in sorted(people, key=lambda person: person.id)
        ]

    def recognised(self, who: int) -> str | None:
        bell = self.bell
        events = [event for frame in walk(who, 1000.0) for event in bell.process(frame)]
        return next(event.person for event in events if isinstance(event, VisitEnded))


def doors_at(folder: Path, *names: str) -> list[OneDoor]:
    """Doors that trust each other."""
    made = []
    for name in names:
        place = folder / name
        store = Store(place / "data", Keys(Storage(), place / "config" / "storage.key"))
        made.append(OneDoor(name, store, own_identity(place / "config" / "door.key")))
    for one in made:
        for other in made:
            if other is not one:
                trust(one.store.sharing, one.identity, other.name, other.identity.public.line())
    return made
