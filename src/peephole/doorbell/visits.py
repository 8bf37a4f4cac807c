"""What becomes of walks: visits in the archive, and events; decided and ended by csrc/app/watch.c."""

import dataclasses
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Lock

from peephole import _core
from peephole.doorbell.archive import Archive
from peephole.doorbell.events import Decided, Event, Problem, Rang, VisitEnded, VisitStarted
from peephole.doorbell.eyes import Eyes
from peephole.doorbell.gallery import Gallery, read_gallery
from peephole.doorbell.policy import Policy
from peephole.doorbell.recogniser import Recogniser
from peephole.doorbell.trace import trace_of
from peephole.doorbell.tracking import Walk, same_word
from peephole.doorbell.visit import Decision, Look, VisitRecord, VisitState
from peephole.doorbell.voting import REASONS, Verdict, decide, same_stranger, to_decision


@dataclasses.dataclass(frozen=True)
class Post:
    """Where a watcher stands.

    Attributes:
        camera: name of its camera; empty where the only one has no name.
        recovers: whether the visits that a killed process left open at a camera are this watcher's to end.
        closing: held while it is decided whether a visit was by a stranger who has been here, and that is stored: else
            two cameras that see one stranger for the first time would make two strangers.
    """

    camera: str = ""
    recovers: Callable[[str], bool] = lambda camera: True
    closing: AbstractContextManager[object] = dataclasses.field(default_factory=Lock)


