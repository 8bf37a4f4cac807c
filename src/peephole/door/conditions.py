"""What must hold before a face opens the door. Every condition has a reason of its own; one that fails is enough."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from peephole.door.liveness import Liveness
from peephole.door.settings import DoorSettings
from peephole.doorbell.candidates import Candidate
from peephole.people.hours import Hours
from peephole.people.records import Rules

HOUR = 3600.0
GONE_SECONDS = 0.5
OLD_SECONDS = 2.0
OPEN = "all_hold"
LOCK_OUT_RESET = "lock_out_reset"
"""In the log: the owner ended a lock-out, and refusals before count no more."""
SETTINGS_CHANGED = "settings_changed"
"""In the log: an owner changed how the door is opened."""
WRONG_CODE = "wrong_code"
"""In the log: a message that was to open the door held no code, or another one; faces do not wait for it."""


@dataclass(frozen=True)
class DoorState:
    """What has happened at the door.

    Attributes:
        openings: Times of openings in this mode, of the last hour or more.
        refusals: Times of suspicious refusals in this mode, the oldest first.
        opened: Whether the door has opened for this visit already.
        liveness: What the checks say of this visit's face.
    """

    openings: tuple[float, ...] = ()
    refusals: tuple[float, ...] = ()
    opened: bool = False
    liveness: Liveness = "not_done"


@dataclass(frozen=True)
class Moment:
    """Everything that a condition may look at; `rules` is None for nobody whom the owner knows."""

    candidate: Candidate
    rules: Rules | None
    settings: DoorSettings
    state: DoorState
    now: float


@dataclass(frozen=True)
class Verdict:
    """Whether the door opens, and why; `suspicious` refusals count towards the lock-out."""

    open: bool
    reason: str
    text: str
    suspicious: bool = False


@dataclass(frozen=True)
class Condition:
    """One thing that must hold; `text` is what is said when it does not.

    `settled`: what no further look at the face changes, so that nobody needs to be looked at, or asked, any longer.
    """

    reason: str
    text: str
    holds: Callable[[Moment], bool]
    suspicious: bool = False
    settled: bool = False


def may_open(
    candidate: Candidate, rules: Rules | None, settings: DoorSettings, state: DoorState, now: float
) -> Verdict:
    """Decide whether the door opens for a face, `now` in seconds since 1970; the first condition to fail is said."""
    moment = Moment(candidate, rules, settings, state, now)
    for condition in CONDITIONS:
        if not condition.holds(moment):
            return Verdict(False, condition.reason, condition.text, condition.suspicious)
    return Verdict(True, OPEN, "everything that must hold does")


def may_still_open(
    candidate: Candidate, rules: Rules | None, settings: DoorSettings, state: DoorState, now: float
) -> bool:
    """Tell whether looking on may open the door for a face within this visit; arguments as of `may_open`."""
    moment = Moment(candidate, rules, settings, state, now)
    return state.liveness != "failed" and all(one.holds(moment) for one in CONDITIONS if one.settled)


def rank(reason: str) -> int:
    """Return how far a decision came before this reason ended it."""
    return REASONS.index(reason)


def locked_until(refusals: Sequence[float], settings: DoorSettings, now: float) -> float | None:
    """Return when the lock-out ends (seconds since 1970), None where there is none; refusals rising."""
    window = settings.lock_out_minutes * 60.0
    last = None
    for first, at in zip(refusals, refusals[settings.lock_out_after - 1 :], strict=False):
        if at - first <= window:
            last = at
    return last + window if last is not None and now < last + window else None


def within(hours: str, now: float) -> bool:
    """Tell whether a moment (seconds since 1970) is within hours, by this machine's clock; no hours are any time."""
    return not hours or Hours.parse(hours).contains(datetime.fromtimestamp(now).astimezone())


def rate_holds(openings: Sequence[float], settings: DoorSettings, now: float) -> bool:
    """Tell whether the door may open once more within this hour."""
    return sum(now - HOUR < at for at in openings) < settings.most_openings


def _known(moment: Moment) -> bool:
    return moment.candidate.kind == "known" and moment.candidate.person is not None and moment.rules is not None


