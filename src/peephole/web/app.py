"""The web application of one door."""

from collections.abc import Iterable

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from peephole import __version__
from peephole.accounts.accounts import Accounts
from peephole.notify.action_links import ActionLinks
from peephole.operations.health import Health
from peephole.web.action_links import Buttons, action_link_routes
from peephole.web.actions import people_routes, stranger_routes
from peephole.web.answers import Answers, refused
from peephole.web.api import api_routes
from peephole.web.audit import audit_by
from peephole.web.bell import bell_routes
from peephole.web.confirm import LooksGuard
from peephole.web.door import Door, Happenings
from peephole.web.enrolment import enrolment_actions, enrolment_pages
from peephole.web.enrolment_session import EnrolmentSessions
from peephole.web.frame import newest_deed
from peephole.web.gate import Gate, by_owner, unfit
from peephole.web.guard import Guard
from peephole.web.lock import lock_routes
from peephole.web.metrics import Metrics, metrics_routes
from peephole.web.pages import page_routes
from peephole.web.person import PeoplePages, people_routes_of, person_pages
from peephole.web.person_actions import person_routes, reference_routes, rules_routes
from peephole.web.pictures import picture_routes
from peephole.web.search import search_api, search_pages
from peephole.web.settings.routes import settings_routes
from peephole.web.sign_in import sign_in_routes
from peephole.web.stranger import inbox_routers
from peephole.web.streams import Streams
from peephole.web.visit import visit_routes
from peephole.web.visit_actions import visit_actions
from peephole.web.visits import visits_routes


def create_app(
    door: Door,
    live: Happenings,
    streams: Streams,
    names: Iterable[str] = (),
    accounts: Accounts | None = None,
    health: Health | None = None,
    metrics: Metrics | None = None,
) -> FastAPI:
    """Put routes and guard together.

    Args:
        door: the household and what the page says about it.
        live: where events and the newest frame come from.
        streams: the open streams; close them before the server is stopped.
        names: further names under which the page may be asked for.
        accounts: who may sign in; None: whoever reaches the page may do everything.
        health: what is wrong; None: only the source is looked at.
        metrics: figures for Prometheus, if there are any.
    """
    # No interactive documentation pages: theirs load scripts from elsewhere.
    app = FastAPI(title="peephole", version=__version__, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    audit_by(app, door.parts.store.audit if door.parts is not None else None)
    if accounts is not None:
        app.add_middleware(Gate, accounts=accounts)
        app.include_router(sign_in_routes(accounts))
    app.add_middleware(Guard, names=tuple(names))  # what is added last is asked first
    app.include_router(api_routes(door, live, streams, health))
    if metrics is not None:
        app.include_router(metrics_routes(metrics))
    answers = Answers(live.announcer, lambda: newest_deed(door))
    guard = LooksGuard(accounts, door.memory)
    app.include_router(stranger_routes(door.household, answers, guard))
    app.include_router(people_routes(door.household, answers, guard))
    app.include_router(lock_routes(door.opener, answers))
    app.include_router(bell_routes(door, answers))
    app.include_router(page_routes(door, live))
    if door.memory is not None:
        app.include_router(visits_routes(door, door.memory))
        app.include_router(search_pages(door, door.memory))
        app.include_router(search_api(door.memory))
        app.include_router(visit_routes(door, door.memory))
        app.include_router(visit_actions(door.memory, answers, guard))
        for router in inbox_routers(door, door.memory.inbox, answers, guard):
            app.include_router(router)
        app.include_router(action_link_routes(Buttons(door.links or ActionLinks(), door.memory, live.announcer)))
        pages = PeoplePages(door, door.memory, guard)
        for router in (people_routes_of(pages), person_pages(pages), reference_routes(door.memory, answers, guard)):
            app.include_router(router)
        app.include_router(person_routes(door.memory, answers))
        app.include_router(rules_routes(door.memory, answers, accounts))
        sessions = EnrolmentSessions(door.memory, live)
        app.include_router(enrolment_pages(door, door.memory, sessions, guard))
        app.include_router(enrolment_actions(sessions, answers, guard))
        if door.parts is not None:
            app.include_router(settings_routes(door, door.parts, door.memory, answers))
    app.include_router(picture_routes(door.household, streams))

    @app.exception_handler(RequestValidationError)
    async def not_understood(request: Request, error: RequestValidationError) -> Response:
        places = ", ".join(".".join(str(step) for step in one["loc"][1:]) for one in error.errors())
        return refused(request, f"missing or not understood: {places}", 422)

    @app.exception_handler(HTTPException)
    async def not_possible(request: Request, error: HTTPException) -> Response:
        text = "there is no page of this address" if error.detail == "Not Found" else str(error.detail)
        return refused(request, text, error.status_code)

    @app.exception_handler(OSError)
    async def not_stored(request: Request, error: OSError) -> Response:
        session = getattr(request.state, "session", None)
        owner = accounts is None or (session is not None and by_owner(request))
        return refused(request, str(error) if owner else unfit(error), 503)  # it may name places of this machine

    return app
