"""What the owner of any door can do: one route an action, for the page's forms and for programs alike."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from peephole.doorbell.doorbell import Enrolment
from peephole.people.names import clean_name
from peephole.web.answers import Answers, Back, Outcome, page_after
from peephole.web.audit import noted
from peephole.web.confirm import LooksGuard, Password
from peephole.web.door import Household
from peephole.web.upload import decoded

Photos = Annotated[list[UploadFile] | None, File(description="JPEG, PNG or WebP files.")]
Name = Annotated[str, Form(description="Any text; spaces around it do not count.")]


def stranger_routes(household: Household, answers: Answers, guard: LooksGuard) -> APIRouter:
    """What can be done with a stranger."""
    router = APIRouter(prefix="/api/strangers", tags=["actions"])

    @router.post("/{stranger}/assign")
    def assign(request: Request, stranger: str, name: Name = "", back: Back = "/", password: Password = "") -> Response:
        """Name a stranger: a new person, or more looks at the person of that name."""

        def act() -> Outcome:
            named = clean_name(name)
            guard.check(request, named, password, {"name": named, "back": back})
            unlike = guard.memory.unlike([stranger], named) if guard.memory is not None else None
            person = household.assign(stranger, named)
            facts = {"id": person.id, "name": person.name}
            return Outcome("named", named_words(person.name, unlike), facts, page_after(back))

        return answers.give(request, act, "strangers", "people", "visits")

    @router.post("/{stranger}/ignore")
    def ignore(request: Request, stranger: str, back: Back = "/") -> Response:
        """Go on recognising a stranger, silently."""

        def act() -> Outcome:
            row = household.ignore(stranger)
            return Outcome(
                "ignored", f"Stranger {row.number} is ignored from now on.", {"id": row.id}, page_after(back)
            )

        return answers.give(request, act, "strangers", "visits")

    @router.post("/{stranger}/discard")
    def discard(request: Request, stranger: str, back: Back = "/") -> Response:
        """Forget a stranger; pictures and descriptors are erased once that cannot be undone any more."""

        def act() -> Outcome:
            row = household.discard(stranger)
            return Outcome("discarded", f"Stranger {row.number} is discarded.", {"id": row.id}, page_after(back))

        return answers.give(request, act, "strangers", "visits")

    return router


def named_words(name: str, unlike: str | None) -> str:
    """Say that a stranger got a name; unlike: of somebody whose photos show another face."""
    doubt = f" The face is unlike the photos of {unlike}: undo this if it is somebody else." if unlike else ""
    return f"From now on known as {name}.{doubt}"


def people_routes(household: Household, answers: Answers, guard: LooksGuard) -> APIRouter:
    """What can be done with people."""
    router = APIRouter(prefix="/api/people", tags=["actions"])

    @router.post("")
    def add(request: Request, photos: Photos = None, name: Name = "", password: Password = "") -> Response:
        """Add photos (JPEG, PNG or WebP) to the person of that name; a new name makes a new person."""

        def act() -> Outcome:
            named = clean_name(name)
            guard.check(request, named, password)
            return enrolled(household.enrol(named, decoded(photos or [])))

        return answers.give(request, act, "people", "visits")

    @router.post("/{person}/rename")
    def rename(request: Request, person: str, name: Name = "") -> Response:
        """Give a person another name."""

        def act() -> Outcome:
            row = household.rename(person, clean_name(name))
            back = f"/people/{row.id}" if guard.memory is not None else "/"
            return Outcome("renamed", f"Renamed to {row.name}.", {"id": row.id, "name": row.name}, back)

        return answers.give(request, act, "people", "visits")

    @router.post("/{person}/remove")
    def remove(request: Request, person: str) -> Response:
        """Forget a person; photos and descriptors are erased."""

        def act() -> Outcome:
            row = household.remove(person)
            noted(request, "person_erased")
            return Outcome("removed", f"{row.name} is forgotten.", {"id": row.id})

        return answers.give(request, act, "people", "visits")

    return router


def enrolled(enrolment: Enrolment) -> Outcome:
    """Say what became of the photos."""
    used = [report for report in enrolment.photos if report.outcome == "ok"]
    told = [f"{one.label}: {one.text}" for one in enrolment.photos if one.outcome != "ok" or one.unlike]
    text = f"{enrolment.person.name}: {len(used)} of {len(enrolment.photos)} photos used."
    facts = {
        "id": enrolment.person.id,
        "name": enrolment.person.name,
        "photos": [
            {"label": report.label, "outcome": report.outcome, "text": report.text, "faces": report.faces}
            for report in enrolment.photos
        ],
    }
    return Outcome("added", " ".join([text, *told]), facts)
