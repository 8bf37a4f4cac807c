"""The live half of a doorbell: frames in, events out; visits are stored as they go."""

import dataclasses
import secrets
from collections.abc import Callable

from peephole.doorbell.archive import Archive
from peephole.doorbell.events import Decided, Event, Problem, VisitEnded, VisitStarted
from peephole.doorbell.gallery import Gallery, read_gallery
from peephole.doorbell.looks import Portrait, look_at
from peephole.doorbell.pictures import to_grey
from peephole.doorbell.policy import Policy
from peephole.doorbell.recogniser import FrameLike, Image, Recogniser
from peephole.doorbell.tilt import Seen, distinct, look_for, straighten
from peephole.doorbell.tracking import Tracker, Walk
from peephole.doorbell.visit import Decision, Kind, Sighting, VisitRecord, VisitState
from peephole.doorbell.voting import decide, same_stranger
from peephole.vision.detector import Box


@dataclasses.dataclass(frozen=True)
class LiveFace:
    """One tracked face of the newest frame, for the overlay of the live page; `visit` is empty at first."""

    visit: str
    box: Box
    label: str
    kind: Kind


class Watcher:
    """Follows faces from frame to frame; belongs to one thread, but for `current`.

    While the disk is full it goes on deciding, tells so once, and tries again every `retry_seconds`.
    """

    def __init__(self, archive: Archive, recogniser: Recogniser, policy: Policy, portrait: Portrait) -> None:
        """Start with nobody in view."""
        self._archive = archive
        self._recogniser = recogniser
        self._policy = policy
        self._portrait = portrait
        self._tracker = Tracker(policy)
        self._gallery: Gallery | None = None
        self._unclosed: list[VisitState] = []
        self._time = float("-inf")
        self._retry_at: float | None = None
        self._faces: tuple[LiveFace, ...] = ()

    def current(self) -> tuple[LiveFace, ...]:
        """Return the faces of the newest frame."""
        return self._faces

    def gallery_version(self) -> tuple[int, int] | None:
        """Return what changes when people or strangers do, whoever changed them, as of the newest frame."""
        return self._gallery.version if self._gallery is not None else None

    def process(self, frame: FrameLike) -> list[Event]:
        """Look at one frame and return what happened."""
        events: list[Event] = []
        if frame.time < self._time - self._policy.gap_seconds:
            # The clock was set back, or a recording began anew: nobody in view now was in view "later".
            events += self._end(list(self._tracker.walks), self._time)
            self._time = frame.time
            self._retry_at = None
        time = self._time = max(frame.time, self._time)
        gallery = self._fresh_gallery()
        grey = to_grey(frame.image)
        faces = distinct(self._recogniser.detect(grey))
        placed = self._tracker.place(time, [face.box for face in faces])
        for lost in self._tracker.missing(time, placed):
            leaning = look_for(self._recogniser, grey, lost.box, lost.tilt, [face.box for face in faces])
            if leaning is not None:
                faces.append(leaning)
                placed.append(lost)
        busy = {walk.number for walk in placed if walk is not None}
        seen: list[Walk] = []
        for face, walk in zip(faces, placed, strict=True):
            found = self._see(time, frame.image, grey, face, walk, busy, gallery)
            busy.add(found.number)
            seen.append(found)
        for walk in seen:
            events += self._advance(walk, time, gallery)
        events += self._end(self._tracker.over(time), time)
        self._faces = tuple(
            LiveFace(
                walk.visit or "",
                walk.box,
                gallery.label(walk.decision),
                walk.decision.kind if walk.decision else "unsure",
            )
            for walk in seen
        )
        return events

    def flush(self) -> list[Event]:
        """End every visit; raises OSError when one cannot be stored (it stays, and can be flushed again)."""
        self._retry_at = None
        events = self._end(list(self._tracker.walks), self._time)
        self._faces = ()
        if self._unclosed:
            trouble = next(
                (event.text for event in events if isinstance(event, Problem)), "the visits cannot be stored"
            )
            raise OSError(trouble)
        return events

    def recover(self) -> list[Event]:
        """End the visits that a killed process left open; what cannot be stored now is tried again later."""
        waiting = {state.id for state in self._unclosed}
        left = [state for state in self._archive.visits.unfinished(self._recogniser.model) if state.id not in waiting]
        if not left:
            return []
        self._unclosed += left
        events = self._attempt(max(state.last_seen for state in left), self._close_all)
        if self._unclosed:
            self._retry_at = self._time  # at the first frame: its clock need not be the one of these visits
        return events

    def _fresh_gallery(self) -> Gallery:
        try:
            if self._gallery is None or self._gallery.version != self._archive.gallery_version():
                self._gallery = read_gallery(self._archive, self._recogniser, self._policy)
                for walk in self._tracker.walks:
                    walk.saved = None  # decide again
        except OSError:
            if self._gallery is None:
                raise
        return self._gallery

    def _see(
        self, time: float, image: Image, grey: Image, face: Seen, walk: Walk | None, busy: set[int], gallery: Gallery
    ) -> Walk:
        """Find or begin the walk of one face and add a look to it."""
        look = None
        if walk is None or walk.wants_look(time, self._policy):
            face = straighten(self._recogniser, grey, face)
            look = self._look(time, image, grey, face)
            if walk is not None and (other := self._tracker.crossed(walk, look, gallery.bars)):
                walk = other
            elif walk is not None and self._tracker.is_someone_else(walk, look, gallery.bars):
                walk = None
            if walk is None or walk.visit is None:
                walk = self._same_visit(walk, look, busy, gallery)
        if walk is None:
            walk = self._tracker.begin(time, face.box)
        else:
            self._tracker.follow(walk, time, face.box, face.tilt)
        if look is not None and walk.add(look, self._policy):
            walk.saved = None
        return walk

    def _same_visit(self, walk: Walk | None, look: Sighting, busy: set[int], gallery: Gallery) -> Walk | None:
        earlier = self._tracker.rejoin(look, gallery.bars, busy | ({walk.number} if walk else set()))
        if earlier is None or walk is None:
            return walk if earlier is None else earlier
        self._tracker.merge(earlier, walk)
        return earlier

    def _look(self, time: float, image: Image, grey: Image, face: Seen) -> Sighting:
        return look_at(self._recogniser, self._policy, self._portrait, time, image, grey, face)

    def _decision(self, looks: list[Sighting], gallery: Gallery) -> Decision:
        decision = decide(looks, gallery.people, gallery.bars, self._policy)
        if decision.kind != "stranger":
            return decision
        seen_before = same_stranger(looks, gallery.strangers, gallery.bars, self._policy)
        return dataclasses.replace(decision, stranger=seen_before.person if seen_before else None)

    def _advance(self, walk: Walk, time: float, gallery: Gallery) -> list[Event]:
        """Open, decide, announce and save the visit of a walk in view."""
        events: list[Event] = []
        if walk.visit is None:
            if walk.faces < self._policy.opening_faces:
                return events
            walk.visit = f"v{secrets.token_hex(8)}"
            events.append(VisitStarted(walk.visit, walk.first_seen))
        if walk.saved is None or walk.decision is None:
            walk.decision = self._decision(list(walk.kept.values()), gallery)
            events += self._announce(walk, walk.visit, walk.decision, time, gallery)
        if walk.saved is None or time - walk.saved >= self._policy.save_seconds:
            events += self._attempt(time, lambda _: self._save(walk, time))
        return events

    def _announce(self, walk: Walk, visit: str, decision: Decision, time: float, gallery: Gallery) -> list[Event]:
        news = (decision.kind, decision.person, decision.stranger)
        if news == walk.announced or (decision.kind == "unsure" and walk.announced is None):
            return []
        walk.announced = news
        return [
            Decided(
                visit=visit,
                time=time,
                decision=decision.kind,
                person=gallery.names.get(decision.person or ""),
                person_id=decision.person,
                stranger=gallery.numbers.get(decision.stranger or ""),
                distance=decision.distance,
                margin=decision.margin,
                reason=decision.reason,
                text=decision.text,
                silent=decision.stranger in gallery.ignored,
            )
        ]

    def _save(self, walk: Walk, time: float) -> None:
        self._archive.visits.save(self._state(walk))
        walk.saved = time

    def _state(self, walk: Walk) -> VisitState:
        if walk.visit is None or walk.decision is None:
            raise RuntimeError("a walk without a visit has no state to store")
        return VisitState(
            walk.visit,
            walk.first_seen,
            walk.last_seen,
            walk.decision,
            walk.faces,
            dict(walk.kept),
            self._recogniser.model,
        )

    def _end(self, walks: list[Walk], time: float) -> list[Event]:
        """End walks; whatever cannot be stored now is tried again later."""
        for walk in walks:
            self._tracker.forget(walk)
            if walk.visit is not None:
                self._unclosed.append(self._state(walk))
        return self._attempt(time, self._close_all) if self._unclosed else []

    def _close_all(self, events: list[Event]) -> None:
        while self._unclosed:
            state = self._unclosed[0]
            if state.looks:  # none of them are left where another model made them
                decision = self._decision(list(state.looks.values()), self._fresh_gallery())
                state = dataclasses.replace(state, decision=decision)
            events.append(ended(self._close(state)))
            self._unclosed.pop(0)

    def _close(self, state: VisitState) -> VisitRecord:
        return self._archive.visits.close(state, self._policy.keep_stranger_looks, self._policy.cool_down_seconds)

    def _attempt(self, time: float, write: Callable[[list[Event]], None]) -> list[Event]:
        """Write to the store; a failure is told once, and the next attempts are spaced out.

        What `write` has added to its list before it failed is stored, and told now.
        """
        if self._retry_at is not None and time < self._retry_at:
            return []
        failed_before = self._retry_at is not None
        events: list[Event] = []
        try:
            write(events)
        except OSError as error:
            self._retry_at = time + self._policy.retry_seconds
            if not failed_before:
                events.append(Problem(time, "storage", error.strerror or str(error)))
            return events
        if self._unclosed:
            return events  # a small thing was stored, the visits that ended are not yet
        self._retry_at = None
        if failed_before:
            events.append(Problem(time, "storage_back", "the database can be written again; nothing was lost"))
        return events


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
    )
