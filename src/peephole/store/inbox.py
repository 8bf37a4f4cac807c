"""What the owner does with strangers; each of these can be taken back for a while (`journal`)."""

import json
import sqlite3
import time
from collections.abc import Sequence

from peephole.doorbell.voting import REASONS
from peephole.people.deeds import StrangerLook
from peephole.people.records import Descriptor, NewReference, Person, Stranger
from peephole.store.database import Database
from peephole.store.journal import Recording, recorded
from peephole.store.people import find_or_add, find_person
from peephole.store.references import add_references, set_redundant_aside
from peephole.store.rows import to_descriptor, to_picture
from peephole.store.strangers import add_stranger, find_stranger, workable

_PICTURES = frozenset({"visit_looks"})  # which only discarding single looks takes away
_HISTORY = frozenset({"visits", "stranger_looks"})
_OWNERS = (  # after a split a look may be from a visit that is another stranger's
    "SELECT DISTINCT stranger FROM visits WHERE stranger IS NOT NULL AND id IN"
    " (SELECT visit FROM stranger_looks WHERE id IN (SELECT value FROM json_each(?)))"
)
_MOST_NUMBERS = 5  # that a sentence names


class InboxTable:
    """The owner's deeds (see `doorbell.archive.InboxShelf`). Keys are ids or numbers of strangers."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def assign(self, keys: Sequence[str], name: str) -> Person:
        """Make strangers a person, or more looks of the person of that name or id; past visits follow."""
        with recorded(self._database, "assign", _PICTURES) as record:
            strangers = _begin(record, keys)
            person = noted_person(record, name)
            for stranger in strangers:
                _assign(record.connection, stranger, person)
            set_redundant_aside(record.connection, self._database.seal, person.id)
            record.text = f"{_many(strangers)} named {person.name}"
        return person

    def introduce(
        self, who: str | Person, looks: Sequence[NewReference], consent: str, strangers: Sequence[str] = ()
    ) -> Person:
        """Add looks at a person with the consent, of today, and make strangers that person, as `assign` does.

        who: a new name, or somebody known; of a name that somebody has by now, that one. An empty consent leaves the
        one that is noted. Raises ValueError for a person who was removed.
        """
        seal = self._database.seal
        with recorded(self._database, "introduce", _PICTURES) as record:
            same = _begin(record, strangers) if strangers else []
            if isinstance(who, Person) and find_person(record.connection, who.id) is None:
                raise ValueError(f"{who.name} was removed meanwhile; nothing is stored")
            person = noted_person(record, who.id if isinstance(who, Person) else who)
            add_references(record.connection, seal, person.id, looks)
            if consent:
                record.connection.execute(
                    "UPDATE people SET consent = ?, consent_at = ? WHERE id = ?", (consent, time.time(), person.id)
                )
            for stranger in same:
                _assign(record.connection, stranger, person)
            set_redundant_aside(record.connection, seal, person.id)
            record.brings = True
            record.text = f"{person.name} introduced"
        return person

    def ignore(self, keys: Sequence[str]) -> list[Stranger]:
        """Keep recognising, silently."""
        return self._set(keys, "ignore", "ignored", "state = 'ignored', no_face = 0")

    def no_face(self, keys: Sequence[str]) -> list[Stranger]:
        """Keep recognising what is no face, silently and out of the lists, so that it makes no new stranger."""
        return self._set(keys, "no_face", "no face", "state = 'ignored', no_face = 1")

    def reopen(self, keys: Sequence[str]) -> list[Stranger]:
        """Let ignored strangers wait for a name again."""
        return self._set(keys, "reopen", "back in the inbox", "state = 'open', no_face = 0")

    def discard(self, keys: Sequence[str]) -> list[Stranger]:
        """Take looks and pictures away, to be erased once this cannot be taken back any more.

        The numbers stay taken, the visits stay as unsure ones without a picture.
        """
        with recorded(self._database, "discard", _PICTURES) as record:
            strangers = _begin(record, keys)
            for stranger in strangers:
                _discard(record, stranger)
            record.erases = True
            record.text = f"{_many(strangers)} discarded"
            return _again(record.connection, strangers)

    def merge(self, keys: Sequence[str]) -> Stranger:
        """Make several strangers one, who keeps the oldest number; looks and visits follow.

        Whoever was ignored stays so. Raises ValueError for fewer than two.
        """
        with recorded(self._database, "merge", _PICTURES) as record:
            strangers = sorted(_begin(record, keys), key=lambda one: one.number)
            if len(strangers) < 2:
                raise ValueError("choose two strangers or more that are one")
            kept, *others = strangers
            for other in others:
                _merge(record.connection, kept, other)
            record.text = f"{_many(others)} merged into Stranger {kept.number}"
            return _again(record.connection, [kept])[0]

    def split(self, key: str, looks: Sequence[int], visits: Sequence[str]) -> Stranger:
        """Make some looks at a stranger, and some visits, those of a new stranger with the next number.

        Raises ValueError unless some looks go and some stay.
        """
        with recorded(self._database, "split", _PICTURES) as record:
            (stranger,) = _begin(record, [key])
            _check_some(record.connection, stranger, looks, "split off")
            new = add_stranger(record.connection, stranger.first_seen)
            record.made(strangers=[new])
            _move(record.connection, stranger.id, new, looks, visits)
            _keep_apart(record.connection, stranger.id, new)
            made = find_stranger(record.connection, new)
            record.text = f"Stranger {made.number} split off from Stranger {stranger.number}"
            return made

    def drop_looks(self, key: str, looks: Sequence[int]) -> Stranger:
        """Take single looks away, with their copies in visits, to be erased as those of `discard` are."""
        with recorded(self._database, "drop_looks") as record:
            (stranger,) = _begin(record, [key])
            _check_some(record.connection, stranger, looks, "discard")
            record.about(strangers=_ids(record.connection, _OWNERS, json.dumps(looks)))
            for look in looks:
                self._drop(record.connection, look)
            record.erases = True
            how_many = "1 look" if len(looks) == 1 else f"{len(looks)} looks"
            record.text = f"{how_many} at Stranger {stranger.number} discarded"
        return stranger

    def keep_apart(self, one: str, other: str) -> None:
        """Note that two strangers are two people, so that nobody suggests to merge them again."""
        with recorded(self._database, "apart", _PICTURES | _HISTORY) as record:
            strangers = _begin(record, [one, other])
            if len(strangers) != 2:
                raise ValueError("name two strangers")
            _keep_apart(record.connection, strangers[0].id, strangers[1].id)
            record.text = f"{_many(strangers)} are two people"

    def apart(self) -> set[frozenset[str]]:
        """Return the pairs of strangers, by id, of whom the owner said so."""
        return {frozenset((row["one"], row["other"])) for row in self._database.rows("SELECT * FROM strangers_apart")}

    def looks(self, stranger_id: str | None = None) -> list[StrangerLook]:
        """Return the looks at a stranger, or at all of them, the newest first, the better one of two."""
        rows = self._database.rows(
            "SELECT id, stranger, seen, quality, visit FROM stranger_looks WHERE ? IS NULL OR stranger = ?"
            " ORDER BY seen DESC, quality DESC, id",
            (stranger_id, stranger_id),
        )
        return [StrangerLook(**dict(row)) for row in rows]

    def look_picture(self, look: int) -> bytes | None:
        """Return the picture (JPEG) of one look."""
        row = self._database.row("SELECT picture FROM stranger_looks WHERE id = ?", (look,))
        return to_picture(row, self._database.seal)

    def descriptors(self, stranger_id: str, model: str) -> dict[int, Descriptor]:
        """Return the descriptors of the looks at one stranger that `model` made, by the looks' ids."""
        rows = self._database.rows(
            "SELECT id, descriptor FROM stranger_looks WHERE stranger = ? AND model = ? ORDER BY id",
            (stranger_id, model),
        )
        return {row["id"]: to_descriptor(row["descriptor"], self._database.seal) for row in rows}

    def _set(self, keys: Sequence[str], what: str, words: str, setters: str) -> list[Stranger]:
        with recorded(self._database, what, _PICTURES | _HISTORY) as record:
            strangers = _begin(record, keys)
            for stranger in strangers:
                record.connection.execute(f"UPDATE strangers SET {setters} WHERE id = ?", (stranger.id,))  # noqa: S608
            record.text = f"{_many(strangers)} {words}"
            return _again(record.connection, strangers)

    def _drop(self, connection: sqlite3.Connection, look: int) -> None:
        row = connection.execute("SELECT visit, seen, picture FROM stranger_looks WHERE id = ?", (look,)).fetchone()
        picture = to_picture(row, self._database.seal)
        connection.execute("DELETE FROM stranger_looks WHERE id = ?", (look,))
        if row["visit"] is None:
            return
        connection.execute("DELETE FROM visit_looks WHERE visit = ? AND time = ?", (row["visit"], row["seen"]))
        visit = connection.execute("SELECT picture FROM visits WHERE id = ?", (row["visit"],)).fetchone()
        if to_picture(visit, self._database.seal) == picture:
            connection.execute(
                "UPDATE visits SET picture = (SELECT picture FROM visit_looks WHERE visit = visits.id"
                " ORDER BY good DESC, quality DESC LIMIT 1) WHERE id = ?",
                (row["visit"],),
            )


