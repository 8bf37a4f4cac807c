"""Pictures: of people, strangers and visits, and the live one."""

from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import FileResponse, StreamingResponse

from peephole.web.door import Household
from peephole.web.streams import BOUNDARY, Streams

_NOBODY = Path(__file__).parent / "static" / "nobody.svg"
LIVE_RATE = 15.0
"""Pictures a second that a viewer is sent at most."""


def picture_routes(household: Household, streams: Streams) -> APIRouter:
    """Routes that answer with pictures."""
    router = APIRouter(include_in_schema=False)
    find: dict[str, Callable[[str], bytes | None]] = {
        "people": household.person_picture,
        "strangers": household.stranger_picture,
        "visits": household.visit_picture,
    }

    @router.get("/pictures/{whose}/{key}.jpg")
    def picture(whose: str, key: str) -> Response:
        if whose not in find:
            raise HTTPException(404, "no such picture")
        try:
            data = find[whose](key)
        except ValueError as error:
            raise HTTPException(404, str(error)) from error
        if data is None:
            return FileResponse(_NOBODY, media_type="image/svg+xml")
        # No browser may keep a face: what the owner erases here would stay in its disk cache.
        return Response(data, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    @router.get("/live.mjpeg")
    async def live_pictures(names: bool = False) -> Response:
        if not streams.has_pictures:
            raise HTTPException(404, "this door sends no live picture")
        media = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        return StreamingResponse(streams.pictures(names, LIVE_RATE), media_type=media)

    @router.get("/live.jpg")
    async def live_picture(names: bool = True) -> Response:
        if not streams.has_pictures:
            raise HTTPException(404, "this door sends no live picture")
        data = await streams.picture(names)
        if data is None:
            raise HTTPException(503, "no picture yet; try again in a second")
        return Response(data, media_type="image/jpeg")

    return router
