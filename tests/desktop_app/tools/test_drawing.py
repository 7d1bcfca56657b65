"""The box and the polygon, in scan coordinates."""

import pytest

from dataset.annotation import Box, Polygon
from desktop_app.tools.box import BoxTool
from desktop_app.tools.polygon import PolygonTool
from imaging.geometry import Plane
from tests.desktop_app.tools.hand import AXIAL, Reader


def test_a_dragged_box_is_an_annotation_with_the_current_label() -> None:
    reader = Reader(BoxTool())
    reader.press(60, 50)
    assert reader.move(40, 30).preview == (Box(AXIAL, 40, 30, 20, 20),)
    reader.release(20, 20)
    assert reader.only.geometry == Box(AXIAL, 20, 20, 40, 30)
    assert (reader.only.label, reader.only.author, reader.only.origin) == ("disc", "grace", "")
    assert reader.bench.selection == {reader.only.id}


def test_a_click_draws_no_box() -> None:
    reader = Reader(BoxTool())
    reader.click(30, 30)
    reader.drag((30, 30), (60, 32))
    assert reader.document.annotations == ()


def test_a_box_ends_at_the_rim_of_the_plane() -> None:
    reader = Reader(BoxTool())
    reader.drag((150, 80), (900, -20))
    assert reader.only.geometry == Box(AXIAL, 150, 0, 50, 80)


@pytest.mark.parametrize("tool", [BoxTool(), PolygonTool()])
def test_escape_drops_what_is_being_drawn(tool: BoxTool | PolygonTool) -> None:
    reader = Reader(tool)
    reader.press(10, 10)
    reader.move(50, 50)
    assert not tool.cancel().busy
    reader.release(50, 50)
    assert reader.document.annotations == ()


def corners(reader: Reader) -> tuple[tuple[float, float], ...]:
    shape = reader.only.geometry
    assert isinstance(shape, Polygon)
    return shape.exterior


def test_enter_closes_a_polygon() -> None:
    reader = Reader(PolygonTool())
    for point in ((10, 10), (60, 10), (60, 60)):
        reader.click(*point)
    assert reader.last.busy
    outcome = reader._take(reader.tool.finish(reader.bench))
    assert not outcome.busy
    assert corners(reader) == ((10, 10), (60, 10), (60, 60))
    assert reader.titles == ["Draw polygon"]


def test_the_first_corner_closes_a_polygon() -> None:
    reader = Reader(PolygonTool())
    for point in ((10, 10), (60, 10), (60, 60), (12, 13)):
        reader.click(*point)
    assert corners(reader) == ((10, 10), (60, 10), (60, 60))


def test_a_double_click_sets_the_last_corner_and_closes() -> None:
    reader = Reader(PolygonTool())
    reader.click(10, 10)
    reader.click(60, 10)
    reader.double_click(60, 60)
    assert corners(reader) == ((10, 10), (60, 10), (60, 60))
    assert not reader.hover(5, 5).busy


def test_backspace_takes_the_last_corner_back() -> None:
    reader = Reader(PolygonTool())
    for point in ((10, 10), (90, 90), (60, 10)):
        reader.click(*point)
    reader.tool.back(reader.bench)
    reader.tool.back(reader.bench)
    for point in ((60, 10), (60, 60)):
        reader.click(*point)
    reader._take(reader.tool.finish(reader.bench))
    assert corners(reader) == ((10, 10), (60, 10), (60, 60))
    assert not reader.tool.back(reader.bench).busy


def test_two_corners_are_no_polygon_yet() -> None:
    reader = Reader(PolygonTool())
    reader.click(10, 10)
    reader.click(60, 10)
    assert reader._take(reader.tool.finish(reader.bench)).busy
    assert reader.document.annotations == ()


def test_a_polygon_stays_on_the_plane_it_was_begun_on() -> None:
    from dataclasses import replace

    reader = Reader(PolygonTool())
    reader.click(10, 10)
    reader.click(60, 10)
    reader.bench = replace(reader.bench, plane=Plane(0, 4))
    assert reader.hover(30, 30).preview == ()
    for point in ((5, 5), (25, 5), (25, 25)):
        reader.click(*point)
    reader._take(reader.tool.finish(reader.bench))
    assert reader.only.geometry == Polygon(Plane(0, 4), ((5, 5), (25, 5), (25, 25)))
