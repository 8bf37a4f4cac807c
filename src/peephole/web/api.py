"""What programs can read, as JSON."""

import time
from typing import Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from peephole.doorbell.visit import VisitRecord
from peephole.doorbell.visits import ended
from peephole.operations.health import Health, source_checks
from peephole.people.records import PersonSummary, Stranger
from peephole.web.door import Camera, Door, Happenings
from peephole.web.gate import while_signed_in
from peephole.web.streams import Streams


def api_routes(door: Door, live: Happenings, streams: Streams, health: Health | None = None) -> APIRouter:
    """Routes that answer with JSON or events. health: what is wrong; None: only the source is looked at."""
    well = health or Health(source_checks(live.cameras))
    router = APIRouter(tags=["reading"])
    household = door.household

    @router.get("/api/events", response_class=StreamingResponse)
    async def events(request: Request, faces: bool = False) -> Response:
        """Server-sent events: status, visit_started, decision, visit, refused, problem, changed; faces if asked for."""
        stream = while_signed_in(request, streams.events(faces))
        return StreamingResponse(stream, media_type="text/event-stream")

    @router.get("/api/cameras")
    def cameras() -> list[dict[str, Any]]:
        """Every camera: its name, what it watches, how that is doing, frames a second and who is there."""
        return [camera_json(one) for one in live.cameras]

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
        return {
            "status": status,
            "text": live.status.text,
            "frame_age": _age(live.newest_at),
            "cameras": {one.camera: one.status.state for one in live.cameras},
            "viewers": streams.viewers,
            "problems": [fault.text for fault in faults],
        }

    return router


def camera_json(camera: Camera) -> dict[str, Any]:
    """One camera, without any password."""
    return {
        "camera": camera.camera,
        "source": camera.source,
        "state": camera.status.state,
        "text": camera.status.text,
        "frame_rate": round(camera.rate, 1),
        "frame_age": _age(camera.newest_at),
        "present": list(camera.present),
    }


def _age(newest_at: float | None) -> float | None:
    return None if newest_at is None else round(time.monotonic() - newest_at, 1)


def visit_json(visit: VisitRecord) -> dict[str, Any]:
    """A visit as `peephole run --json` prints it, with its picture's address; `closed` is false while it goes on.

    `door` is what the door's log says of it, None for nothing; `notified` says who was told of it. `decided_after` is
    how many seconds after the first sight of the face it was decided so.
    """
    return {
        **vars(ended(visit)),
        "closed": visit.closed,
        "decided_after": visit.decided_after,
        "picture": f"/pictures/visits/{visit.id}.jpg",
        "door": None if visit.door is None else vars(visit.door),
        "notified": [vars(one) for one in visit.notified],
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
