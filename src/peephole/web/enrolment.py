"""The page on which somebody is introduced at the door's camera, and what it does."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from peephole.doorbell.doorbell import Doorbell
from peephole.web.answers import Answers, Outcome
from peephole.web.confirm import LooksGuard, Password
from peephole.web.door import Door
from peephole.web.enrolment_session import EnrolmentSession, EnrolmentSessions, state_of
from peephole.web.frame import TEMPLATES, render
from peephole.web.gate import by_owner
from peephole.web.pictures import jpeg

Token = Annotated[str, Form(description="The session, as GET /api/enrolment names it.")]


def enrolment_pages(door: Door, memory: Doorbell, sessions: EnrolmentSessions, guard: LooksGuard) -> APIRouter:
    """What is shown of an introduction; for whoever may change something, looking keeps it going."""
    router = APIRouter(tags=["enrolment"])

    def session_now(request: Request) -> EnrolmentSession | None:
        return sessions.looked_at(by_owner(request))

    @router.get("/enrol", response_class=HTMLResponse, include_in_schema=False)
    def page(request: Request, name: str = "", finish: bool = False) -> Response:
        session = session_now(request)
        context = {
            "longest_name": door.longest_name,
            "name": name,
            "people": [row.person.name for row in memory.people()],
            "cameras": sessions.cameras,
            "pictures": sessions.pictures,
            "finish": finish,
            "enrolment": None if session is None else state_of(session),
            "opens": session is not None and guard.opens(whose(session)),
        }
        return render(request, door, "enrol.html", context)

    @router.get("/enrol/state", response_class=HTMLResponse, include_in_schema=False)
    def part(request: Request, seen: str = "") -> Response:
        session = session_now(request)
        if session is None:
            return Response(headers={"HX-Redirect": "/enrol?done=enrolment_over"})
        state = state_of(session)
        if state["version"] == seen:
            return Response(status_code=204)
        return TEMPLATES.TemplateResponse(request, "parts/enrol.html", {"enrolment": state})

    @router.get("/enrol/looks/{token}/{number}.jpg", include_in_schema=False)
    def picture(token: str, number: int) -> Response:
        session = sessions.current()
        if session is not None and session.token == token:
            for look in list(session.introduction.kept):
                if look.number == number:
                    return jpeg(look.reference.picture)
        raise HTTPException(404, "no such picture")

    @router.get("/api/enrolment")
    def state(request: Request) -> dict[str, Any]:
        """Who is being introduced, what to do now, and the looks kept so far; {} where nobody is."""
        session = session_now(request)
        return {} if session is None else state_of(session)

    return router


def enrolment_actions(sessions: EnrolmentSessions, answers: Answers, guard: LooksGuard) -> APIRouter:
    """What can be done with an introduction."""
    router = APIRouter(prefix="/api/enrolment", tags=["actions"])

    @router.post("/start")
    def start(request: Request, name: Annotated[str, Form()] = "", camera: Annotated[str, Form()] = "") -> Response:
        """Begin to introduce somebody: a new name, or the name of somebody known."""

        def act() -> Outcome:
            session = sessions.begin(name, camera)
            return Outcome("", "Looking.", {"session": session.token}, "/enrol")

        return answers.give(request, act)

    @router.post("/reject")
    def reject(request: Request, session: Token = "", look: Annotated[int, Form()] = 0) -> Response:
        """Drop a look; it is asked for again."""

        def act() -> Outcome:
            with sessions.held(session) as found:
                found.introduction.reject(look)
            return Outcome("look_rejected", "Dropped.", {}, "/enrol")

        return answers.give(request, act)

    @router.post("/answer")
    def answer(
        request: Request,
        session: Token = "",
        person: Annotated[str, Form()] = "",
        same: Annotated[bool, Form()] = False,
    ) -> Response:
        """Say whether the face is that of the person whom it looks like."""

        def act() -> Outcome:
            with sessions.held(session) as found:
                (found.introduction.is_same if same else found.introduction.is_other)(person)
                return Outcome("", "Noted.", {"name": found.introduction.label()}, "/enrol")

        return answers.give(request, act)

    @router.post("/save")
    def save(
        request: Request,
        session: Token = "",
        consent: Annotated[str, Form(description="Who agreed to the recognition, and how.")] = "",
        strangers: Annotated[bool, Form(description="Whether earlier strangers of this face are the person.")] = False,
        password: Password = "",
    ) -> Response:
        """Store the looks, and the date and the words of the consent."""

        def act() -> Outcome:
            fields = {"session": session, "consent": consent} | ({"strangers": "true"} if strangers else {})
            return saved(sessions, session, consent, strangers, lambda one: guard.check(request, one, password, fields))

        return answers.give(request, act, "people", "strangers", "visits")

    @router.post("/cancel")
    def cancel(request: Request, session: Token = "") -> Response:
        """Forget the looks; nothing was stored."""

        def act() -> Outcome:
            with sessions.held(session) as found:
                sessions.end(found)
            return Outcome("enrolment_cancelled", "Nothing was stored.", {}, "/enrol")

        return answers.give(request, act)

    return router


def whose(session: EnrolmentSession) -> str:
    """Return the id of the person whose looks are gathered, or a name that may be new."""
    introduction = session.introduction
    return introduction.known.id if introduction.known is not None else introduction.name


def saved(
    sessions: EnrolmentSessions, token: str, consent: str, strangers: bool, check: Callable[[str], None]
) -> Outcome:
    """Store what a session has gathered, and end it; raise ValueError where nobody is said to have agreed.

    check: raises where looks may not be added to the person of an id or a name.
    """
    if not consent.strip():
        raise ValueError("note who agreed to be recognised, and how; nothing is stored before")
    with sessions.held(token) as session:
        check(whose(session))
        done = session.introduction.save(consent, strangers)
        sessions.end(session, done.person.id)
    numbers = [one.number for one in done.strangers]
    facts = {"id": done.person.id, "name": done.person.name, "looks": done.looks, "strangers": numbers}
    return Outcome("introduced", f"{done.person.name} is known from now on.", facts, f"/people/{done.person.id}")
