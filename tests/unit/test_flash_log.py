"""The device's memory: what was acknowledged is there after any cut of the power, and nothing is ever half there."""

import random
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery_model import (
    DAMAGED,
    LOOKS,
    MODEL,
    NO_ROOM,
    OK,
    PEOPLE,
    REFERENCES,
    SIDE,
    SIZE,
    STRANGERS,
    Change,
    Model,
    changes,
    gallery_looks,
    perform,
    state,
)
from peephole import _core

UNITS = st.sampled_from([1, 4, 32])
ENOUGH = {unit: _core.gallery_flash_bytes(SIZE, unit) for unit in (1, 4, 8, 32)}


def opened(memory: _core.FlashMemory) -> _core.Gallery:
    gallery = _core.Gallery(memory, SIZE, MODEL)
    assert gallery.open() == OK
    return gallery


def run(memory: _core.FlashMemory, life: list[Change]) -> int:
    """Make changes until the power goes; return how many were acknowledged (or refused for what they asked)."""
    gallery = _core.Gallery(memory, SIZE, MODEL)
    if gallery.open() != OK:
        return 0
    for done, change in enumerate(life):
        status = perform(gallery, change)
        if not memory.powered() and status != OK:
            return done
    return len(life)


def cost(memory_seed: int, unit: int, life: list[Change]) -> int:
    """Return the smallest budget with which the changes are made without a cut."""
    low, high = 0, 1 << 20
    while low < high:
        middle = (low + high) // 2
        memory = _core.FlashMemory(ENOUGH[unit], unit, memory_seed)
        memory.cut_after(middle)
        run(memory, life)
        low, high = (low, middle) if memory.powered() else (middle + 1, high)
    return low


def expected(life: list[Change]) -> list[Any]:
    """Return the state before every change and after the last."""
    states = []
    for count in range(len(life) + 1):
        model = Model()
        for change in life[:count]:
            model.perform(change)
        states.append(model.state())
    return states


def check_cut(life: list[Change], states: list[Any], unit: int, budget: int, second: int) -> None:
    """Cut the power once in the changes and once more while the memory is opened again; compare what is left."""
    memory = _core.FlashMemory(ENOUGH[unit], unit, budget)
    memory.cut_after(budget)
    done = run(memory, life)
    memory.power_up()
    memory.cut_after(second)
    _core.Gallery(memory, SIZE, MODEL).open()
    memory.power_up()
    gallery = opened(memory)
    found = state(gallery)
    assert found in (states[done], states[min(done + 1, len(life))])
    assert gallery.counts()["damaged"] == 0
    # It goes on from there.
    assert gallery.write_slot(3, 9, b"alive") == OK
    assert state(opened(memory))[:2] == found[:2]
    assert opened(memory).slots()[3] == (9, b"alive")
    assert memory.offences() == 0


@given(st.binary(max_size=99))
def test_the_checksum_is_that_of_zlib(content: bytes) -> None:
    assert _core.crc32(content) == zlib.crc32(content)


@given(changes(0, 40), UNITS)
@settings(max_examples=200, deadline=None)
def test_it_remembers_what_it_was_told(life: list[Change], unit: int) -> None:
    memory, model = _core.FlashMemory(ENOUGH[unit], unit, 1), Model()
    gallery = opened(memory)
    for change in life:
        assert perform(gallery, change) == model.perform(change)
        assert state(gallery) == model.state()
    assert state(opened(memory)) == model.state()
    counts = opened(memory).counts()
    assert [counts[name] for name in ("damaged", "torn", "foreign", "left_out")] == [0, 0, 0, 0]
    assert memory.offences() == 0


@given(changes(1, 4), UNITS, st.integers(-1, 3))
@settings(max_examples=15, deadline=None)
def test_a_cut_at_every_byte(life: list[Change], unit: int, second: int) -> None:
    states = expected(life)
    for budget in range(cost(0, unit, life)):
        check_cut(life, states, unit, budget, second)