def _begin(record: Recording, keys: Sequence[str]) -> list[Stranger]:
    """Return the strangers of these keys, each once, having noted how everything about them is."""
    if not keys:
        raise ValueError("choose at least one stranger")
    strangers = list({one.id: one for one in (workable(record.connection, key) for key in keys)}.values())
    ids = [one.id for one in strangers]
    for one in ids.copy():
        ids += _ids(record.connection, "SELECT id FROM strangers WHERE merged_into = ?", one)
    record.about(strangers=ids)
    return strangers


def noted_person(record: Recording, key: str) -> Person:
    """Return the person of that id or name, made if there is none, having noted how everything about them is."""
    found = find_person(record.connection, key)
    if found is not None:
        record.about(people=[found.id])
        return found
    person = find_or_add(record.connection, key)
    record.made(people=[person.id])
    return person


def _assign(connection: sqlite3.Connection, stranger: Stranger, person: Person) -> None:
    connection.execute(
        "INSERT INTO person_references (person, descriptor, model, picture, quality, source, created)"
        " SELECT ?, descriptor, model, picture, quality, 'visit', seen FROM stranger_looks WHERE stranger = ?",
        (person.id, stranger.id),
    )
    connection.execute("DELETE FROM stranger_looks WHERE stranger = ?", (stranger.id,))
    connection.execute("UPDATE strangers SET state = 'assigned', person = ? WHERE id = ?", (person.id, stranger.id))
    connection.execute(
        "UPDATE visits SET kind = 'known', person = ?, reason = 'assigned', text = ?, silent = 0 WHERE stranger = ?",
        (person.id, REASONS["assigned"], stranger.id),
    )


