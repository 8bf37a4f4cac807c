"""What is forgotten by itself, and when."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

from peephole.doorbell.voting import REASONS
from peephole.section import Section
from peephole.store.database import Database

DAY = 24 * 3600.0


def _a_month_at_least(days: int) -> int:
    if 0 < days < 30:
        raise ValueError("the log of the door is kept for 30 days at least, or for ever (0)")
    return days


class Retention(Section):
    """How long things are kept, in days; 0: until the owner removes them."""

    strangers: Annotated[
        int, Field(ge=0, le=36_500, description="Strangers whom nobody named or ignored, since they were seen last.")
    ] = 30
    visits: Annotated[int, Field(ge=0, le=36_500, description="Visits, with their pictures.")] = 90
    looks: Annotated[
        int,
        Field(
            ge=0,
            le=36_500,
            description="The single looks of a visit: descriptors and pictures that say why it was decided so.",
        ),
    ] = 30
    door: Annotated[
        int,
        AfterValidator(_a_month_at_least),
        Field(ge=0, le=36_500, description="Rows of the door's log; 30 days at least."),
    ] = 365


@dataclass(frozen=True)
class Forgotten:
    """How much was forgotten."""

    strangers: int = 0
    visits: int = 0
    looks: int = 0
    door: int = 0


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
    return Forgotten(len(old_strangers), visits, looks, door)


def _anything(database: Database, retention: Retention, now: float) -> bool:
    """Tell whether something is old enough; a change that changes nothing would rewrite the log for nothing."""
    row = database.row(
        "SELECT EXISTS (SELECT 1 FROM strangers WHERE state = 'open' AND last_seen < ?)"
        " OR EXISTS (SELECT 1 FROM visits WHERE closed = 1 AND last_seen < ?)"
        " OR EXISTS (SELECT 1 FROM visit_looks JOIN visits ON visits.id = visit WHERE time < ? AND closed = 1)"
        " OR EXISTS (SELECT 1 FROM door_log WHERE time < ?)",
        tuple(_limit(days, now) for days in (retention.strangers, retention.visits, retention.looks, retention.door)),
    )
    return row is not None and bool(row[0])


def _limit(days: int, now: float) -> float:
    return now - days * DAY if days else float("-inf")
