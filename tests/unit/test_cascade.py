"""The cascade in C and in NumPy: the same windows, the same scores, the same groups."""

from collections.abc import Sequence
from dataclasses import astuple, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from peephole import _core
from peephole.fixedpoint.reference.cascade import Cascade, Region, cascade_hits, group_hits, near_hits
from peephole.vision.cascade_table import load_cascade
from peephole.vision.glance import checked_early

SCALE = round(1.1 * 65536)


def in_c(table: Cascade) -> _core.Cascade:
    return _core.Cascade(
        table.stage_weak,
        table.stage_threshold,
        table.threshold,
        table.leaf,
        table.rectangle_count,
        table.rectangle,
        table.carried,
    )


def rows(regions: Sequence[Region]) -> NDArray[np.int32]:
    return np.array([astuple(one) for one in regions], np.int32).reshape(-1, 6)


def same_hits(
    table: Cascade,
    image: NDArray[np.uint8],
    min_size: int = 24,
    max_size: int = 16384,
    min_deviation: int = 10,
    regions: Sequence[Region] = (),
) -> NDArray[np.int32]:
    """The hits of the kernel, which must be those of the reference."""
    expected = cascade_hits(table, image, min_size, max_size, SCALE, min_deviation, regions)
    actual = in_c(table).hits(image, min_size, max_size, SCALE, min_deviation, rows(regions))
    np.testing.assert_array_equal(actual, expected)
    return actual


def random_table(rng: np.random.Generator, stages: int) -> Cascade:
    """A table through which some windows pass every stage: random rectangles, thresholds around zero."""
    stage_weak = rng.integers(1, 5, stages).astype(np.uint16)
    weak = int(stage_weak.sum())
    counts = rng.integers(2, 4, weak).astype(np.uint8)
    rectangles = []
    for count in counts:
        for r in range(count):
            x, y = rng.integers(0, 24, 2)
            width, height = rng.integers(1, 25 - x), rng.integers(1, 25 - y)
            rectangles.append([x, y, width, height, -1 if r == 0 else int(rng.choice([-128, -1, 1, 2, 3, 127]))])
    leaf = rng.integers(-3000, 3001, (weak, 2)).astype(np.int16)
    edges = np.array([-32768, 32767, 0], np.int16)
    threshold = np.where(rng.random(weak) < 0.2, rng.choice(edges, weak), rng.integers(-9000, 9001, weak))
    stage_threshold = rng.integers(-3000, 500, stages).astype(np.int32)
    carried = rng.integers(0, 2, stages).astype(np.uint8)
    carried[0] = 0
    table = np.array(rectangles, np.int8)
    return Cascade(stage_weak, stage_threshold, threshold.astype(np.int16), leaf, counts, table, carried)


def everything_passes() -> Cascade:
    """One stump with a left leaf of 0 and a right leaf of 1, and a stage threshold that both reach."""
    rectangles = np.array([[0, 0, 24, 24, -1], [0, 0, 12, 24, 2]], np.int8)
    return Cascade(
        np.array([1], np.uint16),
        np.array([0], np.int32),
        np.array([0], np.int16),
        np.array([[0, 1]], np.int16),
        np.array([2], np.uint8),
        rectangles,
        np.zeros(1, np.uint8),
    )


@pytest.fixture(scope="module")
def table() -> Cascade:
    return load_cascade()


@pytest.fixture(scope="module")
def portrait() -> NDArray[np.uint8]:
    from skimage import color, data

    grey: NDArray[np.uint8] = (color.rgb2gray(data.astronaut()) * 255).astype(np.uint8)
    return np.ascontiguousarray(grey[20:220, 130:310])


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    stages=st.integers(1, 6),
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    min_size=st.integers(24, 60),
    noise=st.sampled_from(["noise", "extremes", "blocks"]),
)
def test_random_tables_and_images(seed: int, stages: int, height: int, width: int, min_size: int, noise: str) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (height, width), np.uint8)
    if noise == "extremes":
        image = np.where(image < 128, 0, 255).astype(np.uint8)
    if noise == "blocks":
        image = np.repeat(np.repeat(image, 7, 0), 5, 1)[:height, :width].copy()
    same_hits(random_table(rng, stages), image, min_size, min_deviation=int(rng.integers(0, 30)))


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(24, 90),
    width=st.integers(24, 90),
    min_size=st.integers(24, 60),
    away=st.integers(32, 300),
    times=st.integers(256, 500),
    near=st.integers(0, 20),
)
def test_windows_near_others(
    seed: int, height: int, width: int, min_size: int, away: int, times: int, near: int
) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (height, width), np.uint8)
    table = random_table(rng, 3)
    everywhere = same_hits(table, image, min_size, min_deviation=0)
    some = everywhere[np.sort(rng.permutation(len(everywhere))[:near])]
    regions = near_hits(some, away, times, 30)
    assert regions is not None
    np.testing.assert_array_equal(_core.cascade_regions(some, away, times, 30), rows(regions))
    if len(some):
        found = {tuple(hit) for hit in same_hits(table, image, min_size, min_deviation=0, regions=regions).tolist()}
        assert {tuple(hit) for hit in some.tolist() if hit[0] + hit[2] < width and hit[1] + hit[2] < height} <= found
        assert found <= {tuple(hit) for hit in everywhere.tolist()}


