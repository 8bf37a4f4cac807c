"""Who may pass: every route but a few asks for a session, and what changes something asks for an owner."""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from peephole.accounts.accounts import Accounts, is_local
from peephole.accounts.records import Session

COOKIE = "peephole_session"
OPEN = frozenset({"/login", "/welcome", "/healthz"})
VIEWERS_MAY = frozenset({"/logout", "/account/password"})
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
        session = await to_thread.run_sync(self._accounts.session, token) if token else None
        scope.setdefault("state", {})["session"] = session
        refusal = await self._refusal(scope, headers, session)
        await (self._app if refusal is None else refusal)(scope, receive, send)

    async def _refusal(self, scope: Scope, headers: Headers, session: Session | None) -> Response | None:
        path, method = scope["path"], scope["method"]
        if path in OPEN or path.startswith("/static/") or (path == "/metrics" and _asked_from_here(scope, headers)):
            return None
        if session is None:
            there_is_one = await to_thread.run_sync(self._accounts.any)
            return _to_the_entry(scope, headers, "/login" if there_is_one else "/welcome")
        if session.account.role != "owner" and method not in SAFE and path not in VIEWERS_MAY:
            return JSONResponse({"error": "only an owner may change this"}, 403)
        return None


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
    if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
        query = scope["query_string"].decode("latin-1")
        wanted = scope["path"] + (f"?{query}" if query else "")
        return RedirectResponse(f"{entry}?next={quote(wanted)}" if wanted != "/" else entry, 303)
    return JSONResponse(error, 401)
