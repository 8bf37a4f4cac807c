"""Everybody whom the doorbell knows, and one person's page: references, rules, export, erasure. No scripts needed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, File, HTTPException, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse

from peephole.accounts.accounts import TooManyTriesError
from peephole.doorbell.doorbell import Doorbell, Enrolment
from peephole.doorbell.dossiers import Dossier
from peephole.people.names import clean_name, name_key, names_by_id
from peephole.people.records import LONGEST_CONSENT
from peephole.store.retention import ASIDE_DAYS
from peephole.time_words import day
from peephole.web.actions import Name, Photos
from peephole.web.confirm import LooksGuard, Password, PasswordNeededError
from peephole.web.door import Door
from peephole.web.frame import render
from peephole.web.lists import person_row, sentence
from peephole.web.person_words import TELLING, TELLS, date_of, kept_lines, reference_row, rule_words
from peephole.web.pictures import jpeg
from peephole.web.upload import decoded

Archive = Annotated[UploadFile, File(description="An archive of a person, as export writes it.")]


class PeoplePages:
    """The pages, filled in."""

    def __init__(self, door: Door, memory: Doorbell, guard: LooksGuard) -> None:
        self.memory = memory
        self.guard = guard
        self._door = door

    def everybody(self, request: Request, q: str = "", name: str = "", problem: str = "") -> Response:
        """Show everybody whose name holds `q`; `name` and `problem` are of an attempt to add somebody."""
        now, people, faulty = _now(), self.memory.people(), self.memory.dossiers.faulty()
        rows = [
            {
                **vars(person_row(row, now)),
                "phrases": rule_words(self.memory.rules(row.person.id)),
                "faulty": faulty.get(row.person.id, 0),
            }
            for row in people
            if name_key(q) in name_key(row.person.name)
        ]
        values = {"rows": rows, "all": len(people), "q": q, "name": name, "problem": problem}
        return self.shown(request, "people.html", values, 400 if problem else 200)

    def one(self, request: Request, person: str, reports: Sequence[str] = (), problem: str = "") -> Response:
        """Show a person; `reports` and `problem` are of an attempt to add photos."""
        dossier, now, people = read(self.memory, person), _now(), self.memory.people()
        names = names_by_id(people)
        (found,) = (row for row in people if row.person.id == dossier.person.id)
        rows = [reference_row(look, dossier, names, now) for look in dossier.references]
        rules, row = self.memory.rules(dossier.person.id), person_row(found, now)
        values = {
            "person": dossier.person,
            "summary": row.summary,
            "version": row.version,
            "added": day(dossier.person.created, now),
            "used": [row for row in rows if not row.aside],
            "aside": [row for row in rows if row.aside],
            "rules": rules,
            "tells": [(rule, words, TELLING[rule]) for rule, words in TELLS.items()],
            "consent_on": date_of(rules.consent_at),
            "others": [row.person for row in people if row.person.id != dossier.person.id],
            "reports": reports,
            "problem": problem,
        }
        return self.shown(request, "person.html", values, 400 if problem else 200)

    def told(self, request: Request, enrolment: Enrolment) -> Response:
        """Go on with the person's page; where a photo was left out it says which one, and why."""
        if all(report.outcome == "ok" for report in enrolment.photos):
            return RedirectResponse(f"/people/{enrolment.person.id}?done=added", 303)
        reports = [f"{report.label}: {report.text}" for report in enrolment.photos]
        return self.one(request, enrolment.person.id, reports)

    def shown(self, request: Request, name: str, values: dict[str, Any], status: int = 200) -> Response:
        """Fill in a template."""
        parts = self._door.parts
        common = {
            "longest_name": self._door.longest_name,
            "longest_consent": LONGEST_CONSENT,
            "aside_days": ASIDE_DAYS,
            "strangers_days": self._door.days_of_strangers(),
            "visits_days": parts.settings.retention.visits if parts is not None else 0,
            "opens": self._door.opener is not None,
        }
        return render(request, self._door, name, values | common, status)


def people_routes_of(pages: PeoplePages) -> APIRouter:
    """Everybody, and adding somebody."""
    router = APIRouter(include_in_schema=False)

    @router.get("/people", response_class=HTMLResponse)
    def people(request: Request, q: str = "") -> Response:
        return pages.everybody(request, q)

    @router.post("/people", response_class=HTMLResponse)
    def add(request: Request, photos: Photos = None, name: Name = "", password: Password = "") -> Response:
        try:
            pages.guard.check(request, clean_name(name), password)
            enrolment = pages.memory.enrol(clean_name(name), decoded(photos or []))
        except PasswordNeededError as error:  # whose own page has a field for it
            return pages.one(request, clean_name(name), problem=sentence(str(error)))
        except (ValueError, TooManyTriesError) as error:
            return pages.everybody(request, name=name, problem=sentence(str(error)))
        return pages.told(request, enrolment)

    @router.post("/people/archive", response_class=HTMLResponse)
    def add_archive(request: Request, archive: Archive, name: Name = "") -> Response:
        try:
            person = pages.memory.import_person(archive.file.read(), clean_name(name) if name.strip() else None)
        except ValueError as error:
            return pages.everybody(request, problem=sentence(str(error)))
        return RedirectResponse(f"/people/{person.id}?done=added", 303)

    @router.post("/people/{person}/photos", response_class=HTMLResponse)
    def add_photos(request: Request, person: str, photos: Photos = None, password: Password = "") -> Response:
        found = read(pages.memory, person).person
        try:
            pages.guard.check(request, found.id, password)
            enrolment = pages.memory.enrol(found.id, decoded(photos or []))
        except (ValueError, TooManyTriesError) as error:
            return pages.one(request, person, problem=sentence(str(error)))
        return pages.told(request, enrolment)

    return router


def person_pages(pages: PeoplePages) -> APIRouter:
    """A person's page, with what leads from it."""
    router = APIRouter(include_in_schema=False)
    memory = pages.memory

    @router.get("/people/{person}", response_class=HTMLResponse)
    def page(request: Request, person: str) -> Response:
        return pages.one(request, person)

    @router.get("/people/{person}/notice", response_class=HTMLResponse)
    def notice(request: Request, person: str) -> Response:
        found = read(memory, person).person
        return pages.shown(request, "notice.html", {"person": found, "rules": memory.rules(found.id)})

    @router.get("/notice", response_class=HTMLResponse)
    def sign(request: Request) -> Response:
        return pages.shown(request, "notice.html", {"person": None})

    @router.get("/people/{person}/forget", response_class=HTMLResponse)
    def before_forgetting(request: Request, person: str) -> Response:
        found = read(memory, person).person
        kept = memory.dossiers.kept(found.id)
        values = {"person": found, "kept": kept, "lines": kept_lines(kept, found.name)}
        return pages.shown(request, "forget.html", values)

    @router.get("/pictures/references/{person}/{number}.jpg")
    def picture(person: str, number: int) -> Response:
        try:
            return jpeg(memory.dossiers.picture(person, number))
        except ValueError as error:
            raise HTTPException(404, str(error)) from error

    return router


def read(memory: Doorbell, person: str) -> Dossier:
    """Return the looks at a person; whom nobody knows is not found."""
    try:
        return memory.dossiers.read(person)
    except ValueError as error:
        raise HTTPException(404, str(error)) from error


def _now() -> datetime:
    return datetime.now().astimezone()
