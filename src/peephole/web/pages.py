"""The page, its parts and its files."""

import importlib.util
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from fastapi.templating import Jinja2Templates

from peephole.live import LiveDoorbell
from peephole.people.names import LONGEST
from peephole.web.door import Door
from peephole.web.lists import STATES, door_line, read_lists

_HERE = Path(__file__).parent
_STATIC = {"app.css": "text/css", "app.js": "text/javascript", "icon.svg": "image/svg+xml"}
_HTMX = ("js_lib_htmx", "static/htmx/htmx.min.js")
_PARTS = frozenset({"strangers", "people", "visits"})
DONE = {
    "named": "Named.",
    "ignored": "Ignored: this stranger will no longer be announced.",
    "discarded": "Discarded, pictures and all.",
    "added": "Added.",
    "renamed": "Renamed.",
    "removed": "Removed, photos and all.",
}


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


def page_routes(door: Door, live: LiveDoorbell) -> APIRouter:
    """Routes that answer with HTML, or with the files that it needs."""
    router = APIRouter(include_in_schema=False)
    templates = Jinja2Templates(_HERE / "templates")
    htmx = htmx_file()

    def context(request: Request) -> dict[str, object]:
        status = live.status
        return {
            "lists": read_lists(door.doorbell),
            "status": status,
            "state_word": STATES[status.state],
            "now": door_line(status.state, live.newest.faces if live.newest else ()),
            "connections": door.connections,
            "source": door.source,
            "said": DONE.get(request.query_params.get("done", "")),
            "longest_name": LONGEST,
        }

    @router.get("/", response_class=HTMLResponse)
    def page(request: Request) -> Response:
        return templates.TemplateResponse(request, "page.html", context(request))

    @router.get("/parts/{part}", response_class=HTMLResponse)
    def fragment(request: Request, part: str) -> Response:
        if part not in _PARTS:
            raise HTTPException(404, "no such part of the page")
        return templates.TemplateResponse(request, f"parts/{part}.html", context(request))

    @router.get("/static/{name}")
    def static(name: str) -> Response:
        if name == "htmx.js":
            return FileResponse(htmx, media_type="text/javascript", headers={"Cache-Control": "no-cache"})
        if name not in _STATIC:
            raise HTTPException(404, "no such file")
        path = _HERE / "static" / name
        return FileResponse(path, media_type=_STATIC[name], headers={"Cache-Control": "no-cache"})

    return router
