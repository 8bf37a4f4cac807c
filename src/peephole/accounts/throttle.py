"""Guessing passwords is made slow: for one address, and for all together."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

FREE_TRIES = 5
LONGEST_WAIT = 900.0
ALL_TRIES, ALL_SECONDS = 60, 60.0
_MOST_ADDRESSES = 10_000


@dataclass
class _Failures:
    count: int = 0
    until: float = 0.0


class Throttle:
    """Counts failures. After five an address waits 2, 4, 8 .. seconds, at most a quarter of an hour.

    All addresses together have sixty failures a minute. A success clears the address. Times are of a clock that only
    grows.
    """

    def __init__(self) -> None:
        """Start with nobody suspected."""
        self._by_address: OrderedDict[str, _Failures] = OrderedDict()
        self._all = _Failures()
        self._lock = threading.Lock()

    def wait(self, address: str, now: float) -> float:
        """Return how many seconds an address has to wait; 0: it may try."""
        with self._lock:
            own = self._by_address.get(address)
            until = own.until if own is not None else 0.0
            if self._all.count >= ALL_TRIES:
                until = max(until, self._all.until)
            return max(0.0, until - now)

    def failed(self, address: str, now: float) -> None:
        """Count a failure."""
        with self._lock:
            if now >= self._all.until:
                self._all = _Failures(0, now + ALL_SECONDS)
            self._all.count += 1
            own = self._by_address.setdefault(address, _Failures())
            self._by_address.move_to_end(address)
            own.count += 1
            if own.count >= FREE_TRIES:
                own.until = now + min(LONGEST_WAIT, 2.0 ** (own.count - FREE_TRIES + 1))
            while len(self._by_address) > _MOST_ADDRESSES:
                self._by_address.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """Forget the failures of an address."""
        with self._lock:
            self._by_address.pop(address, None)
