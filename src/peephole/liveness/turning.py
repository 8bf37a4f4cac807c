"""A challenge for whoever is at the door: turn the head as asked. Photos turn otherwise than heads do.

Where the nose stands between the eyes and the mouth, in a frame made of those four points, stays the same whichever way
a plane is turned, as long as it is not seen from too near; of a head it changes with the tangent of the angle.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Side = Literal["left", "right"]
"""The visitor's own; who turns to the own left looks to the right of the picture."""

TURNED, STRAIGHT = 0.12, 0.06
"""Of the nose's place against that of the beginning, in distances between the eyes: 16 and 8 degrees."""
STEP_SECONDS = 6.0
LEAST_SECONDS = 0.25
MOST_TRIES = 3
_READY = 5
_SMOOTH = 3


def nose_offset(points: NDArray[np.int32] | NDArray[np.floating]) -> float | None:
    """Return how far the nose stands to the right of the middle of the face, in distances between the eyes.

    points: [5,2] in the order of `alignment.TEMPLATE`, any unit. The nose is written as middle of the eyes + a (right
    eye - left eye) + b (middle of the mouth - middle of the eyes); a is the same after any affine map of the five
    points. Of a head, a changes by NOSE_DEPTH / 2 times the tangent of the yaw (`vision.pose`). None: no face at all.
    """
    left, right, nose, left_mouth, right_mouth = points.astype(np.float64)
    across = right - left
    down = (left_mouth + right_mouth - left - right) / 2
    area = float(across[0] * down[1] - across[1] * down[0])
    if abs(area) < 1e-9 * (1 + float(across @ across)):
        return None
    away = nose - (left + right) / 2
    return float(away[0] * down[1] - away[1] * down[0]) / area


@dataclass
class Turns:
    """One challenge: turn to each of the sides, straight again after each. Times in seconds.

    `step` counts the half-steps done: turned, straight, turned, straight.
    """

    sides: Sequence[Side]
    begin: float
    straight: float
    step: int = 0
    state: Literal["asked", "done", "wrong", "late"] = "asked"
    _since: float | None = None
    _recent: deque[float] = field(default_factory=lambda: deque(maxlen=_SMOOTH))

    @property
    def side(self) -> Side | None:
        """Where to turn now; None: straight ahead, or it is over."""
        return self.sides[self.step // 2] if self.state == "asked" and self.step % 2 == 0 else None

    def see(self, time: float, offset: float) -> bool:
        """Take where the nose is (`nose_offset`); return whether there is something new to tell."""
        if self.state != "asked":
            return False
        if time - self.begin > STEP_SECONDS:
            self.state = "late"
            return True
        self._recent.append(offset)
        turn = float(np.median(self._recent)) - self.straight
        wanted = self.side
        if wanted is not None and abs(turn) >= TURNED and (turn > 0) != (wanted == "left"):
            self.state = "wrong"
            return True
        reached = abs(turn) <= STRAIGHT if wanted is None else abs(turn) >= TURNED
        if not reached:
            self._since = None
            return False
        self._since = time if self._since is None else self._since
        if time - self._since < LEAST_SECONDS:
            return False
        self.step, self.begin, self._since = self.step + 1, time, None
        if self.step == 2 * len(self.sides):
            self.state = "done"
        return True


class Baseline:
    """Where the nose is while somebody looks straight ahead."""

    def __init__(self) -> None:
        self._offsets: deque[float] = deque(maxlen=_READY)

    def see(self, offset: float) -> float | None:
        """Take a place; return the usual one once some have been alike and near the middle."""
        self._offsets.append(offset)
        usual = float(np.median(self._offsets))
        spread = max(self._offsets) - min(self._offsets)
        ready = len(self._offsets) == _READY and spread < STRAIGHT and abs(usual) < 2 * STRAIGHT
        return usual if ready else None
