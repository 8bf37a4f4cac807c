"""The door at work: hears the doorbell, decides, writes it down, opens, and notes what became of it."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType

from peephole.door.actuator import Actuator, UnclearError, pulse
from peephole.door.book import DoorBook, entry_of
from peephole.door.conditions import (
    HOUR,
    LOCK_OUT_RESET,
    OLD_SECONDS,
    OPEN,
    SETTINGS_CHANGED,
    TEXTS,
    WRONG_CODE,
    locked_until,
    may_open,
    may_still_open,
    rate_holds,
)
from peephole.door.liveness import LivenessCheck, ask
from peephole.door.refusals import PICTURE, Refusals
from peephole.door.settings import DoorSettings
from peephole.door.status import Answer, DoorStatus
from peephole.door.visit import DoorVisit, Household
from peephole.doorbell.candidates import Candidate
from peephole.doorbell.events import Opened, Problem, VisitEnded
from peephole.live import Announcer, Changed, Message, View
from peephole.people.records import Rules
from peephole.store.door import DoorEntry, DoorTable

_UNLOGGED = ("off", "nobody_known", "not_allowed")
"""Refusals of whoever may not open at all are told by the visit alone."""


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
        camera: str = "",
        live: bool = False,
        held: str | None = None,
    ) -> None:
        """Prepare; entering starts.

        checks: are all to be passed. clock: gives seconds since 1970. camera: the one at the door, by its name; what is
        seen elsewhere opens nothing. live: it is a camera, and no recording. held: why the
        settings say less than what was asked for, which is told (`assembly.in_force`).
        """
        self.settings = settings
        self.held = held
        self._household = household
        self._log = log
        self._book = DoorBook(log)
        self._actuator = actuator
        self._announcer = announcer
        self._checks = tuple(checks)
        self._clock = clock
        self._camera = camera
        self._live = live
        self._refusals = Refusals(self._book, announcer, clock, camera)
        self._visits: dict[str, DoorVisit] = {}
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
        if isinstance(message, View):
            if message.camera != self._camera:
                return
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

    def wants_liveness(self) -> bool:
        """Tell whether the checks are asked; a setting may change while the doorbell runs."""
        return self.settings.mode != "off" and self.settings.liveness == "required"

    def wants_challenge(self) -> bool:
        """Tell whether visitors are asked to turn the head."""
        return self.wants_liveness() and self.settings.challenge == "turn"

    def may_still_open(self, visit: str) -> bool:
        """Tell whether looking on, or asking, may open the door within a visit; any thread."""
        known = self._visits.get(visit)
        return known is not None and known.open_to and not known.opened

    def connections(self) -> tuple[str, ...]:
        """Return where the actuator connects to."""
        return self._actuator.connections() if self.settings.mode == "on" else ()

    def trouble(self) -> str | None:
        """Return why the door cannot be opened, or could not be the last time."""
        return self._fault or self._trouble

    def dry_run_seen(self, liveness: str) -> bool:
        """Tell whether it was seen for whom the door opens, with `liveness` as given; raises OSError."""
        return self._log.dry_run_seen(liveness)

    def locked_out(self) -> bool:
        """Tell whether faces or codes wait after too many refusals; at once."""
        return self._refusals.locked_out()

    def lock_out(self) -> str | None:
        """Return the same in a sentence; None where nobody waits."""
        return self._refusals.words()

    def state(self) -> str:
        """Return `unlocked` while the door is held open, else `locked`: what is wanted, not what a lock says."""
        return "unlocked" if self._released else "locked"

    def status(self) -> DoorStatus:
        """Return how the door is doing; raises OSError where the log cannot be read."""
        settings = self.settings
        state = self._book.state(self.settings, self._clock())
        return DoorStatus(
            mode=settings.mode,
            actuator=settings.actuator,
            state=self.state(),
            liveness=settings.liveness,
            challenge=settings.challenge,
            openings=len(state.openings),
            most_openings=settings.most_openings,
            locked_until=locked_until(state.refusals, settings, self._clock()),
            trouble=self.trouble(),
            held=self.held,
        )

    def log(self, limit: int = 50) -> list[DoorEntry]:
        """Return the newest rows of the log, newest first."""
        return self._log.recent(limit)

    def reset_lock_out(self, by: str, account: str | None = None) -> None:
        """Let what was refused until now count no more; written down. Raises OSError where it cannot be."""
        self._log.note(entry_of(self.settings, self._clock(), by, "shut", LOCK_OUT_RESET, account=account))
        self._refusals.look(self.settings)

    def note_change(self, by: str, account: str | None, changed: str) -> None:
        """Write down that settings of the door were changed, and to what, in words. Raises OSError as above."""
        row = entry_of(self.settings, self._clock(), by, "shut", SETTINGS_CHANGED, account=account)
        self._log.note(replace(row, changed=changed))

    def follow(self, settings: DoorSettings, actuator: Actuator, held: str | None = None) -> None:
        """Go by other settings from now on, with the actuator that they name; waits while the door is open.

        held: as at the start.
        """
        with self._acting:
            if settings.mode != self.settings.mode:
                before, self._actuator = self._actuator, actuator
                before.secure()
                before.close()
                self._trouble = None
                if settings.mode == "on":
                    try:
                        actuator.prepare()
                    except (OSError, ValueError) as error:
                        self._set_trouble(error)
            self.settings, self.held = settings, held
        self._look_at_lock_outs()

    def open(self, by: str, account: str | None = None) -> Answer:
        """Open because somebody wishes it who may; blocks while the door is open. Raises OSError where it cannot.

        account: the name of who it is, for the log.
        """
        if self.settings.mode == "off":
            return Answer(False, TEXTS["off"])
        now = self._clock()
        if not rate_holds(self._book.state(self.settings, now).openings, self.settings, now):
            self._log.note(entry_of(self.settings, now, by, "shut", "too_many_openings", account=account))
            return Answer(False, TEXTS["too_many_openings"])
        visit = self._book.visit_at(self._camera, now)
        answer = self._open(now, by, None, account, visit)
        if visit is not None:
            self._announcer.announce(Changed("visits"))
        return answer

    def open_with_code(self, by: str, right: bool) -> Answer:
        """Open as `open` does, for somebody who gave a code; after too many wrong ones the right one waits, too."""
        if self.settings.mode == "off":
            return Answer(False, TEXTS["off"])
        now = self._clock()
        if locked_until(self._book.refusals(self.settings, (WRONG_CODE,), now), self.settings, now) is not None:
            return Answer(False, "too many wrong codes; codes wait")
        if right:
            return self.open(by)
        self._log.note(entry_of(self.settings, now, by, "shut", WRONG_CODE))
        self._refusals.look(self.settings)
        return Answer(False, TEXTS[WRONG_CODE])

    def __enter__(self) -> "DoorOpener":
        """Make sure that the door is shut, and start the thread."""
        if self.settings.mode == "on":
            try:
                self._actuator.prepare()
            except (OSError, ValueError) as error:
                self._set_trouble(error)
        if self.held is not None:
            self._announcer.announce(Problem(self._clock(), "door", self.held))
        self._look_at_lock_outs()
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
        visit = self._visits.setdefault(candidate.visit, DoorVisit())
        if visit.opened or self._stop.is_set():
            return
        said = ask(self._checks, candidate.visit)
        visit.failed |= said == "failed"  # and so it stays for the visit, also from before it was known who it is
        if candidate.kind != "known" or candidate.person is None:
            visit.open_to = False
            return
        visit.person, visit.name = candidate.person, candidate.name
        now = self._clock()
        state = self._book.state(self.settings, now, visit.opened, "failed" if visit.failed else said)
        rules = self._rules(candidate.person)
        visit.open_to = may_still_open(candidate, rules, self.settings, state, now)
        verdict = may_open(candidate, rules, self.settings, state, now)
        if verdict.open:
            self._open(now, "face", candidate)
            self._announcer.announce(Changed("visits"))  # whose lists say what the door did
        else:
            visit.refuse(verdict)
        if visit.failed and verdict.reason not in _UNLOGGED:  # which no later picture can mend
            self._tell_refusal(candidate.visit, visit, PICTURE)

    def _open(
        self, now: float, by: str, candidate: Candidate | None, account: str | None = None, visit: str | None = None
    ) -> Answer:
        """Write it down, then open; for a face once a visit, whatever becomes of it."""
        if not self._acting.acquire(blocking=False):
            return Answer(False, "the door is being opened already")
        reason, live = (OPEN, self._live) if candidate is not None else ("wished", None)
        try:
            number = self._log.note_opening(
                entry_of(self.settings, now, by, "open", reason, candidate, account, live, visit),
                self.settings.most_openings,
                now - HOUR,
            )
            if number is None:
                return Answer(False, TEXTS["too_many_openings"])
            if candidate is not None:
                self._visits.setdefault(candidate.visit, DoorVisit()).opened = True
            event = Opened(
                visit=candidate.visit if candidate else None,
                time=now,
                person=candidate.name if candidate else None,
                person_id=candidate.person if candidate else None,
                by=by,
                mode=self.settings.mode,
                camera=self._camera,
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
        row = entry_of(self.settings, self._clock(), "face", "shut", visit.refusal.reason, live=self._live)
        self._log.note(replace(row, visit=visit_id, person=visit.person))
        self._announcer.announce(Changed("visits"))
        if visit.refusal.suspicious:
            self._tell_refusal(visit_id, visit, visit.refusal.reason)
            self._refusals.look(self.settings)

    def _tell_refusal(self, visit_id: str, visit: DoorVisit, reason: str) -> None:
        if not visit.told:
            visit.told = True
            self._refusals.tell(visit_id, visit.person, visit.name, reason, self.settings.mode)

    def _look_at_lock_outs(self) -> None:
        """See which there are already; what cannot be read now keeps the next face out, too."""
        with suppress(OSError):
            self._refusals.look(self.settings, tell=False)

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
