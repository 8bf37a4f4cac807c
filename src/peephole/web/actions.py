"""What the owner can do: one route an action, for the page's forms and for programs alike.

A form of a browser without scripts is sent back to the page; htmx gets a notice in a header; whoever accepts JSON
gets JSON. A refusal is one sentence, with status 400.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import JSONResponse, RedirectResponse

from peephole.doorbell.doorbell import Enrolment, Photo
from peephole.live import Announcer, Changed
from peephole.people.names import clean_name
from peephole.web.door import Household
from peephole.web.upload import MOST_PHOTOS, decode_photo

Photos = Annotated[list[UploadFile] | None, File(description="JPEG, PNG or WebP files.")]
Name = Annotated[str, Form(description="Any text; spaces around it do not count.")]


@dataclass(frozen=True)
class Outcome:
    """What was done: a code for the redirect, a sentence for the page, facts for programs."""

    done: str
    text: str
    facts: dict[str, Any]


class Answers:
    """Does what was asked, tells the open pages, and answers."""

    def __init__(self, announcer: Announcer) -> None:
        self._announcer = announcer

    def give(self, request: Request, act: Callable[[], Outcome], *changed: str) -> Response:
        """Run `act`; `changed` are the lists that look different afterwards."""
        try:
            outcome = act()
        except ValueError as error:
            return refused(request, str(error))
        for what in changed:
            self._announcer.announce(Changed(what))
        return accepted(request, outcome)


def stranger_routes(household: Household, answers: Answers) -> APIRouter:
    """What can be done with a stranger."""
    router = APIRouter(prefix="/api/strangers", tags=["actions"])

    @router.post("/{stranger}/assign")
    def assign(request: Request, stranger: str, name: Name = "") -> Response:
        """Name a stranger: a new person, or one more look at the person of that name."""

        def act() -> Outcome:
            person = household.assign(stranger, clean_name(name))
            return Outcome("named", f"From now on known as {person.name}.", {"id": person.id, "name": person.name})

        return answers.give(request, act, "strangers", "people", "visits")

    @router.post("/{stranger}/ignore")
    def ignore(request: Request, stranger: str) -> Response:
        """Go on recognising a stranger, silently."""

        def act() -> Outcome:
            row = household.ignore(stranger)
            return Outcome("ignored", f"Stranger {row.number} is ignored from now on.", {"id": row.id})

        return answers.give(request, act, "strangers", "visits")

    @router.post("/{stranger}/discard")
    def discard(request: Request, stranger: str) -> Response:
        """Forget a stranger; pictures and descriptors are erased."""

        def act() -> Outcome:
            row = household.discard(stranger)
            return Outcome("discarded", f"Stranger {row.number} is forgotten.", {"id": row.id})

        return answers.give(request, act, "strangers", "visits")

    return router


def people_routes(household: Household, answers: Answers) -> APIRouter:
    """What can be done with people."""
    router = APIRouter(prefix="/api/people", tags=["actions"])

    @router.post("")
    def add(request: Request, photos: Photos = None, name: Name = "") -> Response:
        """Add photos (JPEG, PNG or WebP) to the person of that name; a new name makes a new person."""
        return answers.give(
            request, lambda: enrolled(household.enrol(clean_name(name), decoded(photos or []))), "people", "visits"
        )

    @router.post("/{person}/rename")
    def rename(request: Request, person: str, name: Name = "") -> Response:
        """Give a person another name."""

        def act() -> Outcome:
            row = household.rename(person, clean_name(name))
            return Outcome("renamed", f"Renamed to {row.name}.", {"id": row.id, "name": row.name})

        return answers.give(request, act, "people", "visits")

    @router.post("/{person}/remove")
    def remove(request: Request, person: str) -> Response:
        """Forget a person; photos and descriptors are erased."""

        def act() -> Outcome:
            row = household.remove(person)
            return Outcome("removed", f"{row.name} is forgotten.", {"id": row.id})

        return answers.give(request, act, "people", "visits")

    return router


def decoded(files: Sequence[UploadFile]) -> list[Photo]:
    """Decode what was uploaded.

    Raises:
        ValueError: nothing was, too much, or one of them is no photo.
    """
    # A browser sends one nameless, empty file where none was chosen.
    chosen = [file for file in files if file.filename]
    if not chosen:
        raise ValueError("choose at least one photo")
    if len(chosen) > MOST_PHOTOS:
        raise ValueError(f"{len(chosen)} photos at once; send at most {MOST_PHOTOS}")
    return [decode_photo(file.filename or "photo", file.file.read()) for file in chosen]


def enrolled(enrolment: Enrolment) -> Outcome:
    """Say what became of the photos."""
    used = [report for report in enrolment.photos if report.outcome == "ok"]
    left = [f"{report.label}: {report.text}" for report in enrolment.photos if report.outcome != "ok"]
    text = f"{enrolment.person.name}: {len(used)} of {len(enrolment.photos)} photos used."
    facts = {
        "id": enrolment.person.id,
        "name": enrolment.person.name,
        "photos": [
            {"label": report.label, "outcome": report.outcome, "text": report.text, "faces": report.faces}
            for report in enrolment.photos
        ],
    }
    return Outcome("added", " ".join([text, *left]), facts)


def accepted(request: Request, outcome: Outcome) -> Response:
    """Answer in the way the asker understands."""
    if request.headers.get("hx-request") == "true":
        return Response(status_code=204, headers={"HX-Trigger": notice(outcome.text, good=True)})
    if wants_json(request):
        return JSONResponse({"done": outcome.done, "text": outcome.text, **outcome.facts})
    return RedirectResponse(f"/?done={quote(outcome.done)}", status_code=303)


def refused(request: Request, text: str, status: int = 400) -> Response:
    """Say what is wrong in the way the asker understands; without scripts or JSON it is a plain line of text."""
    if request.headers.get("hx-request") == "true":
        return Response(status_code=status, headers={"HX-Trigger": notice(text, good=False)})
    if wants_json(request):
        return JSONResponse({"error": text}, status)
    return Response(f"{text}\n\nGo back to try again.\n", status, media_type="text/plain; charset=utf-8")


def notice(text: str, *, good: bool) -> str:
    """A header for htmx that makes the page show a line; JSON escapes keep it to plain ASCII."""
    return json.dumps({"notice": {"text": text, "good": good}})


def wants_json(request: Request) -> bool:
    """A browser's form accepts HTML; programs that say nothing get JSON."""
    return "text/html" not in request.headers.get("accept", "")
