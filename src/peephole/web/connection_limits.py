"""Connections that say nothing: bounded in number and in time, so that they keep nobody from the page.

A connection takes a file handle, of which a process commonly has 1,024, and cameras and the database need some, too.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS = 256
"""At once. A browser takes up to six, two of which stay open with the live picture and the events of each tab."""
HEAD_SECONDS = 10.0
"""From a connection, or the first byte of a further request on it, to the end of the request's head."""
BODY_SECONDS = 60.0
"""Between two pieces of a request's body."""


class BoundedProtocol(H11Protocol):
    """Ends connections whose request does not come; where there are too many, the one that has waited for longest."""

    _ends_at: asyncio.TimerHandle | None = None
    """Pending while a request is not complete."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request; where there is no room for one more connection, one without a request ends."""
        super().connection_made(transport)
        self._allow(HEAD_SECONDS)
        if len(self.connections) > MOST_CONNECTIONS:
            waiting = [one for one in self.connections if isinstance(one, BoundedProtocol) and one._ends_at]
            min(waiting, key=BoundedProtocol._deadline)._give_up()

    def data_received(self, data: bytes) -> None:
        """Take a piece of a request."""
        super().data_received(data)
        if self.conn.their_state is h11.SEND_BODY:
            self._allow(BODY_SECONDS)
        elif self.conn.their_state is not h11.IDLE:
            self._allow(None)
        elif self._ends_at is None:
            self._allow(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection."""
        self._allow(None)
        super().connection_lost(exc)

    def _allow(self, seconds: float | None) -> None:
        if self._ends_at is not None:
            self._ends_at.cancel()
        self._ends_at = None if seconds is None else self.loop.call_later(seconds, self._give_up)

    def _deadline(self) -> float:
        return self._ends_at.when() if self._ends_at is not None else float("inf")

    def _give_up(self) -> None:
        self._allow(None)
        self.connections.discard(self)  # at once: it is lost with the loop's next turn only
        self.transport.abort()


def bounds() -> dict[str, Any]:
    """What uvicorn is told of them."""
    # asyncio writes a traceback for each connection that it cannot take, as many at once as may wait.
    return {"http": BoundedProtocol, "backlog": 64}
