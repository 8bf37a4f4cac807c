"""Lines of a table of times: each peer is made first, and one that cannot be made is a line that says why."""

import dataclasses
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import cv2

from peephole.evaluation.peers.timing import Timing, Work, in_turns


@dataclass(frozen=True)
class Job:
    """Something to time. times: how often the work is in one call of it, so that seconds are of one."""

    work: Work
    times: int = 1


@dataclass(frozen=True)
class Row:
    """A line of a table. why_not: in place of a time, why there is none. found: what else is told of it.

    processor: seconds of processor time, the median; what a machine that others use, or a disk, adds is not in it.
    processor_ratio: of that to the first's.
    """

    name: str
    timing: Timing | None
    why_not: str = ""
    processor: float | None = None
    processor_ratio: float | None = None
    found: Mapping[str, int | float | str | None] = field(default_factory=dict)


Maker = Callable[[], Job]


def timed(makers: Mapping[str, Maker], seconds: float, ours: str = "peephole", calls: int = 5) -> list[Row]:
    """Make and time everything in turns for about `seconds`, as the rows of the makers; ratios are to the first made.

    What a peer raises is its row's reason; what one whose name begins with `ours` raises is raised. FileNotFoundError
    (no model, no pictures) and a missing package are reasons of every row.
    """
    jobs: dict[str, Job] = {}
    reasons: dict[str, str] = {}
    for name, make in makers.items():
        try:
            job = make()
            job.work()
            jobs[name] = job
        except ModuleNotFoundError as error:
            reasons[name] = f"the package {error.name} is not installed"
        except FileNotFoundError as error:
            reasons[name] = str(error)
        except (Exception, SystemExit) as error:  # face_recognition ends the process where its models are missing
            if name.startswith(ours):
                raise
            reasons[name] = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    spent: dict[str, list[float]] = {name: [] for name in jobs}
    timings = in_turns({name: _counted(job.work, spent[name]) for name, job in jobs.items()}, seconds, calls)
    each = _each(timings, jobs)
    processor = {name: statistics.median(spent[name]) / jobs[name].times for name in jobs}
    first = next(iter(processor.values()), 0.0)
    ratios = {name: taken / first for name, taken in processor.items()}
    return [Row(name, each.get(name), reasons.get(name, ""), processor.get(name), ratios.get(name)) for name in makers]


def _counted(work: Work, spent: list[float]) -> Work:
    """Return work that notes its processor time."""

    def counted() -> None:
        before = time.process_time()
        work()
        spent.append(time.process_time() - before)

    return counted


def _each(timings: Mapping[str, Timing], jobs: Mapping[str, Job]) -> dict[str, Timing]:
    """Return the times of one of what a job does often; ratios too are then of one to one."""
    first = next(iter(jobs.values()), Job(int)).times
    return {
        name: dataclasses.replace(
            timing,
            median=timing.median / jobs[name].times,
            lower=timing.lower / jobs[name].times,
            upper=timing.upper / jobs[name].times,
            ratio=timing.ratio * first / jobs[name].times,
        )
        for name, timing in timings.items()
    }


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this thread, and those that it starts, to one core, and OpenCV to one thread."""
    cores, threads = os.sched_getaffinity(0), cv2.getNumThreads()
    os.sched_setaffinity(0, {max(cores)})
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
        os.sched_setaffinity(0, cores)
