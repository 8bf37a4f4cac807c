"""What many references cost: comparing one look with all of them, and looking for those that may be wrong.

python benchmarks/people.py --people 30 --references 40
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from peephole.cli.programs import load_program
from peephole.doorbell.assembly import make_recogniser
from peephole.doorbell.dossiers import Dossiers
from peephole.doorbell.policy import Policy
from peephole.people.matching import References
from peephole.people.records import NewReference
from peephole.store.keys import Keys, Storage
from peephole.store.store import Store

PICTURE = b"\xff\xd8" + bytes(5000)


def _descriptor(rng: np.random.Generator, size: int) -> np.ndarray:
    value = rng.normal(size=size)
    return np.round(value / np.linalg.norm(value) * 8192).astype(np.int16)


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the median of several runs."""
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def main() -> None:
    """Fill a store with people of random references and print the times as JSON."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--people", type=int, default=30)
    arguments.add_argument("--references", type=int, default=40, help="Of each person.")
    asked = arguments.parse_args()
    recogniser = make_recogniser(load_program(None))
    size, rng = recogniser.descriptor_size(), np.random.default_rng(7)
    with (
        tempfile.TemporaryDirectory() as folder,
        Store(Path(folder) / "data", Keys(Storage(), Path(folder) / "storage.key")) as store,
    ):
        for number in range(asked.people):
            looks = [
                NewReference(_descriptor(rng, size), recogniser.model, PICTURE, 800, "photo")
                for _ in range(asked.references)
            ]
            store.people.add(f"Person {number}", looks)
        references, look = References.of(store.people.looks(recogniser.model)), _descriptor(rng, size)
        references.distances(look)  # what is worked out once is not counted
        dossiers = Dossiers(store, recogniser, Policy())
        report = {
            "references": len(references.owners),
            "compare_us": round(1e6 * median_seconds(lambda: references.distances(look), 2001), 1),
            "faulty_s": round(median_seconds(dossiers.faulty, 5), 3),
        }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
