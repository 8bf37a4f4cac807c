"""Tells the owner what happens at a door: rules, words, and a courier for each target."""

import functools
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol

from peephole.doorbell.events import VisitEnded
from peephole.listening import MOST_WAITING, NewestQueue
from peephole.live import Message, Presence, View
from peephole.notify.action_links import ActionLinks, actions_of
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
from peephole.notify.settings import Happening, Notify, Target
from peephole.notify.words import notification, trial
from peephole.people.records import Rules

ENDING_SECONDS = 8.0


@dataclass(frozen=True)
class Noted:
    """What was decided about telling a target of something.

    Attributes:
        text: A line of the log, without names of people.
        target: Name of the target.
        happening: What there was to tell.
        reason: A key of `rules.REASONS`, or not_sent where a message could not be delivered.
        visit: Id of the visit; None where it is about none.
    """

    text: str
    target: str
    happening: Happening
    reason: str
    visit: str | None


Note = Callable[[Noted], None]


class Household(Protocol):
    """What is asked of a `doorbell.Doorbell`, from the notifier's own threads."""

    def rules(self, key: str) -> Rules:
        """Return what the owner has decided about a person; raise ValueError when there is none."""

    def visit_picture(self, visit_id: str) -> bytes | None:
        """Return the best picture (JPEG) of a visit."""


@dataclass
class Recipient:
    """A target that can be used, with who delivers to it, and what it has been told."""

    target: Target
    courier: Courier
    state: State


