"""A camera that gives what no camera should: other sizes, nothing but noise, times that jump. The doorbell goes on."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorbell_parts import Frame
from peephole.cli.programs import load_program
from peephole.doorbell.assembly import make_recogniser
from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.events import Decided, VisitEnded
from peephole.store.store import Store

SIDES = st.sampled_from([1, 2, 23, 24, 64, 119, 240, 333])


@pytest.fixture(scope="module")
def bell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doorbell]:
    with Store(tmp_path_factory.mktemp("home") / "data") as store:
        yield Doorbell(store, make_recogniser(load_program(None)))


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    height, width = draw(SIDES), draw(SIDES)
    shape = (height, width, 3) if draw(st.booleans()) else (height, width)
    grey = draw(st.sampled_from([0, 128, 255, None]))
    noise = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 256, shape)
    image = (noise if grey is None else np.full(shape, grey)).astype(np.uint8)
    return Frame(image, draw(st.sampled_from([0.0, 1.0, 1.0, 1.05, 7e9, 3.0, 1.7e9])))


@settings(max_examples=40)
@given(st.lists(frames(), min_size=2, max_size=8))
def test_whatever_the_frames_nobody_is_named(bell: Doorbell, shown: list[Frame]) -> None:
    events = [event for frame in shown for event in bell.process(frame)]
    assert not [event for event in events if isinstance(event, Decided | VisitEnded)]


def test_a_size_that_changes_within_a_visit_ends_no_watching(tmp_path: Path) -> None:
    demo = pytest.importorskip("peephole.vision.sources.demo")
    head = demo.head_of(demo.EILEEN)
    half = np.ascontiguousarray(head[::2, ::2])
    with Store(tmp_path / "data") as store:
        bell = Doorbell(store, make_recogniser(load_program(None)))
        events = []
        for number in range(24):
            events += bell.process(Frame(head if number % 3 else half, 1000.0 + number / 10))
        events += bell.process(Frame(np.zeros((240, 320), np.uint8), 1100.0))
    assert [event.decision for event in events if isinstance(event, VisitEnded)] == ["stranger"]
