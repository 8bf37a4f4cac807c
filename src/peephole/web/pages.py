"""The page, its parts and its files."""

import importlib.util
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from peephole.web.door import Door, Happenings
from peephole.web.frame import render
from peephole.web.gate import by_owner
from peephole.web.lists import lost_line, present_line, read_lists, state_word, tile

_HERE = Path(__file__).parent
_STATIC = {
    "app.css": "text/css",
    "app.js": "text/javascript",
    "enrol.js": "text/javascript",
    "keys.js": "text/javascript",
    "held.js": "text/javascript",
    "hold.js": "text/javascript",
    "inbox.js": "text/javascript",
    "lists.js": "text/javascript",
    "notice.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "undo.js": "text/javascript",
    "settings.js": "text/javascript",
}
_HTMX = ("js_lib_htmx", "static/htmx/htmx.min.js")
_PARTS = frozenset({"strangers", "people", "visits", "deed"})


def htmx_file() -> Path:
    """Find htmx in the installed package that carries it; the package is read, not imported.

    Raises:
        FileNotFoundError: the package is missing.
    """
    spec = importlib.util.find_spec(_HTMX[0])
    for root in (spec.submodule_search_locations or []) if spec else []:
        if (found := Path(root) / _HTMX[1]).is_file():
            return found
    raise FileNotFoundError("htmx.min.js: the page needs it; install it with: pip install django-js-lib-htmx")


def _may_open(request: Request, door: Door) -> bool:
    """Tell whether there is a door to open by hand, and an owner to do it."""
    there_is_one = door.parts is not None and door.opener is not None and door.opener.settings.mode != "off"
    return there_is_one and by_owner(request)


def page_routes(door: Door, live: Happenings) -> APIRouter:
    """Routes that answer with HTML, or with the files that it needs."""
    router = APIRouter(include_in_schema=False)
    htmx = htmx_file()

    def context(request: Request) -> dict[str, object]:
        chosen = request.query_params.get("camera", "")
        shown = next((one for one in live.cameras if one.camera == chosen), live.cameras[0])
        status = shown.status
        return {
            "camera": shown.camera,
            "tiles": [tile(one, live.pictures) for one in live.cameras],
            "lists": read_lists(door),
            "unread": not live.pictures and live.newest_at is None,
            "status": status,
            "state_word": state_word(status.state, live.pictures),
            "pictures": live.pictures,
            "lost_line": lost_line(live.pictures),
            "now": present_line(shown.present) if status.state == "watching" else lost_line(live.pictures),
            "source": door.source,
            "longest_name": door.longest_name,
            "opens": _may_open(request, door),
            "dry": door.opener is not None and door.opener.settings.mode != "on",
        }

    @router.get("/", response_class=HTMLResponse)
    def page(request: Request, visit: str = "") -> Response:
        if visit and door.memory is not None:  # a link in a message
            return RedirectResponse(f"/visits/{quote(visit, safe='')}", 303)
        return render(request, door, "page.html", context(request))

    @router.get("/parts/{part}", response_class=HTMLResponse)
    def fragment(request: Request, part: str) -> Response:
        if part not in _PARTS:
            raise HTTPException(404, "no such part of the page")
        return render(request, door, f"parts/{part}.html", context(request))

    @router.get("/static/{name}")
    def static(name: str) -> Response:
        if name == "htmx.js":
            return FileResponse(htmx, media_type="text/javascript", headers={"Cache-Control": "no-cache"})
        if name not in _STATIC:
            raise HTTPException(404, "no such file")
        path = _HERE / "static" / name
        return FileResponse(path, media_type=_STATIC[name], headers={"Cache-Control": "no-cache"})

    return router