class Visits:
    """The visits that are going on, and those that could not be stored yet.

    While the disk is full, or fails, deciding goes on, which is told once, and writing is tried again every
    `retry_seconds`.
    `events` gathers what happened; `gallery` is what is compared with. `on_change` is called when that has changed.
    `keeps_unknown` tells at each write whether looks and pictures of whoever is not known may be stored.
    """

    def __init__(
        self,
        archive: Archive,
        recogniser: Recogniser,
        policy: Policy,
        on_change: Callable[[], None],
        post: Post,
    ) -> None:
        """Start with nobody in view."""
        self.events: list[Event] = []
        self.keeps_unknown: Callable[[], bool] = lambda: True
        self.gallery: Gallery | None = None
        self._archive = archive
        self._recogniser = recogniser
        self._policy = policy
        self._gallery_policy = policy
        self._on_change = on_change
        self._post = post
        self._walks: dict[int, Walk] = {}
        self._ids: dict[str, int] = {}
        self._unclosed: list[VisitState] = []
        self._time = float("-inf")
        self._retry_at: float | None = None
        self._eyes: Eyes | None = None
        self._compared: Gallery | None = None
        self._rung: VisitState | None = None
        self._not_recovered = self._blind = False

    def decide_by(self, policy: Policy) -> None:
        """Decide by another policy from the next frame on; any thread."""
        self._policy = policy

    def fresh_gallery(self) -> Gallery:
        """Return the people and strangers as they are now, or as they were where they cannot be read."""
        try:
            policy = self._policy
            if (
                self.gallery is None
                or self._gallery_policy is not policy
                or self.gallery.version != self._archive.gallery_version()
            ):
                self.gallery = read_gallery(self._archive, self._recogniser, policy)
                self._gallery_policy = policy
                self._on_change()
        except OSError:
            if self.gallery is None:
                raise
        return self.gallery

    def ready(self, time: float) -> Gallery | None:
        """Return whom to compare with as of `time`; None while they could never be read, which is told once."""
        if self.gallery is None or self._not_recovered:
            self._time = time
            self._attempt(self._begin)
        if self.gallery is None:
            self._blind = True
            return None
        return self.fresh_gallery()

    def _begin(self) -> None:
        if self._not_recovered:
            self._end_left_open()
            self._not_recovered = False
        self.fresh_gallery()

    def open_eyes(self, eyes: Eyes, gallery: Gallery) -> None:
        """Go on to the next frame, whose faces are compared with those of a gallery."""
        self._eyes, self._compared = eyes, gallery
        self._time = eyes.time
        self._end_old_ring(self._time)

    def ring(self, time: float, source: str, scene: bytes | None) -> None:
        """Note that the bell was pressed: in the visit that goes on, or in one that the next face belongs to.

        Where a camera has been lost neither ends, but a visit or a ring of hours ago is not this one.
        """
        self._end_old_ring(time)
        lately = (
            one for one in self._walks.values() if one.visit and time - one.last_seen <= self._policy.ring_seconds
        )
        here = max(lately, key=lambda one: one.last_seen, default=None)
        if here is not None and here.visit is not None:
            visit, here.rang = here.visit, True
            if here.decision is not None:
                self.save(here.core)
        else:
            if self._rung is None:
                nobody = Decision("unsure", None, None, None, "nobody_seen", REASONS["nobody_seen"])
                model = self._recogniser.model
                self._rung = VisitState(
                    new_visit(), time, time, nobody, 0, {}, model, rang=True, scene=scene, camera=self._post.camera
                )
                state = self._rung
                self._attempt(lambda: self._archive.visits.save(self._kept(state)))
                self.events.append(VisitStarted(state.id, time, self._post.camera))
            visit = self._rung.id
        self.events.append(Rang(visit, time, source, self._post.camera))

    def end_ring(self) -> None:
        """End the visit of a ring that no face followed."""
        if self._rung is not None:
            self._unclosed.append(self._rung)
            self._rung = None
            self._attempt(self._close_all)

    def _end_old_ring(self, now: float) -> None:
        if self._rung is not None and not 0 <= now - self._rung.first_seen <= self._policy.ring_seconds:
            self.end_ring()

    def close_eyes(self) -> None:
        """Close what could not be stored before; the frame is over."""
        if self._unclosed:
            self._attempt(self._close_all)

    def walk(self, core: _core.Walk) -> Walk:
        """Return what is known of a walk."""
        return self._walks.setdefault(core.number, Walk(core))

    def forget_all_but(self, cores: list[_core.Walk]) -> None:
        """Drop what is known of walks that ended without a visit."""
        self._walks = {core.number: self.walk(core) for core in cores}

    def try_at_once(self) -> None:
        """Have the next write wait for nothing."""
        self._retry_at = None

    def unclosed(self) -> bool:
        """Say whether a visit has ended that could not be stored."""
        return bool(self._unclosed)

    def recover(self) -> None:
        """End the visits that a killed process left open; what cannot be read or stored now is tried again later."""
        try:
            self._end_left_open()
        except OSError:
            self._not_recovered = True  # told with the first frame, whose time it then is

    def _end_left_open(self) -> None:
        waiting = {state.id for state in self._unclosed}
        if self._rung is not None:  # somebody rang before the first frame
            waiting.add(self._rung.id)
        unfinished = self._archive.visits.unfinished(self._recogniser.model)
        left = [state for state in unfinished if state.id not in waiting and self._post.recovers(state.camera)]
        if not left:
            return
        self._unclosed += left
        before, self._time = self._time, max(state.last_seen for state in left)
        self._attempt(self._close_all)
        self._time = before
        if self._unclosed:
            self._retry_at = before  # at the first frame: its clock need not be the one of these visits

    # What the core calls.

    def kept(self, walk: _core.Walk) -> None:
        """Note that the newest look is among the best of a walk."""
        self.walk(walk).keep(self._eyes.looks if self._eyes is not None else {})

    def merged(self, into: _core.Walk, walk: _core.Walk) -> None:
        """Give one walk the looks of another."""
        self.walk(into).keep(self._walks.pop(walk.number).kept if walk.number in self._walks else {})

    def began(self, walk: _core.Walk) -> None:
        """Open the visit of a walk."""
        known = self.walk(walk)
        if self._rung is not None:
            known.visit, known.rang, self._rung = self._rung.id, True, None
            return
        known.visit = new_visit()
        self.events.append(VisitStarted(known.visit, known.first_seen, self._post.camera))

    def decided(self, walk: _core.Walk, verdict: Verdict, stranger: int | None) -> None:
        """Note a decision, and announce it if it is news."""
        # Not the newest gallery: a visit that ended in this frame may have read another one, in which the core's
        # numbers are other people's.
        known, gallery = self.walk(walk), self._compared or self.fresh_gallery()
        decision = to_decision(verdict, gallery.people)
        if stranger is not None:
            decision = dataclasses.replace(decision, stranger=gallery.strangers.names[stranger])
        known.decide(decision, self._time)
        if known.visit is not None and walk.is_news(self._number(decision.person), self._number(decision.stranger)):
            self.events.append(self._announcement(known.visit, decision, gallery))

    def save(self, walk: _core.Walk) -> bool:
        """Write a visit as it stands; return whether that was possible."""
        known = self.walk(walk)
        return self._attempt(lambda: self._archive.visits.save(self._kept(self._state(known))))

    def ended(self, walk: _core.Walk) -> None:
        """Close the visit of a walk; what cannot be stored now is tried again later."""
        self._unclosed.append(self._state(self._walks.pop(walk.number)))
        self._attempt(self._close_all)

    def _state(self, walk: Walk) -> VisitState:
        return walk.state(self._recogniser.model, self._post.camera)

    def _number(self, opaque: str | None) -> int:
        """Return a number for an id of a person or stranger, always the same one; 0 for none."""
        return 0 if opaque is None else self._ids.setdefault(opaque, len(self._ids) + 1)

    def _announcement(self, visit: str, decision: Decision, gallery: Gallery) -> Decided:
        return Decided(
            visit=visit,
            time=self._time,
            decision=decision.kind,
            person=gallery.names.get(decision.person or ""),
            person_id=decision.person,
            stranger=gallery.numbers.get(decision.stranger or ""),
            distance=decision.distance,
            margin=decision.margin,
            reason=decision.reason,
            text=decision.text,
            silent=decision.stranger in gallery.ignored,
            camera=self._post.camera,
            visits=None if decision.stranger is None else gallery.visits.get(decision.stranger, 0) + 1,
        )

    def _decide(self, looks: list[Look]) -> Decision:
        """Decide about a visit that is over, which may be a while ago."""
        gallery = self.fresh_gallery()
        decision = decide(looks, gallery.people, gallery.bars, self._policy)
        if decision.kind != "stranger":
            return decision
        seen_before = same_stranger(looks, gallery.strangers, gallery.bars, self._policy)
        return dataclasses.replace(decision, stranger=seen_before.person if seen_before else None)

    def _close_all(self) -> None:
        while self._unclosed:
            with self._post.closing:
                record = self._close(self._unclosed[0])
            self.events.append(ended(record))
            self._unclosed.pop(0)

    def _close(self, state: VisitState) -> VisitRecord:
        """Decide about a visit by who is known at this moment, and store that."""
        if state.looks:  # none of them are left where another model made them
            decision = self._decide(list(state.looks.values()))
            since = state.decided_after if same_word(state.decision, decision) else None
            state = dataclasses.replace(state, decision=decision, decided_after=since)
        trace = trace_of(state.looks, self.fresh_gallery(), self._policy)
        keep, cool_down = self._policy.keep_stranger_looks, self._policy.cool_down_seconds
        return self._archive.visits.close(self._kept(state), trace, keep, cool_down)

    def _kept(self, state: VisitState) -> VisitState:
        """Return what is stored of a visit."""
        return state if state.decision.kind == "known" or self.keeps_unknown() else state.without_face()

    def _attempt(self, write: Callable[[], None]) -> bool:
        """Write to the archive and return whether that was possible.

        A failure is told once, and the next attempts are spaced out.
        """
        if self._retry_at is not None and self._time < self._retry_at:
            return False
        failed_before = self._retry_at is not None
        try:
            write()
        except OSError as error:
            self._retry_at = self._time + self._policy.retry_seconds
            if not failed_before:
                self.events.append(Problem(self._time, "storage", error.strerror or str(error), self._post.camera))
            return False
        if self._unclosed:
            return True  # a small thing was stored, the visits that ended are not yet
        self._retry_at = None
        if failed_before:
            text = (
                "the database can be read again; nobody was recognised meanwhile"
                if self._blind
                else "the database can be written again; nothing was lost"
            )
            self._blind = False
            self.events.append(Problem(self._time, "storage_back", text, self._post.camera))
        return True


def new_visit() -> str:
    """Return an opaque id."""
    return f"v{secrets.token_hex(8)}"


def ended(record: VisitRecord) -> VisitEnded:
    """Return the event of a stored visit."""
    decision = record.decision
    return VisitEnded(
        visit=record.id,
        decision=decision.kind,
        person=record.person_name,
        person_id=decision.person,
        stranger=record.stranger_number,
        stranger_id=decision.stranger,
        distance=decision.distance,
        margin=decision.margin,
        reason=decision.reason,
        text=decision.text,
        sightings=record.sightings,
        first_seen=record.first_seen,
        last_seen=record.last_seen,
        repeat=record.repeat,
        silent=record.silent,
        rang=record.rang,
        camera=record.camera,
        visits=record.stranger_visits,
    )
