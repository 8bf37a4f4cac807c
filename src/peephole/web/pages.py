"""The page, its parts and its files."""

import importlib.util
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates

from peephole.web.door import Door, Happenings
from peephole.web.lists import lost_line, present_line, read_lists, state_word

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
    "opened": "The door was opened, or would have been in a dry run.",
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


def frame(request: Request, door: Door) -> dict[str, object]:
    """Return what stands around every page."""
    return {
        "here": request.url.path,
        "memory": door.memory is not None,
        "connections": door.connections,
        "said": DONE.get(request.query_params.get("done", "")),
        "session": getattr(request.state, "session", None),
    }


def page_routes(door: Door, live: Happenings) -> APIRouter:
    """Routes that answer with HTML, or with the files that it needs."""
    router = APIRouter(include_in_schema=False)
    templates = Jinja2Templates(_HERE / "templates")
    htmx = htmx_file()

    def context(request: Request) -> dict[str, object]:
        status = live.status
        return {
            "lists": read_lists(door),
            "unread": not live.pictures and live.newest_at is None,
            "status": status,
            "state_word": state_word(status.state, live.pictures),
            "pictures": live.pictures,
            "lost_line": lost_line(live.pictures),
            "now": present_line(live.present) if status.state == "watching" else lost_line(live.pictures),
            "source": door.source,
            "longest_name": door.longest_name,
            **frame(request, door),
        }

    @router.get("/", response_class=HTMLResponse)
    def page(request: Request, visit: str = "") -> Response:
        if visit and door.memory is not None:  # a link in a message
            return RedirectResponse(f"/visits/{quote(visit, safe='')}", 303)
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
