"""People, strangers and visits of a device for a page, as the host's doorbell has them for its own."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from peephole.device.client import Device, DeviceLook, DevicePerson, DeviceStranger
from peephole.device.names import fitting_name, person_named
from peephole.device.visits import assigned, discarded, named
from peephole.device.watch import DeviceWatch
from peephole.doorbell.photos import Enrolment, Photo, usable
from peephole.doorbell.policy import Policy
from peephole.doorbell.recogniser import Recogniser
from peephole.doorbell.visit import Decision, VisitRecord
from peephole.people.names import name_key
from peephole.people.records import Person, PersonSummary, Stranger, StrangerState

_PHOTO = 0  # ph_source


class DeviceHousehold:
    """Reads what a watched device was last heard to remember, and lets it do what the owner wants.

    People and strangers go by the device's own numbers. Photos are described here, by the recogniser; the device keeps
    pictures of strangers alone. Whatever cannot be done raises `ValueError` with one sentence, and `ConnectionError`
    with one while the device does not answer.
    """

    def __init__(self, watch: DeviceWatch, recogniser: Recogniser) -> None:
        self._watch = watch
        self._recogniser = recogniser

    def people(self) -> list[PersonSummary]:
        """Return everybody, by name."""
        rows = sorted(self._watch.memory.people, key=lambda row: name_key(row.name))
        return [PersonSummary(_person(row), row.looks, 0, row.last_seen) for row in rows]

    def strangers(self, every_state: bool = False) -> list[Stranger]:
        """Return the inbox, last seen first; or those who are ignored too."""
        rows = [row for row in self._watch.memory.strangers if every_state or row.state == "open"]
        return [_stranger(row) for row in sorted(rows, key=lambda row: (row.last_seen, row.number), reverse=True)]

    def visits(self, limit: int = 50, before: float | None = None) -> list[VisitRecord]:
        """Return the visits that the device told of, newest first; `before` is a first_seen to page from."""
        memory = self._watch.memory
        rows = [row for row in reversed(memory.book.visits) if before is None or row.first_seen < before]
        return [named(row, memory.names) for row in rows[:limit]]

    def problems(self) -> list[str]:
        """Return what is wrong with the device at the moment."""
        return [text[:1].upper() + text[1:] for text in self._watch.memory.problems.values()]

    def person_picture(self, person_id: str) -> bytes | None:
        """Return nothing: the device keeps no pictures of people."""
        return None

    def stranger_picture(self, stranger_id: str) -> bytes | None:
        """Return the picture (JPEG) that the device keeps of a stranger."""
        return self._watch.memory.pictures.get(int(stranger_id)) if stranger_id.isdecimal() else None

    def visit_picture(self, visit_id: str) -> bytes | None:
        """Return the picture (JPEG) of the stranger whose visit it was."""
        visit = self._watch.memory.book.find(visit_id)
        return self.stranger_picture(visit.decision.stranger or "") if visit is not None else None

    def enrol(self, name: str, photos: Sequence[Photo]) -> Enrolment:
        """Describe photos here and add them to the person of that name; a new name makes a new person."""
        self._check_model()
        name = fitting_name(name)
        reports, looks = usable(photos, self._recogniser, Policy())

        def add(device: Device) -> Person:
            known = person_named(device.people(), name)
            device.check_room(known, name, len(looks))
            now = time.time()
            put = [DeviceLook(now, look.quality, _PHOTO, look.descriptor) for look in looks]
            if known is not None:
                device.add_looks(known.id, put, device.model, _PHOTO)
                return _person(known)
            return self._person_of(device, device.add(name, put, device.model, _PHOTO))

        return Enrolment(self._watch.ask(add), reports)

    def rename(self, key: str, name: str) -> Person:
        """Give a person another name; a name that somebody else has is refused."""
        row, name = self._known(key), fitting_name(name)
        self._watch.ask(lambda device: device.rename(row.id, name))
        return replace(_person(row), name=name)

    def remove(self, key: str) -> Person:
        """Forget a person with every look."""
        row = self._known(key)
        self._watch.ask(lambda device: device.remove(row.id))
        return _person(row)

    def assign(self, key: str, name: str) -> Person:
        """Name a stranger: a new person, or more looks of the one of that name; past visits follow."""
        row, name = self._unnamed(key), fitting_name(name)

        def assign(device: Device) -> Person:
            known = person_named(device.people(), name)
            person = device.assign(row.number, known.id if known is not None else name)
            self._revise(partial(assigned, stranger=str(row.number), person=str(person)))
            return self._person_of(device, person)

        return self._watch.ask(assign)

    def ignore(self, key: str) -> Stranger:
        """Keep recognising a stranger, silently."""
        row = self._unnamed(key)
        self._watch.ask(lambda device: device.ignore(row.number))
        return replace(_stranger(row), state="ignored")

    def discard(self, key: str) -> Stranger:
        """Forget a stranger: looks and picture are erased."""
        row = self._unnamed(key)

        def discard(device: Device) -> None:
            device.discard(row.number)
            self._revise(partial(discarded, stranger=str(row.number)))

        self._watch.ask(discard)
        return replace(_stranger(row), state="discarded")

    def _revise(self, revise: Callable[[Decision], Decision]) -> None:
        self._watch.revise(lambda book: book.revised(revise))

    def _check_model(self) -> None:
        ours = int(self._recogniser.model[:8], 16)
        info = self._watch.memory.info
        if info is not None and ours != info.model:
            raise ValueError(
                f"the device has another network ({info.model:08x}) than photos are described by here ({ours:08x}); "
                "start this page with --model and the one that it has"
            )

    def _known(self, key: str) -> DevicePerson:
        people = self._watch.memory.people
        # The id first: somebody may be called by a number.
        found = [row for row in people if str(row.id) == key] or [row for row in people if row.name == key]
        if found:
            return found[0]
        raise ValueError(f"{key}: the device knows nobody of this name or id")

    def _unnamed(self, key: str) -> DeviceStranger:
        for row in self._watch.memory.strangers:
            if key == str(row.number):
                return row
        raise ValueError(f"{key}: the device knows no stranger of this number")

    @staticmethod
    def _person_of(device: Device, id_: int) -> Person:
        return next(_person(row) for row in device.people() if row.id == id_)


def _person(row: DevicePerson) -> Person:
    return Person(str(row.id), row.name, row.created)


def _stranger(row: DeviceStranger) -> Stranger:
    state: StrangerState = "open" if row.state == "open" else "ignored"
    return Stranger(str(row.number), row.number, state, row.first_seen, row.last_seen, row.visits, None)
