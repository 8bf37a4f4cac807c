"""Tells the owner what happens at a door: rules, words, and a courier for each target."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol

from peephole.doorbell.events import VisitEnded
from peephole.live import Look, Message, Presence
from peephole.notify.courier import Courier, Parcel, Patience
from peephole.notify.occasions import Occasions, subject
from peephole.notify.rules import (
    Occasion,
    State,
    Verdict,
    delivered,
    given_up,
    handed_over,
    made_out,
    should_tell,
)
from peephole.notify.senders import Sender
from peephole.notify.settings import Notify, Target
from peephole.notify.words import notification
from peephole.people.records import Rules, Stranger

MOST_WAITING = 256
ENDING_SECONDS = 8.0

Note = Callable[[str, str, str | None], None]
"""Takes a line of the log, the reason as a slug, and the id of the visit."""


class Household(Protocol):
    """What is asked of a `doorbell.Doorbell`, from the notifier's own threads."""

    def rules(self, key: str) -> Rules:
        """Return what the owner has decided about a person; raise ValueError when there is none."""

    def strangers(self, every_state: bool = False) -> list[Stranger]:
        """Return strangers."""

    def visit_picture(self, visit_id: str) -> bytes | None:
        """Return the best picture (JPEG) of a visit."""


@dataclass
class Desk:
    """A target that can be used: who delivers to it, and what it has been told."""

    target: Target
    courier: Courier
    state: State