def _discard(record: Recording, stranger: Stranger) -> None:
    connection = record.connection
    connection.execute("DELETE FROM stranger_looks WHERE stranger = ?", (stranger.id,))
    record.withhold(_ids(connection, "SELECT id FROM visits WHERE closed = 1 AND stranger = ?", stranger.id))
    connection.execute(  # of a visit that goes on; it is decided anew when it ends
        "DELETE FROM visit_looks WHERE visit IN (SELECT id FROM visits WHERE closed = 0 AND stranger = ?)",
        (stranger.id,),
    )
    connection.execute("UPDATE strangers SET state = 'discarded' WHERE id = ?", (stranger.id,))
    connection.execute(
        "UPDATE visits SET kind = 'unsure', reason = 'discarded', text = ?, stranger = NULL,"
        " picture = iif(closed, picture, NULL) WHERE stranger = ?",
        (REASONS["discarded"], stranger.id),
    )


def _merge(connection: sqlite3.Connection, kept: Stranger, other: Stranger) -> None:
    ids = {"kept": kept.id, "other": other.id}
    for statement in (
        "UPDATE stranger_looks SET stranger = :kept WHERE stranger = :other",
        "UPDATE visits SET stranger = :kept WHERE stranger = :other",
        "UPDATE strangers SET merged_into = :kept WHERE merged_into = :other",
        "UPDATE strangers SET (visits, first_seen, last_seen, state, no_face) = (SELECT strangers.visits + o.visits,"
        " min(strangers.first_seen, o.first_seen), max(strangers.last_seen, o.last_seen),"
        " iif(o.state = 'ignored', 'ignored', strangers.state), max(strangers.no_face, o.no_face)"
        " FROM strangers AS o WHERE o.id = :other) WHERE id = :kept",
        "UPDATE strangers SET state = 'discarded', merged_into = :kept WHERE id = :other",
        "INSERT OR IGNORE INTO strangers_apart (one, other) SELECT min(third, :kept), max(third, :kept) FROM"
        " (SELECT iif(one = :other, other, one) AS third FROM strangers_apart WHERE :other IN (one, other))"
        " WHERE third <> :kept",
        "DELETE FROM strangers_apart WHERE :other IN (one, other)",
    ):
        connection.execute(statement, ids)