@dataclass(frozen=True)
class TargetStatus:
    """How a target is doing.

    Attributes:
        name: As in the settings.
        where: Where messages go, without credentials.
        sent_at: When the last message was delivered, seconds since 1970; None: none since the start.
        unsent: Messages that could not be delivered.
        trouble: What is wrong, in one sentence.
    """

    name: str
    where: str
    sent_at: float | None
    unsent: int
    trouble: str | None


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
        self.links = ActionLinks()
        """Of the buttons of messages; the page looks them up."""
        self.keeps_unknown: Callable[[], bool] = lambda: True
        """Whether faces that are not known are kept, and so can be ignored by a button."""
        self._settings = settings
        self._household = household
        self._tell = tell
        self._note = note
        self._faults: dict[str, str] = {}
        self._fault: str | None = None
        self._recipients: list[Recipient] = []
        self._lock = threading.Lock()
        self._senders = senders
        self._patience = patience or Patience()
        self._running = False
        for target in settings.targets:
            self._add(target)
        self._occasions = Occasions(time.time)
        self._heard: NewestQueue[Message] = NewestQueue(MOST_WAITING, self._count_dropped)
        self._thread = threading.Thread(target=self._work, name="notify", daemon=True)

    def hear(self, message: Message) -> None:
        """Put a message aside; never blocks."""
        if not isinstance(message, View | Presence):
            self._heard.put(message)

    def follow(self, settings: Notify) -> None:
        """Go by other settings from now on.

        A target that is new is told from now on, one that is gone is not, not even of what waits to be sent; the others
        keep the addresses that they had.
        """
        targets = {target.name: target for target in settings.targets}
        with self._lock:
            self._settings = settings
            gone = [one for one in self._recipients if one.target.name not in targets]
            for recipient in gone:
                recipient.target = recipient.target.model_copy(update={"active": False})
            self._recipients = [one for one in self._recipients if one.target.name in targets]
            for recipient in self._recipients:
                recipient.target = targets[recipient.target.name]
            self._faults = {name: fault for name, fault in self._faults.items() if name in targets}
            known = {one.target.name for one in self._recipients} | set(self._faults)
            for target in settings.targets:
                if target.name not in known:
                    self._add(target)
        for recipient in gone:  # without the lock, for what waits too long is given up under it
            recipient.courier.stop()

    def connections(self) -> tuple[str, ...]:
        """Return where messages go, and what is in them."""
        return tuple(
            f"{recipient.courier.sender.peer}: {_content(recipient)}"
            for recipient in self._recipients
            if recipient.target.active
        )

    def try_out(self, name: str) -> None:
        """Send a test message now, without a picture, to a target that is told things: to no other address than listed.

        Raises ValueError for a target that there is not, that cannot be used or that is switched off, and NotSent.
        """
        if name not in {target.name for target in self._settings.targets}:
            raise ValueError("there is no such target")
        found = next((one for one in self._recipients if one.target.name == name), None)
        if found is None:
            raise ValueError("it could not be used at the start; what is wrong stands on top of the page")
        if not found.target.active:
            raise ValueError("it is switched off, and nothing is sent there; switch it on to try it out")
        found.courier.sender.send(trial(time.time(), self._settings.link))

    def targets(self) -> tuple[TargetStatus, ...]:
        """Return how each target that can be used is doing."""
        return tuple(
            TargetStatus(
                recipient.target.name,
                str(recipient.courier.sender.peer),
                recipient.courier.sent_at,
                recipient.courier.unsent,
                recipient.courier.trouble,
            )
            for recipient in self._recipients
        )

    def trouble(self) -> str | None:
        """Return what the owner should put right, in one sentence."""
        sentences = [*self._faults.values(), *([self._fault] if self._fault else [])]
        for courier in (recipient.courier for recipient in self._recipients):
            if (sentence := courier.trouble) is not None:
                sentences.append(f"{sentence} ({courier.unsent} not sent)" if courier.unsent else sentence)
        return "; ".join(sentences) or None

    def unsent(self) -> int:
        """Return how many messages could not be delivered."""
        return sum(recipient.courier.unsent for recipient in self._recipients)

    def deliveries(self) -> dict[str, int]:
        """Return how many messages were sent, how many were given up, and how many attempts failed."""
        couriers = [recipient.courier for recipient in self._recipients]
        return {
            "sent": sum(courier.sent for courier in couriers),
            "unsent": self.unsent(),
            "failed_attempts": sum(courier.failures for courier in couriers),
        }

    def __enter__(self) -> "Notifier":
        """Start the threads."""
        for fault in self._faults.values():
            self._tell(fault)
        with self._lock:
            self._running = True
            for recipient in self._recipients:
                recipient.courier.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Have what waits be tried once, and end within some seconds."""
        end = time.monotonic() + ENDING_SECONDS
        self._heard.put(None)
        self._thread.join(ENDING_SECONDS / 2)
        with self._lock:
            self._running = False
            recipients = self._recipients
        for recipient in recipients:
            recipient.courier.stop()
        for recipient in recipients:
            recipient.courier.join(end - time.monotonic())

    def _add(self, target: Target) -> None:
        """Tell a target from now on, or tell of it where it cannot be used; at the start ImportError is raised."""
        try:
            sender = self._senders(target)
        except (OSError, ValueError, ImportError) as error:
            if isinstance(error, ImportError) and not self._running:
                raise
            self._faults[target.name] = str(error)
            if self._running:
                self._tell(str(error))
            return
        courier = Courier(target.name, sender, self._patience, self._tell)
        self._recipients = [*self._recipients, Recipient(target, courier, State())]  # not changed in place
        if self._running:
            courier.start()

    def _count_dropped(self, message: Message) -> None:
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
                for recipient in self._recipients:
                    recipient.state = made_out(recipient.state, message.visit, who)

    def _tell_all(self, occasions: Sequence[Occasion]) -> None:
        for occasion in occasions if self._recipients else ():
            rules = self._rules(occasion.person_id)
            picture = functools.cache(functools.partial(self._picture, occasion))  # it gets better: all see the same
            for recipient in self._recipients:
                verdict = self._decide(recipient, occasion, rules)
                if verdict.reason != "not_wanted":
                    self._log(
                        occasion, recipient, "told" if verdict.tell else f"not told, {verdict.reason}", verdict.reason
                    )
                if verdict.tell:
                    self._hand(recipient, occasion, verdict.named, picture)

    def _decide(self, recipient: Recipient, occasion: Occasion, rules: Rules | None) -> Verdict:
        now = datetime.fromtimestamp(time.time())
        with self._lock:
            verdict = should_tell(occasion, rules, self._settings, recipient.target, recipient.state, now)
            if verdict.tell:
                recipient.state = handed_over(recipient.state, occasion)
        return verdict

    def _hand(self, recipient: Recipient, occasion: Occasion, named: bool, picture: Callable[[], bytes | None]) -> None:
        link = self._settings.link
        wanted = named and recipient.target.actions
        actions = actions_of(occasion, link, self.links, self.keeps_unknown()) if wanted else ()
        message = notification(
            occasion, named, link, picture() if named and recipient.target.pictures else None, actions
        )

        def settled(sent: bool) -> None:
            with self._lock:
                if sent:
                    recipient.state = delivered(recipient.state, occasion, self._settings, time.time())
                else:
                    recipient.state = given_up(recipient.state, occasion)
            if not sent:
                self._log(occasion, recipient, "not sent", "not_sent")

        recipient.courier.hand(
            Parcel(message, time.monotonic(), lambda: self._allowed(recipient, message.person_id), settled)
        )

    def _log(self, occasion: Occasion, recipient: Recipient, verdict: str, reason: str) -> None:
        who = f"stranger {occasion.stranger}" if occasion.stranger is not None else occasion.happening
        name = recipient.target.name
        self._note(Noted(f"{who}, {name}: {verdict}", name, occasion.happening, reason, occasion.visit))

    def _rules(self, person_id: str | None) -> Rules | None:
        """Return the rules of a person; None where there is none of this id."""
        try:
            return None if person_id is None else self._household.rules(person_id)
        except ValueError:
            return None

    def _allowed(self, recipient: Recipient, person_id: str | None) -> bool:
        """Say whether a message may still go out: target or person may have been switched off or removed meanwhile."""
        if not recipient.target.active:
            return False
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


def _content(recipient: Recipient) -> str:
    pictures = recipient.target.pictures and recipient.courier.sender.takes_pictures
    told = f"{', '.join(recipient.target.events)}{', with pictures' if pictures else ''}"
    return f"messages of {told} (notify target {recipient.target.name})"
