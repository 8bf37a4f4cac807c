"""One face under watch: what frames have said of it so far."""

from collections import deque

from peephole.liveness.evidence import BOUNDS, WINDOW_SECONDS, Bounds, Evidence, sum_up
from peephole.liveness.following import Following, Grey, Observation
from peephole.liveness.texture import regularity
from peephole.vision.detector import Box

LEAST_SECONDS = 0.07
"""Frames that follow sooner are passed over: they show little that is new."""


class Watching:
    """Gathers what the frames of a visit say of its face; belongs to one thread.

    newest: when the newest frame was taken. breaks: how often the face was lost.
    """

    def __init__(self) -> None:
        self.newest = float("-inf")
        self.breaks = 0
        self._following = Following()
        self._observations: deque[Observation] = deque()
        self._regularities: deque[tuple[float, float]] = deque()

    def see(self, grey: Grey, box: Box, time: float) -> bool:
        """Look at the face in a frame [H,W], taken at `time` in seconds; False where it came too soon."""
        if 0 <= time - self.newest < LEAST_SECONDS:
            return False
        self.newest = time
        observed = self._following.see(grey, box, time)
        if self._following.breaks != self.breaks:  # from here on it may be another face
            self.breaks = self._following.breaks
            self._observations.clear()
            self._regularities.clear()
        elif observed is not None:
            self._observations.append(observed)
        pattern = regularity(grey, box)
        if pattern is not None:
            self._regularities.append((time, pattern))
        while self._observations and time - self._observations[0].time > WINDOW_SECONDS:
            self._observations.popleft()
        while self._regularities and time - self._regularities[0][0] > WINDOW_SECONDS:
            self._regularities.popleft()
        return True

    def evidence(self, bounds: Bounds = BOUNDS) -> Evidence:
        """Sum up the last seconds."""
        return sum_up(self._observations, [value for _, value in self._regularities], bounds)