def test_windows_that_overlap_in_place_and_size_become_one_region() -> None:
    """Away a quarter of the side, sides up to twice as large: 100 +- 10 and 112 +- 10 meet, 160 does not."""
    hits = np.array([[40, 40, 20, 1, 0], [46, 40, 20, 1, 0], [70, 40, 20, 1, 0], [0, 0, 100, 1, 0]], np.int32)
    first, second = Region(90, 123, 90, 111, 10, 40), Region(150, 171, 90, 111, 10, 40)
    large = Region(50, 151, 50, 151, 50, 200)
    assert near_hits(hits, 64, 512, 3) == [first, second, large]
    assert _core.cascade_regions(hits, 64, 512, 3).tolist() == [list(astuple(one)) for one in (first, second, large)]
    assert near_hits(hits, 64, 512, 2) is None and _core.cascade_regions(hits, 64, 512, 2) is None


def test_stages_that_go_on_with_the_sum_of_the_one_before(table: Cascade, portrait: NDArray[np.uint8]) -> None:
    glance = checked_early(table)
    assert glance.carried.any()
    assert len(same_hits(glance, portrait, 40)) > 0


@pytest.mark.parametrize("shape", [(24, 24), (25, 40), (54, 37)])
@pytest.mark.parametrize("min_deviation", [0, 127])
def test_extreme_images(table: Cascade, shape: tuple[int, int], min_deviation: int) -> None:
    y, x = np.mgrid[: shape[0], : shape[1]]
    half = np.where(x < shape[1] // 2, 255, 0)
    for image in (np.zeros(shape), np.full(shape, 255), (x + y) % 2 * 255, x % 2 * 255, y // 2 % 2 * 255, half):
        same_hits(table, image.astype(np.uint8), min_deviation=min_deviation)


def test_the_widest_accumulators() -> None:
    """Half black, half white: the largest deviation; with the largest thresholds and weights."""
    rng = np.random.default_rng(5)
    base = random_table(rng, 3)
    rectangle = base.rectangle.copy()
    rectangle[:, :4] = (0, 0, 24, 24)
    rectangle[rectangle[:, 4] != -1, 4] = 127
    for threshold in (-32768, 32767):
        one = replace(base, rectangle=rectangle, threshold=np.full_like(base.threshold, threshold))
        for left in (0, 255):
            image = np.full((24, 24), 255 - left, np.uint8)
            image[:, :12] = left
            same_hits(one, image, min_deviation=0)
            same_hits(one, np.roll(image, 6, axis=1), min_deviation=126)


@pytest.mark.parametrize("above", [False, True])
def test_a_feature_next_to_its_threshold(above: bool) -> None:
    """One pixel of 1: d = floor(sqrt(484 - 1)) = 21, f = weight - 1; threshold * d exceeds f * 2**15 by one."""
    image = np.zeros((24, 24), np.uint8)
    image[12, 12] = 1
    inverse = pow(21, -1, 2**15)  # 21 * inverse = quotient * 2**15 + 1, as close above a whole feature as can be
    feature = 21 * inverse >> 15
    one = replace(
        everything_passes(),
        threshold=np.array([inverse], np.int16),
        leaf=np.array([[7, 3]], np.int16),
        rectangle=np.array([[0, 0, 24, 24, -1], [0, 0, 24, 24, feature + 1 + above]], np.int8),
    )
    assert same_hits(one, image, min_deviation=0)[0, 4] == (3 if above else 7)


def test_first_and_last_window() -> None:
    """Every window of a frame passes a table that lets all pass: none is missing at the edges, none lies outside."""
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (61, 83), np.uint8)
    hits = same_hits(everything_passes(), image, min_size=48, max_size=48, min_deviation=0)
    places = {(x, y) for x, y, *_ in hits.tolist()}
    # a level of 42x31 pixels (83/2 and 61/2, halves up): 19 x 8 windows, one level pixel apart
    assert len(places) == 19 * 8
    assert (0, 0) in places
    assert (83 - 48, 61 - 48) in places
    assert all(0 <= x <= 83 - 48 and 0 <= y <= 61 - 48 for x, y in places)


def test_steps_of_two_below_twice_the_window() -> None:
    rng = np.random.default_rng(2)
    image = rng.integers(0, 256, (40, 50), np.uint8)
    hits = same_hits(everything_passes(), image, max_size=24, min_deviation=0)
    assert {(x, y) for x, y, *_ in hits.tolist()} == {(x, y) for x in range(0, 27, 2) for y in range(0, 17, 2)}


def test_more_hits_than_the_first_list_holds() -> None:
    image = np.random.default_rng(3).integers(0, 256, (120, 160), np.uint8)
    assert len(same_hits(everything_passes(), image, min_deviation=0)) > 4096


def test_a_face_is_found(table: Cascade, portrait: NDArray[np.uint8]) -> None:
    hits = same_hits(table, portrait, min_size=64)
    faces = group_hits(hits, 4)
    np.testing.assert_array_equal(_core.group_hits(hits, 4), faces)
    assert len(faces) == 1
    x, y, side, neighbours, score = faces[0].tolist()
    assert abs(x + side / 2 - 95) < 12 and abs(y + side / 2 - 95) < 15 and 70 < side < 130
    assert neighbours >= 4 and score > 0


def test_dim_faces_are_found_too(table: Cascade, portrait: NDArray[np.uint8]) -> None:
    assert len(group_hits(same_hits(table, (portrait // 4).astype(np.uint8), min_size=80), 4)) == 1


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 60), spread=st.integers(1, 90), least=st.integers(0, 4))
def test_groups(seed: int, count: int, spread: int, least: int) -> None:
    rng = np.random.default_rng(seed)
    hits = np.stack(
        [*rng.integers(0, spread, (2, count)), rng.integers(24, 24 + spread, count), np.ones(count, np.int64)], 1
    )
    hits = np.column_stack((hits, rng.integers(0, 10, count)))
    hits = hits[np.argsort(hits[:, 2], kind="stable")].astype(np.int32)
    np.testing.assert_array_equal(_core.group_hits(hits, least), group_hits(hits, least))


def test_groups_of_equal_score_come_in_the_order_of_their_first_hits() -> None:
    # The fourth hit joins the first and the third, so that the third could pass for the first of its group.
    hits = np.array([[0, 0, 50, 1, 1], [100, 0, 50, 1, 3], [16, 0, 50, 1, 1], [8, 0, 50, 1, 1]], np.int32)
    assert group_hits(hits, 1).tolist() == [[8, 0, 50, 3, 3], [100, 0, 50, 1, 3]]
    np.testing.assert_array_equal(_core.group_hits(hits, 1), group_hits(hits, 1))


def test_two_faces_stay_two_and_a_part_of_a_face_is_none() -> None:
    def cluster(x: int, y: int, side: int, count: int, score: int) -> list[list[int]]:
        return [[x + i % 3, y + i % 2, side, 1, score] for i in range(count)]

    hits = cluster(40, 50, 30, 4, 5) + cluster(20, 20, 80, 8, 10) + cluster(140, 20, 80, 6, 10)
    hits += cluster(300, 20, 81, 3, 99)  # too few
    faces = _core.group_hits(np.array(hits, np.int32), 4)
    assert faces.tolist() == [[21, 21, 80, 8, 80], [141, 21, 80, 6, 60]]


def test_sides_out_of_order_are_refused() -> None:
    hits = np.array([[0, 0, 50, 1, 0], [0, 0, 40, 1, 0]], np.int32)
    with pytest.raises(ValueError, match="in the order of their sides"):
        _core.group_hits(hits, 1)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("rectangle", lambda a: a + np.array([12, 0, 0, 0, 0], np.int8)),
        ("rectangle", lambda a: a[:-1].copy()),
        ("stage_weak", lambda a: (a + 1).astype(np.uint16)),
        ("rectangle_count", lambda a: np.full_like(a, 3)),
        ("leaf", lambda a: a[:-1].copy()),
    ],
)
def test_a_table_that_does_not_hold_together_is_refused(table: Cascade, name: str, change) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="cascade"):
        in_c(replace(table, **{name: change(getattr(table, name))}))


def test_leaves_that_could_overflow_are_refused() -> None:
    one = everything_passes()
    with pytest.raises(ValueError, match="cascade"):
        in_c(replace(one, stage_threshold=np.array([-(2**31)], np.int32)))


def test_scratch_fits_the_device(table: Cascade) -> None:
    """The whole pyramid of a 320x240 frame, down to faces of 24 pixels, in less than 200 KiB."""
    assert 0 < in_c(table).scratch_bytes(240, 320, 40, 16384, SCALE) < 150 * 1024
    assert in_c(table).scratch_bytes(240, 320, 24, 16384, SCALE) < 200 * 1024


def test_hits_with_a_negative_score_are_refused() -> None:
    with pytest.raises(ValueError, match="scores of 0 or more"):
        _core.group_hits(np.array([[1, 1, 24, 1, -1]], np.int32), 1)
