"""The view itself: a few pixels where they must be, and what the hand asks for. In scan coordinates."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dataset.annotation import Box
from dataset.mask import mask_of_plane
from desktop_app.canvas.corners import corner_lines, scale_bar
from desktop_app.canvas.cursors import on_screen
from desktop_app.canvas.hand import CLICK_PIXELS, dragged_window
from desktop_app.canvas.hovering import HoverInfo
from desktop_app.canvas.marks import Shown
from desktop_app.canvas.scan_view import ScanView
from desktop_app.display import Display
from desktop_app.tool import Gesture
from imaging.geometry import Orientation, Plane
from imaging.scan import Window
from tests.desktop_app.canvas.known import FULL, SAGITTAL, ramp, scan_of

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton


class Taker:
    """Remembers the gestures; keeps a press or lets it go."""

    def __init__(self) -> None:
        self.keeps, self.is_busy = True, False
        self.calls: list[tuple[str, Gesture | str]] = []

    def press(self, gesture: Gesture) -> bool:
        self.calls.append(("press", gesture))
        return self.keeps

    def drag(self, gesture: Gesture) -> None:
        self.calls.append(("drag", gesture))

    def release(self, gesture: Gesture) -> None:
        self.calls.append(("release", gesture))

    def hover(self, gesture: Gesture) -> None:
        self.calls.append(("hover", gesture))

    def key(self, name: str) -> bool:
        self.calls.append(("key", name))
        return True

    def names(self) -> list[str]:
        return [name for name, _ in self.calls if name != "hover"]


@pytest.fixture
def view(qtbot: QtBot) -> ScanView:
    made = ScanView()
    qtbot.addWidget(made)
    made.resize(600, 400)
    made.show()
    made.show_scan(scan_of(ramp(), affine=None), Plane(0, 1))
    made.set_display(Display(window=FULL, smooth=False))
    QApplication.processEvents()
    return made


def picture(view: ScanView) -> QImage:
    return view.grab().toImage()


def colour_at(view: ScanView, x: float, y: float) -> tuple[int, int, int]:
    """The colour shown at a point of the plane."""
    colour = QColor(picture(view).pixel(view.position_of(x, y)))
    return colour.red(), colour.green(), colour.blue()


def test_the_view_shows_the_voxels_of_the_plane(view: ScanView) -> None:
    voxels = ramp()
    for column, row in ((30, 20), (44, 11), (12, 33)):
        assert colour_at(view, column + 0.5, row + 0.5) == (int(voxels[1, row, column]),) * 3
    view.show_plane(Plane(0, 2))
    assert colour_at(view, 30.5, 20.5) == (int(voxels[2, 20, 30]),) * 3


def test_a_turned_plane_shows_each_voxel_where_the_viewport_says(qtbot: QtBot) -> None:
    view = ScanView()
    qtbot.addWidget(view)
    view.resize(500, 500)
    voxels = ramp(30, 40, 60)
    view.set_display(Display(window=FULL, smooth=False))
    view.show_scan(scan_of(voxels, affine=SAGITTAL, spacing=(1.0, 1.0, 1.0)), Plane(1, 7))
    assert view.viewport is not None
    assert view.viewport.orientation.transpose
    for i, k in ((33, 14), (20, 20), (41, 9)):
        assert colour_at(view, i + 0.5, k + 0.5) == (int(voxels[k, 7, i]),) * 3


def test_voxels_are_as_tall_as_their_spacing(qtbot: QtBot) -> None:
    view = ScanView()
    qtbot.addWidget(view)
    view.resize(500, 500)
    view.show_scan(scan_of(ramp(30, 40, 60), spacing=(1.0, 1.0, 4.0)), Plane(1, 7))
    assert view.viewport is not None
    (ax, ay), (bx, by) = view.viewport.to_screen(0, 0), view.viewport.to_screen(1, 1)
    assert abs(by - ay) == pytest.approx(4 * abs(bx - ax))


def test_zoomed_in_and_smooth_the_middle_of_a_voxel_keeps_its_value(view: ScanView) -> None:
    assert view.viewport is not None
    view.set_display(Display(window=FULL, smooth=True))
    view.move_to(view.viewport.zoomed(5, 300, 200))
    x, y = view.viewport.to_plane(300, 200)
    column, row = int(x), int(y)
    shown = colour_at(view, column + 0.5, row + 0.5)[0]
    assert abs(shown - int(ramp()[1, row, column])) <= 2


def test_strips_of_smooth_scaling_leave_no_seams(qtbot: QtBot) -> None:
    view = ScanView()
    qtbot.addWidget(view)
    view.resize(300, 500)
    rows = np.linspace(0, 255, 100).astype(np.uint8)
    view.show_scan(scan_of(np.broadcast_to(rows[:, None], (1, 100, 60)).copy()))
    view.set_display(Display(window=FULL))
    shown = picture(view)
    column = [QColor(shown.pixel(150, y)).red() for y in range(10, 490)]
    assert all(0 <= b - a <= 2 for a, b in pairwise(column))


def test_a_mask_is_mixed_in_and_hidden_with_the_marks(view: ScanView) -> None:
    bits = np.zeros((40, 60), np.bool_)
    bits[10:30, 10:30] = True
    before = colour_at(view, 20.5, 20.5)
    view.set_marks((Shown("m", mask_of_plane(bits, 1), "#ff0000"),))
    red, green, _ = colour_at(view, 20.5, 20.5)
    assert red > before[0]
    assert green < before[1]
    assert colour_at(view, 40.5, 20.5)[0] == colour_at(view, 40.5, 20.5)[1]
    view.set_display(Display(window=FULL, smooth=False, show_marks=False))
    assert colour_at(view, 20.5, 20.5) == before


def test_a_box_has_its_edge_and_leaves_its_inside_alone(view: ScanView) -> None:
    before = colour_at(view, 30.5, 20.5)
    view.set_marks((Shown("b", Box(Plane(0, 1), 20, 10, 20, 20), "#00ff00", "disc"),))
    assert colour_at(view, 20, 20) == (0, 255, 0)
    assert colour_at(view, 30.5, 20.5) == before


def test_a_stroke_repaints_only_what_it_changed(view: ScanView, monkeypatch: pytest.MonkeyPatch) -> None:
    mask = mask_of_plane(np.ones((4, 4), np.bool_), 1, x=2, y=2)
    view.set_marks((Shown("m", mask, "#ff0000", is_live=True),))
    picture(view)
    asked: list[Any] = []
    monkeypatch.setattr(view, "update", lambda *area: asked.append(area))
    grown = mask.painted(1, 40, 30, np.ones((2, 2), np.bool_), value=True)
    view.set_marks((Shown("m", grown, "#ff0000", is_live=True),))
    ((area,),) = asked
    assert area.contains(view.position_of(41, 31))
    assert area.width() < 80
    assert not area.contains(view.position_of(4, 4))


def test_what_is_being_read_is_said_in_place_of_the_last_scan(view: ScanView) -> None:
    assert colour_at(view, 45.5, 35.5)[0] > 40
    position = view.position_of(45.5, 35.5)
    view.show_busy("Reading ivd_20_t2 …")
    assert QColor(picture(view).pixel(position)).lightness() < 20
    assert view.viewport is None
    view.show_scan(None)
    assert QColor(picture(view).pixel(300, 200)).lightness() < 20


def wheel(view: ScanView, delta: int, *, ctrl: bool = False, pixels: bool = False, at: QPointF | None = None) -> None:
    spot = at or QPointF(300, 200)
    angle, pixel = (QPoint(), QPoint(0, delta)) if pixels else (QPoint(0, delta), QPoint())
    held = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    phase = Qt.ScrollPhase.ScrollUpdate if pixels else Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(
        spot, view.mapToGlobal(spot.toPoint()).toPointF(), pixel, angle, Qt.MouseButton.NoButton, held, phase, False
    )
    QApplication.sendEvent(view, event)


def steps_of(view: ScanView) -> list[int]:
    asked: list[int] = []
    view.plane_stepped.connect(asked.append)
    return asked


def test_the_wheel_changes_the_plane_and_a_slow_touchpad_adds_up(view: ScanView) -> None:
    asked = steps_of(view)
    wheel(view, -120)
    wheel(view, 240)
    for _ in range(4):
        wheel(view, -60)
    assert asked == [1, -2, 1, 1]
    asked.clear()
    for _ in range(5):
        wheel(view, -10, pixels=True)
    assert asked == [1]


def test_with_ctrl_or_one_plane_the_wheel_zooms_at_the_cursor(view: ScanView) -> None:
    assert view.viewport is not None
    spot = QPointF(150, 120)
    under, scale = view.viewport.to_plane(150, 120), view.viewport.scale
    wheel(view, 120, ctrl=True, at=spot)
    assert view.viewport.scale == pytest.approx(scale * 1.2)
    assert view.viewport.to_plane(150, 120) == pytest.approx(under)
    view.show_scan(scan_of(ramp(1)))
    scale = view.viewport.scale
    wheel(view, -120, at=spot)
    assert view.viewport.scale == pytest.approx(scale / 1.2)


def drag(qtbot: QtBot, view: ScanView, button: Qt.MouseButton, start: QPoint, *ways: QPoint) -> None:
    qtbot.mousePress(view, button, pos=start)
    for way in ways:
        _move(view, start + way, button)
    qtbot.mouseRelease(view, button, pos=start + ways[-1])


def _move(view: ScanView, position: QPoint, button: Qt.MouseButton) -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(position),
        QPointF(view.mapToGlobal(position)),
        Qt.MouseButton.NoButton,
        button,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(view, event)


def test_with_nothing_under_the_hand_a_left_drag_changes_the_window(view: ScanView, qtbot: QtBot) -> None:
    taker = Taker()
    taker.keeps = False
    view.set_taker(taker)
    asked: list[Window] = []
    view.windowed.connect(asked.append)
    drag(qtbot, view, LEFT, QPoint(200, 200), QPoint(2, 1), QPoint(150, 30))
    assert asked == [dragged_window(FULL, 150, 30)]
    assert asked[0].width == pytest.approx(2 * FULL.width)
    assert asked[0].centre > FULL.centre
    assert taker.names() == ["press"]


def test_on_colour_a_left_drag_pans(view: ScanView, qtbot: QtBot) -> None:
    view.show_scan(scan_of(np.zeros((1, 40, 60, 3), np.uint8)))
    assert view.viewport is not None
    x, y = view.viewport.to_plane(300, 200)
    drag(qtbot, view, LEFT, QPoint(300, 200), QPoint(50, 20))
    assert view.viewport.to_screen(x, y) == pytest.approx((350, 220))


def test_a_middle_drag_pans_and_a_right_drag_zooms_where_it_began(view: ScanView, qtbot: QtBot) -> None:
    assert view.viewport is not None
    x, y = view.viewport.to_plane(300, 200)
    drag(qtbot, view, MIDDLE, QPoint(300, 200), QPoint(30, 0), QPoint(60, -40))
    assert view.viewport.to_screen(x, y) == pytest.approx((360, 160))
    scale, under = view.viewport.scale, view.viewport.to_plane(250, 250)
    drag(qtbot, view, RIGHT, QPoint(250, 250), QPoint(0, -40))
    assert view.viewport.scale > scale
    assert view.viewport.to_plane(250, 250) == pytest.approx(under)


def test_space_pans_whatever_the_tool(view: ScanView, qtbot: QtBot) -> None:
    taker = Taker()
    view.set_taker(taker)
    assert view.viewport is not None
    before = view.viewport.centre
    qtbot.keyPress(view, Qt.Key.Key_Space)
    drag(qtbot, view, LEFT, QPoint(300, 200), QPoint(40, 0))
    qtbot.keyRelease(view, Qt.Key.Key_Space)
    assert taker.names() == []
    assert view.viewport.centre != before
    drag(qtbot, view, LEFT, QPoint(300, 200), QPoint(40, 0))
    assert taker.names() == ["press", "drag", "release"]


def test_gestures_reach_the_tool_in_scan_pixels(view: ScanView, qtbot: QtBot) -> None:
    taker = Taker()
    view.set_taker(taker)
    start = view.position_of(20, 10)
    drag(qtbot, view, LEFT, start, QPoint(50, 30))
    assert taker.names() == ["press", "drag", "release"]
    gestures = [g for _, g in taker.calls if isinstance(g, Gesture)]
    assert (gestures[0].x, gestures[0].y) == pytest.approx((20, 10), abs=0.06)
    assert (gestures[1].x, gestures[1].y) == pytest.approx((25, 13), abs=0.06)
    assert gestures[0].pixel == pytest.approx(0.1)


def test_a_shaking_click_is_no_drag(view: ScanView, qtbot: QtBot) -> None:
    taker = Taker()
    view.set_taker(taker)
    drag(qtbot, view, LEFT, QPoint(300, 200), QPoint(int(CLICK_PIXELS) - 1, 0))
    assert taker.names() == ["press", "release"]
    pressed, released = (g for name, g in taker.calls if name != "hover")
    assert isinstance(pressed, Gesture)
    assert isinstance(released, Gesture)
    assert (released.x, released.y) == (pressed.x, pressed.y)


def test_a_double_click_fits_unless_the_tool_takes_it(view: ScanView, qtbot: QtBot) -> None:
    assert view.viewport is not None
    fitted = view.viewport
    view.move_to(view.viewport.zoomed(3, 100, 100))
    taker = Taker()
    view.set_taker(taker)
    qtbot.mouseDClick(view, LEFT, pos=QPoint(300, 200))
    assert view.viewport != fitted
    clicks = [g.clicks for name, g in taker.calls if name == "press" and isinstance(g, Gesture)]
    assert clicks[-1] == 2
    qtbot.mouseRelease(view, LEFT, pos=QPoint(300, 200))
    taker.keeps = False
    qtbot.mouseDClick(view, LEFT, pos=QPoint(300, 200))
    assert view.viewport == fitted


def test_a_fitted_view_stays_fitted_when_the_window_grows_and_a_moved_one_keeps_its_place(view: ScanView) -> None:
    view.resize(900, 700)
    QApplication.processEvents()
    assert view.viewport is not None
    assert view.viewport == view.viewport.fitted()
    view.move_to(view.viewport.zoomed(4, 450, 350))
    place = view.viewport.centre
    view.resize(600, 400)
    QApplication.processEvents()
    assert view.viewport.centre == place
    view.show_plane(Plane(1, 3))
    assert view.viewport.centre != place
    view.show_plane(Plane(0, 2))
    assert view.viewport.centre == place


@pytest.mark.parametrize(
    ("key", "moves"),
    [(Qt.Key.Key_Left, (1, 0)), (Qt.Key.Key_Right, (-1, 0)), (Qt.Key.Key_Up, (0, 1)), (Qt.Key.Key_Down, (0, -1))],
)
def test_arrows_pan(view: ScanView, qtbot: QtBot, key: Qt.Key, moves: tuple[int, int]) -> None:
    assert view.viewport is not None
    x, y = view.viewport.to_plane(300, 200)
    qtbot.keyClick(view, key)
    sx, sy = view.viewport.to_screen(x, y)
    assert (np.sign(sx - 300), np.sign(sy - 200)) == moves


def test_plus_minus_and_page_keys_work(view: ScanView, qtbot: QtBot) -> None:
    asked = steps_of(view)
    assert view.viewport is not None
    scale = view.viewport.scale
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.viewport.scale > scale
    qtbot.keyClick(view, Qt.Key.Key_Minus)
    assert view.viewport.scale == pytest.approx(scale)
    qtbot.keyClick(view, Qt.Key.Key_PageDown)
    qtbot.keyClick(view, Qt.Key.Key_PageUp)
    assert asked == [1, -1]


def test_enter_backspace_and_escape_are_the_tools_only_while_it_is_busy(view: ScanView, qtbot: QtBot) -> None:
    taker = Taker()
    view.set_taker(taker)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Backspace, Qt.Key.Key_Escape):
        qtbot.keyClick(view, key)
    assert taker.calls == []
    taker.is_busy = True
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Backspace, Qt.Key.Key_Escape):
        qtbot.keyClick(view, key)
    assert [what for _, what in taker.calls] == ["finish", "back", "cancel"]


def test_hovering_tells_place_value_and_patient_position(qtbot: QtBot) -> None:
    view = ScanView()
    qtbot.addWidget(view)
    view.resize(400, 400)
    voxels = ramp(30, 40, 60)
    view.show_scan(scan_of(voxels, affine=SAGITTAL, spacing=(1.0, 1.0, 1.0)), Plane(0, 14))
    heard: list[HoverInfo | None] = []
    crossed: list[tuple[float, float]] = []
    view.hovered.connect(heard.append)
    view.crosshair_moved.connect(lambda x, y: crossed.append((x, y)))
    view.hover_at(33.5, 20.5, crosshair=False)
    info = heard[-1]
    assert info is not None
    assert info.values == (float(voxels[14, 20, 33]),)
    assert info.world == pytest.approx((-14.0, 33.0, -20.0))
    assert crossed == []
    view.hover_at(33.5, 20.5, crosshair=True)
    assert crossed == [(33.5, 20.5)]
    view.hover_at(-5, 20.5, crosshair=False)
    assert heard[-1] is not None
    assert heard[-1].values == ()


def test_the_corner_says_plane_window_and_zoom(view: ScanView) -> None:
    assert view.viewport is not None
    info = scan_of(ramp(30, 40, 60), affine=SAGITTAL, spacing=(1.0, 1.0, 1.0)).info
    top, bottom = corner_lines(info, view.viewport, Display(window=Window(40, 400)))
    assert top == ("Sagittal 2 / 30",)
    assert bottom == ("C 40  W 400", "1000 %")


@pytest.mark.parametrize(
    ("spacing", "scale", "text", "length"),
    [
        (1.0, 1.0, "10 cm", 100.0),
        (1.0, 4.0, "20 mm", 80.0),
        (0.0005, 1.0, "50 µm", 100.0),
        (0.25, 100.0, "200 µm", 80.0),
    ],
)
def test_the_scale_bar_is_of_a_round_length(
    view: ScanView, spacing: float, scale: float, text: str, length: float
) -> None:
    from dataclasses import replace

    assert view.viewport is not None
    info = scan_of(ramp(1), spacing=(spacing, spacing, None)).info
    bar = scale_bar(info, replace(view.viewport, scale=scale))
    assert bar is not None
    assert (bar.text, round(bar.length, 6)) == (text, length)
    assert scale_bar(scan_of(ramp(1)).info, view.viewport) is None


def test_the_cursor_points_along_the_edge_as_it_is_shown() -> None:
    flip, turn = Orientation(flip_x=True), Orientation(transpose=True)
    assert on_screen("size-fdiag", flip) == "size-bdiag"
    assert on_screen("size-hor", turn) == "size-ver"
    assert on_screen("size-fdiag", turn) == "size-fdiag"
    assert on_screen("move", flip) == "move"


def test_a_name_for_those_who_hear_the_window(view: ScanView) -> None:
    assert view.accessibleName() == "Scan"
    assert view.focusPolicy() & Qt.FocusPolicy.StrongFocus
