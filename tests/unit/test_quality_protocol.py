"""Errors by quality: thirds, pairs and households worked by hand; spoilt faces; plots."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import astronaut
from peephole.doorbell.policy import Policy
from peephole.doorbell.quality import exposure, sharpness
from peephole.evaluation import openset, quality, strangers
from peephole.evaluation.album import Album
from peephole.evaluation.embedding import CentreCut
from peephole.evaluation.lfw import Pair, PairList
from peephole.evaluation.looks import MEASURES, NO_POSE, measure_look
from peephole.evaluation.openset import Estimate, Household, Trial, nearest
from peephole.evaluation.plots import check_plot, plot_openset, plot_parts, plot_strangers
from peephole.evaluation.quality import good_looks
from peephole.evaluation.spoiling import WAYS, SpoiltCut
from peephole.evaluation.thirds import openset_parts, pair_measures, pooled, thirds, verification_parts
from peephole.evaluation.verification import verify
from peephole.vision.crop import DEFAULT_RULE
from peephole.vision.detector import Detector


def qualities(count: int, **changes: list[int]) -> dict[str, np.ndarray]:
    """Measures of looks that are all alike, but for those given."""
    alike = {
        "width": 100,
        "neighbours": 100,
        "sharpness": 200,
        "brightness": 120,
        "contrast": 40,
        "clipped": 0,
        "yaw": 0,
        "roll": 0,
        "value": 900,
    }
    return {key: np.array(changes.get(key, [value] * count), np.int32) for key, value in alike.items()}


def album(names: list[str], places: list[int], **changes: list[int]) -> Album:
    descriptors = np.array(places, np.int16)[:, None]
    none = np.zeros((0, 1), np.int16)
    return Album(tuple(names), descriptors, (), none, qualities(len(names), **changes), "m", "detect")


def test_thirds_by_hand() -> None:
    number, spans = thirds(np.array([5, 1, 9, 2, 8, 3]))
    assert number.tolist() == [1, 0, 2, 0, 2, 1]
    assert spans == {0: (1, 2), 1: (3, 5), 2: (8, 9)}


def test_equal_values_stay_together() -> None:
    number, spans = thirds(np.array([0, 0, 0, 0, 7, 9]))
    assert number.tolist() == [0, 0, 0, 0, 2, 2]
    assert spans == {0: (0, 0), 2: (7, 9)}
    assert thirds(np.array([4, 4, 4]))[1] == {0: (4, 4)}


@given(st.lists(st.integers(0, 20), min_size=1, max_size=50))
def test_thirds_are_in_order_and_lose_nobody(values: list[int]) -> None:
    number, spans = thirds(np.array(values))
    assert set(number.tolist()) == set(spans)
    edges = [edge for span in spans.values() for edge in span]
    assert edges == sorted(edges)
    for value, at in zip(values, number.tolist(), strict=True):
        assert spans[at][0] <= value <= spans[at][1]


PAIRS = PairList((Pair("A_1", "A_2", True), Pair("A_1", "B_1", False), Pair("B_1", "B_2", True)), 1)


def test_a_pair_counts_by_its_worse_picture() -> None:
    faces = album(["A_1", "A_2", "B_1"], [0, 0, 0], sharpness=[50, 90, 70], yaw=[3, 30, 8])
    faces = dataclasses.replace(faces, missed=("B_2",), missed_descriptors=np.zeros((1, 1), np.int16))
    found = pair_measures(PAIRS, faces)
    # B_2, in which no face was found, counts as the worst there is.
    assert found["sharpness"].tolist() == [50, 50, 50]
    assert found["yaw"].tolist() == [30, 8, 30]
    assert set(found) == set(MEASURES)


def test_verification_by_quality_by_hand() -> None:
    # Two folds; the threshold lies between 2 and 8 in both. The blurred pairs hold the one error, a same pair at 9.
    distance = np.array([1, 9, 8, 9, 1, 2, 8, 9], float)
    same = np.array([1, 1, 0, 0, 1, 1, 0, 0], bool)
    result = verify(distance, same, 2)
    sharp = np.array([30, 10, 40, 20, 90, 60, 50, 70], np.int32)
    low, middle, high = verification_parts(distance, same, result, {"sharpness": sharp})
    assert (low.third, low.low, low.high, low.of) == ("lowest", 10, 30, 2)
    assert (low.false_reject.mean, low.false_accept.mean) == (0.5, 0.0)
    assert low.accuracy is not None and low.accuracy.mean == pytest.approx(2 / 3)
    assert low.accuracy.stderr == pytest.approx((2 / 9 / 3) ** 0.5)
    assert (middle.of, middle.false_reject.mean, high.of, high.false_reject.mean) == (1, 0.0, 1, 0.0)


def test_open_set_by_quality_by_hand() -> None:
    people = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    places = np.array([0, 1, 2, 50, 100, 101, 3, 300], float)[:, None]
    found = nearest(places, people, Trial(np.array([0, 4]), np.array([0, 1])))
    sharp = {key: np.full(8, 5, np.int32) for key in MEASURES}
    sharp["sharpness"] = np.array([12, 91, 92, 10, 52, 50, 11, 51], np.int32)
    parts = {part.third: part for part in openset_parts([found], sharp, 10**2, 0.0) if part.measure == "sharpness"}
    # Blurred: the household's 50 is missed, the stranger's 3 accepted. Middling: 101 named, 300 refused. Sharp: 1, 2.
    rejects = {third: (part.of, part.false_reject and part.false_reject.mean) for third, part in parts.items()}
    assert rejects == {"lowest": (1, 1.0), "middle": (1, 0.0), "highest": (2, 0.0)}
    accepts = {third: part.false_accept and part.false_accept.mean for third, part in parts.items()}
    assert accepts == {"lowest": 1.0, "middle": 0.0, "highest": None}  # no stranger's look is among the sharp ones


def test_pooled_rates_count_every_probe_alike() -> None:
    # 1 of 2 and 0 of 6: one of eight, not the mean of a half and nothing.
    both = pooled(np.array([0.5, 0.0]), np.array([2, 6]))
    assert both is not None and both.mean == 0.125
    # Residuals (0.5 - 0.125) * 2 / 4 = 0.1875 and -0.125 * 6 / 4 = -0.1875: deviation 0.26517, over root two.
    assert both.stderr == pytest.approx(0.1875)
    assert pooled(np.zeros(2), np.zeros(2, int)) is None


def test_the_gate_is_that_of_the_doorbell() -> None:
    policy = Policy()
    poor = qualities(
        6,
        width=[policy.min_width - 1, 100, 100, 100, 100, 100],
        sharpness=[99, policy.min_sharpness - 1, 99, 99, 99, 99],
        contrast=[40, 40, policy.min_contrast - 1, 40, 40, 40],
        clipped=[0, 0, 0, policy.most_clipped + 1, 0, 0],
        yaw=[0, 0, 0, 0, policy.most_turned + 1, NO_POSE],
    )
    # The last one's points are in doubt: nothing is known of its pose, and it cannot be aligned.
    assert good_looks(poor, policy).tolist() == [False] * 5 + [True]
    assert good_looks(poor, policy, aligned=True).tolist() == [False] * 6


def test_the_gates_effect_by_hand() -> None:
    # Three people of four looks; the fourth look of each is blurred and lies near the next person.
    names = [f"{who}_{number}" for who in "ABC" for number in range(4)]
    places = [0, 1, 2, 101, 100, 101, 102, 201, 200, 201, 202, 1]
    faces = album(names, places, sharpness=[200, 200, 200, 5] * 3)
    found = quality.measure(faces, Household(users=2, references=2, trials=30), Policy(), 0.7)
    assert found.off.refused == 0.0 and found.on.refused == pytest.approx(0.25)
    assert found.on.false_reject.mean == 0.0 < found.off.false_reject.mean
    assert found.on.false_accept.mean < found.off.false_accept.mean
    # One of the two probes of a person with two good references is the blurred one.
    assert found.on.unanswered == Estimate(0.5, 0.0, 0.0)


def test_spoilt_looks_come_to_a_household_enrolled_from_good_ones() -> None:
    names = [f"{who}_{number}" for who in "ABC" for number in range(4)]
    clean = album(names, [0, 1, 2, 3, 100, 101, 102, 103, 200, 201, 202, 203])
    spoilt = album(names, [30000] * 12, sharpness=[5] * 12)
    found = quality.measure(clean, Household(users=2, references=2, trials=5), Policy(), 0.1, spoilt)
    assert found.bar == quality.measure(clean, Household(users=2, references=2, trials=5), Policy(), 0.1).bar
    # All who come look like nobody; without the gate they are decided upon, with it none is.
    assert found.off.false_reject is not None
    assert (found.off.false_reject.mean, found.off.refused, found.on.refused) == (1.0, 0.0, 1.0)
    assert (found.on.false_reject, found.on.false_accept) == (None, None)
    with pytest.raises(ValueError, match="not those of the same pictures"):
        quality.measure(
            clean, Household(2, 2, 5), Policy(), 0.1, dataclasses.replace(spoilt, names=tuple("abcdefghijkl"))
        )


def test_both_sides_of_the_gate_are_of_the_same_households() -> None:
    names = [f"{who}_{number}" for who in "ABCDEF" for number in range(6)]
    rng = np.random.default_rng(2)
    places = rng.integers(0, 2000, 36).tolist()
    sharpness = [200, 200, 200, 5, 200, 200] * 6
    clean = album(names, places, sharpness=sharpness)
    found = quality.measure(clean, Household(users=2, references=2, trials=9), Policy(), 0.3)
    good = good_looks(clean.qualities, Policy())
    drawn = openset.draw_trials(clean.people(), Household(users=2, references=2, trials=9), good)
    values = np.array(places, float)[:, None]
    shown = [nearest(values, clean.people(), trial) for trial in drawn]
    rates = [openset.rates_at(one, [found.bar], Policy().margin_share)[0] for one in shown]
    # The households that the gate can enrol, all of their looks, and those of everybody else.
    assert found.off.false_reject is not None and found.off.false_accept is not None
    assert found.off.false_reject.mean == pytest.approx(np.mean([rate[1] for rate in rates]))
    assert found.off.false_accept.mean == pytest.approx(np.mean([rate[0] for rate in rates]))
    assert found.off.false_accept.mean <= 0.3


def test_a_face_far_away_has_few_pixels_of_the_frame() -> None:
    cut = SpoiltCut(CentreCut(64), seed=1)
    ways = {name: cut._drawn(name) for name in map(str, range(40))}
    for name, (way, amount, _) in ways.items():
        box = amount / float(DEFAULT_RULE.scale)
        assert cut.width(name, 100) == (round(box) if way is WAYS["far"] else 100)
        assert cut.width(name, 10) == 10
    assert len({id(way) for way, _, _ in ways.values()}) == len(WAYS)
    picture = astronaut()
    crop, _ = CentreCut(128)("astronaut", picture)
    near = measure_look(picture, crop, Detector(), None, Policy())
    away = measure_look(picture, crop, Detector(), None, Policy(), lambda width: 28)
    assert (away["width"], near["width"] > 28) == (28, True) and away["value"] < near["value"]
    assert good_looks({key: np.array([value]) for key, value in away.items()}, Policy()).tolist() == [False]


def test_a_gate_that_leaves_too_few_is_told() -> None:
    faces = album([f"{who}_{number}" for who in "ABC" for number in range(4)], list(range(12)), sharpness=[5] * 12)
    with pytest.raises(ValueError, match="2 people with more than 2 good pictures are needed, there are 0"):
        quality.measure(faces, Household(users=2, references=2), Policy(), 0.1)


def test_albums_without_measures_are_refused() -> None:
    bare = dataclasses.replace(album(["A_1"], [0]), qualities={})
    with pytest.raises(ValueError, match="no measures of quality"):
        quality.measure(bare, Household(), Policy(), 0.1)


def test_a_look_is_measured_as_the_doorbell_would() -> None:
    picture = astronaut()
    crop, _ = CentreCut(128)("astronaut", picture)
    found = measure_look(picture, crop, Detector(), None, Policy())
    (face,) = Detector().detect(picture)
    assert (found["width"], found["neighbours"]) == (face.box.width, face.neighbours)
    assert (found["sharpness"], found["contrast"]) == (sharpness(crop), exposure(crop).contrast)
    assert (found["yaw"], found["roll"]) == (NO_POSE, NO_POSE)
    wall = np.full((100, 100), 90, np.uint8)
    assert set(measure_look(wall, wall, Detector(), None, Policy()).values()) == {0}


def test_spoiling_does_what_it_says() -> None:
    face, rng = CentreCut(128)("astronaut", astronaut())[0], np.random.default_rng(1)
    worst = {name: way.spoil(face, way.amounts[-1], rng) for name, way in WAYS.items()}
    assert all(spoilt.shape == (128, 128) and spoilt.dtype == np.uint8 for spoilt in worst.values())
    assert max(sharpness(worst["far"]), sharpness(worst["unfocused"])) < sharpness(face) / 5
    assert max(exposure(worst["dark"]).contrast, exposure(worst["hazy"]).contrast) < 8 < exposure(face).contrast
    assert exposure(worst["dark"]).brightness < 30 and exposure(worst["hazy"]).brightness > 100
    assert exposure(worst["glaring"]).clipped > 500 > exposure(face).clipped
    assert sharpness(worst["grainy"]) > sharpness(face)


def test_worse_is_worse() -> None:
    face, rng = CentreCut(128)("astronaut", astronaut())[0], np.random.default_rng(1)
    for name in ("far", "unfocused"):
        measured = [sharpness(WAYS[name].spoil(face, amount, rng)) for amount in WAYS[name].amounts]
        assert measured == sorted(measured, reverse=True)


def test_a_picture_is_spoilt_the_same_way_each_time() -> None:
    picture = astronaut()
    cut = SpoiltCut(CentreCut(64), seed=1)
    assert (cut("a", picture)[0] == cut("a", picture)[0]).all()
    assert (cut("a", picture)[0] != cut("b", picture)[0]).any()
    assert (cut("a", picture)[0] != SpoiltCut(CentreCut(64), seed=2)("a", picture)[0]).any()


def test_plots_are_the_same_each_time(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    people = np.arange(30).repeat(5)
    descriptors = (rng.normal(0, 1000, (30, 6)).repeat(5, 0) + rng.normal(0, 300, (150, 6))).astype(np.int16)
    found = openset.measure(descriptors, people, Household(5, 2, 4), None, Policy())
    filed = strangers.measure(descriptors, people, 20, 2, 1, None, Policy())
    probes = [nearest(descriptors.astype(float), people, t) for t in openset.draw_trials(people, Household(5, 2, 4))]
    parts = openset_parts(probes, qualities(150, width=list(range(150))), 10**6, 0.05)
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        plot_openset(tmp_path / folder / "openset.svg", found)
        plot_strangers(tmp_path / folder / "strangers.svg", filed)
        plot_parts(tmp_path / folder / "quality.svg", parts, "by quality")
    for name in ("openset.svg", "strangers.svg", "quality.svg"):
        first = (tmp_path / "one" / name).read_bytes()
        assert first == (tmp_path / "two" / name).read_bytes()
        assert b"<svg" in first
    with pytest.raises(ValueError, match=r"plots are SVG files"):
        check_plot(tmp_path / "a.png")
