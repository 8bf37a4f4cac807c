"""How long a search by face takes: a store with many looks, sealed as a household's is, searched by one look.

python benchmarks/search.py --looks 10000
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from peephole.cli.programs import load_program
from peephole.doorbell.assembly import make_recogniser
from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.policy import Bars
from peephole.doorbell.visit import Decision, Look, Quality, Trace, VisitState
from peephole.people.records import NewReference
from peephole.store.keys import Keys, Storage
from peephole.store.store import Store
from peephole.vision.detector import Box

LOOKS_A_VISIT = 10
PEOPLE, REFERENCES = 8, 12


def fill(store: Store, model: str, size: int, looks: int, rng: np.random.Generator) -> None:
    """Store people, and visits with as many looks as were asked for; descriptors are random."""
    picture = b"\xff\xd8" + bytes(2000)
    for number in range(PEOPLE):
        made = [NewReference(_descriptor(rng, size), model, picture, 800, "photo") for _ in range(REFERENCES)]
        store.people.add(f"Person {number}", made)
    unsure = Decision("unsure", None, None, None, "too_few_looks", "not enough good looks at the face")
    quality = Quality(100, 200, 100, 800, True)
    for number in range(looks // LOOKS_A_VISIT):
        begin = 1_700_000_000.0 + 600 * number
        seen = {
            at: Look(begin + at, Box(100, 100, 100, 100), _descriptor(rng, size), quality, picture)
            for at in range(LOOKS_A_VISIT)
        }
        state = VisitState(f"v{number:016x}", begin, begin + 10, unsure, LOOKS_A_VISIT, seen, model)
        store.visits.close(state, Trace((), Bars(0, 0, 0, 0), 0), 8, 60.0)


def _descriptor(rng: np.random.Generator, size: int) -> np.ndarray:
    value = rng.normal(size=size)
    return np.round(value / np.linalg.norm(value) * 8192).astype(np.int16)


def main() -> None:
    """Fill a store and print seconds of a search, as JSON."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--looks", type=int, default=10_000)
    arguments.add_argument("--repeats", type=int, default=5)
    asked = arguments.parse_args()
    recogniser = make_recogniser(load_program(None))
    rng = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys(Storage(), Path(folder) / "storage.key")
        with Store(Path(folder) / "data", keys) as store:
            fill(store, recogniser.model, recogniser.descriptor_size(), asked.looks, rng)
            finder = Doorbell(store, recogniser).finder()
            seconds = []
            for _ in range(asked.repeats):
                begin = time.perf_counter()
                found = finder.by_looks([_descriptor(rng, recogniser.descriptor_size())])
                seconds.append(time.perf_counter() - begin)
            middle, longest = statistics.median(seconds), max(seconds)
            report = {"compared": found.compared, "median_s": round(middle, 3), "longest_s": round(longest, 3)}
            print(json.dumps(report))


if __name__ == "__main__":
    main()
