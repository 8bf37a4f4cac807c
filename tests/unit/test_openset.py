"""The open-set protocol against households worked by hand, and against the doorbell's code one probe at a time."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peephole.doorbell.policy import Bars, Policy
from peephole.doorbell.voting import decide
from peephole.evaluation import openset
from peephole.evaluation.album import Album, read_album
from peephole.evaluation.lfw import read_pairs
from peephole.evaluation.openset import (
    Estimate,
    Household,
    Trial,
    decide_trial,
    draw_trials,
    eligible,
    look,
    nearest,
    rates_at,
)
from peephole.people.matching import References, match

# One value a descriptor: people live on a line. Person 0 at 0, person 1 at 100, strangers 2 and 3 elsewhere.
PEOPLE = np.array([0, 0, 0, 0, 1, 1, 2, 2, 3])
PLACES = np.array([0, 2, 10, 30, 100, 58, 45, 200, 8])[:, None].astype(np.int16)
HOUSEHOLD = Trial(np.array([0, 4]), np.array([0, 1]))
BARS = Bars(known=144, stranger=900, same_stranger=100, margin=14)
POLICY = Policy(margin_share=0.1)


def found() -> openset.Nearest:
    return nearest(PLACES.astype(np.float64), PEOPLE, HOUSEHOLD)


def test_a_household_by_hand() -> None:
    rates = decide_trial(PLACES, found(), HOUSEHOLD, BARS, POLICY)
    # Person 0: at 2 and 10 within 12 of the reference (right), at 30 between the bars (unsure). Person 1: at 58, 42
    # from the reference and 58 from the other (taken for a stranger).
    assert (rates["right"], rates["wrong_person"]) == (0.5, 0.0)
    assert (rates["unsure"], rates["taken_for_stranger"]) == (0.25, 0.25)
    # Strangers: 45 and 200 are refused, 8 is taken for person 0.
    assert rates["false_accept"] == pytest.approx(1 / 3)
    assert (rates["stranger_unsure"], rates["stranger_refused"]) == (0.0, pytest.approx(2 / 3))


def test_a_wrong_name_by_hand() -> None:
    # Person 1 looks like person 0 for once.
    places, people = np.array([[0], [100], [3]], np.int16), np.array([0, 1, 1])
    household = Trial(np.array([0, 1]), np.array([0, 1]))
    rates = decide_trial(places, nearest(places.astype(float), people, household), household, BARS, POLICY)
    assert (rates["right"], rates["wrong_person"]) == (0.0, 1.0)


def test_rates_over_the_bar_by_hand() -> None:
    # At 144 as above. At 44^2 person 1's 58 is nearest to its own; 45 is nearest to person 0 by less than the margin:
    # 55^2 - 45^2 = 1000 at least 193, so it is accepted at 45^2 alone.
    rates = rates_at(found(), [0, 144, 44**2, 45**2], 0.1)
    assert rates[:, 0] == pytest.approx([0, 1 / 3, 1 / 3, 2 / 3])
    assert rates[:, 1] == pytest.approx([1, 0.5, 0, 0])
    assert rates[:, 2].tolist() == [0, 0, 0, 0]


def test_two_people_alike_are_not_named() -> None:
    places = np.array([[0], [100], [50], [49], [52]], np.int16)
    people = np.array([0, 1, 0, 1, 2])
    probes = nearest(places.astype(np.float64), people, Trial(np.array([0, 1]), np.array([0, 1])))
    # 50 lies half-way; 49 is nearer to the wrong one by 51^2 - 49^2 = 200; the stranger at 52 to person 1 by 400.
    assert rates_at(probes, [2500], 0.0).tolist() == [[1.0, 0.5, 0.5]]
    assert rates_at(probes, [2500], 0.05).tolist() == [[1.0, 1.0, 0.5]]
    assert rates_at(probes, [2500], 0.1).tolist() == [[1.0, 1.0, 0.0]]
    assert rates_at(probes, [2500], 0.2).tolist() == [[0.0, 1.0, 0.0]]


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 3))
def test_every_decision_is_the_doorbells(seed: int, users: int, references: int) -> None:
    rng = np.random.default_rng(seed)
    people = np.arange(8).repeat(5)
    descriptors = (rng.integers(-40, 40, (8, 3)).repeat(5, 0) + rng.integers(-9, 9, (40, 3))).astype(np.int16)
    bars = Bars(*sorted(rng.integers(50, 2000, 2).tolist()), same_stranger=0, margin=int(rng.integers(0, 300)))
    (trial,) = draw_trials(people, Household(users, references, 1, seed))
    probes = nearest(descriptors.astype(np.float64), people, trial)
    gallery = References.of(
        (str(owner), descriptors[row]) for row, owner in zip(trial.enrolled, trial.owner, strict=True)
    )
    alone = openset.single_look(POLICY)
    count = dict.fromkeys(openset.RATES, 0)
    household = set(trial.owner.tolist())
    for at, row in enumerate(probes.row.tolist()):
        decision = decide([look(descriptors[row])], gallery, bars, alone)
        count[openset._outcome(decision.kind, decision.person, int(people[row]), people[row] in household)] += 1
        nearby = match(descriptors[row], gallery)
        assert (int(nearby.person or -1), nearby.distance) == (probes.owner[at], probes.distance[at])
        assert nearby.runner_up == (None if users == 1 else probes.runner_up[at])
    rates = decide_trial(descriptors, probes, trial, bars, POLICY)
    mated = users * (5 - references)
    for rate in openset.RATES[:4]:
        assert rates[rate] == pytest.approx(count[rate] / mated)
    for rate in openset.RATES[4:]:
        assert rates[rate] == pytest.approx(count[rate] / (40 - 5 * users))


def test_nobody_is_a_probe_and_a_reference() -> None:
    people = np.arange(6).repeat([1, 2, 3, 4, 5, 6])
    assert eligible(people, 3).tolist() == [3, 4, 5]
    for trial in draw_trials(people, Household(2, 3, 20)):
        assert people[trial.enrolled].tolist() == trial.owner.tolist()
        assert len(set(trial.enrolled.tolist())) == 6 and len(set(trial.owner.tolist())) == 2
        probes = nearest(np.zeros((len(people), 1)), people, trial)
        assert set(probes.row) == set(range(21)) - set(trial.enrolled)
        assert set(people[probes.row[probes.mated]]) == set(trial.owner)
    with pytest.raises(ValueError, match="4 people with more than 3 pictures are needed, there are 3"):
        draw_trials(people, Household(4, 3))


def test_the_same_seed_draws_the_same_households() -> None:
    people = np.arange(20).repeat(5)
    one, other, third = (draw_trials(people, Household(3, 2, 4, seed)) for seed in (1, 1, 2))
    assert [t.enrolled.tolist() for t in one] == [t.enrolled.tolist() for t in other]
    assert [t.enrolled.tolist() for t in one] != [t.enrolled.tolist() for t in third]


def test_only_usable_pictures_are_enrolled() -> None:
    people, usable = np.arange(4).repeat(5), np.tile([True, True, True, False, False], 4)
    for trial in draw_trials(people, Household(2, 2, 10), usable):
        assert usable[trial.enrolled].all()
    with pytest.raises(ValueError, match="1 people with more than 3 good pictures are needed, there are 0"):
        draw_trials(people, Household(1, 3), usable)


def test_the_bar_of_a_false_accept_rate() -> None:
    # Strangers at 45, 8 and 200: squared distances 2025, 64 and 10000.
    assert openset.bar_at([found()], 0.0, 0.3) == 63
    assert openset.bar_at([found()], 0.0, 0.34) == 2024
    bar, rejected = openset.false_reject_at([found(), found()], 0.0, 0.34)
    assert (bar, rejected) == (2024, Estimate(0.0, 0.0, 0.0))


def test_an_estimate_by_hand() -> None:
    # 0, 0.2, 0.4: deviation 0.2, over the root of three.
    estimate = Estimate.of([0.0, 0.2, 0.4])
    assert (estimate.mean, estimate.deviation) == (pytest.approx(0.2), pytest.approx(0.2))
    assert estimate.stderr == pytest.approx(0.11547, abs=1e-5)
    assert Estimate.of([0.5]) == Estimate(0.5, 0.0, 0.0)


def album(**changes: object) -> Album:
    values: dict[str, object] = {
        "names": ("Anna_B_0001", "Anna_B_0002", "Ben_0001"),
        "descriptors": np.arange(6, dtype=np.int16).reshape(3, 2),
        "missed": ("Cleo_0001",),
        "missed_descriptors": np.array([[7, 7]], np.int16),
        "qualities": {"width": np.array([90, 100, 110], np.int32)},
        "model_id": "m1",
        "crop": "detect",
    }
    return Album(**(values | changes))  # type: ignore[arg-type]


def test_an_album_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with path.open("wb") as stream:
        album().save(stream)
    back = read_album(path, "m1", "detect")
    assert (back.names, back.missed, back.crop) == (album().names, album().missed, "detect")
    assert (back.descriptors == album().descriptors).all() and (back.missed_descriptors == 7).all()
    assert back.qualities["width"].tolist() == [90, 100, 110]
    assert back.people().tolist() == [0, 0, 1]


def test_an_album_of_some_pictures() -> None:
    some = album().only({"Ben_0001", "Cleo_0001"}, "a.npz")
    assert (some.names, some.missed, some.qualities["width"].tolist()) == (("Ben_0001",), ("Cleo_0001",), [110])
    with pytest.raises(ValueError, match=r"a\.npz: lacks Dora_0001 and 1 more"):
        album().only({"Ben_0001", "Dora_0001", "Emil_0001"}, "a.npz")


def test_an_album_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with path.open("wb") as stream:
        album().save(stream)
    with pytest.raises(ValueError, match="made by model m1, not by m2; name that program with"):
        read_album(path, "m2", "detect")
    with pytest.raises(ValueError, match="cut by detect, not by aligned; cut them alike, or name another file"):
        read_album(path, "m1", "aligned")
    with pytest.raises(ValueError, match=r"a\.npz: its descriptors have 2 values, the program gives 3"):
        read_album(path, "m1", "detect", 3)
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_album(tmp_path / "b.npz", "m1", "detect")
    path.write_text("text")
    with pytest.raises(ValueError, match="not a file of descriptors"):
        read_album(path, "m1", "detect")
    with path.open("wb") as stream:
        album(names=("Ben_0001", "Ben_0001", "Ben_0002")).save(stream)
    with pytest.raises(ValueError, match="one name"):
        read_album(path, "m1", "detect")


def test_who_can_be_enrolled_from_the_research_pictures(research_data: Path) -> None:
    """The counts that docs/accuracy.md rests on: the pack holds only the pictures that the pairs name."""
    names = sorted(read_pairs(research_data / "lfw" / "pairs.txt").names)
    people = album(names=tuple(names), qualities={}, descriptors=np.zeros((len(names), 1), np.int16)).people()
    assert (len(people), people.max() + 1) == (7701, 4281)
    assert [len(eligible(people, references)) for references in (1, 3, 5)] == [1559, 439, 153]


def some_probes(distance: list[int], apart: list[int]) -> openset.Nearest:
    """Strangers' probes so far from the nearest person, and the next one by so much farther."""
    rows, far = np.arange(len(distance)), np.array(distance)
    return openset.Nearest(rows, rows, rows, far, far + np.array(apart), np.zeros(len(distance), bool))