def _move(connection: sqlite3.Connection, old: str, new: str, looks: Sequence[int], visits: Sequence[str]) -> None:
    connection.executemany("UPDATE stranger_looks SET stranger = ? WHERE id = ?", [(new, look) for look in looks])
    moved = 0
    for visit in visits:
        moved += connection.execute(
            "UPDATE visits SET stranger = ? WHERE id = ? AND stranger = ?", (new, visit, old)
        ).rowcount
    connection.execute("UPDATE strangers SET visits = max(0, visits - ?) WHERE id = ?", (moved, old))
    connection.execute("UPDATE strangers SET visits = ? WHERE id = ?", (moved, new))
    for stranger in (old, new):
        connection.execute(
            "UPDATE strangers SET (first_seen, last_seen) = (SELECT coalesce(min(a), first_seen),"
            " coalesce(max(z), last_seen) FROM (SELECT seen AS a, seen AS z FROM stranger_looks WHERE stranger = :id"
            " UNION ALL SELECT first_seen, last_seen FROM visits WHERE stranger = :id)) WHERE id = :id",
            {"id": stranger},
        )


def _keep_apart(connection: sqlite3.Connection, one: str, other: str) -> None:
    connection.execute("INSERT OR IGNORE INTO strangers_apart (one, other) VALUES (?, ?)", tuple(sorted((one, other))))


def _check_some(connection: sqlite3.Connection, stranger: Stranger, looks: Sequence[int], verb: str) -> None:
    own = {row[0] for row in connection.execute("SELECT id FROM stranger_looks WHERE stranger = ?", (stranger.id,))}
    if not looks:
        raise ValueError(f"choose the looks to {verb}")
    if not set(looks) <= own:
        raise ValueError(f"Stranger {stranger.number} has no such look any more; look at the page again")
    if set(looks) == own:
        raise ValueError(f"these are all looks at Stranger {stranger.number}; leave one, or discard the stranger")


def _again(connection: sqlite3.Connection, strangers: Sequence[Stranger]) -> list[Stranger]:
    return [find_stranger(connection, one.id) for one in strangers]


def _many(strangers: Sequence[Stranger]) -> str:
    numbers = [str(one.number) for one in sorted(strangers, key=lambda one: one.number)]
    if len(numbers) == 1:
        return f"Stranger {numbers[0]}"
    if len(numbers) > _MOST_NUMBERS:
        return f"{len(numbers)} strangers"
    return f"Strangers {', '.join(numbers[:-1])} and {numbers[-1]}"


def _ids(connection: sqlite3.Connection, query: str, *values: str) -> list[str]:
    return [row[0] for row in connection.execute(query, values)]
