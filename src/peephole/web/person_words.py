"""A person's references, rules and traces put into words, without any HTML."""

from dataclasses import dataclass
from datetime import datetime

from peephole.doorbell.dossiers import Dossier, PlacedReference
from peephole.doorbell.policy import share_of
from peephole.people.records import Kept, Rules
from peephole.time_words import day
from peephole.web.lists import count

SOURCES = {
    "photo": "a photo",
    "visit": "a visit at the door",
    "door": "an introduction at the door",
    "import": "another door's archive",
}
TELLS = {"notify": "Tell me", "log": "Only list it", "silent": "Keep it out of the way"}
TELLING = {
    "notify": "messages go out as the settings say, and the visit is listed.",
    "log": "no message says who came. The visit is listed, and a broker is told of it.",
    "silent": "no message says who came, and no broker is told. The visit is kept and not listed: Visits has it when "
    "it is asked for.",
}
"""What each rule does, for the person's page."""
ASIDE = {
    "owner": "you set it aside",
    "cross_risk": "too much like somebody else",
    "self_outlier": "unlike the others",
    "redundant": "nearly the same as another one, of more than enough",
}
_GOOD, _FAIR = 600, 300


@dataclass(frozen=True)
class ReferenceRow:
    """One look at a person; distances are shares of the bar for known, so that 1 is the bar itself."""

    number: int
    quality: str
    figure: int
    origin: str
    own: str
    other: str
    fault: str
    aside: str
    since: str


def reference_row(one: PlacedReference, dossier: Dossier, names: dict[str, str], now: datetime) -> ReferenceRow:
    """Put one reference into words."""
    look, place = one.reference, one.place
    own = other = fault = ""
    if place is None:
        fault = "Made with another network, and of no use to this one."
    else:
        known, stranger = dossier.known, dossier.stranger
        name = names.get(place.other or "", "somebody")
        if place.own is not None and place.nearest_own is not None:
            own = likeness(place.nearest_own, known, stranger)
            own += f", the middle one {share_of(place.own, known)}" if place.own != place.nearest_own else ""
        if place.other_distance is not None:
            other = f"{name}, {likeness(place.other_distance, known, stranger)}"
        fault = {
            "": "",
            "cross_risk": f"Too much like {name}: whoever looks so may be taken for {name}. Is it the right face?",
            "self_outlier": f"Unlike most of the others. Is it {dossier.person.name}?",
        }[place.fault]
    return ReferenceRow(
        number=look.id,
        quality="good" if look.quality >= _GOOD else "fair" if look.quality >= _FAIR else "poor",
        figure=look.quality,
        origin=f"{SOURCES.get(look.source, look.source)}, {day(look.created, now)}",
        own=own,
        other=other,
        fault=fault,
        aside=ASIDE.get(look.aside, ""),
        since="" if look.aside_at is None else day(look.aside_at, now),
    )


def likeness(distance: int, known: int, stranger: int) -> str:
    """A squared distance in a word, and as a share of the bar for known."""
    word = "alike" if distance <= known else "a little alike" if distance <= stranger else "unlike"
    return f"{word} ({share_of(distance, known)})"


def rule_words(rules: Rules) -> tuple[str, ...]:
    """What is decided about a person, one short phrase each; nothing of what goes without saying."""
    told = {"notify": "", "log": "only listed", "silent": "silent"}[rules.tell]
    opens = f"may open{' ' + rules.hours if rules.hours else ''}" if rules.may_open else ""
    return tuple(
        phrase
        for phrase in (told, opens, "child" if rules.minor else "", "" if rules.consent else "no consent noted")
        if phrase
    )


def kept_lines(kept: Kept, name: str) -> tuple[str, ...]:
    """What erasing takes away, one line each."""
    lines = [f"the name {name}, the rules, and the note of consent"]
    looks = kept.references + kept.aside
    if looks:
        aside = f", {kept.aside} of them set aside" if kept.aside else ""
        lines.append(f"{count(looks, 'reference')} with picture and descriptor{aside}")
    if kept.visits:
        lines.append(
            f"the name and the picture in {count(kept.visits, 'visit')}, and {count(kept.looks, 'look')} of them"
        )
    if kept.unsure:
        lines.append(f"the picture of {count(kept.unsure, 'visit')} of nobody for sure, to whom {name} was the nearest")
    if kept.strangers:
        lines.append(f"that {count(kept.strangers, 'stranger')} of the inbox got this name")
    if kept.door:
        lines.append(f"the name in {count(kept.door, 'row')} of the door's log")
    return tuple(lines)


def date_of(time: float | None) -> str:
    """A local day as a form has it, `2026-05-03`; empty for none."""
    return "" if time is None else datetime.fromtimestamp(time).date().isoformat()
