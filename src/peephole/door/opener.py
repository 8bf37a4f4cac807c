"""The door at work: hears the doorbell, decides, writes it down, opens, and notes what became of it."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Literal, Protocol

from peephole.door.actuator import Actuator, UnclearError, pulse
from peephole.door.conditions import (
    HOUR,
    OLD_SECONDS,
    OPEN,
    SUSPICIOUS,
    TEXTS,
    DoorState,
    Verdict,
    locked_until,
    may_open,
    rank,
    rate_holds,
)
from peephole.door.liveness import Liveness, LivenessCheck, ask
from peephole.door.settings import DoorSettings
from peephole.doorbell.candidates import Candidate
from peephole.doorbell.events import Opened, Problem, VisitEnded
from peephole.live import Announcer, Look, Message
from peephole.people.records import Rules
from peephole.store.door import DoorEntry, DoorTable

_UNLOGGED = ("off", "nobody_known", "not_allowed")
"""Refusals of whoever may not open at all are told by the visit alone."""


class Household(Protocol):
    """The part of `doorbell.Doorbell` that the door needs."""

    def candidates(self, rate: float) -> tuple[Candidate, ...]:
        """Return who is recognised as of the newest frame."""
        ...

    def rules(self, key: str) -> Rules:
        """Return what the owner has decided about a person."""
        ...


@dataclass(frozen=True)
class Answer:
    """What became of a wish to open the door."""

    opened: bool
    text: str


@dataclass(frozen=True)
class DoorStatus:
    """How the door is doing; times are seconds since 1970."""

    mode: str
    actuator: str
    state: str
    liveness: str
    openings: int
    most_openings: int
    locked_until: float | None
    trouble: str | None


@dataclass
class _Visit:
    """What the door remembers of a visit."""

    person: str | None = None
    opened: bool = False
    failed: bool = False
    refusal: Verdict | None = None


class DoorOpener:
    """Opens the door for a face once a visit, and for the owner (see `listening.Service` and `mqtt.lock.LockedDoor`).

    `hear` takes a snapshot; deciding and acting have a thread of their own. The row in the log is on the disk before
    the lock moves. The lock is shut after the pulse by this thread, and by a timer should this thread hang.
    """

    def __init__(
        self,
        settings: DoorSettings,
        household: Household,
        log: DoorTable,
        actuator: Actuator,
        announcer: Announcer,
        checks: Sequence[LivenessCheck] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare; entering starts. `checks` are all to be passed; `clock` gives seconds since 1970."""
        self.settings = settings
        self._household = household
        self._log = log
        self._actuator = actuator
        self._announcer = announcer
        self._checks = tuple(checks)
        self._clock = clock
        self._visits: dict[str, _Visit] = {}
        self._trouble: str | None = None
        self._fault: str | None = None
        self._acting = threading.Lock()
        self._released = False
        self._changed = threading.Condition()
        self._newest: tuple[Candidate, ...] = ()
        self._ended: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="door", daemon=True)

    def hear(self, message: Message) -> None:
        """Put aside who is at the door, or that a visit is over; never blocks."""
        if self.settings.mode == "off":
            return
        if isinstance(message, Look):
            try:
                newest = self._household.candidates(self.settings.open_rate)
            except Exception as error:
                self._set_fault(error)
                return
            if newest or self._newest:
                with self._changed:
                    self._newest = newest
                    self._changed.notify()
        elif isinstance(message, VisitEnded):
            with self._changed:
                self._ended.append(message.visit)
                self._changed.notify()

    def connections(self) -> tuple[str, ...]:
        """Return where the actuator connects to."""
        return self._actuator.connections() if self.settings.mode == "on" else ()

    def trouble(self) -> str | None:
        """Return why the door cannot be opened, or could not be the last time."""
        return self._fault or self._trouble

    def state(self) -> str:
        """Return `unlocked` while the door is held open, else `locked`: what is wanted, not what a lock says."""
        return "unlocked" if self._released else "locked"

    def status(self) -> DoorStatus:
        """Return how the door is doing; raises OSError where the log cannot be read."""
        settings = self.settings
        state = self._door_state(self._clock())
        return DoorStatus(
            mode=settings.mode,
            actuator=settings.actuator,
            state=self.state(),
            liveness=settings.liveness,
            openings=len(state.openings),
            most_openings=settings.most_openings,
            locked_until=locked_until(state.refusals, settings, self._clock()),
            trouble=self.trouble(),
        )

    def log(self, limit: int = 50) -> list[DoorEntry]:
        """Return the newest rows of the log, newest first."""
        return self._log.recent(limit)

    def open(self, by: str) -> Answer:
        """Open because somebody wishes it who may; blocks while the door is open. Raises OSError where it cannot."""
        if self.settings.mode == "off":
            return Answer(False, TEXTS["off"])
        now = self._clock()
        if not rate_holds(self._door_state(now).openings, self.settings, now):
            self._log.note(self._entry(now, by, "shut", "too_many_openings"))
            return Answer(False, TEXTS["too_many_openings"])
        return self._open(now, by, None)

    def __enter__(self) -> "DoorOpener":
        """Make sure that the door is shut, and start the thread."""
        if self.settings.mode == "on":
            try:
                self._actuator.prepare()
            except (OSError, ValueError) as error:
                self._set_trouble(error)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Shut the door and end."""
        self._stop.set()
        with self._changed:
            self._changed.notify()
        self._actuator.secure()
        self._thread.join(2 * self.settings.pulse_seconds + 5)
        self._actuator.close()

    def turn(self) -> None:
        """Decide about what was heard since the last turn; called by the thread."""
        with self._changed:
            newest, self._newest = self._newest, ()
            ended, self._ended = self._ended, []
        try:
            for candidate in newest:
                self._consider(candidate)
            for visit in ended:
                self._note_refusal(visit)
            self._fault = None
        except Exception as error:  # the door stays shut, and the next picture is another try
            self._set_fault(error)

    def _work(self) -> None:
        while not self._stop.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._newest or self._ended or self._stop.is_set())
            self.turn()

    def _consider(self, candidate: Candidate) -> None:
        """Decide about one face, and open."""
        visit = self._visits.setdefault(candidate.visit, _Visit())
        if visit.opened or candidate.kind != "known" or candidate.person is None or self._stop.is_set():
            return
        visit.person = candidate.person
        now = self._clock()
        said = ask(self._checks, candidate.visit)
        visit.failed |= said == "failed"  # and so it stays for the visit
        state = self._door_state(now, visit.opened, "failed" if visit.failed else said)
        verdict = may_open(candidate, self._rules(candidate.person), self.settings, state, now)
        if verdict.open:
            self._open(now, "face", candidate)
        elif visit.refusal is None or rank(verdict.reason) >= rank(visit.refusal.reason):
            visit.refusal = verdict

    def _open(self, now: float, by: str, candidate: Candidate | None) -> Answer:
        """Write it down, then open; once a visit, whatever becomes of it."""
        if not self._acting.acquire(blocking=False):
            return Answer(False, "the door is being opened already")
        try:
            number = self._log.note_opening(
                self._entry(now, by, "open", OPEN if candidate else "wished", candidate),
                self.settings.most_openings,
                now - HOUR,
            )
            if number is None:
                return Answer(False, TEXTS["too_many_openings"])
            if candidate is not None:
                self._visits.setdefault(candidate.visit, _Visit()).opened = True
            event = Opened(
                visit=candidate.visit if candidate else None,
                time=now,
                person=candidate.name if candidate else None,
                person_id=candidate.person if candidate else None,
                by=by,
                mode=self.settings.mode,
            )
            if self.settings.mode != "on":
                self._announcer.announce(event)
                return Answer(False, "a dry run: everything holds, and nothing was moved")
            if candidate is not None and self._clock() - candidate.time > OLD_SECONDS:  # the disk took its time
                self._log.settle(number, "failed")
                return Answer(False, TEXTS["old_picture"])
            return self._move(number, event)
        finally:
            self._acting.release()

    def _move(self, number: int, event: Opened) -> Answer:
        """Open the lock for the pulse, tell, and note what became of it."""

        def released() -> None:
            self._released = True
            self._trouble = None
            self._announcer.announce(event)

        try:
            pulse(self._actuator, self.settings.pulse_seconds, self._stop, released)
            self._log.settle(number, "done")
            return Answer(True, "opened")
        except UnclearError as error:  # the row goes on saying that it is not known
            self._set_trouble(error)
            return Answer(False, str(error))
        except Exception as error:
            self._set_trouble(error)
            self._log.settle(number, "done" if self._released else "failed")
            return Answer(self._released, _sentence(error))
        finally:
            self._released = False

    def _note_refusal(self, visit_id: str) -> None:
        """Write down why the door stayed shut for a visit that is over."""
        visit = self._visits.pop(visit_id, None)
        if visit is None or visit.opened or visit.refusal is None or visit.refusal.reason in _UNLOGGED:
            return
        row = self._entry(self._clock(), "face", "shut", visit.refusal.reason)
        self._log.note(replace(row, visit=visit_id, person=visit.person))

    def _door_state(self, now: float, opened: bool = False, liveness: Liveness = "not_done") -> DoorState:
        mode, window = self.settings.mode, self.settings.lock_out_minutes * 60.0
        return DoorState(
            openings=self._log.openings(mode, now - HOUR),
            refusals=self._log.refusals(mode, SUSPICIOUS, now - 2 * window),
            opened=opened,
            liveness=liveness,
        )

    def _entry(
        self, now: float, by: str, verdict: Literal["open", "shut"], reason: str, candidate: Candidate | None = None
    ) -> DoorEntry:
        moves = verdict == "open" and self.settings.mode == "on"
        return DoorEntry(
            time=now,
            visit=candidate.visit if candidate else None,
            person=candidate.person if candidate else None,
            verdict=verdict,
            reason=reason,
            by=by,
            mode="on" if self.settings.mode == "on" else "dry-run",
            done="not_known" if moves else "not_tried",
        )

    def _rules(self, person: str) -> Rules | None:
        try:
            return self._household.rules(person)
        except ValueError:
            return None  # erased meanwhile

    def _set_trouble(self, error: Exception) -> None:
        """Remember what is wrong with the lock, and tell it."""
        self._trouble = _sentence(error)
        self._announcer.announce(Problem(self._clock(), "door", self._trouble))

    def _set_fault(self, error: Exception) -> None:
        """Remember why nothing can be decided, and tell it once."""
        told, self._fault = self._fault, _sentence(error)
        if self._fault != told:
            self._announcer.announce(Problem(self._clock(), "door", self._fault))


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError | ValueError):
        return f"the door: {error}"
    return f"the door: unexpected {type(error).__name__}: {error}"
