"""The list of past visits: what is asked for, the calendar beside it, and the rows."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.visit import Kind, Outcome, VisitFilter
from peephole.people.names import names_by_id
from peephole.web.calendar import Month, month_named, month_of, span_of
from peephole.web.door import Door
from peephole.web.frame import render
from peephole.web.keeping import keeping_of
from peephole.web.lists import VERDICTS, visit_row
from peephole.web.outcome import OUTCOMES

PAGE = 40
_KINDS: dict[str, Kind] = {"known": "known", "stranger": "stranger", "unsure": "unsure"}
_OUTCOMES: dict[str, Outcome] = {outcome: outcome for outcome in OUTCOMES}


@dataclass(frozen=True)
class Asked:
    """What the form asks for, as text; what it cannot mean counts as nothing.

    kind: known, stranger, unsure. who: id of a person or a stranger. camera: a name. q: part of a name.
    outcome: a key of `outcome.OUTCOMES`. day: `2026-11-23`. month: `2026-11`, that of the calendar.
    silent: anything: with those of people who are kept out of the way.
    """

    kind: str = ""
    who: str = ""
    camera: str = ""
    q: str = ""
    day: str = ""
    month: str = ""
    outcome: str = ""
    silent: str = ""

    def link(self, **changes: str) -> str:
        """Return the address of the same list, but for some answers."""
        given = {name: value for name, value in vars(replace(self, **changes)).items() if value}
        return f"/visits?{urlencode(given)}" if given else "/visits"

    @property
    def narrow(self) -> bool:
        """Tell whether some visits are left out."""
        return bool(self.kind or self.who or self.camera or self.q or self.day or self.outcome)

    def day_asked(self) -> date | None:
        """Return the day."""
        try:
            return date.fromisoformat(self.day) if self.day else None
        except ValueError:
            return None

    def filter(self) -> VisitFilter:
        """Return which visits are meant, whatever the day."""
        return VisitFilter(
            kind=_KINDS.get(self.kind),
            person=self.who if self.who.startswith("p") else None,
            stranger=self.who if self.who.startswith("s") else None,
            camera=self.camera or None,
            words=self.q or None,
            outcome=_OUTCOMES.get(self.outcome),
            out_of_the_way=bool(self.silent or self.who or self.q or self.outcome),
        )

    def span(self) -> tuple[float | None, float | None]:
        """Return the begin and the end of the day by the local clock, None and None for any time."""
        day = self.day_asked()
        if day is None:
            return None, None
        try:
            begin = datetime(day.year, day.month, day.day)
            return begin.timestamp(), (begin + timedelta(days=1)).timestamp()
        except (ValueError, OverflowError, OSError):
            return None, None


def visits_routes(door: Door, memory: Doorbell) -> APIRouter:
    """The list and the calendar, as a page and as JSON."""
    router = APIRouter(tags=["history"])

    @router.get("/visits", response_class=HTMLResponse, include_in_schema=False)
    def visits(
        request: Request,
        kind: str = "",
        who: str = "",
        camera: str = "",
        q: str = "",
        day: str = "",
        month: str = "",
        outcome: str = "",
        silent: str = "",
        before: float | None = None,
    ) -> Response:
        asked = Asked(kind, who, camera, q.strip(), day, month, outcome, silent)
        since, until = asked.span()
        only = replace(asked.filter(), since=since)
        found = memory.visits(PAGE + 1, before if before is not None else until, only)
        names = names_by_id(memory.people())
        now, keeping = datetime.now().astimezone(), keeping_of(door)
        return render(
            request,
            door,
            "visits.html",
            {
                "asked": asked,
                "rows": [visit_row(visit, names, now, keeping) for visit in found[:PAGE]],
                "older": found[PAGE - 1].first_seen if len(found) > PAGE else None,
                "kinds": VERDICTS,
                "outcomes": OUTCOMES,
                "people": sorted(names.items(), key=lambda one: one[1].casefold()),
                "strangers": memory.strangers(),
                "cameras": tuple(dict.fromkeys([*door.cameras, *memory.cameras_of_visits()])),
                "calendar": shown_month(memory, asked),
                "somebody_silent": any(memory.rules(person).tell == "silent" for person in names),
            },
        )

    @router.get("/api/calendar")
    def calendar(
        month: Annotated[str, Query(description="Such as 2026-11; else this one.")] = "",
        kind: str = "",
        who: str = "",
        camera: str = "",
        q: str = "",
        outcome: Annotated[
            str, Query(description="rang, opened, would_open, shut, told, not_sent, repeat or ignored.")
        ] = "",
        silent: Annotated[
            str,
            Query(
                description="Anything: with those of people who are kept out of the way, as where a person, a name or "
                "an outcome is asked for."
            ),
        ] = "",
    ) -> dict[str, Any]:
        """How many visits of each kind began on each day of a month."""
        shown = shown_month(memory, Asked(kind, who, camera, q.strip(), "", month, outcome, silent))
        return {
            "month": f"{shown.first:%Y-%m}",
            "days": {day.day.isoformat(): day.counts for week in shown.weeks for day in week if day.visits},
        }

    return router


def shown_month(memory: Doorbell, asked: Asked) -> Month:
    """Return the month that is named, else that of the day, else this one, with the visits that are meant."""
    today = datetime.now().date()
    first = month_named(asked.month, asked.day_asked() or today)
    since, before = span_of(first)
    return month_of(first, memory.moments(since, before, asked.filter()), today)
