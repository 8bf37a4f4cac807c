"""Visits: written while they last, so that a killed process loses nothing, and closed exactly once."""

import dataclasses
import sqlite3

from peephole.doorbell.visit import Decision, Kind, Look, Outcome, Trace, VisitFilter, VisitRecord, VisitState
from peephole.doorbell.voting import REASONS
from peephole.people.names import name_key
from peephole.people.records import Descriptor
from peephole.store.database import Database
from peephole.store.liveness import LivenessTable
from peephole.store.rows import to_blob, to_decision, to_descriptor, to_look, to_picture, to_trace, to_visit
from peephole.store.seal import Seal
from peephole.store.strangers import add_stranger, remember

_JOINED = (
    " LEFT JOIN people ON people.id = visits.person LEFT JOIN strangers ON strangers.id = visits.stranger"
    # An opening counts more than a refusal: who is seen again after a restart, or let in by hand, may have both. One
    # that failed counts less than another.
    " LEFT JOIN door_log AS door ON door.id ="
    " (SELECT id FROM door_log WHERE visit = visits.id ORDER BY verdict, done = 'failed', id DESC LIMIT 1)"
)
_RECORDS = (
    "SELECT visits.*, people.name AS person_name, strangers.number AS stranger_number,"  # noqa: S608 - words of ours
    " door.verdict AS door_verdict, door.reason AS door_reason, door.mode AS door_mode, door.done AS door_done,"
    " door.by AS door_by, door.account AS door_account,"
    " (SELECT json_group_array(json_array(target, happening, verdict, time)) FROM notifications"
    " WHERE visit = visits.id) AS notified,"
    # All of the stranger's without the later ones: older ones may be forgotten, and are counted all the same.
    " strangers.visits + (visits.closed = 0) - (SELECT count(*) FROM visits AS later WHERE later.stranger ="
    " visits.stranger AND later.closed AND (later.last_seen, later.id) > (visits.last_seen, visits.id))"
    f" AS stranger_visits FROM visits{_JOINED}"
)
_MOMENTS = f"SELECT visits.first_seen, visits.kind FROM visits{_JOINED}"  # noqa: S608 - words of ours
_OUTCOMES: dict[Outcome, str] = {
    "rang": "visits.rang",
    "opened": "door.verdict = 'open' AND door.mode = 'on' AND door.done <> 'failed'",
    "would_open": "door.verdict = 'open' AND door.mode = 'dry-run'",
    "shut": "door.verdict = 'shut'",
    "told": "EXISTS (SELECT 1 FROM notifications WHERE visit = visits.id AND verdict = 'told')",
    "not_sent": "EXISTS (SELECT 1 FROM notifications WHERE visit = visits.id AND verdict = 'not_sent')",
    "repeat": "visits.repeat",
    "ignored": "visits.silent",
}
# The words that a visit is listed by: a name, or "stranger 12".
_NAMED = "coalesce(people.name_key, 'stranger ' || strangers.number, 'somebody') LIKE '%' || ? || '%' ESCAPE '!'"
# A person or stranger may have been removed by another process a moment ago: then the column stays empty. An open visit
# whose person was removed stays as `PeopleTable.remove` left it: the looks in memory must not bring the face back.
_SAVE = (
    "INSERT INTO visits (id, closed, first_seen, last_seen, kind, person, nearest, stranger, distance, margin, reason,"
    " text, sightings, repeat, silent, picture, rang, camera, decided_after)"
    " VALUES (:id, 0, :first_seen, :last_seen, :kind,"
    " (SELECT coalesce(joined_into, id) FROM people WHERE id = :person),"
    " (SELECT coalesce(joined_into, id) FROM people WHERE id = :nearest),"
    " (SELECT id FROM strangers WHERE id = :stranger), :distance, :margin, :reason, :text, :sightings, 0, 0, :picture,"
    " :rang, :camera, :decided_after)"
    " ON CONFLICT (id) DO UPDATE SET last_seen = excluded.last_seen, kind = excluded.kind, person = excluded.person,"
    " nearest = excluded.nearest, stranger = excluded.stranger, distance = excluded.distance,"
    " margin = excluded.margin, reason = excluded.reason, text = excluded.text, sightings = excluded.sightings,"
    " picture = iif(:faceless, NULL, coalesce(excluded.picture, picture)), rang = max(rang, excluded.rang),"
    " decided_after = excluded.decided_after"
    " WHERE closed = 0 AND visits.reason <> 'person_removed'"
)
_SAVE_LOOK = (
    "INSERT OR IGNORE INTO visit_looks (visit, number, time, x, y, width, height, descriptor, model, sharpness,"
    " neighbours, quality, good, fault, picture) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class VisitsTable:
    """The visits (see `doorbell.archive.VisitsShelf`)."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def save(self, state: VisitState) -> None:
        """Write an open visit as it stands: the row, and the looks kept."""
        with self._database.change() as connection:
            _save(connection, self._database.seal, state)

    def close(self, state: VisitState, trace: Trace, keep: int, cool_down: float) -> VisitRecord:
        """Write and close a visit, attach it to its stranger or open a new one, and return it as stored."""
        with self._database.change(gallery=state.decision.kind == "stranger") as connection:
            _save(connection, self._database.seal, state)
            stored = _record(connection, state.id)
            if stored["closed"]:
                return to_visit(stored)
            person_removed = stored["reason"] == "person_removed"
            decision = _without_person(state.decision) if person_removed else _settled(connection, state.decision)
            if decision.kind == "stranger":
                stranger = decision.stranger
                if stranger is None and not state.faceless:
                    stranger = add_stranger(connection, state.first_seen)
                decision = dataclasses.replace(decision, stranger=stranger)
            if decision.kind == "stranger" and decision.stranger is not None:
                remember(
                    connection,
                    self._database.seal,
                    decision.stranger,
                    list(state.looks.values()),
                    state.model,
                    state.last_seen,
                    keep,
                    state.id,
                )
            connection.execute(
                "UPDATE visits SET closed = 1, last_seen = ?, sightings = ?, kind = ?, person = ?, stranger = ?,"
                " reason = ?, text = ?, repeat = ?, picture = iif(?, NULL, picture),"
                " silent = coalesce((SELECT state = 'ignored' FROM strangers WHERE id = ?), 0) WHERE id = ?",
                (
                    state.last_seen,
                    state.sightings,
                    decision.kind,
                    decision.person,
                    decision.stranger,
                    decision.reason,
                    decision.text,
                    _was_here(connection, state, decision, cool_down),
                    decision.reason == "person_removed",
                    decision.stranger,
                    state.id,
                ),
            )
            if decision.reason == "person_removed":
                connection.execute("DELETE FROM visit_looks WHERE visit = ?", (state.id,))
            else:
                _save_trace(connection, state.id, trace)
            return to_visit(_record(connection, state.id))

    def unfinished(self, model: str) -> list[VisitState]:
        """Return the visits that were never closed, with the looks made by `model`."""
        found = []
        for row in self._database.rows("SELECT * FROM visits WHERE closed = 0 ORDER BY first_seen"):
            found.append(
                VisitState(
                    id=row["id"],
                    first_seen=row["first_seen"],
                    last_seen=row["last_seen"],
                    decision=to_decision(row),
                    sightings=row["sightings"],
                    looks=self.looks(row["id"], model),
                    model=model,
                    rang=bool(row["rang"]),
                    camera=row["camera"],
                    decided_after=row["decided_after"],
                )
            )
        return found

    def get(self, visit_id: str) -> VisitRecord:
        """Return the visit of that id, or raise ValueError."""
        row = self._database.row(f"{_RECORDS} WHERE visits.id = ?", (visit_id,))
        if row is None:
            raise ValueError(f"{visit_id}: there is no visit of this id")
        return to_visit(row)

    def recent(self, limit: int, before: float | None, only: VisitFilter | None = None) -> list[VisitRecord]:
        """Return visits, newest first; `before` is a first_seen to page from, `only` those to leave in."""
        where, values = _where(before, only or VisitFilter())
        rows = self._database.rows(
            f"{_RECORDS} {where} ORDER BY visits.first_seen DESC, visits.id LIMIT ?", (*values, limit)
        )
        return [to_visit(row) for row in rows]

    def moments(self, since: float, before: float, only: VisitFilter | None = None) -> list[tuple[float, Kind]]:
        """Return when the visits that began in a span of time did, and of what kind they were, the oldest first."""
        where, values = _where(before, dataclasses.replace(only or VisitFilter(), since=since))
        rows = self._database.rows(f"{_MOMENTS} {where} ORDER BY visits.first_seen", values)
        return [(row["first_seen"], row["kind"]) for row in rows]

    def cameras(self) -> list[str]:
        """Return the names of cameras that visits were at, those too that are there no more, by name."""
        rows = self._database.rows("SELECT DISTINCT camera FROM visits WHERE camera <> '' ORDER BY camera")
        return [row["camera"] for row in rows]

    def every_look(self, model: str) -> list[tuple[str, Descriptor]]:
        """Return (visit id, descriptor) of every look that is kept of any visit and was made by `model`."""
        rows = self._database.rows("SELECT visit, descriptor FROM shown_looks WHERE model = ? ORDER BY visit", (model,))
        return [(row["visit"], to_descriptor(row["descriptor"], self._database.seal)) for row in rows]

    def trace(self, visit_id: str) -> Trace:
        """Return what a closed visit was decided by; without looks where none are left."""
        visit = self._database.row(
            "SELECT visits.*, (SELECT coalesce(joined_into, id) FROM people WHERE id = runner_up) AS runner_up_now"
            " FROM visits WHERE id = ?",
            (visit_id,),
        )
        if visit is None:
            raise ValueError(f"{visit_id}: there is no visit of this id")
        looks = self._database.rows(
            "SELECT shown_looks.*, (SELECT coalesce(joined_into, id) FROM people WHERE id = nearest) AS nearest_now"
            " FROM shown_looks WHERE visit = ? ORDER BY number",
            (visit_id,),
        )
        said = LivenessTable(self._database).of(visit_id)
        return dataclasses.replace(to_trace(visit, looks), liveness=said)

    def looks(self, visit_id: str, model: str) -> dict[int, Look]:
        """Return the looks kept of a visit that were made by `model`, by their numbers."""
        rows = self._database.rows(
            "SELECT * FROM shown_looks WHERE visit = ? AND model = ? ORDER BY number", (visit_id, model)
        )
        return {row["number"]: to_look(row, self._database.seal) for row in rows}

    def look_picture(self, visit_id: str, number: int) -> bytes | None:
        """Return the picture of one look."""
        row = self._database.row("SELECT picture FROM shown_looks WHERE visit = ? AND number = ?", (visit_id, number))
        return to_picture(row, self._database.seal)

    def picture(self, visit_id: str) -> bytes | None:
        """Return the best picture of a visit."""
        row = self._database.row(
            "SELECT picture FROM visits WHERE id = ? AND id NOT IN (SELECT visit FROM withheld)", (visit_id,)
        )
        return to_picture(row, self._database.seal)

    def count(self) -> int:
        """Return how many there are."""
        row = self._database.row("SELECT count(*) FROM visits")
        return int(row[0]) if row is not None else 0


def _where(before: float | None, only: VisitFilter) -> tuple[str, tuple[object, ...]]:
    """Return the clause, and its values, that leaves in the visits of a filter which began before a time."""
    terms = {
        "visits.first_seen < ?": before,
        "visits.first_seen >= ?": only.since,
        "visits.kind = ?": only.kind,
        "visits.person = ?": only.person,
        "visits.stranger = ?": only.stranger,
        "visits.camera = ?": only.camera,
        "people.tell IS NOT ?": None if only.out_of_the_way else "silent",
        _NAMED: _pattern(only.words),
    }
    given = {term: value for term, value in terms.items() if value is not None}
    asked = [*given, *([_OUTCOMES[only.outcome]] if only.outcome is not None else [])]
    return f"WHERE {' AND '.join(asked)}" if asked else "", tuple(given.values())


def _pattern(words: str | None) -> str | None:
    """Return words as names are compared, and as LIKE takes them literally."""
    key = name_key(words) if words else ""
    return "".join(f"!{letter}" if letter in "!%_" else letter for letter in key) or None


def _save(connection: sqlite3.Connection, seal: Seal, state: VisitState) -> None:
    best = state.best()
    picture = best.picture if best is not None else state.scene
    row = {
        **vars(state.decision),
        "id": state.id,
        "first_seen": state.first_seen,
        "last_seen": state.last_seen,
        "sightings": state.sightings,
        "picture": None if picture is None else seal.close("picture", picture),
        "rang": state.rang,
        "faceless": state.faceless,
        "camera": state.camera,
        "decided_after": state.decided_after,
    }
    if not connection.execute(_SAVE, row).rowcount:
        return  # closed already, or the person was removed
    numbers = [row[0] for row in connection.execute("SELECT number FROM visit_looks WHERE visit = ?", (state.id,))]
    dropped = [(state.id, number) for number in numbers if number not in state.looks]
    connection.executemany("DELETE FROM visit_looks WHERE visit = ? AND number = ?", dropped)
    connection.executemany(
        _SAVE_LOOK,
        [
            (
                state.id,
                number,
                look.time,
                look.box.x,
                look.box.y,
                look.quality.width,
                look.box.height,
                to_blob(look.descriptor, seal),
                state.model,
                look.quality.sharpness,
                look.quality.neighbours,
                look.quality.value,
                look.quality.good,
                look.quality.fault,
                seal.close("picture", look.picture),
            )
            for number, look in state.looks.items()
            if number not in numbers
        ],
    )


def _save_trace(connection: sqlite3.Connection, visit_id: str, trace: Trace) -> None:
    bars = dataclasses.astuple(trace.bars) if trace.bars is not None else (None, None, None, None)
    connection.execute(
        "UPDATE visits SET bar_known = ?, bar_stranger = ?, bar_same_stranger = ?, bar_margin = ?, compared = ?,"
        " runner_up = (SELECT id FROM people WHERE id = ?) WHERE id = ?",
        (*bars, trace.compared, trace.runner_up, visit_id),
    )
    connection.executemany(
        "UPDATE visit_looks SET voted = ?, nearest = (SELECT id FROM people WHERE id = ?), distance = ?"
        " WHERE visit = ? AND number = ?",
        [(look.voted, look.nearest, look.distance, visit_id, look.number) for look in trace.looks],
    )


def _settled(connection: sqlite3.Connection, decision: Decision) -> Decision:
    """Bring a decision up to date with what the owner did while it was made."""
    if decision.kind == "known":
        person = connection.execute(
            "SELECT coalesce(joined_into, id) FROM people WHERE id = ?", (decision.person,)
        ).fetchone()
        return _without_person(decision) if person is None else dataclasses.replace(decision, person=person[0])
    if decision.kind == "unsure" or decision.stranger is None:
        return decision
    row = connection.execute(
        "SELECT one.id, one.state, one.person FROM strangers AS one JOIN strangers AS was"
        " ON one.id = coalesce(was.merged_into, was.id) WHERE was.id = ?",
        (decision.stranger,),
    ).fetchone()
    if row is not None and row["state"] in ("open", "ignored"):
        return dataclasses.replace(decision, stranger=row["id"])
    if row is not None and row["state"] == "assigned" and row["person"] is not None:
        return dataclasses.replace(
            decision, kind="known", person=row["person"], reason="assigned", text=REASONS["assigned"]
        )
    return dataclasses.replace(decision, stranger=None)


def _without_person(decision: Decision) -> Decision:
    return dataclasses.replace(
        decision, kind="unsure", person=None, stranger=None, reason="person_removed", text=REASONS["person_removed"]
    )


def _was_here(connection: sqlite3.Connection, state: VisitState, decision: Decision, cool_down: float) -> bool:
    """Tell whether the same one was here a moment ago, or at another camera meanwhile, in a visit that has ended."""
    row = connection.execute(
        "SELECT 1 FROM visits WHERE closed = 1 AND id <> ? AND (person = ? OR stranger = ?) AND first_seen <= ?"
        " AND last_seen > ?",
        (state.id, decision.person, decision.stranger, state.last_seen, state.first_seen - cool_down),
    ).fetchone()
    return row is not None


def _record(connection: sqlite3.Connection, visit_id: str) -> sqlite3.Row:
    row: sqlite3.Row = connection.execute(f"{_RECORDS} WHERE visits.id = ?", (visit_id,)).fetchone()
    return row
