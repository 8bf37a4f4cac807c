"""A past visit: why it was decided as it was, and what other bars would have decided."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import Field

from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.policy import Bars, share_of
from peephole.doorbell.visit import Trace, TracedLook, VisitRecord
from peephole.liveness.evidence import TEXTS
from peephole.people.names import names_by_id
from peephole.people.records import LONGEST_CONSENT
from peephole.time_words import moment
from peephole.web.api import visit_json
from peephole.web.door import Door
from peephole.web.frame import render
from peephole.web.keeping import keeping_of
from peephole.web.lists import count, sentence, visit_row, visit_title
from peephole.web.measures import measures
from peephole.web.pictures import jpeg_for
from peephole.web.visit_actions import correction_values

LookNumber = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A look's number in an address; SQLite has no greater integers."""
FAULTS = {
    "too_small": "too small",
    "blurred": "blurred",
    "flat": "too dark or foggy",
    "glaring": "too bright or too dark",
    "turned": "turned away",
    "unaligned": "eyes and mouth not found",
}


def visit_routes(door: Door, memory: Doorbell) -> APIRouter:
    """Routes that answer with past visits, as pages and as JSON."""
    router = APIRouter(tags=["history"])

    @router.get("/visits/{visit}", response_class=HTMLResponse, include_in_schema=False)
    def why(request: Request, visit: str) -> Response:
        record, names = _found(memory, visit), _names(memory)
        trace = memory.trace(visit)
        return render(
            request,
            door,
            "visit.html",
            {
                "row": visit_row(record, names, datetime.now().astimezone(), keeping_of(door)),
                "title": visit_title(record),
                "when": moment(record.first_seen, datetime.now().astimezone()),
                "bars": trace.bars,
                "compared": count(trace.compared, "person") if trace.compared == 1 else f"{trace.compared} people",
                "measures": measures(record, trace, names),
                "liveness": liveness_words(trace),
                "looks": [look_row(look, record, names, trace.bars) for look in trace.looks],
                "longest_name": door.longest_name,
                "longest_consent": LONGEST_CONSENT,
                "correct": correction_values(memory, record, trace),
            },
        )

    @router.get("/pictures/looks/{visit}/{number}.jpg", include_in_schema=False)
    def picture(request: Request, visit: str, number: LookNumber) -> Response:
        return jpeg_for(request, memory.look_picture(visit, number))

    @router.get("/api/visits/{visit}")
    def trace(visit: str) -> dict[str, Any]:
        """One visit with every look that was kept of it: quality, vote, nearest person and squared distance.

        `said` is what the doorbell had said of a visit that its owner has put right.
        """
        record = _found(memory, visit)
        found, said = memory.trace(visit), memory.corrections.said(visit)
        return {
            **visit_json(record),
            "said": vars(said) if said is not None else None,
            "bars": vars(found.bars) if found.bars is not None else None,
            "compared": found.compared,
            "runner_up": found.runner_up,
            "liveness": {"result": found.liveness[0], "reason": found.liveness[1]} if found.liveness else None,
            "looks": [look_json(look) for look in found.looks],
        }

    @router.get("/api/rejudge")
    def rejudge(
        known_rate: Annotated[float | None, Query(gt=0, le=0.5)] = None,
        stranger_rate: Annotated[float | None, Query(gt=0, le=0.5)] = None,
        limit: Annotated[int, Query(ge=1, le=5000)] = 500,
    ) -> list[dict[str, Any]]:
        """What the newest visits would be decided as with other rates; stores nothing.

        `before` is what was decided then; `in_force` and `now` are what the rates in force and these ones make of the
        same looks against the people as they are now, and `differs` compares those two. `differs_from_then` compares
        `now` with `before`, so that people who were added or removed since count. Visits of which no look is kept, and
        those that the owner has decided about, are left out.
        """
        changes = {"known_rate": known_rate, "stranger_rate": stranger_rate}
        policy = memory.policy.replaced({name: rate for name, rate in changes.items() if rate is not None})
        return [
            {
                "visit": one.visit.id,
                "before": one.visit.decision.kind,
                "in_force": one.in_force.kind,
                "now": one.now.kind,
                "differs": one.differs,
                "differs_from_then": one.differs_from_then,
            }
            for one in memory.rejudge(policy, limit)
        ]

    return router


def look_row(
    look: TracedLook, visit: VisitRecord, names: dict[str, str], bars: Bars | None = None
) -> dict[str, object]:
    """Put one look into words; the distance as a share of the bar for known, as the person's page has it."""
    fault, known = look.quality.fault, bars.known if bars is not None else 0
    unused = "better ones voted" if visit.closed else "no vote yet"
    return {
        "number": look.number,
        "after": f"{look.time - visit.first_seen:.1f} s",
        "width": look.quality.width,
        "quality": look.quality.value,
        "counted": FAULTS.get(fault, fault) if fault else ("voted" if look.voted else unused),
        "voted": look.voted,
        "nearest": names.get(look.nearest or "", "nobody"),
        "distance": None if look.distance is None or not known else share_of(look.distance, known),
    }


def liveness_words(trace: Trace) -> str:
    """Put into words what the door's check said of the face; nothing where it was not asked."""
    if trace.liveness is None:
        return ""
    result, reason = trace.liveness
    words = {"passed": "No picture", "failed": "May be a picture", "not_done": "May be a picture or not"}
    return f"{words.get(result, result)}: {TEXTS.get(reason, reason)}."


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
    return names_by_id(memory.people())
