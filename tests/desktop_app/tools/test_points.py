"""Setting points, in scan coordinates."""

from dataclasses import replace

from dataset.annotation import Points
from desktop_app.tools.points import PointsTool
from imaging.geometry import Plane
from tests.desktop_app.tools.hand import AXIAL, Reader, mark


def test_each_click_adds_a_point_to_one_mark() -> None:
    reader = Reader(PointsTool())
    for point in ((10, 10), (60, 10), (60, 60)):
        assert reader.click(*point).busy
    assert reader.only.geometry == Points(AXIAL, ((10, 10), (60, 10), (60, 60)))
    assert (reader.only.label, reader.only.author) == ("disc", "grace")
    assert reader.titles == ["Add point"] * 3
    reader.document.undo()
    assert reader.only.geometry == Points(AXIAL, ((10, 10), (60, 10)))


def test_enter_ends_and_the_next_click_begins_another_mark() -> None:
    reader = Reader(PointsTool())
    reader.click(10, 10)
    assert not reader.key("finish").busy
    reader.click(60, 60)
    assert [a.geometry for a in reader.document.annotations] == [Points(AXIAL, ((10, 10),)), Points(AXIAL, ((60, 60),))]


def test_a_double_click_sets_one_point() -> None:
    reader = Reader(PointsTool())
    reader.double_click(30, 30)
    assert reader.only.geometry == Points(AXIAL, ((30, 30),))


def test_backspace_takes_the_last_point_back_and_the_mark_with_its_only_one() -> None:
    reader = Reader(PointsTool())
    reader.click(10, 10)
    reader.click(60, 10)
    reader.key("back")
    assert reader.only.geometry == Points(AXIAL, ((10, 10),))
    reader.key("back")
    assert reader.document.annotations == ()
    reader.key("back")
    assert len(reader.titles) == 4


def test_only_free_points_of_the_same_label_and_plane_go_on() -> None:
    for other in (
        mark(Points(AXIAL, ((1, 1),)), label="nodule"),
        mark(Points(Plane(0, 4), ((1, 1),))),
        mark(Points(AXIAL, ((1, 1),)), locked=True),
        mark(Points(AXIAL, ((1, 1),)), author="model:m@1"),
    ):
        reader = Reader(PointsTool(), other)
        reader.bench = replace(reader.bench, selection=frozenset({other.id}))
        assert not reader.hover(50, 50).busy
        reader.click(50, 50)
        assert reader.document.annotations[0] is other
        assert reader.document.annotations[1].geometry == Points(AXIAL, ((50, 50),))


def test_a_point_follows_until_the_button_is_up_and_stays_on_the_plane() -> None:
    reader = Reader(PointsTool())
    reader.press(10, 10)
    assert reader.move(20, 20).preview == (Points(AXIAL, ((20, 20),)),)
    reader.release(900, -5)
    assert reader.only.geometry == Points(AXIAL, ((200, 0),))


def test_escape_leaves_what_is_set() -> None:
    reader = Reader(PointsTool())
    reader.click(10, 10)
    reader.press(50, 50)
    assert not reader.tool.cancel().busy
    reader.release(50, 50)
    assert reader.only.geometry == Points(AXIAL, ((10, 10),))
    assert reader.bench.selection == {reader.only.id}
