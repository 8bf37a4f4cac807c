"""Parts of a picture, drawn as polygons whose points are shares of its width and height: (0, 0) is its upper left."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

Point = tuple[float, float]
Polygon = tuple[Point, ...]
WHOLE: Polygon = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
"""The picture."""

LEAST_AREA = 1e-5
"""Of the picture, twice that of a triangle of three points; what has less is a line."""
MOST_POINTS = 100
_STEPS = 64


def checked_polygon(value: Any) -> Polygon:
    """Return a polygon as the settings give it, a list of points [x, y].

    Raises ValueError, with one sentence, where that is no polygon within the picture whose edges do not cross.
    """
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError("a polygon is a list of points, as in [[0, 0], [0.3, 0], [0.3, 0.4]]")
    if value and all(_is_list(one) and all(map(_is_list, one)) for one in value):
        raise ValueError("this is a list of polygons where one polygon belongs; take one pair of brackets away")
    if any(_is_number(one) for one in value):
        raise ValueError("this is a point where a polygon belongs; put brackets around the list of points")
    for one in value:
        if not (_is_list(one) and len(one) == 2 and all(map(_is_number, one))):
            raise ValueError(f"a point is two numbers, as in [0.3, 0.4], not {one!r}")
    points = tuple((float(x), float(y)) for x, y in value)
    points = points[:-1] if len(points) > 3 and points[0] == points[-1] else points  # closed, as some programs do it
    if not 3 <= len(points) <= MOST_POINTS:
        raise ValueError(f"a polygon has 3 to {MOST_POINTS} points, not {len(points)}")
    for x, y in points:
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise ValueError(f"[{x:g}, {y:g}] is not in the picture; points are shares of it, from 0 to 1")
    if _on_a_line(points):
        raise ValueError("the polygon is empty: its points lie on a line")
    if _edges_meet(points):
        raise ValueError("the edges of the polygon cross; name its points in the order in which they are met around it")
    return points


def contains(polygon: Polygon, point: Point) -> bool:
    """Tell whether a point lies in a polygon: a ray from it to the right crosses the edges an odd number of times."""
    x, y = point
    crossed = 0
    for (ax, ay), (bx, by) in _edges(polygon):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            crossed += 1
    return crossed % 2 == 1


def is_covered(polygon: Polygon, others: Sequence[Polygon]) -> bool:
    """Tell whether other polygons cover one wholly, as far as a grid of points over it can tell."""
    left, right = min(x for x, _ in polygon), max(x for x, _ in polygon)
    top, bottom = min(y for _, y in polygon), max(y for _, y in polygon)
    for row in range(_STEPS):
        y = top + (row + 0.5) / _STEPS * (bottom - top)
        for column in range(_STEPS):
            point = (left + (column + 0.5) / _STEPS * (right - left), y)
            if contains(polygon, point) and not any(contains(other, point) for other in others):
                return False
    return True


def _edges(polygon: Polygon) -> list[tuple[Point, Point]]:
    return [*pairwise(polygon), (polygon[-1], polygon[0])]


def _on_a_line(polygon: Polygon) -> bool:
    return all(abs(_side(polygon[0], b, c)) < LEAST_AREA for b, c in pairwise(polygon[1:]))


def _edges_meet(polygon: Polygon) -> bool:
    """Tell whether two edges cross or touch that are no neighbours."""
    edges = _edges(polygon)
    return any(
        _meet(one, other)
        for number, one in enumerate(edges)
        for other in edges[number + 2 : len(edges) - (number == 0)]
    )


def _meet(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    (a, b), (c, d) = one, other
    near = all(
        min(a[axis], b[axis]) <= max(c[axis], d[axis]) and min(c[axis], d[axis]) <= max(a[axis], b[axis])
        for axis in (0, 1)
    )
    return near and _side(a, b, c) * _side(a, b, d) <= 0 and _side(c, d, a) * _side(c, d, b) <= 0


def _side(a: Point, b: Point, c: Point) -> float:
    """Return on which side of the line from a to b a point c lies, by its sign."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
