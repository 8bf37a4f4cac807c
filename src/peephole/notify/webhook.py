"""Webhooks: a POST of JSON to the owner's own program, signed where the owner gives a key."""

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
import time
from urllib.parse import SplitResult, unquote, urlsplit

from peephole import __version__
from peephole.http_deadline import broken_off
from peephole.notify.senders import NotSent, Peer, at_home
from peephole.notify.words import Notification, webhook_json

SIGNATURE = "X-Peephole-Signature"
"""Header with `sha256=` and the HMAC-SHA256 of the body in hexadecimal digits."""


class Webhook:
    """Posts to one address, over a connection of its own each time; follows no redirect and uses no proxy."""

    takes_pictures = True

    def __init__(self, what: str, address: str, key: bytes | None, timeout: float) -> None:
        """Read the address; raises ValueError, naming `what` it is of, where it is no http:// or https:// one."""
        try:
            parts = urlsplit(address)
            self._host, self._port = parts.hostname or "", parts.port
        except ValueError:
            parts, self._host = SplitResult("", "", "", "", ""), ""
        if parts.scheme not in ("http", "https") or not self._host:
            raise ValueError(f"{what}: the address of a webhook begins with http:// or https:// and a host")
        self._tls = parts.scheme == "https"
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not self._path.isascii() or any(character <= " " for character in self._path):
            raise ValueError(f"{what}: the address of a webhook has no blanks, and other letters as %..")
        self._login = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
        self._key = key
        self._timeout = timeout
        host = f"[{self._host}]" if ":" in self._host else self._host
        self.peer = Peer(f"webhook at {host}:{self._port or (443 if self._tls else 80)}", not at_home(self._host))

    def send(self, message: Notification) -> None:
        """Deliver a message, or raise NotSent."""
        payload = webhook_json(message, time.time())
        connection, ends_at = self._connection(), time.monotonic() + self._timeout
        try:
            with broken_off(connection, self._timeout):  # an answer that drips would take for ever
                connection.request("POST", self._path, payload, self._headers(payload))
                status = connection.getresponse().status
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            late = TimeoutError() if time.monotonic() >= ends_at else error
            raise NotSent(_why(late)) from None  # what was raised may tell the address
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise NotSent(f"it answers {status} {http.client.responses.get(status, '')}".rstrip())

    def _connection(self) -> http.client.HTTPConnection:
        if self._tls:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=context)
        return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)

    def _headers(self, payload: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": f"peephole/{__version__}"}
        if self._key is not None:
            headers[SIGNATURE] = f"sha256={hmac.new(self._key, payload, hashlib.sha256).hexdigest()}"
        if self._login is not None:
            headers["Authorization"] = f"Basic {base64.b64encode(self._login.encode()).decode()}"
        return headers


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return "it does not speak TLS"
    if isinstance(error, socket.gaierror | UnicodeError):
        return "its name is not known"
    if isinstance(error, http.client.HTTPException):
        return "its answer is no HTTP"
    return f"it cannot be reached ({getattr(error, 'strerror', None) or 'no connection'})"
