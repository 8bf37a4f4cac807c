"""What the workers of a parallel run share: the machine, and what is too dear to be made by each of them."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

MEMORY_OF_A_WORKER = 2 << 30
"""Bytes: at most what a test and its programs take, torch among them."""

MADE = "made"
"""The empty file that says that all of a folder is there."""


def fitting_workers() -> int:
    """One a core and one more, since the tests of the page mostly wait; as many as find their memory."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(len(os.sched_getaffinity(0)) + 1, memory // MEMORY_OF_A_WORKER))


def share_the_cores() -> None:
    """Each worker computes on its own part of the cores: threads of all would wait for each other."""
    workers = os.environ.get("PYTEST_XDIST_WORKER_COUNT")
    if workers is not None:
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, len(os.sched_getaffinity(0)) // int(workers))))


def long_ones_first(items: list[pytest.Item]) -> None:
    """Order the tests of a parallel run, of which each worker is given an equal part and then takes from the others.

    The first part begins with those of the browser, which mostly wait and disturb each other, the second one with
    those that compute for long: so none of either is left at the end.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        kinds: dict[str, list[pytest.Item]] = {"browser": [], "slow": [], "": []}
        for item in items:
            kinds[next((kind for kind in ("browser", "slow") if item.get_closest_marker(kind)), "")].append(item)
        rest = len(items) // workers - len(kinds["browser"])
        items[:] = [*kinds["browser"], *kinds[""][: max(0, rest)], *kinds["slow"], *kinds[""][max(0, rest) :]]


def made_once(folders: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The new folder of this name that `make` filled, in this worker or in another one of the same run."""
    base = folders.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / name
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / MADE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            (folder / MADE).touch()
    return folder
