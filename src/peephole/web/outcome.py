"""What came of a visit, in words: what the door did, and what was made of it."""

from collections.abc import Sequence

from peephole.door.conditions import TEXTS
from peephole.doorbell.visit import DoorAnswer, Notified, Outcome, VisitRecord
from peephole.notify.rules import REASONS

OUTCOMES: dict[Outcome, str] = {
    "rang": "rang",
    "opened": "door opened",
    "would_open": "would have opened",
    "shut": "door stayed shut",
    "told": "told",
    "not_sent": "not delivered",
    "repeat": "repeat",
    "ignored": "ignored",
}
"""What visits can be asked for by."""
_WHY = {**REASONS, "not_sent": "the message could not be delivered"}


def outcomes(visit: VisitRecord) -> tuple[str, ...]:
    """Return what came of a visit in a word or two each; nothing where somebody came and that was all."""
    said = {
        "rang": visit.rang,
        door_word(visit.door, visit.closed): visit.door is not None,
        _named("told", told(visit.notified)): told(visit.notified),
        _named("could not tell", unsent(visit.notified)): unsent(visit.notified),
        "ignored": visit.silent,
        "repeat": visit.repeat,
    }
    return tuple(word for word, holds in said.items() if holds)


def outcome_lines(visit: VisitRecord) -> tuple[str, ...]:
    """Return the same in sentences, with the reasons; what stands in the row in whole is left out."""
    lines = (door_line(visit.door), told_line(visit.notified), treatment_line(visit))
    return tuple(line for line in lines if line)


def door_word(door: DoorAnswer | None, closed: bool = True) -> str:
    """Return what the door did in two or three words; empty where its log says nothing. closed: the visit is over."""
    if door is None:
        return ""
    if door.verdict == "shut":
        return "door stayed shut"
    hand = "" if door.by == "face" else " by hand"
    if door.mode == "dry-run":
        return f"door would have opened{hand}"
    unheard = "door may have opened" if closed else "door opens"
    return {"done": "door opened", "failed": "door failed to open"}.get(door.done, unheard) + hand


def door_line(door: DoorAnswer | None) -> str:
    """Return what the door did, and why it stayed shut, in a sentence."""
    if door is None:
        return ""
    tried = ", a dry run" if door.mode == "dry-run" else ""
    if door.verdict == "shut":
        return f"The door stayed shut{tried}: {TEXTS.get(door.reason, door.reason)}."
    if door.by != "face":
        return _by_hand(door)
    if tried:
        return "The door would have opened: this was a dry run."
    return {
        "done": "The door opened.",
        "failed": "The door was to open, and did not.",
    }.get(door.done, "The door was to open; whether it did is not known.")


def _by_hand(door: DoorAnswer) -> str:
    """Return what became of it that somebody opened the door during the visit, in a sentence."""
    who = "through the broker" if door.by == "mqtt" else f"by hand by {door.account or 'the owner'}"
    if door.mode == "dry-run":
        return f"The door would have been opened {who}: this was a dry run."
    return {
        "done": f"The door was opened {who}.",
        "failed": f"The door was to be opened {who}, and did not open.",
    }.get(door.done, f"The door was to be opened {who}; whether it did is not known.")


def treatment_line(visit: VisitRecord) -> str:
    """Return why a visit is kept out of the way, in a sentence; empty where it is not."""
    if visit.silent:
        return "A stranger whom you ignore, so the visit is marked silent."
    return "A repeat: the same one was here a moment before, so it is no news." if visit.repeat else ""


def told(notified: Sequence[Notified]) -> tuple[str, ...]:
    """Return the targets that were told, by name."""
    return tuple(dict.fromkeys(one.target for one in notified if one.verdict == "told"))


def unsent(notified: Sequence[Notified]) -> tuple[str, ...]:
    """Return the targets that no message could be delivered to."""
    failed = dict.fromkeys(one.target for one in notified if one.verdict == "not_sent")
    return tuple(target for target in failed if target not in told(notified))


def told_line(notified: Sequence[Notified]) -> str:
    """Return who was told and who was not, with the reason, in a sentence or two; empty where nobody was to be."""
    reached = told(notified)
    kept_from = {one.target: one.verdict for one in notified if one.target not in reached}  # the newest reason of each
    said = [f"Told: {', '.join(reached)}."] if reached else []
    if kept_from:
        why = (f"{target} ({_WHY.get(verdict, verdict)})" for target, verdict in kept_from.items())
        said.append(f"Not told: {', '.join(why)}.")
    return " ".join(said)


def _named(word: str, targets: Sequence[str]) -> str:
    """Return a word with two names at most."""
    return f"{word} {', '.join(targets) if len(targets) <= 2 else len(targets)}"