def _at_the_door(moment: Moment) -> bool:
    return 0 <= moment.candidate.time - moment.candidate.last_seen <= GONE_SECONDS


def _long_enough(moment: Moment) -> bool:
    looks = moment.candidate.looks
    return bool(looks) and looks[-1] - looks[0] >= moment.settings.least_seconds


def _near_enough(moment: Moment) -> bool:
    candidate = moment.candidate
    return candidate.distance is not None and candidate.distance <= candidate.bar


def _clear_enough(moment: Moment) -> bool:
    candidate = moment.candidate
    return candidate.margin is None or candidate.margin >= moment.settings.margin_factor * candidate.margin_bar


def _only_one_of_them(moment: Moment) -> bool:
    return all(other.person is None or other.person != moment.candidate.person for other in moment.candidate.others)


def _among_friends(moment: Moment) -> bool:
    return all(other.kind == "known" and other.person is not None for other in moment.candidate.others)


CONDITIONS = (
    Condition(
        "off",
        "the door is not to be opened by the doorbell",
        lambda m: m.settings.mode in ("dry-run", "on"),
        settled=True,
    ),
    Condition(
        "opened_already", "the door has opened for this visit already", lambda m: not m.state.opened, settled=True
    ),
    Condition("nobody_known", "the face is not that of a known person", _known, settled=True),
    Condition(
        "not_allowed",
        "this person may not open the door",
        lambda m: m.rules is not None and m.rules.may_open,
        settled=True,
    ),
    Condition(
        "minor", "the door opens for no child", lambda m: m.rules is not None and not m.rules.minor, settled=True
    ),
    Condition(
        "persons_hours",
        "not at this hour for this person",
        lambda m: m.rules is not None and within(m.rules.hours, m.now),
        settled=True,
    ),
    Condition("house_hours", "not at this hour", lambda m: within(m.settings.hours, m.now), settled=True),
    Condition(
        "not_rung",
        "the bell has not been pressed in this visit",
        lambda m: m.candidate.rang or not m.settings.require_ring,
        settled=True,
    ),
    Condition("gone", "the face is not in view any more", _at_the_door),
    Condition(
        "old_picture", "the picture is not of this moment", lambda m: abs(m.now - m.candidate.time) <= OLD_SECONDS
    ),
    Condition("too_far", "near enough for a greeting, not for the door", _near_enough, suspicious=True),
    Condition("too_alike", "not clearly enough nobody else", _clear_enough, suspicious=True),
    Condition(
        "too_few_looks",
        "too few good looks that are near enough for the door",
        lambda m: len(m.candidate.looks) >= m.settings.least_looks,
    ),
    Condition("too_short", "not looked at for long enough", _long_enough),
    Condition("twice_in_view", "two faces in view are the same person", _only_one_of_them, suspicious=True),
    Condition("stranger_near", "somebody who is not known is near", _among_friends),
    Condition(
        "liveness_not_done",
        "nothing shows yet that the face is no picture",
        lambda m: m.settings.liveness == "off" or m.state.liveness != "not_done",
    ),
    # After the one above, which comes first in every visit: the log and the lock-out go by the last in this order.
    Condition(
        "liveness_failed",
        "the face may be a picture",
        lambda m: m.settings.liveness == "off" or m.state.liveness == "passed",
        suspicious=True,
    ),
    Condition(
        "too_many_openings",
        "the door has opened too often within an hour",
        lambda m: rate_holds(m.state.openings, m.settings, m.now),
        settled=True,
    ),
    Condition(
        "locked_out",
        "too many suspicious refusals; faces wait",
        lambda m: locked_until(m.state.refusals, m.settings, m.now) is None,
        settled=True,
    ),
)
REASONS = tuple(condition.reason for condition in CONDITIONS)
TEXTS = {
    **{condition.reason: condition.text for condition in CONDITIONS},
    LOCK_OUT_RESET: "earlier refusals lock out no more",
    SETTINGS_CHANGED: "the door's settings were changed",
    WRONG_CODE: "the code is wrong",
}
SUSPICIOUS = tuple(condition.reason for condition in CONDITIONS if condition.suspicious)
