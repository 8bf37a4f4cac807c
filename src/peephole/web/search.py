"""Search by face: who looks like this one, among people, strangers and visits."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, File, HTTPException, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse

from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.policy import share_of
from peephole.doorbell.search import Finder, Found, Likeness
from peephole.people.names import names_by_id
from peephole.web.answers import refused
from peephole.web.api import stranger_json, visit_json
from peephole.web.door import Door
from peephole.web.frame import render
from peephole.web.lists import stranger_row, visit_row
from peephole.web.upload import decoded

LIKENESS: dict[Likeness, tuple[str, str]] = {
    "same": ("known", "Alike"),
    "perhaps": ("unsure", "Perhaps"),
    "other": ("unlike", "Unlike"),
}
"""The kind of verdict that a likeness is shown as, and the word."""

Photo = Annotated[list[UploadFile] | None, File(description="One JPEG, PNG or WebP file; its clearest face counts.")]
Visit = Annotated[str, Query(description="Id of a visit to search by.")]
Person = Annotated[str, Query(description="Id or name of a person to search by.")]
Stranger = Annotated[str, Query(description="Id or number of a stranger to search by.")]


def search_pages(door: Door, memory: Doorbell) -> APIRouter:
    """The page. A photo that is searched by is not stored."""
    router = APIRouter(include_in_schema=False)

    def page(request: Request, found: Found | None, picture: str = "") -> Response:
        values = {"found": found and found_rows(found, memory), "picture": picture}
        return render(request, door, "search.html", values)

    @router.get("/search", response_class=HTMLResponse)
    def search(request: Request, visit: str = "", person: str = "", stranger: str = "") -> Response:
        if not (visit or person or stranger):
            return page(request, None)
        found = by_key(memory.finder(), visit, person, stranger)
        whose, key = next((whose, key) for whose, key in _keys(visit, person, stranger) if key)
        return page(request, found, f"/pictures/{whose}/{quote(key, safe='')}.jpg")

    @router.post("/search", response_class=HTMLResponse)
    def search_by_photo(request: Request, photos: Photo = None) -> Response:
        try:
            return page(request, by_photo(memory.finder(), photos))
        except ValueError as error:
            return refused(request, str(error))

    return router


def search_api(memory: Doorbell) -> APIRouter:
    """The same as JSON."""
    router = APIRouter(prefix="/api/search", tags=["search"])

    @router.get("")
    def found(visit: Visit = "", person: Person = "", stranger: Stranger = "") -> dict[str, Any]:
        """Who looks like the face of a visit, a person or a stranger; squared distances, the nearest first."""
        if not (visit or person or stranger):
            raise HTTPException(400, "name a visit, a person or a stranger to search by, or send a photo")
        return found_json(by_key(memory.finder(), visit, person, stranger))

    @router.post("")
    def found_by_photo(request: Request, photos: Photo = None) -> Any:
        """The same for the clearest face of a photo; nothing is stored."""
        try:
            return found_json(by_photo(memory.finder(), photos))
        except ValueError as error:
            return refused(request, str(error))

    return router


def by_key(finder: Finder, visit: str, person: str, stranger: str) -> Found:
    """Search by the first of these that is named; raise HTTPException where there is no such one."""
    ways = zip(_keys(visit, person, stranger), (finder.by_visit, finder.by_person, finder.by_stranger), strict=True)
    try:
        return next(search(key) for (_, key), search in ways if key)
    except ValueError as error:
        raise HTTPException(404, str(error)) from error


def by_photo(finder: Finder, photos: list[UploadFile] | None) -> Found:
    """Search by one uploaded photo; raise ValueError for more, or for one without a face of use."""
    chosen = [photo for photo in photos or () if photo.filename]
    if len(chosen) > 1:
        raise ValueError("search by one photo at a time")
    return finder.by_photo(decoded(chosen)[0])


def _keys(visit: str, person: str, stranger: str) -> tuple[tuple[str, str], ...]:
    return ("visits", visit), ("people", person), ("strangers", stranger)


def found_rows(found: Found, memory: Doorbell) -> dict[str, Any]:
    """Put what was found into words."""
    now = datetime.now().astimezone()
    names = names_by_id(memory.people())

    bars = found.bars

    def shown(distance: int, bar: int, likeness: Likeness) -> dict[str, str]:
        kind, word = LIKENESS[likeness]
        return {"kind": kind, "verdict": word, "distance": f"{distance:,}", "share": share_of(distance, bar)}

    return {
        "compared": f"{found.compared:,}",
        "unlike": share_of(bars.stranger, bars.known),
        "people": [
            {"id": one.id, "name": one.name, **shown(one.distance, bars.known, one.likeness)} for one in found.people
        ],
        "strangers": [
            {"row": stranger_row(one.stranger, now), **shown(one.distance, bars.same_stranger, one.likeness)}
            for one in found.strangers
        ],
        "visits": [
            {"row": visit_row(one.visit, names, now), **shown(one.distance, bars.same_stranger, one.likeness)}
            for one in found.visits
        ],
    }


def found_json(found: Found) -> dict[str, Any]:
    """Return what was found for programs."""
    return {
        "looks": found.looks,
        "compared": found.compared,
        "bars": vars(found.bars),
        "people": [
            {"id": one.id, "name": one.name, "distance": one.distance, "likeness": one.likeness} for one in found.people
        ],
        "strangers": [
            {**stranger_json(one.stranger), "distance": one.distance, "likeness": one.likeness}
            for one in found.strangers
        ],
        "visits": [
            {**visit_json(one.visit), "distance": one.distance, "likeness": one.likeness} for one in found.visits
        ],
    }
