"""The options of the tool in hand, and what of the strip has room."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.session import Session
from desktop_app.theme import chosen
from desktop_app.tool import ToolOptions
from desktop_app.tool_options import ToolOptionsBar
from desktop_app.tools.brush import PLUGIN as BRUSH
from desktop_app.tools.eraser import PLUGIN as ERASER
from desktop_app.tools.select import PLUGIN as SELECT
from desktop_app.tools.threshold_brush import PLUGIN as THRESHOLD
from desktop_app.tools.wand import PLUGIN as WAND
from imaging.geometry import Plane
from tests.desktop_app.conftest import Reader, end, volume


def beside(bar: ToolOptionsBar) -> list[str]:
    """The options beside the tools."""
    return [name for name, control in bar.controls.items() if control.parent() is bar and not control.isHidden()]


@pytest.fixture
def bar(qtbot: QtBot) -> Generator[ToolOptionsBar]:
    session = Session((SELECT, BRUSH, ERASER, THRESHOLD, WAND), "ada")
    made = ToolOptionsBar(session, chosen("dark", 1.0))
    qtbot.addWidget(made)
    yield made
    end(session)


@pytest.mark.parametrize("name", ["select", "brush", "threshold-brush", "wand"])
def test_exactly_the_options_of_the_tool_are_shown(bar: ToolOptionsBar, name: str) -> None:
    bar._session.set_tool(name)
    bar.arrange(9)
    assert set(beside(bar)) == set(bar._session.tool.options)
    assert bar.isHidden() == (name == "select")
    assert bar.more.isHidden()


@pytest.mark.qt_log_ignore("This plugin does not support")  # what opens over the window, without a screen
def test_what_has_no_room_is_behind_the_button(bar: ToolOptionsBar, qtbot: QtBot) -> None:
    bar._session.set_tool("threshold-brush")
    bar.arrange(1)
    bar.show()
    assert beside(bar) == ["brush"]
    assert bar.width_of(1) < bar.width_of(5)
    qtbot.mouseClick(bar.more, Qt.MouseButton.LeftButton)
    assert bar.low.isVisible()
    bar.arrange(5)
    assert not bar._popup.isVisible()
    assert bar.low.isVisible()
    bar.hide()


def test_each_control_sets_its_option(bar: ToolOptionsBar, qtbot: QtBot) -> None:
    session = bar._session
    session.set_tool("threshold-brush")
    bar.arrange(9)
    bar.ball.setChecked(True)
    bar.all_planes.setChecked(True)
    bar.tolerance.setValue(25)
    bar.brush.setValue(33)
    bar.unit.setCurrentIndex(2)
    bar.unit.activated.emit(2)
    bar.simplify.setValue(2.5)
    bar.smallest.setValue(80)
    qtbot.keyClicks(bar.low, "-20,5")
    bar.low.editingFinished.emit()
    qtbot.keyClicks(bar.high, "x")
    bar.high.editingFinished.emit()
    options = session.options
    assert (options.ball, options.all_planes, options.tolerance) == (True, True, 0.25)
    assert (session.brush, options.brush_unit) == (33, "screen")
    assert (options.low, options.high) == (-20.5, None)
    assert (options.simplify, options.smallest) == (2.5, 80)
    assert bar.high.text() == ""
    assert bar.tolerance_text.text() == "25 %"


def test_everything_has_a_name_and_a_tip(bar: ToolOptionsBar) -> None:
    for control in (bar.brush, bar.unit, bar.tolerance, bar.low, bar.high, bar.ball, bar.all_planes, bar.more):
        assert control.accessibleName()
        assert control.toolTip()


def test_the_brush_tells_its_size_in_the_unit_of_the_scan(reader: Reader) -> None:
    reader.open(volume())
    session, bar = reader.session, reader.window.strip.options
    session.set_tool("brush")
    assert bar.brush_text.text() == "20 px"
    bar._choose_unit(1)
    assert bar.brush_text.text() == "20 mm"
    session.set_brush(31)
    assert bar.brush.value() == 31
    # On one plane there is nothing to go through.
    reader.open(volume(1, kind="radiograph"))
    assert "ball" not in bar.names


def test_the_brush_is_drawn_as_large_as_it_paints(reader: Reader) -> None:
    reader.open(volume())
    session, view = reader.session, reader.window.pane.view
    session.set_tool("brush")
    session.set_brush(8)
    session.set_plane(Plane(1, 30))
    for options, size in ((ToolOptions(), (8.0, 8.0)), (ToolOptions(brush_unit="mm"), (10.0, 3.2))):
        session.set_options(options)
        viewport = view.viewport
        assert viewport is not None
        QTest.mouseMove(view, QPoint(*(round(v) for v in viewport.to_screen(40, 6))))
        reader.settle()
        assert view._preview.brush is not None
        assert view._preview.brush[2:] == pytest.approx(size)
        QTest.mouseMove(view, QPoint(5, 5))


@pytest.mark.qt_log_ignore("This plugin does not support")  # what opens over the window, without a screen
def test_a_narrow_strip_keeps_the_tool_in_hand_and_its_options_in_reach(reader: Reader, qtbot: QtBot) -> None:
    reader.open(volume())
    reader.session.set_tool("wand")
    strip = reader.window.strip
    for width in (2400, 700, 400, strip.minimumSizeHint().width()):
        strip.resize(width, strip.height())
        reader.settle()
        right = strip.run.geometry().right()
        shown = [child for child in strip.findChildren(QWidget) if child.isVisible() and child.parent() is strip]
        assert all(child.geometry().right() <= strip.width() for child in shown)
        assert right <= strip.width()
        assert strip._tools["wand"].isVisible()
        assert strip.options.isVisible()
        assert strip.more.isHidden() == (width == 2400)
    qtbot.mouseClick(strip.more, Qt.MouseButton.LeftButton)
    (menu,) = strip.findChildren(QMenu)
    assert "Undo" in {action.text().replace("&", "") for action in menu.actions()}
    menu.close()
