"""What the page shows of a household: its records put into words, without any HTML."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from peephole.doorbell.policy import share_of
from peephole.doorbell.visit import Kind, VisitFilter, VisitRecord
from peephole.doorbell.visit_words import stranger_visit
from peephole.live import State
from peephole.people.deeds import StrangerLook
from peephole.people.names import names_by_id
from peephole.people.records import PersonSummary, Stranger
from peephole.time_words import day, duration, moment
from peephole.web.door import Camera, Door
from peephole.web.keeping import Keeping, keeping_of
from peephole.web.outcome import outcome_lines, outcomes
from peephole.web.stranger_words import STRIP, DeedRow, LookRow, SuggestionRow, last_deed, look_rows, suggestion_rows

DAY = 24 * 3600.0
VERDICTS: dict[Kind, str] = {"known": "Known", "stranger": "Stranger", "unsure": "Not sure"}
STATES: dict[State, str] = {"starting": "Starting", "watching": "Live", "lost": "Lost", "ended": "Ended"}


@dataclass(frozen=True)
class VisitRow:
    """One line of the list of visits; `note` says why the decision is what it is, `camera` at which it was.

    `outcome` is what came of it in a few words, empty for nothing; `more` says so in sentences. `fate` says when it is
    forgotten.
    """

    id: str
    title: str
    kind: Kind
    verdict: str
    when: str
    lasted: str
    going_on: bool
    camera: str
    note: str
    details: tuple[tuple[str, str], ...]
    version: int
    outcome: str = ""
    more: tuple[str, ...] = ()
    fate: str = ""


@dataclass(frozen=True)
class StrangerRow:
    """One stranger in the inbox; `version` goes into the picture's address, so that a new picture is shown at once.

    `fate` says when the stranger is forgotten, `like` is the name of somebody whom it might be, `near` how near that
    person is, as a share of the bar for known; empty: neither.
    `looks` are the pictures there are, the newest first; none where the door has one picture of each.
    """

    id: str
    title: str
    summary: str
    version: int
    fate: str
    like: str = ""
    near: str = ""
    looks: tuple[LookRow, ...] = ()


@dataclass(frozen=True)
class PersonRow:
    """One person whom the owner has named; `opens`: the door may open for whoever looks like that."""

    id: str
    name: str
    summary: str
    warning: str
    version: int
    opens: bool = False


@dataclass(frozen=True)
class Tile:
    """One camera beside the one that is looked at; `now` says who is there, or what is wrong; empty: nothing is."""

    camera: str
    state: State
    now: str


@dataclass(frozen=True)
class Lists:
    """Everything that the page shows besides the live picture.

    `quiet_only`: there are visits, and all of people whom the owner keeps out of the way.
    """

    visits: tuple[VisitRow, ...]
    strangers: tuple[StrangerRow, ...]
    people: tuple[PersonRow, ...]
    problems: tuple[str, ...]
    suggestions: tuple[SuggestionRow, ...] = ()
    deed: DeedRow | None = None
    quiet_only: bool = False


def read_lists(door: Door, now: datetime | None = None, visits: int = 30) -> Lists:
    """Read the newest state."""
    today = now or datetime.now().astimezone()
    household = door.household
    people = household.people()
    names = names_by_id(people)
    inbox = door.memory.inbox if door.memory is not None else None
    looks = inbox.looks() if inbox is not None else {}
    shown = _newest(door, visits)
    keeping = keeping_of(door)
    return Lists(
        visits=tuple(visit_row(visit, names, today, keeping) for visit in shown),
        strangers=stranger_rows(door, household.strangers(), names, looks, today),
        people=tuple(
            replace(
                person_row(summary, today),
                opens=door.memory is not None and door.memory.rules(summary.person.id).may_open,
            )
            for summary in people
        ),
        problems=tuple(household.problems()),
        suggestions=suggestion_rows(inbox.suggestions(), looks, today) if inbox is not None else (),
        deed=last_deed(inbox, today) if inbox is not None else None,
        quiet_only=not shown and bool(household.visits(1)),
    )


def _newest(door: Door, limit: int) -> list[VisitRecord]:
    """Return the newest visits, but for those of people whom the owner keeps out of the way."""
    if door.memory is None:
        return door.household.visits(limit)
    return door.memory.visits(limit, None, VisitFilter(out_of_the_way=False))


def tile(camera: Camera, pictures: bool) -> Tile:
    """Put a camera into a few words."""
    state = camera.status.state
    return Tile(camera.camera, state, ", ".join(camera.present) if state == "watching" else state_word(state, pictures))


def visit_row(visit: VisitRecord, names: dict[str, str], now: datetime, keeping: Keeping | None = None) -> VisitRow:
    """Put a visit into words; how near it was to whom is told by the visit's own page, look by look.

    keeping: how long things are kept, to say when it goes.
    """
    fate = keeping.line(visit, now) if keeping is not None else ""
    decision = visit.decision
    details = [("Frames", str(visit.sightings))]
    if decision.nearest in names:
        details.append(("Nearest", names[decision.nearest]))
    return VisitRow(
        id=visit.id,
        title=visit_title(visit),
        kind=decision.kind,
        verdict=VERDICTS[decision.kind],
        when=moment(visit.first_seen, now),
        lasted=duration(visit.last_seen - visit.first_seen),
        going_on=not visit.closed,
        camera=visit.camera,
        note=sentence(decision.text),
        details=tuple(details),
        version=int(visit.last_seen * 10),
        outcome=" · ".join(outcomes(visit)),
        more=outcome_lines(visit),
        fate=fate,
    )


def visit_title(visit: VisitRecord) -> str:
    """Who it was."""
    if visit.person_name is not None:
        return visit.person_name
    if visit.stranger_number is not None:
        return stranger_visit(visit.stranger_number, visit.stranger_visits)
    return "Somebody"


def stranger_rows(
    door: Door,
    strangers: Sequence[Stranger],
    names: Mapping[str, str],
    looks: Mapping[str, Sequence[StrangerLook]],
    now: datetime,
    most: int | None = STRIP,
) -> tuple[StrangerRow, ...]:
    """Put strangers into words, with whom they look like; `most` of their looks go with each, None: all."""
    likenesses = door.memory.likenesses() if door.memory is not None else {}

    def put(stranger: Stranger) -> StrangerRow:
        row = stranger_row(stranger, now, door.days_of_strangers() if stranger.state == "open" else 0)
        found = likenesses.get(stranger.id)
        if found is not None and found.person in names:
            row = replace(row, like=names[found.person], near=share_of(found.distance, found.bar))
        return replace(row, looks=look_rows(looks.get(stranger.id, []), now, most))

    return tuple(put(stranger) for stranger in strangers)


def stranger_row(stranger: Stranger, now: datetime, days: int = 0) -> StrangerRow:
    """Put a stranger into words, who is forgotten so many days after the last visit (0: never)."""
    return StrangerRow(
        id=stranger.id,
        title=f"Stranger {stranger.number}",
        summary=f"{count(stranger.visits, 'visit')}, last seen {moment(stranger.last_seen, now)}",
        version=int(stranger.last_seen * 10),
        fate=f"forgotten on {day(stranger.last_seen + days * DAY, now)}" if days else "",
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
        summary=f"{count(summary.references, 'reference')}, {seen}",
        warning=warning,
        version=summary.references + summary.foreign_references,
    )


def count(number: int, noun: str) -> str:
    """`1 visit`, `2 visits`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def sentence(text: str) -> str:
    """With a capital letter and a full stop; what it is about (a file, an id, before the colon) stays as it is."""
    about, colon, _ = text.partition(": ")
    named = colon and (" " not in about or re.search(r"\.\w{1,5}$", about))
    begun = text if named else text[:1].upper() + text[1:]
    return begun if not text or text.endswith((".", "?", "!")) else f"{begun}."


def state_word(state: State, pictures: bool) -> str:
    """How the door is doing, in a word; one that sends no pictures is not said to be live."""
    return STATES[state] if pictures or state != "watching" else "Connected"


def lost_line(pictures: bool) -> str:
    """What is said of who is at the door while nobody can tell."""
    return "No picture of the door" if pictures else "No word from the door"


def challenge_line(text: str) -> str:
    """What the door tells its visitor to do (`Challenge.text`), for whoever looks at the live picture."""
    return f"To the visitor: {text}"


def present_line(names: Sequence[str]) -> str:
    """Who is at the door, in a sentence."""
    if not names:
        return "Nobody is at the door"
    said = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    return f"{said[:1].upper()}{said[1:]} {'is' if len(names) == 1 else 'are'} at the door"