def test_a_bar_by_hand_where_the_margin_takes_names_away_again() -> None:
    # By a margin of a tenth the first is named from 10 to 29, the second from 20 on, the third from 40 on. At 20 two
    # are named, at 30 one again: half of four probes is not exceeded before 40, a quarter before 20.
    probes = some_probes([10, 20, 40, 90], [2, 50, 50, 1])
    assert [int(one) for one in 4 * rates_at(probes, [9, 10, 20, 30, 40, 90], 0.1)[:, 0]] == [0, 1, 2, 1, 2, 2]
    assert openset.bar_at([probes], 0.1, 0.25) == 19
    assert openset.bar_at([probes], 0.1, 0.5) == 90
    assert openset.bar_at([probes], 0.0, 0.5) == 39


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), min_size=1, max_size=12),
    st.sampled_from([0.0, 0.05, 0.1, 0.3]),
    st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]),
)
def test_up_to_the_bar_no_larger_share_is_named(probes: list[tuple[int, int]], margin: float, share: float) -> None:
    found = some_probes([far for far, _ in probes], [apart for _, apart in probes])
    bar = openset.bar_at([found], margin, share)
    last = max(far for far, _ in probes)
    rates = rates_at(found, range(last + 2), margin)[:, 0] <= share + 1e-9
    assert rates[: bar + 1].all() or bar == 0
    assert bar == last or not rates[bar + 1]


def test_without_strangers_there_is_no_bar() -> None:
    with pytest.raises(ValueError, match="nobody is left to be a stranger"):
        openset.bar_at([found().only(found().mated)], 0.1, 0.1)
