"""What the archive of a person says beside the references: visits with their pictures, and the door's log.

Written to be read by people as well as by programs: times are ISO 8601 in UTC, names are the doorbell's own words.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from peephole.doorbell.archive import Archive
from peephole.doorbell.visit import Look, VisitFilter, VisitRecord
from peephole.people.records import Descriptor, Person, Rules

_MOST_VISITS = 100_000


@dataclass
class History:
    """What happened at the door: rows for JSON, and the files that they name; and who was joined into the person."""

    visits: list[dict[str, Any]] = field(default_factory=list)
    door: list[dict[str, Any]] = field(default_factory=list)
    joined: list[tuple[Person, Rules]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


def history_of(archive: Archive, person: str, model: str) -> History:
    """Gather the visits of a person and the rows of the door's log; of single looks those that `model` described.

    All of it is held in memory, so that no face is written to a temporary file.
    """
    history = History(joined=archive.people.joined(person))
    for visit in archive.visits.recent(_MOST_VISITS, None, VisitFilter(person=person)):
        row = _visit(visit) | {"liveness": _said(archive.visits.trace(visit.id).liveness)}
        picture = archive.visits.picture(visit.id)
        if picture is not None:
            row["picture"] = f"visits/{visit.id}.jpg"
            history.files[row["picture"]] = picture
        row["looks"] = []
        for number, look in archive.visits.looks(visit.id, model).items():
            name = f"visits/{visit.id}-{number}.jpg"
            history.files[name] = look.picture
            row["looks"].append(_look(look, model) | {"picture": name})
        history.visits.append(row)
    history.door = [row | {"time": iso(row["time"])} for row in archive.people.door_rows(person)]
    return history


def iso(time: float) -> str:
    """Seconds since 1970 as ISO 8601, in UTC."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")


def to_text(descriptor: Descriptor) -> str:
    """A descriptor for JSON: little-endian int16 in base64."""
    return base64.b64encode(descriptor.astype("<i2").tobytes()).decode("ascii")


def readable(history: History | None) -> Iterator[str]:
    """Say in lines what the parts of an archive are."""
    yield "What a doorbell that runs peephole keeps about one person."
    yield ""
    yield "person.json   name, rules, consent, and the looks that the face is recognised by. 'descriptor': the numbers"
    yield "              that stand for a face, little-endian int16 in base64; of use to the named 'model' alone."
    yield "              A look whose 'aside' is not empty was set aside and is compared with nobody."
    yield "pictures/     one JPEG for each of these looks"
    if history is not None:
        yield "visits.json   every visit under this name, with each look that was kept of it"
        yield "visits/       the pictures of the visits"
        yield "door.json     what the log of the door says of this person"
    yield ""
    yield "Times are ISO 8601, in UTC. Format: peephole-person, see 'version' in person.json."


def _visit(visit: VisitRecord) -> dict[str, Any]:
    decision = visit.decision
    return {
        "id": visit.id,
        "first_seen": iso(visit.first_seen),
        "last_seen": iso(visit.last_seen),
        "camera": visit.camera,
        "rang": visit.rang,
        "decision": decision.kind,
        "reason": decision.reason,
        "text": decision.text,
        "distance": decision.distance,
        "margin": decision.margin,
        "sightings": visit.sightings,
        "notified": [vars(one) | {"time": iso(one.time)} for one in visit.notified],
        "picture": None,
    }


def _said(liveness: tuple[str, str] | None) -> dict[str, str] | None:
    return None if liveness is None else {"result": liveness[0], "reason": liveness[1]}


def _look(look: Look, model: str) -> dict[str, Any]:
    return {
        "time": iso(look.time),
        "quality": look.quality.value,
        "width": look.quality.width,
        "descriptor": to_text(look.descriptor),
        "model": model,
    }
