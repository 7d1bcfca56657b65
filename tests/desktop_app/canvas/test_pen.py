"""Pen and touchpad: the pen draws once, its end erases, two fingers pan, and a pinch zooms."""

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QTabletEvent, QWheelEvent

from dataset.annotation import Box
from tests.desktop_app.conftest import Reader, volume

pytestmark = pytest.mark.gui
TIP, ERASER = QPointingDevice.PointerType.Pen, QPointingDevice.PointerType.Eraser
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


def pen(
    reader: Reader,
    kind: QEvent.Type,
    at: tuple[float, float],
    button: Qt.MouseButton = NONE,
    held: Qt.MouseButton = NONE,
    end: QPointingDevice.PointerType = TIP,
) -> None:
    """One event of the pen at a point of the plane."""
    view = reader.window.pane.view
    place = QPointF(view.position_of(*at))
    device = QPointingDevice.primaryPointingDevice()
    event = QTabletEvent(
        kind, device, place, QPointF(view.mapToGlobal(place.toPoint())), 0.5, 0, 0, 0, 0, 0,
        Qt.KeyboardModifier.NoModifier, button, held,
    )  # fmt: skip
    if end == ERASER:
        other = QPointingDevice(
            "pen", 7, QInputDevice.DeviceType.Stylus, ERASER, QInputDevice.Capability.Position, 1, 1
        )
        event = QTabletEvent(
            kind, other, place, QPointF(view.mapToGlobal(place.toPoint())), 0.5, 0, 0, 0, 0, 0,
            Qt.KeyboardModifier.NoModifier, button, held,
        )  # fmt: skip
    event.setTimestamp(pen.clock)  # type: ignore[attr-defined]
    pen.clock += 40  # type: ignore[attr-defined]
    QCoreApplication.sendEvent(view, event)
    assert event.isAccepted()


pen.clock = 10_000  # type: ignore[attr-defined]


def draw(reader: Reader, *points: tuple[float, float], button: Qt.MouseButton = LEFT) -> None:
    pen(reader, QEvent.Type.TabletPress, points[0], button, button)
    for point in points[1:]:
        pen(reader, QEvent.Type.TabletMove, point, held=button)
    pen(reader, QEvent.Type.TabletRelease, points[-1], button)


def test_a_box_drawn_with_the_pen_is_one_box(reader: Reader) -> None:
    reader.open(volume())
    reader.session.set_tool("box")
    draw(reader, (10, 10), (20, 18), (40, 30))
    reader.settle()
    boxes = [a.geometry for a in reader.session.document.annotations]
    assert len(boxes) == 1
    assert isinstance(boxes[0], Box)
    assert (boxes[0].width, boxes[0].height) == (pytest.approx(30, abs=0.6), pytest.approx(20, abs=0.6))


def test_the_pen_hovers(reader: Reader) -> None:
    reader.open(volume())
    seen: list[object] = []
    reader.window.pane.hovered.connect(seen.append)
    pen(reader, QEvent.Type.TabletMove, (30, 20))
    assert seen
    assert seen[-1] is not None


def test_the_eraser_end_erases_and_the_tip_takes_the_tool_again(reader: Reader) -> None:
    reader.open(volume())
    reader.session.set_tool("brush")
    pen(reader, QEvent.Type.TabletMove, (30, 20), end=ERASER)
    assert reader.session.tool_name == "eraser"
    pen(reader, QEvent.Type.TabletMove, (30, 20))
    assert reader.session.tool_name == "brush"


def test_the_barrel_button_zooms_as_the_right_button_does(reader: Reader) -> None:
    reader.open(volume())
    view = reader.window.pane.view
    before = view.viewport
    draw(reader, (30, 40), (30, 20), button=Qt.MouseButton.RightButton)
    assert before is not None
    assert view.viewport is not None
    assert view.viewport.scale > before.scale


def test_a_double_tap_closes_a_polygon(reader: Reader) -> None:
    reader.open(volume())
    reader.session.set_tool("polygon")
    for point in ((10, 10), (40, 10), (40, 40)):
        draw(reader, point)
        pen.clock += 2000  # type: ignore[attr-defined]
    draw(reader, (12, 40))
    draw(reader, (12, 40))
    reader.settle()
    assert len(reader.session.document.annotations) == 1


def touch(reader: Reader, pixels: QPoint) -> None:
    """Two fingers moved on the touchpad, over the middle of the view."""
    view = reader.window.pane.view
    place = QPointF(view.rect().center())
    event = QWheelEvent(
        place, QPointF(view.mapToGlobal(place.toPoint())), pixels, pixels * 2, Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.ScrollUpdate, False,
    )  # fmt: skip
    QCoreApplication.sendEvent(view, event)


def test_two_fingers_pan_where_there_is_one_plane(reader: Reader) -> None:
    reader.open(volume(planes=1, kind="radiograph", modality="DX"))
    view = reader.window.pane.view
    reader.window.zoom(4.0)
    before = view.viewport
    touch(reader, QPoint(15, -20))
    after = view.viewport
    assert before is not None
    assert after is not None
    assert after.scale == before.scale
    assert (before.centre[0] - after.centre[0]) * before.scale * before.aspect[0] == pytest.approx(15, abs=1)
    assert (before.centre[1] - after.centre[1]) * before.scale * before.aspect[1] == pytest.approx(-20, abs=1)


def test_two_fingers_go_through_the_planes_of_a_volume(reader: Reader) -> None:
    reader.open(volume())
    plane = reader.session.plane.index
    touch(reader, QPoint(0, -35))
    assert reader.session.plane.index == plane + 1
