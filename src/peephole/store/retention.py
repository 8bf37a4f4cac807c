"""What is forgotten by itself, and when."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from peephole.doorbell.voting import REASONS
from peephole.section import Section
from peephole.store.database import Database

DAY = 24 * 3600.0
ASIDE_DAYS = 30
"""So long references that were set aside can be put back."""


def _a_month_at_least(days: int) -> int:
    if 0 < days < 30:
        raise ValueError("the log of the door is kept for 30 days at least, or for ever (0)")
    return days


class Retention(Section):
    """What is kept, and for how many days; 0: until the owner removes it."""

    unknown_faces: Annotated[
        Literal["keep", "count"],
        Field(
            title="Faces that are not known",
            description="`keep`: looks and pictures of strangers, and of whoever nobody is sure of, are stored for the"
            " days below; `count`: only that somebody came, and when. Before the doorbell has an owner it only counts.",
        ),
    ] = "keep"
    strangers: Annotated[
        int,
        Field(
            title="Strangers in the inbox",
            ge=0,
            le=36_500,
            description="Strangers whom nobody named or ignored, since they were seen last.",
        ),
    ] = 30
    visits: Annotated[int, Field(title="Visits", ge=0, le=36_500, description="Visits, with their pictures.")] = 90
    looks: Annotated[
        int,
        Field(
            title="Single looks of visits",
            ge=0,
            le=36_500,
            description="The single looks of a visit: descriptors and pictures that say why it was decided so.",
        ),
    ] = 30
    door: Annotated[
        int,
        AfterValidator(_a_month_at_least),
        Field(
            title="The door's log",
            ge=0,
            le=36_500,
            description="Rows of the door's log, and of what accounts did; 30 days at least.",
        ),
    ] = 365


@dataclass(frozen=True)
class Forgotten:
    """How much was forgotten."""

    strangers: int = 0
    visits: int = 0
    looks: int = 0
    door: int = 0
    aside: int = 0


def forget_old(database: Database, retention: Retention, now: float) -> Forgotten:
    """Forget what is older than the owner wants it, in one transaction; pictures and descriptors are erased.

    Of a stranger the number stays taken, and visits that are younger stay without picture. Visits that go on stay.
    """
    if not _anything(database, retention, now):
        return Forgotten()
    with database.change(gallery=True, erase=True) as connection:
        old_strangers = [
            row["id"]
            for row in connection.execute(
                "SELECT id FROM strangers WHERE state = 'open' AND last_seen < ?", (_limit(retention.strangers, now),)
            )
        ]
        for stranger in old_strangers:
            connection.execute("DELETE FROM stranger_looks WHERE stranger = ?", (stranger,))
            connection.execute(
                "DELETE FROM visit_looks WHERE visit IN (SELECT id FROM visits WHERE stranger = ?)", (stranger,)
            )
            connection.execute("UPDATE strangers SET state = 'discarded' WHERE id = ?", (stranger,))
            connection.execute(
                "UPDATE visits SET kind = 'unsure', reason = 'forgotten', text = ?, picture = NULL, stranger = NULL"
                " WHERE stranger = ?",
                (REASONS["forgotten"], stranger),
            )
        visits = connection.execute(
            "DELETE FROM visits WHERE closed = 1 AND last_seen < ?", (_limit(retention.visits, now),)
        ).rowcount
        looks = connection.execute(
            "DELETE FROM visit_looks WHERE time < ? AND visit IN (SELECT id FROM visits WHERE closed = 1)",
            (_limit(retention.looks, now),),
        ).rowcount
        door = connection.execute("DELETE FROM door_log WHERE time < ?", (_limit(retention.door, now),)).rowcount
        connection.execute("DELETE FROM audit_log WHERE time < ?", (_limit(retention.door, now),))
        # Which of two alike is left out each door decides; told to others as removed, both might go.
        connection.execute(
            "UPDATE person_references SET digest = NULL WHERE aside = 'redundant' AND aside_at < ?",
            (_limit(ASIDE_DAYS, now),),
        )
        aside = connection.execute(
            "DELETE FROM person_references WHERE aside <> '' AND aside_at < ?", (_limit(ASIDE_DAYS, now),)
        ).rowcount
    return Forgotten(len(old_strangers), visits, looks, door, aside)


def _anything(database: Database, retention: Retention, now: float) -> bool:
    """Tell whether something is old enough; a change that changes nothing would rewrite the log for nothing."""
    row = database.row(
        "SELECT EXISTS (SELECT 1 FROM strangers WHERE state = 'open' AND last_seen < ?)"
        " OR EXISTS (SELECT 1 FROM visits WHERE closed = 1 AND last_seen < ?)"
        " OR EXISTS (SELECT 1 FROM visit_looks JOIN visits ON visits.id = visit WHERE time < ? AND closed = 1)"
        " OR EXISTS (SELECT 1 FROM door_log WHERE time < ?)"
        " OR EXISTS (SELECT 1 FROM audit_log WHERE time < ?)"
        " OR EXISTS (SELECT 1 FROM person_references WHERE aside <> '' AND aside_at < ?)",
        tuple(
            _limit(days, now)
            for days in (
                retention.strangers,
                retention.visits,
                retention.looks,
                retention.door,
                retention.door,
                ASIDE_DAYS,
            )
        ),
    )
    return row is not None and bool(row[0])


def _limit(days: int, now: float) -> float:
    return now - days * DAY if days else float("-inf")
