"""Parts of a picture that nobody ever sees, and the part in which faces are looked at."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import doorbell_parts as parts
from peephole.doorbell.events import VisitStarted
from peephole.doorbell.tilt import Seen
from peephole.live import LiveDoorbell, View
from peephole.polygons import WHOLE, Polygon, checked_polygon, contains, is_covered
from peephole.settings.reading import read_settings
from peephole.vision.detector import Box
from peephole.vision.sources import Frame, open_source
from peephole.vision.sources.masked import MaskedSource, kept_by
from peephole.web.overlay import Painter, draw

LEFT: Polygon = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
ARROW: Polygon = ((0.0, 0.0), (1.0, 0.5), (0.0, 1.0), (0.5, 0.5))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (3, "a polygon is a list of points, as in [[0, 0], [0.3, 0], [0.3, 0.4]]"),
        ([0.1, 0.2], "this is a point where a polygon belongs; put brackets around the list of points"),
        ([[[0, 0], [1, 0], [1, 1]]], "this is a list of polygons where one polygon belongs; take one pair of brackets"),
        ([[0, 0], [1, 0, 1]], "a point is two numbers, as in [0.3, 0.4], not [1, 0, 1]"),
        ([[0, 0], [True, 0]], "a point is two numbers"),
        ([[0, 0], [float("nan"), 0]], "a point is two numbers"),
        ([], "a polygon has 3 to 100 points, not 0"),
        ([[0, 0], [1, 1]], "a polygon has 3 to 100 points, not 2"),
        ([[0, 0], [1, 1]] * 51, "a polygon has 3 to 100 points, not 102"),
        ([[0, 0], [640, 0], [640, 480]], "[640, 0] is not in the picture; points are shares of it, from 0 to 1"),
        ([[0, 0], [1, -0.1], [1, 1]], "[1, -0.1] is not in the picture"),
        ([[0, 0], [0.5, 0.5], [1, 1]], "the polygon is empty: its points lie on a line"),
        ([[0, 0], [1, 1], [1, 0], [0, 1]], "the edges of the polygon cross; name its points in the order in which"),
        ([[0, 0], [1, 0], [1, 1], [0, 1]] * 2, "the edges of the polygon cross"),  # round and round: none would count
    ],
)
def test_what_is_no_polygon_is_said_in_one_sentence(given: object, sentence: str) -> None:
    with pytest.raises(ValueError) as told:
        checked_polygon(given)
    assert str(told.value).startswith(sentence)


def test_a_polygon_may_be_hollow_and_may_be_closed() -> None:
    assert checked_polygon([[0, 0], [1, 0.5], [0, 1], [0.5, 0.5]]) == ARROW
    assert checked_polygon([*map(list, ARROW), [0, 0]]) == ARROW
    assert (contains(ARROW, (0.7, 0.5)), contains(ARROW, (0.3, 0.5)), contains(ARROW, (0.2, 0.2))) == (
        True,
        False,
        True,
    )


def test_masks_that_cover_something_together() -> None:
    right = tuple((1 - x, y) for x, y in LEFT)
    assert is_covered(WHOLE, (LEFT, right)) and is_covered(ARROW, (WHOLE,))
    assert not is_covered(WHOLE, (LEFT,)) and not is_covered(WHOLE, ())


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ("masks = [[0, 0], [1, 0], [1, 1]]", "cameras.0.masks: this is a point where a polygon belongs; put brackets"),
        ("masks = 1", "cameras.0.masks: masks is a list of polygons, as in [[[0, 0], [0.3, 0], [0.3, 0.4]]]"),
        ("zone = [[0, 0], [1, 0]]", "cameras.0.zone: a polygon has 3 to 100 points, not 2"),
        (
            "masks = [[[0, 0], [1, 0], [1, 1], [0, 1]]]",
            "cameras.0: the masks cover the whole picture, so nobody would ever be seen; draw them smaller",
        ),
        (
            "masks = [[[0, 0], [0.6, 0], [0.6, 1], [0, 1]]]\nzone = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]",
            "cameras.0: the masks cover the whole zone, so nobody would ever be seen; draw them smaller",
        ),
    ],
)
def test_a_mistake_in_the_settings_is_named(tmp_path: Path, keys: str, sentence: str) -> None:
    file = tmp_path / "peephole.toml"
    file.write_text(f'[[cameras]]\nname = "front"\nsource = "demo"\n{keys}\n')
    with pytest.raises(ValueError) as told:
        read_settings(file)
    assert str(told.value).startswith(f"{file}: {sentence}")


triangles = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=3, unique=True
).map(tuple)  # fmt: skip
sizes = st.tuples(st.integers(2, 60), st.integers(2, 60))


@given(triangles, triangles, sizes, st.tuples(st.floats(0, 0.999), st.floats(0, 0.999)))
def test_no_pixel_that_a_mask_touches_is_kept(
    one: Polygon, other: Polygon, size: tuple[int, int], point: tuple[float, float]
) -> None:
    height, width = size
    if contains(one, point) or contains(other, point):
        assert kept_by((one, other), height, width)[int(point[1] * height), int(point[0] * width)] == 0


def test_a_mask_takes_little_more_than_it_should() -> None:
    kept = kept_by((LEFT,), 48, 64)
    assert not kept[:, :32].any() and kept[:, 34:].all()


@dataclass
class Film:
    """Bright frames of the sizes that are given."""

    shapes: tuple[tuple[int, ...], ...]
    name: str = "a film"
    live: bool = True
    closed: bool = False

    def __iter__(self) -> Iterator[Frame]:
        for number, shape in enumerate(self.shapes):
            yield Frame(np.full(shape, 200, np.uint8), number / 5, number)

    def close(self) -> None:
        self.closed = True


def test_every_frame_is_masked_whatever_its_size_and_the_source_is_otherwise_the_same() -> None:
    film = Film(((48, 64, 3), (48, 64), (96, 128, 3)))
    source = MaskedSource(film, (LEFT,))
    frames = list(source)
    for frame in frames:
        middle = frame.image.shape[1] // 2
        assert not frame.image[:, :middle].any() and (frame.image[:, middle + 2 :] == 200).all()
    assert [(one.time, one.number) for one in frames] == [(0.0, 0), (0.2, 1), (0.4, 2)]
    assert (source.name, source.live) == ("a film", True)
    source.close()
    assert film.closed


def test_the_opened_source_is_masked(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "door.png"), np.full((48, 64, 3), 200, np.uint8))
    (frame,) = open_source(str(tmp_path / "door.png"), report=lambda notice: None, masks=(LEFT,))
    assert not frame.image[:, :32].any() and frame.image[:, 34:].all()


def scene_of(start: float, *xs: int) -> list[parts.Frame]:
    """Two people side by side for two seconds, and then nobody."""
    people = [
        parts.paint([parts.Actor(at + 1, x=x, y=20, noise=number + 1) for at, x in enumerate(xs)], start + number / 5)
        for number in range(10)
    ]
    return [*people, *(parts.paint([], start + 2 + number / 5) for number in range(20))]


@pytest.mark.parametrize(("zone", "visits"), [(None, 2), (LEFT, 1), (tuple((1 - x, y) for x, y in LEFT), 1)])
def test_a_face_is_looked_at_where_its_middle_lies_in_the_zone(
    tmp_path: Path, zone: Polygon | None, visits: int
) -> None:
    with parts.store_at(tmp_path) as store:
        watcher = parts.doorbell(store).watcher()
        watcher.look_within(zone)
        events, boxes = [], set()
        for frame in scene_of(parts.MORNING, 80, 150):  # 80 wide: the first one's box reaches beyond the middle
            events += watcher.process(frame)
            boxes |= {face.box.x for face in watcher.current()}
    assert len(boxes) == sum(isinstance(event, VisitStarted) for event in events) == visits
    assert boxes <= {80, 150} and (zone is not LEFT or boxes == {80})


def test_a_leaning_face_is_not_followed_out_of_the_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The detector has lost it, and it is looked for around its last place: there it is, but beyond the edge."""
    asked: list[Box] = []

    def look_for(*given: object) -> Seen:
        asked.append(Box(120, 20, 80, 80))
        return Seen(asked[-1], 20, 15)

    monkeypatch.setattr("peephole.doorbell.eyes.look_for", look_for)
    with parts.store_at(tmp_path) as store:
        watcher = parts.doorbell(store).watcher()
        watcher.look_within(LEFT)
        for frame in scene_of(parts.MORNING, 80)[:10]:
            watcher.process(frame)
        assert watcher.current()
        watcher.process(parts.paint([], parts.MORNING + 2))
        assert asked and not watcher.current()


