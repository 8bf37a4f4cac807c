"""Past visits: a list to look through, and why each was decided as it was."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.visit import Kind, TracedLook, VisitFilter, VisitRecord
from peephole.time_words import moment
from peephole.web.api import visit_json
from peephole.web.door import Door
from peephole.web.lists import VERDICTS, count, sentence, visit_row, visit_title
from peephole.web.pages import frame

PAGE = 40
FAULTS = {
    "too_small": "too small",
    "blurred": "blurred",
    "flat": "too dark or foggy",
    "glaring": "too bright or too dark",
    "turned": "turned away",
    "unaligned": "eyes and mouth not found",
}


def history_routes(door: Door, memory: Doorbell) -> APIRouter:
    """Routes that answer with past visits, as pages and as JSON."""
    router = APIRouter(tags=["history"])
    templates = Jinja2Templates(Path(__file__).parent / "templates")

    @router.get("/visits", response_class=HTMLResponse, include_in_schema=False)
    def visits(request: Request, kind: str = "", who: str = "", day: str = "", before: float | None = None) -> Response:
        only, until = _filter(kind, who, day)
        found = memory.visits(PAGE + 1, before if before is not None else until, only)
        if only.since is not None:
            found = [visit for visit in found if visit.first_seen >= only.since]
        now = datetime.now().astimezone()
        names = _names(memory)
        return templates.TemplateResponse(
            request,
            "visits.html",
            {
                **frame(request, door),
                "rows": [visit_row(visit, names, now) for visit in found[:PAGE]],
                "older": found[PAGE - 1].first_seen if len(found) > PAGE else None,
                "kinds": VERDICTS,
                "kind": kind,
                "who": who,
                "day": day,
                "people": sorted(names.items(), key=lambda one: one[1].casefold()),
                "strangers": memory.strangers(),
            },
        )

    @router.get("/visits/{visit}", response_class=HTMLResponse, include_in_schema=False)
    def why(request: Request, visit: str) -> Response:
        record, names = _found(memory, visit), _names(memory)
        trace = memory.trace(visit)
        return templates.TemplateResponse(
            request,
            "visit.html",
            {
                **frame(request, door),
                "row": visit_row(record, names, datetime.now().astimezone()),
                "title": visit_title(record),
                "when": moment(record.first_seen, datetime.now().astimezone()),
                "rang": record.rang,
                "bars": trace.bars,
                "compared": count(trace.compared, "person") if trace.compared == 1 else f"{trace.compared} people",
                "looks": [look_row(look, record, names) for look in trace.looks],
            },
        )

    @router.get("/pictures/looks/{visit}/{number}.jpg", include_in_schema=False)
    def picture(visit: str, number: int) -> Response:
        data = memory.look_picture(visit, number)
        if data is None:
            raise HTTPException(404, "no such picture")
        return Response(data, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    @router.get("/api/visits/{visit}")
    def trace(visit: str) -> dict[str, Any]:
        """One visit with every look that was kept of it: quality, vote, nearest person and squared distance."""
        record = _found(memory, visit)
        found = memory.trace(visit)
        return {
            **visit_json(record),
            "bars": vars(found.bars) if found.bars is not None else None,
            "compared": found.compared,
            "looks": [look_json(look) for look in found.looks],
        }

    @router.get("/api/rejudge")
    def rejudge(
        known_rate: Annotated[float | None, Query(gt=0, le=0.5)] = None,
        stranger_rate: Annotated[float | None, Query(gt=0, le=0.5)] = None,
        limit: Annotated[int, Query(ge=1, le=5000)] = 500,
    ) -> list[dict[str, Any]]:
        """What past visits would be decided as with other rates, against the people as they are now; stores nothing."""
        changes = {"known_rate": known_rate, "stranger_rate": stranger_rate}
        policy = memory.policy.replaced({name: rate for name, rate in changes.items() if rate is not None})
        return [
            {"visit": one.visit.id, "before": one.visit.decision.kind, "now": one.now.kind, "differs": one.differs}
            for one in memory.rejudge(policy, limit)
        ]

    return router


def look_row(look: TracedLook, visit: VisitRecord, names: dict[str, str]) -> dict[str, object]:
    """Put one look into words."""
    fault = look.quality.fault
    return {
        "number": look.number,
        "after": f"{look.time - visit.first_seen:.1f} s",
        "width": look.quality.width,
        "quality": look.quality.value,
        "counted": FAULTS.get(fault, fault) if fault else ("voted" if look.voted else "better ones voted"),
        "voted": look.voted,
        "nearest": names.get(look.nearest or "", "nobody"),
        "distance": None if look.distance is None else f"{look.distance:,}",
    }


def look_json(look: TracedLook) -> dict[str, Any]:
    """One look for programs."""
    return {
        "number": look.number,
        "time": look.time,
        "box": look.box.values(),
        "quality": vars(look.quality),
        "voted": look.voted,
        "nearest": look.nearest,
        "distance": look.distance,
        "reason": sentence(FAULTS.get(look.quality.fault, "")),
    }


def _found(memory: Doorbell, visit: str) -> VisitRecord:
    try:
        return memory.visit(visit)
    except ValueError as error:
        raise HTTPException(404, str(error)) from error


def _names(memory: Doorbell) -> dict[str, str]:
    return {row.person.id: row.person.name for row in memory.people()}


def _filter(kind: str, who: str, day: str) -> tuple[VisitFilter, float | None]:
    """Return what a form asks for, and the end of the day that it names; what it cannot mean is left out."""
    kinds: dict[str, Kind] = {"known": "known", "stranger": "stranger", "unsure": "unsure"}
    since = until = None
    try:
        begin = datetime.fromisoformat(day).replace(tzinfo=None) if day else None
        if begin is not None:
            since, until = begin.timestamp(), (begin + timedelta(days=1)).timestamp()
    except (ValueError, OverflowError, OSError):
        pass
    whose = {"p": ("person", who), "s": ("stranger", who)}.get(who[:1])
    named = {whose[0]: whose[1]} if whose else {}
    return VisitFilter(kinds.get(kind), named.get("person"), named.get("stranger"), since), until
