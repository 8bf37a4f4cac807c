"""What the page shows of a household: its records put into words, without any HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from peephole.doorbell.visit import Kind, VisitRecord
from peephole.live import State
from peephole.people.records import PersonSummary, Stranger
from peephole.time_words import day, duration, moment
from peephole.web.door import Door

DAY = 24 * 3600.0
VERDICTS: dict[Kind, str] = {"known": "Known", "stranger": "Stranger", "unsure": "Not sure"}
STATES: dict[State, str] = {"starting": "Starting", "watching": "Live", "lost": "Lost", "ended": "Ended"}


@dataclass(frozen=True)
class VisitRow:
    """One line of the list of visits; `note` says why the decision is what it is."""

    id: str
    title: str
    kind: Kind
    verdict: str
    when: str
    lasted: str
    going_on: bool
    note: str
    details: tuple[tuple[str, str], ...]
    version: int


@dataclass(frozen=True)
class StrangerRow:
    """One stranger in the inbox; `version` goes into the picture's address, so that a new picture is shown at once.

    `fate` says when the stranger is forgotten, `like` is the name of somebody whom it might be; empty: neither.
    """

    id: str
    title: str
    summary: str
    version: int
    fate: str
    like: str


@dataclass(frozen=True)
class PersonRow:
    """One person whom the owner has named."""

    id: str
    name: str
    summary: str
    warning: str
    version: int


@dataclass(frozen=True)
class Lists:
    """Everything that the page shows besides the live picture."""

    visits: tuple[VisitRow, ...]
    strangers: tuple[StrangerRow, ...]
    people: tuple[PersonRow, ...]
    problems: tuple[str, ...]


def read_lists(door: Door, now: datetime | None = None, visits: int = 30) -> Lists:
    """Read the newest state."""
    today = now or datetime.now().astimezone()
    household = door.household
    people = household.people()
    names = {summary.person.id: summary.person.name for summary in people}
    likenesses = door.memory.likenesses() if door.memory is not None else {}
    return Lists(
        visits=tuple(visit_row(visit, names, today) for visit in household.visits(visits)),
        strangers=tuple(
            stranger_row(stranger, today, door.strangers_days, names.get(likenesses.get(stranger.id, ""), ""))
            for stranger in household.strangers()
        ),
        people=tuple(person_row(summary, today) for summary in people),
        problems=tuple(household.problems()),
    )


def visit_row(visit: VisitRecord, names: dict[str, str], now: datetime) -> VisitRow:
    """Put a visit into words."""
    decision = visit.decision
    details = [("Looks", str(visit.sightings))]
    if decision.nearest in names:
        details.append(("Nearest", names[decision.nearest]))
    if decision.distance is not None:
        details.append(("Distance", f"{decision.distance:,}"))
    if decision.margin is not None:
        details.append(("To the next", f"+{decision.margin:,}"))
    return VisitRow(
        id=visit.id,
        title=visit_title(visit),
        kind=decision.kind,
        verdict=VERDICTS[decision.kind],
        when=moment(visit.first_seen, now),
        lasted=duration(visit.last_seen - visit.first_seen),
        going_on=not visit.closed,
        note=sentence(decision.text),
        details=tuple(details),
        version=int(visit.last_seen * 10),
    )


def visit_title(visit: VisitRecord) -> str:
    """Who it was."""
    if visit.person_name is not None:
        return visit.person_name
    if visit.stranger_number is not None:
        return f"Stranger {visit.stranger_number}"
    return "Somebody"


def stranger_row(stranger: Stranger, now: datetime, days: int = 0, like: str = "") -> StrangerRow:
    """Put a stranger into words, who is forgotten so many days after the last visit (0: never)."""
    return StrangerRow(
        id=stranger.id,
        title=f"Stranger {stranger.number}",
        summary=f"{count(stranger.visits, 'visit')}, last seen {moment(stranger.last_seen, now)}",
        version=int(stranger.last_seen * 10),
        fate=f"forgotten on {day(stranger.last_seen + days * DAY, now)}" if days else "",
        like=like,
    )


def person_row(summary: PersonSummary, now: datetime) -> PersonRow:
    """Put a person into words."""
    seen = "not seen yet" if summary.last_seen is None else f"last seen {moment(summary.last_seen, now)}"
    warning = ""
    if summary.references == 0 and summary.foreign_references:
        warning = "The photos were made with another network; add a new one."
    return PersonRow(
        id=summary.person.id,
        name=summary.person.name,
        summary=f"{count(summary.references, 'look')}, {seen}",
        warning=warning,
        version=summary.references + summary.foreign_references,
    )


def count(number: int, noun: str) -> str:
    """`1 visit`, `2 visits`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".") if text else ""


def state_word(state: State, pictures: bool) -> str:
    """How the door is doing, in a word; one that sends no pictures is not said to be live."""
    return STATES[state] if pictures or state != "watching" else "Connected"


def lost_line(pictures: bool) -> str:
    """What is said of who is at the door while nobody can tell."""
    return "No picture of the door" if pictures else "No word from the door"


def present_line(names: Sequence[str]) -> str:
    """Who is at the door, in a sentence."""
    if not names:
        return "Nobody is at the door"
    said = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    return f"{said[:1].upper()}{said[1:]} {'is' if len(names) == 1 else 'are'} at the door"