class Notifier:
    """Hears what happens and tells the targets that should be told (see `listening.Service`).

    `hear` only puts a message aside. One thread applies the rules, and each target has one that delivers.
    """

    def __init__(
        self,
        settings: Notify,
        household: Household,
        senders: Callable[[Target], Sender],
        tell: Callable[[str], None],
        note: Note,
        patience: Patience | None = None,
    ) -> None:
        """Prepare; entering starts the threads. A target that cannot be used is told of, and the others work.

        Args:
            settings: of the household.
            household: whose rules and pictures are asked for.
            senders: makes who delivers to a target, as `senders.sender_of` does.
            tell: is told in a sentence when trouble begins and when it ends.
            note: hears of each verdict, without names of people.
            patience: how long messages are tried.

        Raises ImportError where Apprise is needed and not installed.
        """
        self.dropped = 0
        self._settings = settings
        self._household = household
        self._tell = tell
        self._note = note
        self._faults: list[str] = []
        self._fault: str | None = None
        self._desks: list[Desk] = []
        self._lock = threading.Lock()
        for target in settings.targets:
            try:
                sender = senders(target)
            except (OSError, ValueError) as error:
                self._faults.append(str(error))
                continue
            courier = Courier(target.name, sender, patience or Patience(), tell)
            self._desks.append(Desk(target, courier, State()))
        self._occasions = Occasions(time.time)
        self._heard: queue.Queue[Message | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._work, name="notify", daemon=True)

    def hear(self, message: Message) -> None:
        """Put a message aside; never blocks."""
        if not isinstance(message, Look | Presence):
            self._put(message)

    def connections(self) -> tuple[str, ...]:
        """Return where messages go, and what is in them."""
        return tuple(f"{desk.courier.sender.peer}: {_content(desk)}" for desk in self._desks)

    def trouble(self) -> str | None:
        """Return what the owner should put right, in one sentence."""
        sentences = [*self._faults, *([self._fault] if self._fault else [])]
        for courier in (desk.courier for desk in self._desks):
            if (sentence := courier.trouble) is not None:
                sentences.append(f"{sentence} ({courier.unsent} not sent)" if courier.unsent else sentence)
        return "; ".join(sentences) or None

    def unsent(self) -> int:
        """Return how many messages could not be delivered."""
        return sum(desk.courier.unsent for desk in self._desks)

    def __enter__(self) -> "Notifier":
        """Start the threads."""
        for fault in self._faults:
            self._tell(fault)
        for desk in self._desks:
            desk.courier.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Have what waits be tried once, and end within some seconds."""
        end = time.monotonic() + ENDING_SECONDS
        self._put(None)
        self._thread.join(ENDING_SECONDS / 2)
        for desk in self._desks:
            desk.courier.stop()
        for desk in self._desks:
            desk.courier.join(end - time.monotonic())

    def _put(self, message: Message | None) -> None:
        while True:
            try:
                self._heard.put_nowait(message)
            except queue.Full:
                self._drop_oldest()
            else:
                return

    def _drop_oldest(self) -> None:
        try:
            self._heard.get_nowait()
        except queue.Empty:
            return  # handled meanwhile
        self.dropped += 1

    def _work(self) -> None:
        going_on = True
        while going_on:
            due = self._occasions.next_due()
            try:
                message = self._heard.get(timeout=None if due is None else max(0.0, due - time.monotonic()))
            except queue.Empty:
                self._guarded(lambda: self._tell_all(self._occasions.due(time.monotonic())))
                continue
            if message is None:
                going_on = False
                self._guarded(lambda: self._tell_all(self._occasions.due(float("inf"))))
            else:
                self._guarded(lambda: self._take(message))  # noqa: B023 - called at once

    def _guarded(self, work: Callable[[], None]) -> None:
        """Do something that a full or broken disk, or a fault of ours, may keep us from."""
        try:
            work()
        except Exception as error:
            plain = isinstance(error, OSError | ValueError)
            self._fault = f"notifications: {error}" if plain else f"notifications: unexpected {type(error).__name__}"
            self._tell(self._fault)
        else:
            self._fault = None

    def _take(self, message: Message) -> None:
        self._tell_all(self._occasions.hear(message, time.monotonic()))
        if isinstance(message, VisitEnded) and (who := subject(message)) is not None:
            with self._lock:
                for desk in self._desks:
                    desk.state = made_out(desk.state, message.visit, who)

    def _tell_all(self, occasions: Sequence[Occasion]) -> None:
        for occasion in occasions:
            rules = self._rules(occasion.person_id)
            for desk in self._desks:
                verdict = self._decide(desk, occasion, rules)
                if verdict.reason != "not_wanted":
                    self._log(occasion, desk, "told" if verdict.tell else f"not told, {verdict.reason}", verdict.reason)
                if verdict.tell:
                    self._hand(desk, occasion, verdict.named)

    def _decide(self, desk: Desk, occasion: Occasion, rules: Rules | None) -> Verdict:
        now = datetime.fromtimestamp(time.time())
        with self._lock:
            verdict = should_tell(occasion, rules, self._settings, desk.target, desk.state, now)
            if verdict.tell:
                desk.state = handed_over(desk.state, occasion)
        return verdict

    def _hand(self, desk: Desk, occasion: Occasion, named: bool) -> None:
        picture = self._picture(occasion) if named and desk.target.pictures else None
        message = notification(occasion, self._visits(occasion), named, self._settings.link, picture)

        def settled(sent: bool) -> None:
            with self._lock:
                if sent:
                    desk.state = delivered(desk.state, occasion, self._settings, time.time())
                else:
                    desk.state = given_up(desk.state, occasion)
            if not sent:
                self._log(occasion, desk, "not sent", "not_sent")

        desk.courier.hand(Parcel(message, time.monotonic(), lambda: self._allowed(message.person_id), settled))

    def _log(self, occasion: Occasion, desk: Desk, verdict: str, reason: str) -> None:
        who = f"stranger {occasion.stranger}" if occasion.stranger is not None else occasion.happening
        self._note(f"{who}, {desk.target.name}: {verdict}", reason, occasion.visit)

    def _rules(self, person_id: str | None) -> Rules | None:
        """Return the rules of a person; None where there is none of this id."""
        try:
            return None if person_id is None else self._household.rules(person_id)
        except ValueError:
            return None

    def _allowed(self, person_id: str | None) -> bool:
        """Say whether a message may still go out: the person may have been removed while it waited."""
        if person_id is None:
            return True
        try:
            rules = self._rules(person_id)
        except Exception:  # whatever keeps us from knowing keeps us from telling
            return False
        return rules is not None and rules.tell == "notify"

    def _picture(self, occasion: Occasion) -> bytes | None:
        """Return the picture of a visit that was decided; a message goes without one that cannot be read."""
        if occasion.visit is None or occasion.decision is None:
            return None
        try:
            return self._household.visit_picture(occasion.visit)
        except (OSError, ValueError):
            return None

    def _visits(self, occasion: Occasion) -> int | None:
        """Return how many visits of a stranger there were, this one too; it counts once it is over."""
        if occasion.stranger is None:
            return None
        try:
            stored = [one.visits for one in self._household.strangers(True) if one.number == occasion.stranger]
        except (OSError, ValueError):
            return None
        return stored[0] + (not occasion.ended) if stored else None


def _content(desk: Desk) -> str:
    pictures = desk.target.pictures and desk.courier.sender.takes_pictures
    told = f"{', '.join(desk.target.events)}{', with pictures' if pictures else ''}"
    return f"messages of {told} (notify target {desk.target.name})"
