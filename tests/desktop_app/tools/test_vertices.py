"""Single points beside a plain model: a list of lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Box, Point, Points, Polygon, Polyline
from desktop_app.tools.long_rings import LONG
from desktop_app.tools.vertices import (
    LEAST_POINTS,
    Edge,
    Jointed,
    nearest_on_edge,
    point_moved,
    point_put_in,
    point_taken_out,
    rings_with_points,
)
from imaging.geometry import Plane

PLANE = Plane(0, 2)
reals = st.floats(-100, 100, width=32)
places = st.tuples(reals, reals)
rings = st.lists(places, min_size=3, max_size=7).map(tuple)
jointed: st.SearchStrategy[Jointed] = st.one_of(
    st.builds(Polygon, st.just(PLANE), rings, st.lists(rings, max_size=3).map(tuple)),
    st.builds(Polyline, st.just(PLANE), rings),
    st.builds(Points, st.just(PLANE), rings),
)
steps = st.lists(st.tuples(st.sampled_from(["move", "put", "take"]), st.integers(0, 99), places), max_size=25)


def as_lists(geometry: Jointed) -> list[list[Point]]:
    return [list(ring) for ring in rings_with_points(geometry)]


@given(jointed, steps)
def test_points_change_as_in_plain_lists(geometry: Jointed, steps: list[tuple[str, int, Point]]) -> None:
    model = as_lists(geometry)
    for what, drawn, (x, y) in steps:
        numbered = [(ring, place) for ring in range(len(model)) for place in range(len(model[ring]))]
        number = drawn % len(numbered)
        ring, place = numbered[number]
        if what == "move":
            geometry = point_moved(geometry, number, x, y)
            model[ring][place] = (model[ring][place][0] + x, model[ring][place][1] + y)
        elif what == "put":
            geometry = point_put_in(geometry, Edge(number + 1, (x, y), 0.0))
            model[ring].insert(place + 1, (x, y))
        else:
            left = point_taken_out(geometry, number)
            assert (left is None) == (len(model[ring]) <= LEAST_POINTS[type(geometry)])
            if left is not None:
                geometry = left
                del model[ring][place]
        assert as_lists(geometry) == model


@given(jointed, places)
def test_a_point_put_in_where_the_edge_is_nearest_leaves_the_shape_as_it_is(geometry: Jointed, hand: Point) -> None:
    edge = nearest_on_edge(geometry, *hand, 1.0, 1.0)
    assert (edge is None) == isinstance(geometry, Points)
    if edge is not None:
        changed = point_put_in(geometry, edge)
        every = [point for ring in rings_with_points(changed) for point in ring]
        assert every[edge.number] == edge.point
        again = nearest_on_edge(changed, *hand, 1.0, 1.0)
        assert again is not None
        assert again.distance == pytest.approx(edge.distance, abs=1e-6)


def test_the_last_edge_of_a_polygon_leads_back_to_its_first_point() -> None:
    square = Polygon(PLANE, ((0, 0), (10, 0), (10, 10), (0, 10)), (((2, 2), (8, 2), (8, 8), (2, 8)),))
    edge = nearest_on_edge(square, 0.5, 5, 1, 1)
    assert edge is not None
    assert edge == Edge(4, (0, 5), 0.5)
    assert point_put_in(square, edge) == Polygon(PLANE, (*square.exterior, (0, 5)), square.holes)
    inner = nearest_on_edge(square, 5, 2.5, 1, 1)
    assert inner is not None
    assert inner == Edge(5, (5, 2), 0.5)
    assert rings_with_points(point_put_in(square, inner))[1] == ((2, 2), (5, 2), (8, 2), (8, 8), (2, 8))


def test_an_open_line_has_no_edge_from_its_end_to_its_beginning() -> None:
    line = Polyline(PLANE, ((0, 0), (10, 0), (10, 10)))
    edge = nearest_on_edge(line, 1, 9, 1, 1)
    assert edge is not None
    assert edge.distance > 5
    assert nearest_on_edge(Polyline(PLANE, ((0, 0),)), 0, 0, 1, 1) is None
    assert nearest_on_edge(Box(PLANE, 0, 0, 5, 5), 0, 0, 1, 1) is None


def test_distances_are_those_on_screen() -> None:
    line = Polyline(PLANE, ((0, 0), (100, 0)))
    edge = nearest_on_edge(line, 30, 8, 1, 4)
    assert edge == Edge(1, (30, 0), 2)


def test_very_long_outlines_are_changed_too() -> None:
    ring = tuple((float(n), float(n % 2)) for n in range(2 * LONG))
    outline = Polygon(PLANE, ring, (ring,))
    edge = nearest_on_edge(outline, 100.5, 0.5, 1, 1)
    assert edge is not None
    assert edge.number == 101
    longer = point_put_in(outline, edge)
    assert point_taken_out(longer, 101) == outline
