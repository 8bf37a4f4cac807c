"""What programs can read, as JSON."""

import time
from typing import Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from peephole.doorbell.visit import VisitRecord
from peephole.operations.health import Health, camera_check
from peephole.people.records import PersonSummary, Stranger
from peephole.web.door import Door, Happenings
from peephole.web.streams import Streams


def api_routes(door: Door, live: Happenings, streams: Streams, health: Health | None = None) -> APIRouter:
    """Routes that answer with JSON or events. health: what is wrong; None: only the source is looked at."""
    well = health or Health({"camera": camera_check(lambda: live.status)})
    router = APIRouter(tags=["reading"])
    household = door.household

    @router.get("/api/events", response_class=StreamingResponse)
    async def events(faces: bool = False) -> Response:
        """Server-sent events: status, visit_started, decision, visit, problem, changed, and faces if asked for."""
        return StreamingResponse(streams.events(faces), media_type="text/event-stream")

    @router.get("/api/visits")
    def visits(limit: int = Query(50, ge=1, le=500), before: float | None = None) -> list[dict[str, Any]]:
        """Visits, newest first; `before` is the first_seen of the last one of the page before."""
        return [visit_json(visit) for visit in household.visits(limit, before)]

    @router.get("/api/strangers")
    def strangers(every_state: bool = False) -> list[dict[str, Any]]:
        """Strangers that wait for a name, newest first; or all of them."""
        return [stranger_json(stranger) for stranger in household.strangers(every_state)]

    @router.get("/api/people")
    def people() -> list[dict[str, Any]]:
        """Everybody with a name."""
        return [person_json(summary) for summary in household.people()]

    @router.get("/healthz", responses={503: {"description": "Something has been wrong for a minute."}})
    def healthz(request: Request, response: Response) -> dict[str, Any]:
        """Whether it runs; to whom is signed in also how the source does, and seconds since it gave something.

        503 once something has been wrong for a minute.
        """
        faults = well.faults()
        response.status_code = 503 if well.failing(faults) else 200
        status: str = "ok" if live.status.state in ("starting", "watching") else live.status.state
        if status == "ok" and faults:
            status = "trouble"
        if getattr(request.state, "session", True) is None:
            return {"status": status}
        age = None if live.newest_at is None else round(time.monotonic() - live.newest_at, 1)
        return {
            "status": status,
            "text": live.status.text,
            "frame_age": age,
            "viewers": streams.viewers,
            "problems": [fault.text for fault in faults],
        }

    return router


def visit_json(visit: VisitRecord) -> dict[str, Any]:
    """A visit as `peephole run --json` would print it."""
    decision = visit.decision
    return {
        "visit": visit.id,
        "closed": visit.closed,
        "decision": decision.kind,
        "person": visit.person_name,
        "person_id": decision.person,
        "stranger": visit.stranger_number,
        "stranger_id": decision.stranger,
        "distance": decision.distance,
        "margin": decision.margin,
        "reason": decision.reason,
        "text": decision.text,
        "sightings": visit.sightings,
        "first_seen": visit.first_seen,
        "last_seen": visit.last_seen,
        "repeat": visit.repeat,
        "silent": visit.silent,
        "picture": f"/pictures/visits/{visit.id}.jpg",
    }


def stranger_json(stranger: Stranger) -> dict[str, Any]:
    """A stranger, with the address of the picture."""
    return {**vars(stranger), "picture": f"/pictures/strangers/{stranger.id}.jpg"}


def person_json(summary: PersonSummary) -> dict[str, Any]:
    """A person, with the address of the picture."""
    return {
        **vars(summary.person),
        "references": summary.references,
        "foreign_references": summary.foreign_references,
        "last_seen": summary.last_seen,
        "picture": f"/pictures/people/{summary.person.id}.jpg",
    }
