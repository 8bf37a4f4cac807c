"""De-duplication of strangers: streams worked by hand, and the doorbell's own records on the same stream."""

from pathlib import Path

import numpy as np
import pytest

from doorbell_parts import Actor, describe, doorbell, paint, recogniser, store_at
from peephole.doorbell.policy import Bars, Policy, bars
from peephole.evaluation import strangers
from peephole.evaluation.strangers import (
    Sorted,
    bars_to_try,
    draw_streams,
    measure,
    only_same,
    run_streams,
    score,
    sort_stream,
)

POLICY = Policy(keep_stranger_looks=2)
BARS = Bars(known=100, stranger=100, same_stranger=100, margin=0)


def line(*places: int) -> np.ndarray:
    return np.array(places, np.int16)[:, None]


def test_a_stream_by_hand() -> None:
    # 0 opens a record, 9 joins it, 30 opens another, 18 joins the first by its look at 9, 25 the second.
    assert sort_stream(line(0, 9, 30, 18, 25), BARS, POLICY).tolist() == [0, 0, 1, 0, 1]


def test_old_looks_are_forgotten() -> None:
    # Two looks are kept, the newest ones: after 0, 8, 16 nothing is left of 0, and -5 is 13 from the next.
    assert sort_stream(line(0, 8, 16, -5), BARS, POLICY).tolist() == [0, 0, 0, 1]
    assert sort_stream(line(0, 8, 16, -5), BARS, Policy()).tolist() == [0, 0, 0, 0]


def test_scores_by_hand() -> None:
    # Anna (0) in records 0 and 2, Ben (1) in 0, Cleo (2) in 1, Dora (3), seen once, in 3.
    people, record = np.array([0, 1, 2, 0, 2, 1, 3]), np.array([0, 0, 1, 2, 1, 0, 3])
    found = score(record, people)
    assert found == Sorted(merged=2 / 4, misfiled=2 / 7, split=1 / 3, records=1.0)


def test_nothing_wrong_scores_nothing() -> None:
    people = np.array([5, 3, 5, 9])
    assert score(np.array([0, 1, 0, 2]), people) == Sorted(0.0, 0.0, 0.0, 1.0)


def test_wider_bars_merge_and_narrower_ones_split() -> None:
    rng = np.random.default_rng(0)
    people = np.arange(30).repeat(4)
    descriptors = (rng.normal(0, 1000, (30, 6)).repeat(4, 0) + rng.normal(0, 150, (120, 6))).astype(np.int16)
    streams = draw_streams(people, 20, 4, seed=1)
    assert [len(rows) for rows in streams] == [80] * 4
    close, right, wide = (
        run_streams(descriptors, people, streams, only_same(bar), POLICY) for bar in (1, 900**2, 4000**2)
    )
    assert (close["split"].mean, close["merged"].mean, close["records"].mean) == (1.0, 0.0, 4.0)
    assert right["split"].mean < 0.05 and right["merged"].mean < 0.2
    assert wide["merged"].mean > 0.9


def test_bars_hold_the_shares_they_are_for() -> None:
    rng = np.random.default_rng(0)
    people, descriptors = np.arange(300), rng.integers(-1000, 1000, (300, 4)).astype(np.int16)
    bar = bars_to_try(descriptors, people, 1, (0.01,))[0.01]
    squared = ((descriptors[:, None].astype(int) - descriptors[None]) ** 2).sum(2)[np.triu_indices(300, 1)]
    assert (squared <= bar).mean() == pytest.approx(0.01, rel=0.2)


def test_shares_that_the_pairs_cannot_carry_are_left_out() -> None:
    # Fifty people once: 1,225 pairs, of which a hundredth are twelve and three thousandths three.
    people, descriptors = np.arange(50), np.arange(50, dtype=np.int16)[:, None]
    assert list(bars_to_try(descriptors, people, 1, (0.003, 0.01, 0.1))) == [0.01, 0.1]
    found = measure(descriptors, people, 20, 2, 1, None, POLICY)
    assert [at.share for at in found.curve] == [0.01]
    assert found.too_rare == (1e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3)
    with pytest.raises(ValueError, match="too few to find bars with"):
        measure(descriptors[:3], people[:3], 3, 2, 1, None, POLICY)
    assert measure(descriptors[:3], people[:3], 3, 2, 1, BARS, POLICY).curve == ()


def test_of_many_pairs_only_those_drawn_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "PAIRS", 900)
    people = np.arange(3000)
    assert list(bars_to_try(people.astype(np.int16)[:, None], people, 1, (0.01, 0.1))) == [0.1]


def test_too_few_people_are_refused() -> None:
    with pytest.raises(ValueError, match="5 strangers are asked for, the pictures show 2 people"):
        draw_streams(np.array([0, 0, 1]), 5, 1, 1)


def test_the_doorbell_files_the_same_stream_alike(tmp_path: Path) -> None:
    """One look a visit, through watcher, vote and store: the records are those of the protocol."""
    people = [1, 2, 1, 3, 2, 1, 3, 4]
    shifts = [0, 0, 20, 0, 40, 30, 0, 0]
    alone = Policy(known_sightings=1, stranger_sightings=1, opening_faces=1, keep_stranger_looks=2)
    with store_at(tmp_path) as store:
        bell = doorbell(store, alone)
        for number, (person, shift) in enumerate(zip(people, shifts, strict=True)):
            bell.process(paint([Actor(person, shift=shift)], 100.0 * number))
            bell.process(paint([], 100.0 * number + 50))
        bell.flush()
        filed = [visit.stranger_number for visit in reversed(bell.visits())]
    descriptors = np.stack([_descriptor(person, shift) for person, shift in zip(people, shifts, strict=True)])
    record = sort_stream(descriptors, bars(alone, recogniser().calibration, 0), alone)
    assert (record + 1).tolist() == filed
    # Not a trivial stream: somebody is known again, and somebody is split by the distance moved.
    assert 4 <= len(set(filed)) < len(people)


def _descriptor(person: int, shift: int) -> np.ndarray:
    pixels = np.zeros((8, 8), np.uint8)
    pixels[0, :3] = person, 1, shift
    return describe(pixels)
