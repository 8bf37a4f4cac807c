"""The live half of a doorbell: frames in, events out; visits are stored as they go."""

import dataclasses
import math
from collections.abc import Callable
from itertools import count

from peephole import _core
from peephole.doorbell.archive import Archive
from peephole.doorbell.candidates import Candidate, candidates_of
from peephole.doorbell.events import Event, Problem
from peephole.doorbell.eyes import Eyes
from peephole.doorbell.gallery import Gallery
from peephole.doorbell.looks import Portrait
from peephole.doorbell.pictures import scene, to_grey
from peephole.doorbell.policy import Policy, milliseconds, share_of, whole_numbers
from peephole.doorbell.recogniser import FrameLike, Recogniser
from peephole.doorbell.tracking import Walk
from peephole.doorbell.visit import Kind
from peephole.doorbell.visits import Post, Visits
from peephole.polygons import Polygon
from peephole.vision.detector import Box
from peephole.vision.image import Image


@dataclasses.dataclass(frozen=True)
class LiveFace:
    """One tracked face of the newest frame, for the overlay of the live page; `visit` is empty at first.

    `near`: how far it is from the person whom it is known for, as a share of the bar, for people to read ("0.43");
    empty where nobody is known.
    """

    visit: str
    box: Box
    label: str
    kind: Kind
    near: str = ""


class Watcher:
    """Follows faces from frame to frame; belongs to one thread, but for `current`.

    What happens in a frame, and in which order, is csrc/app/watch.c, the same as in the firmware. While the disk is
    full, or fails, it goes on deciding, tells so once, and tries again every `retry_seconds`.
    """

    def __init__(
        self, archive: Archive, recogniser: Recogniser, policy: Policy, portrait: Portrait, post: Post | None = None
    ) -> None:
        """Start with nobody in view. post: where it stands, if it is not the only one."""
        self._recogniser = recogniser
        self._policy = policy
        self._numbers = whole_numbers(policy)
        self._portrait = portrait
        self._watch = _core.Watch()
        self._visits = Visits(archive, recogniser, policy, self._watch.decide_again, post or Post())
        self._look_numbers = count()
        self._time = -math.inf
        self._faces: tuple[LiveFace, ...] = ()
        self._zone: Polygon | None = None

    def look_within(self, zone: Polygon | None) -> None:
        """Look at faces whose middle lies in a zone of the picture alone; None: at all."""
        self._zone = zone

    def keep_unknown(self, when: Callable[[], bool]) -> None:
        """Ask at each write whether looks and pictures of whoever is not known may be stored; else visits are alone."""
        self._visits.keeps_unknown = when

    def decide_by(self, policy: Policy) -> None:
        """Decide by another policy from the next frame on; any thread."""
        self._policy, self._numbers = policy, whole_numbers(policy)
        self._visits.decide_by(policy)

    def current(self) -> tuple[LiveFace, ...]:
        """Return the faces of the newest frame."""
        return self._faces

    def gallery_version(self) -> tuple[int, int] | None:
        """Return what changes when people or strangers do, whoever changed them, as of the newest frame."""
        gallery = self._visits.gallery
        return gallery.version if gallery is not None else None

    def candidates(self, rate: float) -> tuple[Candidate, ...]:
        """Return who is recognised as of the newest frame (see `candidates_of`); in the thread that shows frames."""
        gallery = self._visits.gallery
        if gallery is None:
            return ()
        walks = [self._visits.walk(core) for core in self._watch.walks]
        return candidates_of(walks, self._time, gallery, self._policy, self._recogniser.calibration, rate)

    def process(self, frame: FrameLike) -> list[Event]:
        """Look at one frame and return what happened."""
        if self._watch.set_clock(milliseconds(frame.time), self._numbers, self._visits):
            self._time = frame.time
            self._visits.try_at_once()
        self._time = max(frame.time, self._time)
        gallery = self._visits.ready(self._time)
        if gallery is None:
            return self._take_events()
        grey = to_grey(frame.image)
        eyes = Eyes(
            self._recogniser,
            self._policy,
            self._portrait,
            self._look_numbers,
            self._time,
            frame.image,
            grey,
            self._zone,
        )
        self._visits.open_eyes(eyes, gallery)
        self._watch.frame(
            milliseconds(self._time),
            gallery.people.columns,
            gallery.strangers.columns,
            dataclasses.astuple(gallery.bars),
            self._numbers,
            eyes,
            self._visits,
        )
        self._visits.close_eyes()
        self._visits.forget_all_but(self._watch.walks)
        self._faces = tuple(_live(self._visits.walk(core), gallery) for core in self._watch.view)
        return self._take_events()

    def ring(self, time: float, source: str, image: Image | None) -> list[Event]:
        """Note that the bell was pressed; `image` is the newest frame, if there is one."""
        self._visits.fresh_gallery()
        self._visits.ring(time, source, None if image is None else scene(image))
        return self._take_events()

    def flush(self) -> list[Event]:
        """End every visit; raises OSError when one cannot be stored (it stays, and can be flushed again)."""
        self._visits.try_at_once()
        self._visits.end_ring()
        self._watch.end_all(self._numbers, self._visits)
        self._visits.close_eyes()
        self._faces = ()
        events = self._take_events()
        if self._visits.unclosed():
            trouble = next(
                (event.text for event in events if isinstance(event, Problem)), "the visits cannot be stored"
            )
            raise OSError(trouble)
        return events

    def recover(self) -> list[Event]:
        """End the visits that a killed process left open; what cannot be stored now is tried again later."""
        self._visits.recover()
        return self._take_events()

    def _take_events(self) -> list[Event]:
        events, self._visits.events = self._visits.events, []
        return events


def _live(walk: Walk, gallery: Gallery) -> LiveFace:
    decision = walk.decision
    if decision is None:
        return LiveFace(walk.visit or "", walk.box, gallery.label(None), "unsure")
    near = (
        share_of(decision.distance, gallery.bars.known)
        if decision.kind == "known" and decision.distance is not None
        else ""
    )
    return LiveFace(walk.visit or "", walk.box, gallery.label(decision), decision.kind, near)
