"""What masks take of a frame: `python benchmarks/masks.py` prints the median over 400 frames of 640x480 in colour."""

import statistics
import time
from collections.abc import Iterator

import numpy as np

from peephole.vision.sources import Frame
from peephole.vision.sources.masked import MaskedSource

MASKS = (((0.0, 0.0), (0.3, 0.0), (0.3, 0.4), (0.0, 0.4)), ((0.66, 0.0), (1.0, 0.0), (1.0, 0.42), (0.72, 0.42)))
FRAMES = 400


class Noise:
    """Frames of which each is told to have begun when it is asked for."""

    name = "noise"
    live = False

    def __iter__(self) -> Iterator[Frame]:
        """Give the same pixels again and again."""
        image = np.random.default_rng(1).integers(0, 256, (480, 640, 3), np.uint8)
        for number in range(FRAMES):
            yield Frame(image, time.perf_counter(), number)

    def close(self) -> None:
        """Hold nothing."""


def main() -> None:
    """Print how long masks took."""
    taken = [time.perf_counter() - frame.time for frame in MaskedSource(Noise(), MASKS)]
    print(f"{1000 * statistics.median(taken):.2f} ms a frame of 640x480, the median of {FRAMES}")


if __name__ == "__main__":
    main()
