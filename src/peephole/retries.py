"""When a camera that failed is tried again, and when it counts as back."""

import time
from collections.abc import Callable

from peephole.vision.sources import FrameSource

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0
"""Seconds; each pause is twice the one before, until the camera is back."""
LEAST_PROOF = 10.0
"""It is back once it has given frames for as long as the last pause, and for so many seconds at least."""


class Retries:
    """The tries of one camera; for the thread that watches it, but for `failing`."""

    def __init__(
        self,
        reopen: Callable[[], FrameSource],
        allowed: Callable[[Exception], bool],
        tell: Callable[[Exception], None] = lambda error: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with all well.

        Args:
            reopen: opens the source anew.
            allowed: whether there may be another try after an error.
            tell: is told of the first error, and of the next one only after the camera was back.
            clock: seconds that only grow.
        """
        self.reopen = reopen
        self.allowed = allowed
        self._tell = tell
        self._clock = clock
        self._pause = 0.0
        self._since: float | None = None
        self.failures = 0
        """How often it has failed since all was well."""

    @property
    def failing(self) -> bool:
        """Whether it has failed and is not back yet."""
        return self.failures > 0

    def failed(self, error: Exception) -> float:
        """Return for how many seconds to wait before the next try."""
        if not self.failing:
            self._tell(error)
        self._pause = min(2 * self._pause, LONGEST_PAUSE) if self.failing else FIRST_PAUSE
        self.failures, self._since = self.failures + 1, None
        return self._pause

    def worked(self) -> bool:
        """Take note of a frame that was looked at; tell whether the camera is back with it."""
        if not self.failing:
            return False
        now = self._clock()
        self._since = now if self._since is None else self._since
        if now - self._since < max(LEAST_PROOF, self._pause):
            return False
        self.failures = 0
        return True
