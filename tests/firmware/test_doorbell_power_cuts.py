"""The power of the whole doorbell is cut while somebody is at the door and its owner changes what it knows.

After each restart all that was answered over the sealed line or told on the console is there, and nothing half-written.
PEEPHOLE_POWER_CUTS=200 cuts as often as that, in 8 minutes, and so is the small program of test_power_cuts.py, which
does nothing but write and is cut 100 times otherwise.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from peephole.firmware.frames import GreyFrame, Stall
from peephole.firmware.image import Image
from whole_doorbell import WholeDoorbell

CUTS = int(os.environ.get("PEEPHOLE_POWER_CUTS", "20"))


@pytest.mark.slow
def test_whatever_was_acknowledged_is_there_after_any_cut(
    image: Image, demo: Callable[[int], GreyFrame], tmp_path: Path
) -> None:
    walk = [demo(number) for number in range(196, 210, 2)]  # somebody at the door, who then is gone
    board = WholeDoorbell(image, tmp_path, [*walk, Stall(walk[-1].time + 4000)], seed=5)
    for _ in range(CUTS):
        board.cut_once()
    counts = board.counts
    assert counts.answered > 0 and counts.unanswered > 0, counts
    assert counts.left > 0, f"no cut fell into a visit that was told of: {counts}"
