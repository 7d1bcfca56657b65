"""Rings of very many points are looked at as arrays, with the answers of the plain way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Point, Points, Polygon, Polyline, bounds
from desktop_app.tool import Bench, Gesture
from desktop_app.tools.hitting import Reach, hit, is_on, nearest_handle
from desktop_app.tools.long_rings import LONG, bounds_of, is_inside, is_long, nearest_point, to_line
from desktop_app.tools.polygon import PolygonTool
from desktop_app.tools.tracing import LAST_SHOWN, MOST_SHOWN
from imaging.geometry import Plane, Size

PLANE = Plane()
places = st.tuples(st.integers(-20, 120).map(float), st.integers(-20, 120).map(float))


def star(count: int, *, side: float = 40.0) -> tuple[Point, ...]:
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    reach = side * (1 + 0.3 * np.sin(9 * turn))
    return tuple((50 + float(r * np.cos(t)), 50 + float(r * np.sin(t))) for r, t in zip(reach, turn, strict=True))


@given(places, st.sampled_from([0.5, 1.0, 3.0]))
def test_a_long_ring_is_hit_where_a_short_one_of_the_same_shape_is(place: Point, pixel: float) -> None:
    long, reach = star(LONG * 2), Reach.of(Gesture(*place, pixel))
    plain = [reach.to_segment(a, b) for a, b in zip(long, (*long[1:], long[0]), strict=True)]
    assert to_line(long, *place, pixel, pixel, is_closed=True) == pytest.approx(min(plain))
    far = [reach.distance(point) for point in long]
    number, distance = nearest_point(long, *place, pixel, pixel)
    assert distance == pytest.approx(min(far))
    assert far[number] == pytest.approx(distance)


@given(places)
def test_inside_is_inside_however_many_points_tell(place: Point) -> None:
    (x, y), ring = place, star(LONG * 2)
    inside = False
    for (ax, ay), (bx, by) in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
    assert is_inside(ring, x, y) == inside


def test_bounds_and_handles_are_the_same() -> None:
    polygon = Polygon(PLANE, star(1000))
    assert is_long(polygon)
    assert not is_long(Points(PLANE, star(1000)))
    assert bounds_of(polygon) == pytest.approx(bounds(polygon))
    x, y = polygon.exterior[123]
    assert nearest_handle(polygon, Reach.of(Gesture(x + 0.01, y, 1.0))) == 123
    assert nearest_handle(polygon, Reach.of(Gesture(50, 50, 0.5))) is None
    assert is_on(polygon, Reach.of(Gesture(50, 50, 1.0)), PLANE)
    assert not is_on(Polyline(PLANE, star(1000)), Reach.of(Gesture(50, 50, 1.0)), PLANE)


def test_a_polygon_of_a_hundred_thousand_corners_is_drawn_by_hand() -> None:
    from dataset.document import Snapshot

    tool, bench = PolygonTool(), Bench(PLANE, Size(200, 200, 1), Snapshot(), (), frozenset(), "a", "Ada")
    tool._points = list(star(100_000))
    outcome = tool.hover(Gesture(3, 4, 0.001), bench)
    line, dots = outcome.preview
    assert isinstance(line, Polyline)
    assert isinstance(dots, Points)
    assert len(line.points) <= MOST_SHOWN + LAST_SHOWN + 2
    assert line.points[0] == tool._points[0]
    assert line.points[-2:] == (tool._points[-1], (3.0, 4.0))
    tool.press(Gesture(3, 4, 0.001), bench)
    kept = tool.finish(bench)
    assert kept.edit is not None
    geometry = kept.edit.put[0].geometry
    assert isinstance(geometry, Polygon)
    assert len(geometry.exterior) == 100_001
    assert hit(Gesture(50, 50, 1.0), Bench(PLANE, bench.size, Snapshot(kept.edit.put), (), frozenset(), "a", "Ada"))
