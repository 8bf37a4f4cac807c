"""The verification protocol against examples worked by hand and against slow, obvious versions of itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from peephole.evaluation.verification import (
    accept_rate_at,
    area_under_curve,
    best_threshold,
    distances,
    fold_numbers,
    verify,
)


def _labelled(draw_distance: st.SearchStrategy[float]) -> st.SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    pairs = st.lists(st.tuples(draw_distance, st.booleans()), min_size=2, max_size=40).filter(
        lambda rows: len({same for _, same in rows}) == 2
    )
    return pairs.map(lambda rows: (np.array([d for d, _ in rows], float), np.array([s for _, s in rows])))


# Few distinct values, so that ties are common.
LABELLED = _labelled(st.integers(0, 9).map(float))


def test_three_folds_by_hand() -> None:
    # Folds of four, same, same, different, different. Fold 2 holds a same pair at 9, fold 3 a different one at 1.
    distance = np.array([1, 2, 6, 7, 3, 9, 6, 8, 2, 3, 1, 8], float)
    same = np.array([1, 1, 0, 0] * 3, bool)
    found = verify(distance, same, folds=3)
    # Fold 1 out: same 3 9 2 3, different 6 8 1 8 -> best between 3 and 6. Fold 1: 4 of 4.
    # Fold 2 out: same 1 2 2 3, different 6 7 1 8 -> between 3 and 6. Fold 2: the pair at 9 is missed, 3 of 4.
    # Fold 3 out: same 1 2 3 9, different 6 7 6 8 -> between 3 and 6. Fold 3: the pair at 1 is accepted, 3 of 4.
    assert found.fold_threshold == (4.5, 4.5, 4.5)
    assert found.fold_accuracy == (1.0, 0.75, 0.75)
    assert found.accuracy == pytest.approx(2.5 / 3)
    # std(ddof=1) of (1, .75, .75) = sqrt(((1/6)^2 + 2 (1/12)^2) / 2) = 0.144338; over sqrt(3) = 1/12.
    assert found.standard_error == pytest.approx(1 / 12)
    assert found.threshold == 4.5
    # 36 comparisons: same 1 2 3 9 2 3 against different 6 7 6 8 1 8. 1 beats 5 and ties once; each of 2 3 2 3 beats
    # 5; 9 beats none: 5.5 + 20 = 25.5.
    assert found.auc == pytest.approx(25.5 / 36)
    # One of 6 may be accepted only from FAR 1/6 up; below that nothing at or above 1 may be.
    assert found.tar_at_far == {1e-2: 0.0, 1e-3: 0.0}


def test_the_threshold_never_sees_the_fold_it_is_tested_on() -> None:
    # In fold 1 all is reversed: a threshold chosen on it would do better there than one chosen on fold 2.
    distance = np.array([9, 9, 1, 1, 1, 1, 9, 9], float)
    same = np.array([1, 1, 0, 0, 1, 1, 0, 0], bool)
    assert verify(distance, same, folds=2).fold_accuracy[0] == 0.0


def test_folds_are_contiguous_runs() -> None:
    # A boundary one pair off would let the odd pair of fold 2 decide its own threshold.
    assert fold_numbers(6, 3).tolist() == [0, 0, 1, 1, 2, 2]
    assert np.bincount(fold_numbers(6000, 10)).tolist() == [600] * 10
    distance = np.array([1, 5, 4, 5, 1, 5], float)
    same = np.array([1, 0, 1, 0, 1, 0], bool)
    found = verify(distance, same, folds=3)
    assert found.fold_threshold == (4.5, 3.0, 4.5)
    assert found.fold_accuracy == (1.0, 0.5, 1.0)


@pytest.mark.parametrize(("pairs", "folds"), [(7, 2), (6, 1), (6, 4)])
def test_folds_that_do_not_divide_are_refused(pairs: int, folds: int) -> None:
    with pytest.raises(ValueError, match="folds"):
        fold_numbers(pairs, folds)


def test_pairs_marked_wrong_are_errors_at_any_distance() -> None:
    distance = np.array([1, 5] * 4, float)
    same = np.array([1, 0] * 4, bool)
    wrong = np.array([1, 0, 0, 0, 0, 0, 0, 1], bool)
    assert verify(distance, same, 2, wrong=wrong).fold_accuracy == (0.75, 0.75)


def test_a_distance_at_the_threshold_is_accepted() -> None:
    assert best_threshold(np.array([1.0, 2.0]), np.array([True, True])) == 2.0


def test_a_tested_pair_at_the_threshold_is_accepted() -> None:
    # Fold 2 sets 3.0 for fold 1, whose same pair lies just there.
    distance = np.array([3, 9, 2, 4], float)
    same = np.array([1, 0, 1, 0], bool)
    assert verify(distance, same, folds=2).fold_accuracy[0] == 1.0


def test_nothing_is_accepted_where_that_is_best() -> None:
    threshold = best_threshold(np.array([1.0, 1.0, 2.0]), np.array([False, False, True]))
    assert threshold < 1.0


def test_tar_at_far_by_hand() -> None:
    distance = np.array([1, 2, 3, 4, 5, 2.5, 3, 10, 11], float)
    same = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0], bool)
    assert accept_rate_at(distance, same, 0.0) == 2 / 5  # below 2.5
    assert accept_rate_at(distance, same, 0.25) == 2 / 5  # one may pass; the same pair at 3 ties with the next
    assert accept_rate_at(distance, same, 0.5) == 5 / 5
    assert accept_rate_at(distance, same, 1.0) == 1.0


def test_29_in_a_hundred_of_a_hundred_is_29() -> None:
    # 0.29 * 100 is 28.999999999999996 in floating point.
    distance = np.concatenate((np.arange(100.0), [28.5, 29.5]))
    same = np.concatenate((np.zeros(100, bool), [True, True]))
    assert accept_rate_at(distance, same, 0.29) == 0.5


def test_metrics_by_hand() -> None:
    left, right = np.array([[3, 4], [0, 0]], np.int16), np.array([[4, -3], [0, 5]], np.int16)
    assert distances(left, right, "l2") == pytest.approx([np.sqrt(50), 5])
    assert distances(left, right, "l1") == pytest.approx([8, 5])
    assert distances(left, right, "cosine") == pytest.approx([1, 1])
    assert distances(left, right, "l2norm") == pytest.approx([np.sqrt(2), 1])


def test_extreme_integers_do_not_wrap() -> None:
    left, right = np.full((1, 512), -32768, np.int16), np.full((1, 512), 32767, np.int16)
    assert distances(left, right, "l2")[0] ** 2 == pytest.approx(512 * 65535**2, rel=1e-15)


def test_an_unknown_metric_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"'hamming'.*l2norm"):
        distances(np.zeros((1, 2)), np.zeros((1, 2)), "hamming")


def test_broken_input_is_refused() -> None:
    same = np.array([True, False])
    with pytest.raises(ValueError, match="finite"):
        verify(np.array([np.nan, 1.0]), same, 2)
    with pytest.raises(ValueError, match="two"):
        verify(np.array([0.0, 1.0]), np.array([True, True]), 2)


@given(LABELLED)
def test_auc_is_the_share_of_ordered_couples(labelled: tuple[np.ndarray, np.ndarray]) -> None:
    distance, same = labelled
    wins = [1.0 if g < i else 0.5 if g == i else 0.0 for g in distance[same] for i in distance[~same]]
    assert area_under_curve(distance, same) == pytest.approx(sum(wins) / len(wins))


@given(LABELLED)
def test_no_threshold_beats_the_best_one(labelled: tuple[np.ndarray, np.ndarray]) -> None:
    distance, same = labelled

    def right(threshold: float) -> int:
        return int(((distance <= threshold) == same).sum())

    chosen = best_threshold(distance, same)
    values = np.unique(distance)
    assert right(chosen) == max(right(t) for t in [values[0] - 1, *values])
    # Among equals the smallest: what a lower threshold accepts is as much, or makes more mistakes.
    lower = [t for t in [values[0] - 1, *values] if t < chosen]
    assert all(right(t) < right(chosen) or not ((distance > t) & (distance <= chosen)).any() for t in lower)


@given(LABELLED, st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]))
def test_tar_at_far_keeps_its_promise(labelled: tuple[np.ndarray, np.ndarray], rate: float) -> None:
    distance, same = labelled
    thresholds = [-1.0, *np.unique(distance)]
    allowed = [t for t in thresholds if (distance[~same] <= t).mean() <= rate]
    assert accept_rate_at(distance, same, rate) == max((distance[same] <= t).mean() for t in allowed)


@given(hnp.arrays(np.int16, st.tuples(st.integers(1, 5), st.integers(1, 9))))
def test_every_metric_is_nought_from_itself(rows: np.ndarray) -> None:
    some = rows[np.any(rows != 0, axis=1)]
    for metric in ("l2", "l2norm", "cosine", "l1"):
        assert distances(some, some, metric) == pytest.approx(np.zeros(len(some)), abs=1e-12)
