"""The web application of one door."""

from collections.abc import Iterable

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from peephole import __version__
from peephole.accounts.accounts import Accounts
from peephole.operations.health import Health
from peephole.web.actions import Answers, people_routes, refused, stranger_routes
from peephole.web.api import api_routes
from peephole.web.bars import bars_routes
from peephole.web.door import Door, Happenings
from peephole.web.entry import entry_routes
from peephole.web.gate import Gate
from peephole.web.guard import Guard
from peephole.web.history import history_routes
from peephole.web.lock import lock_routes
from peephole.web.metrics import Metrics, metrics_routes
from peephole.web.pages import page_routes
from peephole.web.pictures import picture_routes
from peephole.web.streams import Streams


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
    if accounts is not None:
        app.add_middleware(Gate, accounts=accounts)
        app.include_router(entry_routes(accounts))
    app.add_middleware(Guard, names=tuple(names))  # what is added last is asked first
    app.include_router(api_routes(door, live, streams, health))
    if metrics is not None:
        app.include_router(metrics_routes(metrics))
    answers = Answers(live.announcer)
    app.include_router(stranger_routes(door.household, answers))
    app.include_router(people_routes(door.household, answers))
    app.include_router(lock_routes(door.opener, answers))
    app.include_router(page_routes(door, live))
    if door.memory is not None:
        app.include_router(history_routes(door, door.memory))
        app.include_router(bars_routes(door, door.memory))
    app.include_router(picture_routes(door.household, streams))

    @app.exception_handler(RequestValidationError)
    async def not_understood(request: Request, error: RequestValidationError) -> Response:
        places = ", ".join(".".join(str(step) for step in one["loc"][1:]) for one in error.errors())
        return refused(request, f"missing or not understood: {places}", 422)

    @app.exception_handler(HTTPException)
    async def not_possible(request: Request, error: HTTPException) -> Response:
        return refused(request, str(error.detail), error.status_code)

    @app.exception_handler(OSError)
    async def not_stored(request: Request, error: OSError) -> Response:
        return refused(request, str(error), 503)

    return app