def test_nobody_outside_of_the_zone_is_introduced(tmp_path: Path) -> None:
    with parts.store_at(tmp_path) as store:
        introduction = parts.doorbell(store).introduction("Anna")
        two = parts.paint([parts.Actor(1, x=20, y=20), parts.Actor(2, x=150, y=20)]).image
        introduction.see(two, 1.0)
        assert introduction.instruction.slug == "crowd"
        introduction.see(two, 2.0, LEFT)
        assert introduction.instruction.slug != "crowd"
        introduction.see(two, 3.0, ((0.9, 0.9), (1.0, 0.9), (1.0, 1.0)))
        assert introduction.instruction.slug == "nobody"


def test_the_zone_is_drawn_where_it_is_and_only_for_eyes() -> None:
    image = np.full((120, 160, 3), 90, np.uint8)
    drawn = draw(image, (), names=False, zone=LEFT)
    changed = (drawn != 90).any(axis=2)
    assert (image == 90).all()
    assert changed[60, 80] and not changed[60, 40] and not changed[60, 120]
    view = View(Frame(image, 0.0, 1), (), zone=LEFT)
    shown = cv2.imdecode(np.frombuffer(Painter().jpeg(view, names=False), np.uint8), cv2.IMREAD_COLOR)
    assert shown[60, 80].max() > 150 > shown[60, 40].max()


def test_live_picture_and_the_picture_of_a_ring_have_the_mask_and_views_the_zone(tmp_path: Path) -> None:
    with parts.store_at(tmp_path) as store:
        live = LiveDoorbell(parts.doorbell(store).watcher(), zone=ARROW)
        live.watch(MaskedSource(Film(((64, 64, 3),) * 3), (LEFT,)), at_its_pace=False)
        assert live.newest is not None and live.newest.zone == ARROW
        assert not live.newest.frame.image[:, :32].any() and live.newest.frame.image[:, 34:].all()
        live.ring("button")
        (visit,) = store.visits.recent(1, None)
        picture = store.visits.picture(visit.id)
        assert picture is not None
        seen = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
        assert seen[:, :28].max() < 40 and seen[:, 40:].min() > 160