@given(changes(20, 60), UNITS, st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_cuts_anywhere_in_long_lives(life: list[Change], unit: int, anywhere: random.Random) -> None:
    states = expected(life)
    whole = cost(0, unit, life)
    for _ in range(20):
        check_cut(life, states, unit, anywhere.randrange(whole + 1), anywhere.randrange(-1, 400))


def test_many_cuts_in_one_life() -> None:
    """The power goes again and again; after each cut the changes that were not acknowledged are made again."""
    chance = random.Random(1)
    memory, model = _core.FlashMemory(ENOUGH[1], 1, 1), Model()
    person = Change("add_person", ("Anna", 1, [(1, 1, True)], 0))
    perform(opened(memory), person)
    model.perform(person)
    for visit in range(2000):
        change = Change("note_visit", (1, 0, visit))
        if visit % 50 == 49:
            change = Change("switch_areas", ())
        memory.cut_after(chance.randrange(400))
        gallery = _core.Gallery(memory, SIZE, MODEL)
        done = gallery.open() == OK and perform(gallery, change) == OK
        memory.power_up()
        before = model.state()
        after = Model(**{**vars(model), "people": {key: list(row) for key, row in model.people.items()}})
        after.perform(change)
        found = state(opened(memory))
        assert found == after.state() or (not done and found == before)
        model = after if found == after.state() else model
    first, second = memory.erases()
    assert first > 20
    assert second > 20
    assert abs(first - second) < 0.2 * (first + second)  # they take turns


def add(name: str, quality: int) -> Change:
    return Change("add_person", (name, 0, [(quality, quality, True)], 0))


@pytest.mark.parametrize("lost", range(PEOPLE))
def test_a_bit_that_flips_takes_one_record_with_it(lost: int) -> None:
    memory = _core.FlashMemory(ENOUGH[1], 1, 1)
    gallery = opened(memory)
    places = [gallery.counts()["position"]]
    for name in "ABC":
        assert perform(gallery, add(name, 7)) == OK
        places.append(gallery.counts()["position"])
    memory.flip(8 * (places[lost] + 40) + 3)
    gallery = opened(memory)
    others = [name for number, name in enumerate("ABC") if number != lost]
    assert [row[1] for row in gallery.people()] == others
    assert gallery.counts()["damaged"] == 1
    assert gallery.switch_areas() == OK
    gallery = opened(memory)
    assert [row[1] for row in gallery.people()] == others
    assert gallery.counts()["damaged"] == 1
    assert gallery.open() == OK


@given(changes(1, 25), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_after_any_flip_everybody_is_as_they_once_were(life: list[Change], anywhere: random.Random) -> None:
    memory = _core.FlashMemory(ENOUGH[1], 1, 1)
    gallery = opened(memory)
    for change in life:
        perform(gallery, change)
    counts = gallery.counts()
    area = (counts["generation"] - 1) % 2 * ENOUGH[1]
    memory.flip(8 * area + anywhere.randrange(8 * counts["position"]))
    gallery = opened(memory)
    assert gallery.counts()["damaged"] <= 1
    once_people, once_strangers = set(), set()
    for people, strangers, _, _ in expected(life):
        once_people |= {(row[0], row[1], tuple(row[5])) for row in people}
        once_strangers |= {(row[0], tuple(row[5])) for row in strangers}
    # A name and the references may be of two moments, when what is lost stood between.
    names, references = {row[:2] for row in once_people}, {(row[0], row[2]) for row in once_people}
    for row in gallery.people():
        assert row[:2] in names
        assert (row[0], tuple(row[5])) in references or row[5] == []
    for row in gallery.strangers():
        assert (row[0], tuple(row[5])) in once_strangers


def test_a_picture_that_is_damaged_later_is_reported_and_left_out() -> None:
    memory = _core.FlashMemory(ENOUGH[1], 1, 1)
    gallery = opened(memory)
    place = gallery.counts()["position"]
    stranger = Change("add_stranger", ([(1, 9, True)], 200, 1, 2, False))
    assert perform(gallery, stranger) == OK
    assert gallery.strangers()[0][6] == bytes([200] * SIDE * SIDE)
    memory.flip(8 * (gallery.counts()["position"] - 20))
    assert gallery.strangers()[0][6] is None
    assert gallery.switch_areas() == OK
    assert [row[:5] for row in gallery.strangers()] == [(1, 0, 1, 2, 1)]
    assert len(gallery.strangers()[0][5]) == 1
    assert gallery.strangers()[0][6] is None
    assert gallery.counts()["damaged"] == 1
    assert place < gallery.counts()["position"]


def test_full_lists_are_reported_and_nothing_is_overwritten() -> None:
    memory = _core.FlashMemory(ENOUGH[1], 1, 1)
    gallery, model = opened(memory), Model()
    looks = [(time, time, True) for time in range(LOOKS)]
    strangers = [Change("add_stranger", (looks, None, 0, time, False)) for time in range(STRANGERS)]
    full = [
        add("D", 1),
        Change("add_references", (1, [(1, 1, True)] * REFERENCES, 0)),
        Change("add_stranger", (looks, None, 0, 9, False)),
    ]
    for change in [add(name, 1) for name in "ABC"] + strangers:
        assert perform(gallery, change) == model.perform(change) == OK
    for change in full:
        assert perform(gallery, change) == model.perform(change) == NO_ROOM
    assert state(gallery) == state(opened(memory)) == model.state()
    replacing = Change("add_stranger", (looks, None, 0, 9, True))
    assert perform(gallery, replacing) == model.perform(replacing) == OK
    assert [row[0] for row in gallery.strangers()] == [2, 3]
    assert state(gallery) == state(opened(memory)) == model.state()


def test_what_a_device_takes() -> None:
    """20 people with 5 references, 20 strangers with 3 looks and a thumbnail, 128 values."""
    size = (128, 20, 5, 20, 3, 48 * 48, 256)
    assert _core.gallery_ram_bytes(size) == 20 * 64 + 20 * 32 + (20 * 5 + 20 * 3) * (16 + 2 + 2 * 128)
    assert 120 * 1024 < _core.gallery_flash_bytes(size, 1) <= 128 * 1024
    assert _core.gallery_ram_bytes((0, *size[1:])) == _core.gallery_flash_bytes(size, 3) == 0


def test_looks_that_do_not_fit_are_refused() -> None:
    gallery = opened(_core.FlashMemory(ENOUGH[1], 1, 1))
    one = np.zeros(1, np.int64), np.zeros(1, np.int32), np.ones(1, np.uint8)
    wide = _core.GalleryLooks(*one, np.zeros((1, 4), np.int16))
    assert gallery.add_person("Anna", 0, wide, 0)[0] == 1
    with pytest.raises(ValueError, match="descriptors must have the shape"):
        _core.GalleryLooks(*one, np.zeros((2, 3), np.int16))
    with pytest.raises(ValueError, match="must be opened first"):
        _core.Gallery(_core.FlashMemory(2048, 1, 1), SIZE, MODEL).people()
    with pytest.raises(ValueError, match="out of range"):
        _core.Gallery(_core.FlashMemory(2048, 1, 1), (0, *SIZE[1:]), MODEL)
    assert gallery.add_person("Anna", 0, gallery_looks([]), 0) == (OK, 1)
    assert DAMAGED == 8
