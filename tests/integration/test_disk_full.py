"""A full disk: one clear sentence, nothing half-written, and the doorbell goes on.

Two kinds: SQLite's own limit on pages (it reports "full"), and a limit of the kernel on the size of files, which makes
the very write calls fail.
"""

import errno
import math
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from doorbell_parts import MODEL, Actor, paint, recogniser, store_at, walk
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.doorbell.events import Decided, Problem, VisitEnded
from peephole.store.store import DATABASE_NAME, Store

Full = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def store(tmp_path):
    with store_at(tmp_path) as opened:
        yield opened


@pytest.fixture(params=["pages", "files"])
def full(request, store, tmp_path) -> Full:
    @contextmanager
    def pages() -> Iterator[None]:
        connection = store._database._connection
        used = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {used}").fetchall()
        yield
        connection.execute("PRAGMA max_page_count = 1073741823").fetchall()

    @contextmanager
    def files() -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        log = tmp_path / "data" / f"{DATABASE_NAME}-wal"
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return {"pages": pages, "files": files}[request.param]


def doorbell_with_large_pictures(store: Store) -> Doorbell:
    # Larger than a page, so that no half-empty page can take one.
    return Doorbell(store, recogniser(), None, lambda image, box: b"\xff\xd8" + bytes(6000))


def photos() -> list[Photo]:
    return [Photo(f"{noise}.jpg", paint([Actor(1, noise=noise)]).image) for noise in range(200)]


def test_enrolment_fails_whole(store, full):
    bell = doorbell_with_large_pictures(store)
    with (
        full(),
        pytest.raises(OSError, match=r"peephole\.db: cannot be written, the disk is full; make room") as caught,
    ):
        bell.enrol("Anna", photos())
    assert caught.value.errno == errno.ENOSPC
    assert bell.people() == [] and store.people.looks(MODEL) == []
    bell.enrol("Anna", photos())
    (anna,) = bell.people()
    assert len(store.references.all(anna.person.id)) == 200, "in use or set aside, as too many nearly the same"


def test_the_doorbell_goes_on_and_stores_the_visit_later(store, full):
    bell = doorbell_with_large_pictures(store)
    bell.enrol("Anna", photos()[:1])
    frames = walk(1, 1000.0, looks=10)
    with full():
        fill(store)
        during = [event for frame in frames for event in bell.process(frame)]
    assert [event.reason for event in during if isinstance(event, Problem)] == ["storage"], "told once, not every frame"
    assert [event.person for event in during if isinstance(event, Decided)] == ["Anna"], (
        "who it is does not depend on it"
    )
    assert not [event for event in during if isinstance(event, VisitEnded)], "told means stored"
    after = [event for second in range(8) for event in bell.process(paint([], 1010.0 + second))]
    assert [event.person for event in after if isinstance(event, VisitEnded)] == ["Anna"]
    assert [event.reason for event in after if isinstance(event, Problem)] == ["storage_back"]
    (visit,) = bell.visits()
    assert visit.closed and visit.sightings == 10 and bell.visit_picture(visit.id)


def test_the_end_of_the_source_on_a_full_disk_is_an_error_and_can_be_repeated(store, full):
    bell = doorbell_with_large_pictures(store)
    with full():
        fill(store)
        for frame in walk(1, 1000.0)[:8]:
            bell.process(frame)
        with pytest.raises(OSError, match="the disk is full"):
            bell.flush()
    (visit,) = [event for event in bell.flush() if isinstance(event, VisitEnded)]
    assert visit.decision == "stranger"
    assert [row.id for row in bell.visits()] == [visit.visit]


def test_a_visit_left_open_does_not_keep_the_doorbell_from_starting(store, full):
    killed = doorbell_with_large_pictures(store)
    for frame in walk(1, 1000.0)[:8]:
        killed.process(frame)
    bell = doorbell_with_large_pictures(store)
    with full():
        fill(store)
        (problem,) = bell.recover()
        assert isinstance(problem, Problem) and problem.reason == "storage" and math.isfinite(problem.time)
        assert bell.recover() == [] and bell.process(paint([], 5.0)) == [], "told once"
    ended, back = bell.process(paint([], 11.0))  # another clock than the killed one's
    assert isinstance(ended, VisitEnded) and ended.sightings == 8
    assert isinstance(back, Problem) and back.reason == "storage_back"
    assert [row.closed for row in bell.visits()] == [True]


def test_the_disk_is_full_until_the_last_visit_is_stored(store, monkeypatch):
    bell = doorbell_with_large_pictures(store)
    for frame in [paint([Actor(1, x=10, noise=i), Actor(2, x=150, noise=i)], 1000 + i / 5) for i in range(8)]:
        bell.process(frame)
    close, closings = store.visits.close, 0

    def full_after_the_first(*arguments):
        nonlocal closings
        closings += 1
        if closings > 1:
            raise OSError("the disk is full")
        return close(*arguments)

    monkeypatch.setattr(store.visits, "close", full_after_the_first)
    during = [event for second in range(4) for event in bell.process(paint([], 1002.0 + second))]
    assert [type(event) for event in during] == [VisitEnded, Problem]
    assert during[1].reason == "storage"
    for frame in [paint([Actor(3, noise=1 + i % 8)], 1006 + i / 5) for i in range(30)]:  # looks of it can be stored
        assert not [event for event in bell.process(frame) if isinstance(event, Problem)], "a visit is still waiting"
    monkeypatch.setattr(store.visits, "close", close)
    after = [event for second in range(8) for event in bell.process(paint([], 1012.0 + second))]
    assert [event.reason for event in after if isinstance(event, Problem)] == ["storage_back"]
    assert [row.closed for row in bell.visits()] == [True] * 3


def fill(store: Store) -> None:
    """Write until nothing goes in any more."""
    with pytest.raises(OSError, match="full"):
        for number in range(100_000):
            store.people.add(f"Filler {number}", [])


def test_a_new_data_folder_on_a_full_disk(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match=r"peephole\.db: cannot be written, the disk is full"):
            Store(tmp_path / "data")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    Store(tmp_path / "data").close()
