"""Views in windows of their own: in step with the scan, with a place that is remembered, gone with the main window."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.desktop_app.conftest import Reader, volume

pytestmark = pytest.mark.gui
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def test_a_view_is_torn_off_by_key_and_shows_the_same_plane_and_another_axis(reader: Reader) -> None:
    reader.open(volume())
    QTest.keyClick(reader.window.pane.view, Qt.Key.Key_F11, CTRL_SHIFT)
    (view,) = reader.window.comfort.views
    assert view.isVisible()
    shown = view.pane.view.viewport
    assert shown is not None
    assert shown.plane == reader.session.plane
    reader.session.step_plane(1)
    assert view.pane.view.viewport is not None
    assert view.pane.view.viewport.plane == reader.session.plane
    view.axis.setCurrentIndex(view.axis.findData(1))
    assert view.pane.view.viewport.plane.axis == 1
    assert reader.window.pane.view.viewport is not None
    assert reader.window.pane.view.viewport.plane.axis == 0


def test_each_has_a_viewport_of_its_own(reader: Reader) -> None:
    reader.open(volume())
    reader.window.comfort.tear_off()
    (view,) = reader.window.comfort.views
    before = reader.window.pane.view.viewport
    assert view.pane.view.viewport is not None
    view.pane.view.move_to(view.pane.view.viewport.zoomed(3, 10, 10))
    assert reader.window.pane.view.viewport == before


def test_its_place_is_remembered_and_a_closed_view_leaves_nothing(reader: Reader) -> None:
    reader.open(volume())
    comfort = reader.window.comfort
    comfort.tear_off()
    comfort.views[0].setGeometry(60, 70, 500, 400)
    comfort.views[0].close()
    reader.settle()
    assert comfort.views == []
    assert reader.window._settings.settings.view_places[0][:4] == (60, 70, 500, 400)
    comfort.tear_off()
    area = comfort.views[0].geometry()
    assert (area.x(), area.y(), area.width(), area.height()) == (60, 70, 500, 400)


def test_views_open_at_the_end_close_with_the_window_and_are_counted(reader: Reader) -> None:
    reader.open(volume())
    reader.window.comfort.tear_off()
    view = reader.window.comfort.views[0]
    reader.window.close()
    assert not view.isVisible()
    assert reader.window._settings.settings.views_open == 1


def test_keys_of_the_window_work_in_the_view(reader: Reader) -> None:
    reader.open(volume())
    reader.window.comfort.tear_off()
    view = reader.window.comfort.views[0]
    view.activateWindow()
    reader.bot.waitActive(view).__enter__()
    QTest.keyClick(view.pane.view, Qt.Key.Key_I)
    assert reader.session.display.inverted
