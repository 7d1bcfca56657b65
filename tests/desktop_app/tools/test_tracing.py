"""Lines and polygons along the hand, in scan coordinates."""

import math
from dataclasses import replace

import numpy as np
import pytest

from dataset.annotation import Point, Polygon, Polyline
from desktop_app.tool import Gesture
from desktop_app.tools.long_rings import to_line
from desktop_app.tools.polygon import PolygonTool
from desktop_app.tools.polyline import PolylineTool
from desktop_app.tools.tracing import LOOSE, MOST_SHOWN
from imaging.geometry import Plane
from tests.desktop_app.tools.hand import AXIAL, Reader


def circle(turns: float = 1.0) -> list[Point]:
    angles = [2 * math.pi * turns * step / 200 for step in range(201)]
    return [(100 + 40 * math.cos(angle), 50 + 40 * math.sin(angle)) for angle in angles]


def test_a_polygon_drawn_along_the_hand_back_to_its_beginning_is_closed() -> None:
    reader = Reader(PolygonTool())
    reader.drag(*circle())
    shape = reader.only.geometry
    assert isinstance(shape, Polygon)
    assert 12 <= len(shape.exterior) <= 40
    assert shape.exterior[0] != shape.exterior[-1]
    far = [abs(math.dist(point, (100, 50)) - 40) for point in shape.exterior]
    assert max(far) < 1e-9
    rim = [to_line(shape.exterior, x, y, 1, 1, is_closed=True) for x, y in circle()]
    assert max(rim) < LOOSE + 3
    assert reader.titles == ["Draw polygon"]
    assert not reader.last.busy


def test_clicks_and_the_hand_make_one_outline_together() -> None:
    reader = Reader(PolygonTool())
    reader.click(20, 90)
    reader.drag((60, 90), (60, 70), (60, 50), (60, 30), (60, 10))
    reader.click(20, 10)
    reader.key("finish")
    assert reader.only.geometry == Polygon(AXIAL, ((20, 90), (60, 90), (60, 10), (20, 10)))


def test_backspace_takes_all_back_that_one_drag_has_drawn() -> None:
    reader = Reader(PolygonTool())
    reader.click(10, 10)
    reader.drag((60, 10), (70, 30), (60, 50), (80, 80))
    reader.key("back")
    assert reader.last.busy
    for point in ((90, 10), (90, 90)):
        reader.click(*point)
    reader.key("finish")
    assert reader.only.geometry == Polygon(AXIAL, ((10, 10), (90, 10), (90, 90)))


def test_a_line_stays_open_and_ends_with_enter_or_a_double_click() -> None:
    reader = Reader(PolylineTool())
    for point in ((10, 10), (60, 10), (11, 11)):
        reader.click(*point)
    assert reader.document.annotations == ()
    reader.key("finish")
    assert reader.only.geometry == Polyline(AXIAL, ((10, 10), (60, 10), (11, 11)))
    other = Reader(PolylineTool())
    other.click(10, 10)
    other.double_click(60, 60)
    assert other.only.geometry == Polyline(AXIAL, ((10, 10), (60, 60)))
    assert other.titles == ["Draw line"]


def test_a_line_drawn_along_the_hand_goes_on_with_clicks() -> None:
    reader = Reader(PolylineTool())
    reader.drag((10, 10), (30, 10), (50, 10), (50, 40))
    assert reader.last.busy
    reader.click(90, 40)
    reader.key("finish")
    assert reader.only.geometry == Polyline(AXIAL, ((10, 10), (50, 10), (50, 40), (90, 40)))


def test_one_point_is_no_line_yet() -> None:
    reader = Reader(PolylineTool())
    reader.click(10, 10)
    assert reader.key("finish").busy
    assert reader.document.annotations == ()


@pytest.mark.parametrize("tool", [PolygonTool(), PolylineTool()])
def test_what_was_drawn_on_another_plane_is_dropped(tool: PolygonTool | PolylineTool) -> None:
    reader = Reader(tool)
    reader.drag((10, 10), (40, 40), (10, 80))
    reader.bench = replace(reader.bench, plane=Plane(0, 4))
    for point in ((5, 5), (25, 5), (25, 25)):
        reader.click(*point)
    reader.key("finish")
    shape = reader.only.geometry
    assert isinstance(shape, Polygon | Polyline)
    assert shape.plane == Plane(0, 4)
    assert len(shape.exterior if isinstance(shape, Polygon) else shape.points) == 3


def test_of_a_very_long_line_some_points_stand_for_the_rest_while_it_is_drawn() -> None:
    reader = Reader(PolylineTool())
    reader.pixel = 0.001
    hands = np.random.default_rng(1).uniform(0, 100, (2500, 2))
    outcome = reader.press(50, 50)
    for x, y in hands.tolist():
        outcome = reader.move(x, y)
    (line, dots) = outcome.preview
    assert isinstance(line, Polyline)
    assert len(line.points) <= MOST_SHOWN + 50
    assert len(dots.points) == 1  # type: ignore[union-attr]


def test_on_pixels_that_are_no_squares_the_line_stays_where_it_was_drawn_on_screen() -> None:
    reader = Reader(PolylineTool())
    flat = Gesture(10, 10, 1.0, stretch=0.2)
    drawn = [(10.0, 10.0), (30.0, 10.4), (50.0, 10.0)]
    reader._take(reader.tool.press(flat, reader.bench))
    for x, y in drawn[1:]:
        reader._take(reader.tool.drag(replace(flat, x=x, y=y), reader.bench))
    reader._take(reader.tool.release(replace(flat, x=50.0, y=10.0), reader.bench))
    reader.key("finish")
    assert reader.only.geometry == Polyline(AXIAL, tuple(drawn))
