"""Whether a target is told of something, and if not, why: one pure function over frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from peephole.notify.settings import Happening, Notify, Target
from peephole.people.hours import Hours
from peephole.people.records import Rules

RING_PAUSE_SECONDS = 30.0
"""Somebody who plays with the button is told of once in so long."""
MOST_VISITS = 64
"""Of so many visits is remembered what was told of them."""

_OF_THE_DOOR = ("opened", "suspicious")
"""Happenings that are no greeting: of somebody who was told of they are told all the same, and the other way round."""

REASONS = {
    "told": "told",
    "not_wanted": "the target does not want such news",
    "ignored": "the owner ignores this stranger",
    "erased": "the person was removed",
    "silent": "the person's visits are kept out of the way",
    "log": "the person's visits are listed only",
    "repeat": "was here a moment ago",
    "told_already": "this visit was told",
    "told_at_the_ring": "the message of the ring said who it is",
    "quiet_hours": "quiet hours",
    "on_its_way": "a message about the same one is on its way",
    "cool_down": "a message about the same one was sent a while ago",
}
"""Every verdict, and what it means."""


@dataclass(frozen=True)
class Occasion:
    """Something that could be told.

    Attributes:
        happening: What it is.
        visit: Id of the visit; None for a problem.
        time: When, seconds since 1970.
        who: Whom it is about, the same for the same one ("person:..", "stranger:12", "problem:storage"); None: not
            known yet.
        person: Name of the person, if it is one.
        person_id: Opaque id of the person.
        stranger: Running number of the stranger, once there is one.
        decision: known, stranger or unsure; None while nobody was made out, and for problems.
        reason: Machine-readable slug.
        text: The reason in a sentence.
        ignored: The owner ignores this stranger.
        repeat: The same one was here a moment ago.
        ended: The visit is over.
        camera: Where it happened; empty where the only camera has no name.
        visits: How many visits of the stranger there were, this one too.
    """

    happening: Happening
    visit: str | None
    time: float
    who: str | None = None
    person: str | None = None
    person_id: str | None = None
    stranger: int | None = None
    decision: str | None = None
    reason: str = ""
    text: str = ""
    ignored: bool = False
    repeat: bool = False
    ended: bool = False
    camera: str = ""
    visits: int | None = None


@dataclass(frozen=True)
class Verdict:
    """Whether to tell, why or why not (a key of `REASONS`), and whether the message may say and show who it is."""

    tell: bool
    reason: str
    named: bool = True


@dataclass(frozen=True)
class Told:
    """What was told of one visit: which happenings, about whom, and when the last message was delivered."""

    happenings: frozenset[str] = frozenset()
    about: frozenset[str] = frozenset()
    nameless_at: float | None = None


@dataclass(frozen=True)
class State:
    """What one target has been told.

    Attributes:
        visits: What of which visit, the newest `MOST_VISITS`.
        sent: When the last message about somebody was delivered.
        waiting: About whom one is being delivered.
    """

    visits: Mapping[str, Told] = field(default_factory=dict)
    sent: Mapping[str, float] = field(default_factory=dict)
    waiting: frozenset[str] = frozenset()


def should_tell(
    occasion: Occasion, rules: Rules | None, settings: Notify, target: Target, state: State, now: datetime
) -> Verdict:
    """Decide whether a target is told.

    Args:
        occasion: what there is to tell.
        rules: what the owner has decided about the person; None where it is none, or one who was removed.
        settings: of the household.
        target: whom to tell.
        state: what the target has been told.
        now: local time.
    """
    personal = _personal(occasion, rules)
    aloud = occasion.happening in ("ring", "problem")
    reason = (
        ("" if target.active and occasion.happening in target.events else "not_wanted")
        or ("" if aloud else personal)
        or _told_of_visit(occasion, state)
        or _quiet(occasion, settings, now)
        or _too_soon(occasion, settings, state, now.timestamp())
    )
    return Verdict(not reason, reason or "told", named=not personal or personal == "repeat")


def key_of(occasion: Occasion) -> str | None:
    """Return what the cool-down of an occasion goes by: the one it is about, for rings the bell, the door for it.

    What is suspicious about somebody has one of its own: a message that they are there keeps no warning back.
    """
    if occasion.happening == "opened":
        return None  # each one is told
    if occasion.happening == "suspicious":
        return f"suspicious:{occasion.who or occasion.reason}"
    return "bell" if occasion.happening == "ring" else occasion.who


def handed_over(state: State, occasion: Occasion) -> State:
    """Return the state once a message is on its way."""
    key = key_of(occasion)
    visits = dict(state.visits)
    if occasion.visit is not None:
        told = visits.pop(occasion.visit, Told())
        about = told.about | ({occasion.who} if occasion.who and occasion.happening not in _OF_THE_DOOR else set())
        visits[occasion.visit] = replace(told, happenings=told.happenings | {occasion.happening}, about=about)
        while len(visits) > MOST_VISITS:
            visits.pop(next(iter(visits)))
    return replace(state, visits=visits, waiting=state.waiting | ({key} if key else set()))


def delivered(state: State, occasion: Occasion, settings: Notify, now: float) -> State:
    """Return the state once a message was sent; the cool-down begins now, and what is older is forgotten."""
    oldest = now - max(60 * settings.cool_down_minutes, RING_PAUSE_SECONDS)
    sent = {key: at for key, at in state.sent.items() if oldest < at <= now}
    about = occasion.who if occasion.happening not in _OF_THE_DOOR else None
    keys = {key for key in (key_of(occasion), about) if key}
    sent |= dict.fromkeys(keys, now)
    visits = dict(state.visits)
    if occasion.visit in visits and occasion.who is None and occasion.happening not in ("ring", *_OF_THE_DOOR):
        told = visits[occasion.visit]
        visits[occasion.visit] = replace(told, nameless_at=now)
        sent |= dict.fromkeys(told.about, now)
    return replace(state, visits=visits, sent=sent, waiting=state.waiting - keys)


def given_up(state: State, occasion: Occasion) -> State:
    """Return the state once a message could not be sent: the next visit is told again."""
    return replace(state, waiting=state.waiting - {key_of(occasion) or ""})


def made_out(state: State, visit: str, who: str) -> State:
    """Return the state once a visit has ended and it is known whom it was of, which a message may have left open."""
    told = state.visits.get(visit)
    if told is None:
        return state
    visits = {**state.visits, visit: replace(told, about=told.about | {who})}
    sent = state.sent if told.nameless_at is None else {**state.sent, who: told.nameless_at}
    return replace(state, visits=visits, sent=sent)


def _personal(occasion: Occasion, rules: Rules | None) -> str:
    """Return what is against telling of this one at all; empty: nothing."""
    if occasion.ignored:
        return "ignored"
    if occasion.person_id is not None:
        if rules is None:
            return "erased"
        if rules.tell != "notify":
            return rules.tell
    return "repeat" if occasion.repeat else ""


def _told_of_visit(occasion: Occasion, state: State) -> str:
    told = state.visits.get(occasion.visit or "")
    if told is None:
        return ""
    if occasion.happening in told.happenings:
        return "told_already"
    if occasion.happening not in ("ring", *_OF_THE_DOOR) and occasion.who in told.about and "ring" in told.happenings:
        return "told_at_the_ring"
    return ""


def _quiet(occasion: Occasion, settings: Notify, now: datetime) -> str:
    if occasion.happening in settings.even_in_quiet_hours:
        return ""
    return "quiet_hours" if Hours.parse(settings.quiet_hours).contains(now) else ""


def _too_soon(occasion: Occasion, settings: Notify, state: State, now: float) -> str:
    key = key_of(occasion)
    if key is None:
        return ""
    pause = RING_PAUSE_SECONDS if occasion.happening == "ring" else 60 * settings.cool_down_minutes
    if key in state.sent and 0 <= now - state.sent[key] < pause:  # a clock that was put back is no reason
        return "cool_down"
    return "on_its_way" if key in state.waiting else ""
