"""A lock that opens on a POST request. One request, no redirect, and none that arrives late."""

import http.client
import json
import time
from urllib.parse import SplitResult, urlsplit

from peephole.door.actuator import UnclearError
from peephole.http_deadline import broken_off
from peephole.secret import Secret, read_secret

LIMIT_SECONDS = 5.0
_WHAT = "the webhook of the door"


class Webhook:
    """Sends `{"open_seconds": 3.0}` to an address (see `actuator.Actuator`); the lock at the other end shuts itself.

    The address is a secret: it is in no error and no list, but for the host.
    """

    def __init__(self, address: Secret, limit: float = LIMIT_SECONDS) -> None:
        """Note the address; `limit` in seconds is for the whole request."""
        self._secret = address
        self._limit = limit

    def prepare(self) -> None:
        """Read the address; nothing is sent."""
        self._address()

    def release(self, seconds: float) -> None:
        """Send the request; raises OSError where it is not answered with success in time."""
        address = self._address()
        where = f"{_WHAT} at {address.hostname}"
        begun = time.monotonic()
        connection = _connection(address, self._limit)
        sent = False
        try:
            with broken_off(connection, self._limit):
                connection.connect()  # finding the address may take longer than any limit that can be set
                if time.monotonic() - begun >= self._limit:
                    raise TimeoutError
                target = f"{address.path or '/'}{'?' if address.query else ''}{address.query}"
                body = json.dumps({"open_seconds": seconds}).encode()
                sent = True
                connection.request("POST", target, body, {"Content-Type": "application/json"})
                status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            why = "no answer in time" if time.monotonic() - begun >= self._limit else _plain(error)
            if sent:
                raise UnclearError(f"{where} did not answer ({why}); whether the door opened is not known") from error
            raise OSError(f"{where} cannot be reached ({why})") from error
        finally:
            connection.close()
        if 300 <= status < 400:
            raise OSError(f"{where} answered {status}; redirects are not followed")
        if not 200 <= status < 300:
            raise OSError(f"{where} answered {status}")

    def secure(self) -> None:
        """Leave it to the other end."""

    def close(self) -> None:
        """Hold nothing."""

    def connections(self) -> tuple[str, ...]:
        """Return the host."""
        try:
            address = self._address()
        except (OSError, ValueError):
            return ()  # then nothing is sent either
        return (f"{address.scheme}://{address.netloc}: opens the door",)

    def _address(self) -> SplitResult:
        text = read_secret(self._secret, _WHAT).decode("utf-8", "replace").strip()
        try:
            address = urlsplit(text)
            possible = bool(address.hostname) and address.scheme in ("http", "https") and address.port != 0
        except ValueError:
            possible = False
        if not possible or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError(f"{_WHAT}: its address is none of the form http://HOST/PATH or https://HOST/PATH")
        if address.username is not None or address.password is not None:
            raise ValueError(f"{_WHAT}: an address with a user or a password is not taken; use a token in its path")
        return address


def _connection(address: SplitResult, limit: float) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    return kind(address.hostname or "", address.port, timeout=limit)


def _plain(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
