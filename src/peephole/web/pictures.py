"""Pictures: of people, strangers and visits, and the live one."""

from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from peephole.web.door import Camera, Household
from peephole.web.gate import while_signed_in
from peephole.web.streams import BOUNDARY, Streams

_NOBODY = Path(__file__).parent / "static" / "nobody.svg"
LIVE_RATE = 15.0
"""Pictures a second that a viewer is sent at most."""
TILE_RATE = 4.0
"""Of a camera that is not the one looked at."""


def jpeg(data: bytes | None) -> Response:
    """Return a picture; raise HTTPException where there is none.

    No browser may keep a face: what the owner erases here would stay in its disk cache.
    """
    if data is None:
        raise HTTPException(404, "no such picture")
    return Response(data, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


def jpeg_for(request: Request, data: bytes | None) -> Response:
    """Return the picture of a look, which may have made room for a better one since its page was made.

    A page then shows nobody in its place; a program is told as by `jpeg`.
    """
    if data is None and request.headers.get("accept", "").startswith("image/"):
        return FileResponse(_NOBODY, media_type="image/svg+xml", headers={"Cache-Control": "no-store"})
    return jpeg(data)


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
        return jpeg(data)

    def watched(name: str) -> Camera:
        if not streams.has_pictures:
            raise HTTPException(404, "this door sends no live picture")
        try:
            return streams.camera(name)
        except KeyError as error:
            raise HTTPException(404, "there is no camera of this name") from error

    @router.get("/live.mjpeg")
    async def live_pictures(request: Request, camera: str = "", names: bool = False, small: bool = False) -> Response:
        media = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        rate = TILE_RATE if small else LIVE_RATE
        stream = while_signed_in(request, streams.pictures(watched(camera), names, rate, small))
        return StreamingResponse(stream, media_type=media)

    @router.get("/live.jpg")
    async def live_picture(camera: str = "", names: bool = True, small: bool = False) -> Response:
        data = await streams.picture(watched(camera), names, small)
        if data is None:
            raise HTTPException(503, "no picture yet; try again in a second")
        return Response(data, media_type="image/jpeg")

    return router
