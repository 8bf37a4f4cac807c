"""Who may pass: every route but a few asks for a session, and what changes something asks for an owner."""

import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from http.cookies import CookieError, SimpleCookie
from typing import TypeVar
from urllib.parse import quote, urlsplit

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from peephole.accounts.accounts import Accounts, is_local
from peephole.accounts.records import Session

_LOG = logging.getLogger("uvicorn.error")  # whose lines are the doorbell's own (operations.log)
Part = TypeVar("Part", str, bytes)

COOKIE = "peephole_session"
CHECK_SECONDS = 10.0
"""So often it is asked whether the session of an open stream still holds."""
OPEN = frozenset({"/login", "/welcome", "/healthz"})
FROM_HERE = frozenset({"/metrics", "/api/ring"})
"""Which programs of this machine may ask without a session."""
VIEWERS_MAY = frozenset({"/logout", "/account/password", "/account/sessions"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Gate:
    """ASGI middleware; puts the session, or None, into `request.state.session`."""

    def __init__(self, app: ASGIApp, accounts: Accounts) -> None:
        self._app = app
        self._accounts = accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or send whoever asks to where a session begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        token = session_token(headers)
        try:
            session = await to_thread.run_sync(self._accounts.session, token) if token else None
            refusal = await self._refusal(scope, headers, session)
        except OSError as error:  # of the database; nobody knows who asks
            await JSONResponse({"error": unfit(error)}, 503)(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["session"] = session
        if session is not None:
            state["signed_in"] = lambda: self._accounts.session(token) is not None
        await (self._app if refusal is None else refusal)(scope, receive, send)

    async def _refusal(self, scope: Scope, headers: Headers, session: Session | None) -> Response | None:
        path, method = scope["path"], scope["method"]
        from_here = path in FROM_HERE and _asked_from_here(scope, headers)
        if path in OPEN or path.startswith(("/static/", "/act/")) or (from_here and session is None):
            return None
        if session is None:
            there_is_one = await to_thread.run_sync(self._accounts.any)
            return _to_the_entry(scope, headers, "/login" if there_is_one else "/welcome")
        if session.account.role != "owner" and method not in SAFE and path not in VIEWERS_MAY:
            return JSONResponse({"error": "only an owner may change this"}, 403)
        return None


def unfit(error: OSError) -> str:
    """Return what somebody who is no owner is told of a fault of ours; the log has what it is, and where."""
    _LOG.warning("%s", error)
    return "the doorbell cannot do that at the moment; its owner sees why"


def by_owner(request: Request) -> bool:
    """Tell whether an owner asks, who may change something; where there are no accounts everybody is one."""
    session: Session | None = getattr(request.state, "session", None)
    return session is None or session.account.role == "owner"


async def while_signed_in(request: Request, stream: AsyncGenerator[Part, None]) -> AsyncGenerator[Part, None]:
    """Give the parts of a stream without an end until who asked for it has signed out, or may sign in no more."""
    checked = time.monotonic()
    async with aclosing(stream):
        async for part in stream:
            if time.monotonic() - checked >= CHECK_SECONDS:
                signed_in = getattr(request.state, "signed_in", None)
                if signed_in is not None and not await to_thread.run_sync(signed_in):
                    return
                checked = time.monotonic()
            yield part


def _asked_from_here(scope: Scope, headers: Headers) -> bool:
    """Tell whether a program of this machine asks, and not a proxy on it for somebody elsewhere."""
    client = scope.get("client")
    passed_on = any(name in headers for name in ("forwarded", "via", "x-forwarded-for", "x-real-ip"))
    return client is not None and is_local(client[0]) and not passed_on


def session_token(headers: Headers) -> str:
    """Return the browser's secret; empty where it has none."""
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    found = cookies.get(COOKIE)
    return found.value if found is not None else ""


def _to_the_entry(scope: Scope, headers: Headers, entry: str) -> Response:
    error = {"error": "sign in first" if entry == "/login" else "this doorbell has no owner yet; open its page"}
    if headers.get("hx-request") == "true":
        return JSONResponse(error, 401, headers={"HX-Redirect": entry})
    if "text/html" in headers.get("accept", ""):
        path, query = scope["path"], scope["query_string"].decode("latin-1")
        if scope["method"] != "GET":  # a form is not sent again after the sign-in; its page can be filled in again
            path, query = "/", ""
            with suppress(ValueError):  # of an address that is none
                page = urlsplit(headers.get("referer", ""))
                path, query = page.path or "/", page.query
        wanted = path + (f"?{query}" if query else "")
        return RedirectResponse(f"{entry}?next={quote(wanted)}" if wanted != "/" else entry, 303)
    return JSONResponse(error, 401)
