"""What stands between the network and the routes: who may ask, how much may be sent, what a browser may load.

A session alone does not protect from other web sites that the owner visits: her browser would send its cookie with what
they ask for. These checks keep them out; who has a session is asked behind them (`web.gate`).
"""

import ipaddress
import socket
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 48 * 1024 * 1024
"""Of one request: a handful of photos straight from a phone."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Not no-referrer: browsers would then send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def own_names() -> frozenset[str]:
    """Names under which this machine's page may be asked for, besides its addresses."""
    name = socket.gethostname().lower()
    return frozenset({"localhost", name, f"{name}.local", name.partition(".")[0]})


def host_allowed(header: str, names: frozenset[str]) -> bool:
    """Tell whether a Host header means this machine.

    A foreign name that resolves to our address (DNS rebinding) would make a foreign site the same origin as ours;
    an address given as digits cannot be somebody else's name.
    """
    try:
        name = urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return False
    if name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def same_site(headers: Headers) -> bool:
    """Tell whether a request that changes something comes from our own page (or from no browser at all)."""
    origin = headers.get("origin")
    if origin is not None:
        try:
            return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
        except ValueError:
            return False
    return headers.get("sec-fetch-site", "none") in ("same-origin", "none")


class TooMuchError(Exception):
    """More bytes arrived than a request may have."""


class Guard:
    """ASGI middleware in front of everything."""

    def __init__(self, app: ASGIApp, names: Iterable[str] = (), most_bytes: int = MOST_BYTES) -> None:
        self._app = app
        self._names = own_names() | {name.lower() for name in names}
        self._most = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with a limit on what comes in and headers on what goes out."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = _Limit(receive, self._most)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        async def send_unless_too_much(message: Message) -> None:
            if not limit.exceeded:  # else the application answers a request that it saw only half of
                await send_with_headers(message)

        refusal = self._refusal(scope)
        if refusal is None:
            with suppress(TooMuchError):
                await self._app(scope, limit.receive, send_unless_too_much)
            if not limit.exceeded:
                return
            refusal = self._too_much()
        await refusal(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if not host_allowed(headers.get("host", ""), self._names):
            return _refuse(421, "this is not the name of this doorbell; use its address, or start it with --host NAME")
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and not same_site(headers):
            return _refuse(403, "the request came from another site; use the doorbell's own page")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self._most:
            return self._too_much()
        return None

    def _too_much(self) -> Response:
        return _refuse(413, f"more than {self._most >> 20} MB at once; send fewer or smaller photos")


def _refuse(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status, headers={"Connection": "close"})


class _Limit:
    """Counts what a request brings, and cuts it off."""

    def __init__(self, receive: Receive, most: int) -> None:
        self.exceeded = False
        self._receive = receive
        self._left = most

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self.exceeded = True
                raise TooMuchError
        return message
