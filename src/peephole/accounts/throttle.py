"""Guessing passwords is made slow: for one address, and for all together."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

FREE_TRIES = 5
LONGEST_WAIT = 900.0
FORGOTTEN_AFTER = 24 * 3600.0
ALL_TRIES, ALL_SECONDS = 60, 60.0
_MOST_ADDRESSES = 10_000


@dataclass
class _Failures:
    count: int = 0
    newest: float = 0.0


class Throttle:
    """Counts failures. After five an address waits 2, 4, 8 .. seconds, at most a quarter of an hour.

    Failures are kept by address and account, and an address waits for the sum of its own. A success takes back those
    of its own account alone: else whoever has an account could guess at another one's password without an end, and
    sign in as himself before each fifth try. A failure is forgotten when there was none of that account from there
    for a day. All addresses together have sixty failures a minute. Times are of a clock that only grows.
    """

    def __init__(self) -> None:
        """Start with nobody suspected."""
        self._by_address: OrderedDict[str, dict[str, _Failures]] = OrderedDict()
        self._all_count, self._all_until = 0, 0.0
        self._lock = threading.Lock()

    def take(self, address: str, account: str, now: float) -> float:
        """Begin a try, or return how many seconds the address has to wait until it may; 0: it may.

        A try counts as a failure from its begin, so that many at the same moment are not each the first.

        Args:
            address: who tries.
            account: whose password is tried; empty for all names that nobody has, which count together.
            now: the time in seconds.
        """
        with self._lock:
            own = self._by_address.get(address, {})
            for old in [name for name, failures in own.items() if now - failures.newest > FORGOTTEN_AFTER]:
                del own[old]
            if seconds := max(_wait(own, now), self._all_until - now if self._all_count >= ALL_TRIES else 0.0):
                return seconds
            if now >= self._all_until:
                self._all_count, self._all_until = 0, now + ALL_SECONDS
            self._all_count += 1
            failures = own.setdefault(account, _Failures())
            failures.count += 1
            failures.newest = now
            self._by_address[address] = own
            self._by_address.move_to_end(address)
            if len(self._by_address) > _MOST_ADDRESSES:
                self._by_address.popitem(last=False)
            return 0.0

    def succeeded(self, address: str, account: str) -> None:
        """End a try that was none of a thief; the failures of this account from this address are forgotten."""
        with self._lock:
            self._all_count = max(0, self._all_count - 1)
            self._by_address.get(address, {}).pop(account, None)


def _wait(own: dict[str, _Failures], now: float) -> float:
    count = sum(failures.count for failures in own.values())
    if count < FREE_TRIES:
        return 0.0
    newest = max(failures.newest for failures in own.values())
    return max(0.0, newest + min(LONGEST_WAIT, 2.0 ** (count - FREE_TRIES + 1)) - now)
