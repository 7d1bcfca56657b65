"""The window around a volume, by real events: three planes, crosshair, slab, comparing, true size."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from dataset.annotation import Annotation, Box, now
from dataset.document import Edit, Snapshot
from dataset.mask import Mask, mask_of_volume
from desktop_app.canvas.scan_view import ScanView
from desktop_app.choosing_case import ChooseCase
from desktop_app.display import ONE_PLANE, CaseRow, Slab
from desktop_app.limits import Limits
from desktop_app.opening import Opened
from desktop_app.panels.display import DisplayView
from desktop_app.theme import DARK
from desktop_app.volume_hands import next_slab
from imaging.geometry import Plane
from imaging.scan import Examination, Scan, Window
from tests.desktop_app.conftest import Reader, volume

pytestmark = pytest.mark.gui
LEFT = Qt.MouseButton.LeftButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


def key(reader: Reader, which: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(reader.window.focusWidget() or reader.window, which, modifier)
    reader.settle()


def move(view: ScanView, x: float, y: float, modifier: Qt.KeyboardModifier = NONE) -> None:
    spot = QPointF(view.position_of(x, y))
    place = QPointF(view.mapToGlobal(spot.toPoint()))
    nothing = Qt.MouseButton.NoButton
    QApplication.sendEvent(view, QMouseEvent(QEvent.Type.MouseMove, spot, place, nothing, nothing, modifier))


def turn_wheel(view: ScanView, notches: int) -> None:
    spot = QPointF(view.width() / 2, view.height() / 2)
    buttons, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    place = QPointF(view.mapToGlobal(spot.toPoint()))
    event = QWheelEvent(spot, place, QPoint(), QPoint(0, -120 * notches), buttons, NONE, phase, False)
    QApplication.sendEvent(view, event)


def views(reader: Reader) -> list[ScanView]:
    return [pane.view for pane in reader.window.grid._panes]


def planes(reader: Reader) -> list[Plane]:
    return [view.viewport.plane for view in views(reader) if view.viewport is not None]


def in_three(reader: Reader) -> list[ScanView]:
    reader.open(volume())
    key(reader, Qt.Key.Key_F4)
    return views(reader)


def test_f4_shows_three_planes_through_one_place_and_f2_one(reader: Reader) -> None:
    in_three(reader)
    assert planes(reader) == [Plane(0, 6), Plane(1, 32), Plane(2, 40)]
    assert [view.crosshair is not None for view in views(reader)] == [True] * 3
    assert reader.session.plane == Plane(0, 6)
    key(reader, Qt.Key.Key_F2)
    assert planes(reader) == [Plane(0, 6)]
    assert views(reader)[0].crosshair is None


def test_the_wheel_steps_along_the_axis_of_its_own_view(reader: Reader) -> None:
    axial, coronal, sagittal = in_three(reader)
    before = axial.crosshair
    turn_wheel(coronal, 3)
    assert planes(reader) == [Plane(0, 6), Plane(1, 35), Plane(2, 40)]
    assert reader.session.plane == Plane(0, 6), "the wheel does not change what is worked on"
    assert axial.crosshair != before
    turn_wheel(sagittal, -500)
    assert planes(reader)[2] == Plane(2, 0)
    assert sagittal.crosshair is not None


def test_shift_and_the_mouse_drive_the_crosshair_of_all(reader: Reader) -> None:
    axial, coronal, _ = in_three(reader)
    move(axial, 20.5, 11.5, SHIFT)
    assert planes(reader) == [Plane(0, 6), Plane(1, 11), Plane(2, 20)]
    move(coronal, 30.5, 2.5, SHIFT)
    assert planes(reader) == [Plane(0, 2), Plane(1, 11), Plane(2, 30)]
    move(axial, 50.5, 50.5)
    assert planes(reader)[1:] == [Plane(1, 11), Plane(2, 30)], "without Shift nothing moves"


def test_the_middle_of_the_crosshair_can_be_dragged(reader: Reader) -> None:
    axial, *_ = in_three(reader)
    x, y, _ = reader.session.position
    window = reader.session.display.window
    QTest.mousePress(axial, LEFT, NONE, axial.position_of(x, y))
    for step in (4.0, 10.0):
        spot = QPointF(axial.position_of(x + step, y - step))
        place = QPointF(axial.mapToGlobal(spot.toPoint()))
        event = QMouseEvent(QEvent.Type.MouseMove, spot, place, Qt.MouseButton.NoButton, LEFT, NONE)
        QApplication.sendEvent(axial, event)
    QTest.mouseRelease(axial, LEFT, NONE, axial.position_of(x + 10, y - 10))
    assert reader.session.position[:2] == pytest.approx((x + 10, y - 10), abs=0.5)
    assert reader.session.display.window == window, "not the window was dragged"


def test_tools_work_in_the_view_that_is_touched(reader: Reader) -> None:
    _, coronal, _ = in_three(reader)
    key(reader, Qt.Key.Key_R)
    QTest.mousePress(coronal, LEFT, NONE, coronal.position_of(20, 3))
    assert reader.session.plane == Plane(1, 32)
    spot = QPointF(coronal.position_of(40, 8))
    place = QPointF(coronal.mapToGlobal(spot.toPoint()))
    QApplication.sendEvent(
        coronal, QMouseEvent(QEvent.Type.MouseMove, spot, place, Qt.MouseButton.NoButton, LEFT, NONE)
    )
    QTest.mouseRelease(coronal, LEFT, NONE, coronal.position_of(40, 8))
    (drawn,) = reader.session.document.annotations
    assert isinstance(drawn.geometry, Box)
    assert drawn.geometry.plane == Plane(1, 32)
    shown = [[mark.id for mark in view._marks] for view in views(reader)]
    assert shown == [[], [drawn.id], []], "a box is seen on its own plane only"


def test_the_brush_is_seen_in_the_view_under_the_mouse_before_it_is_touched(reader: Reader) -> None:
    axial, coronal, _ = in_three(reader)
    key(reader, Qt.Key.Key_B)
    move(coronal, 20.5, 4.5)
    assert coronal._preview.brush is not None
    assert reader.session.plane == Plane(0, 6), "looking on changes nothing"
    QTest.mousePress(axial, LEFT, NONE, axial.position_of(30, 30))
    move(coronal, 30.5, 4.5)
    assert coronal._preview.brush is not None
    assert coronal._preview.brush[0] == pytest.approx(20.5, abs=0.5), "not while something is drawn elsewhere"
    QTest.mouseRelease(axial, LEFT, NONE, axial.position_of(30, 30))


def test_a_mask_of_stored_planes_is_seen_cut_by_the_others_also_while_it_is_painted(reader: Reader) -> None:
    axial, coronal, _ = in_three(reader)
    bits = np.zeros((12, 64, 80), np.bool_)
    bits[4:9, 28:40, 30:50] = True
    reader.session.commit(Edit("put", (Annotation("m", "disc", mask_of_volume(bits), "grace", now()),)))
    reader.settle()
    for view, wanted in zip(views(reader), (bits[6], bits[:, 32], bits[:, :, 40]), strict=True):
        (mark,) = view._marks
        assert isinstance(mark.geometry, Mask)
        found = mark.geometry.crop(planes(reader)[views(reader).index(view)].index, 0, 0, *wanted.shape[::-1])
        assert np.array_equal(found, wanted)
    assert reader.session.findings.planes_with_marks(1, Limits(0.5)) == tuple(range(28, 40))
    reader.session.select(["m"])
    key(reader, Qt.Key.Key_B)
    QTest.mousePress(axial, LEFT, NONE, axial.position_of(60, 32.5))
    cut = coronal._marks[0].geometry
    assert isinstance(cut, Mask)
    assert cut.crop(32, 0, 6, 80, 1).sum() > bits[6, 32].sum(), "what is painted is seen before the button is up"
    QTest.mouseRelease(axial, LEFT, NONE, axial.position_of(60, 32.5))


def test_three_planes_stay_for_the_next_volume_and_not_for_a_radiograph(reader: Reader) -> None:
    in_three(reader)
    reader.open(volume(1, "radiograph", "DX"))
    assert reader.window.grid.count == 1
    reader.open(volume(20))
    assert reader.window.grid.count == 3
    assert planes(reader)[0] == Plane(0, 10)


def test_f5_goes_on_to_the_next_axis_through_the_same_place(reader: Reader) -> None:
    reader.open(volume())
    reader.session.set_position((11.5, 22.5, 3.5))
    for plane in (Plane(1, 22), Plane(2, 11), Plane(0, 3)):
        key(reader, Qt.Key.Key_F5)
        assert reader.session.plane == plane


def test_c_shows_and_hides_the_crosshair(reader: Reader) -> None:
    in_three(reader)
    key(reader, Qt.Key.Key_C)
    assert [view.crosshair for view in views(reader)] == [None] * 3
    key(reader, Qt.Key.Key_C)
    assert all(view.crosshair is not None for view in views(reader))


def test_the_slab_goes_round_and_keeps_the_thickness_that_was_set(reader: Reader) -> None:
    reader.open(volume())
    panel = reader.window.findChild(DisplayView)
    assert panel is not None
    key(reader, Qt.Key.Key_S, SHIFT)
    assert reader.session.display.slab == Slab("mean", 1, 10.0)
    panel.thickness.setValue(5)
    key(reader, Qt.Key.Key_S, SHIFT)
    assert reader.session.display.slab == Slab("max", 1, 5.0)
    assert panel.slab.currentText() == "Brightest"
    key(reader, Qt.Key.Key_S, SHIFT)
    key(reader, Qt.Key.Key_S, SHIFT)
    assert reader.session.display.slab == ONE_PLANE
    assert next_slab(ONE_PLANE, None) == Slab("mean", 5)


def test_colours_are_chosen_in_the_panel_and_the_picture_has_them(reader: Reader) -> None:
    reader.open(volume())
    panel = reader.window.findChild(DisplayView)
    assert panel is not None
    panel.colours.setCurrentIndex(panel.colours.findData("hot"))
    panel.colours.activated.emit(panel.colours.currentIndex())
    reader.settle()
    view = reader.window.grid.view
    spot = view.position_of(40.5, 30.5)
    ratio = view.devicePixelRatioF()
    colour = view.grab().toImage().pixelColor(round(spot.x() * ratio), round(spot.y() * ratio))
    assert colour.red() > colour.green() > colour.blue()


def beside(reader: Reader, other: Scan, *marks: Annotation) -> None:
    start = Snapshot(tuple(marks))
    opened = Opened(other, "other", start, "", (), (), "unseen", Window(40, 400), Plane(0, 2))
    reader.session.worklist.beside_opened.emit(opened)
    reader.settle()


def test_another_volume_is_compared_at_the_same_place_in_the_patient(reader: Reader) -> None:
    reader.open(volume(12))
    saved = Annotation("a", "disc", Box(Plane(0, 5), 4, 4, 10, 10), "ada", now())
    beside(reader, volume(24), saved)
    other = reader.window.grid.beside
    assert other is not None
    assert other.plane == Plane(0, 6), "both have the same affine: the same plane"
    turn_wheel(reader.window.grid.view, -1)
    assert other.plane == Plane(0, 5)
    assert [mark.id for mark in other.view._marks] == ["a"], "what was saved of it is seen"
    turn_wheel(other.view, 3)
    assert reader.session.plane == Plane(0, 8), "and it leads as well"
    move(reader.window.grid.view, 20.5, 10.5, SHIFT)
    assert other.position == pytest.approx((20.5, 10.5, 8.5), abs=0.5)
    view = reader.window.grid.view
    assert view.viewport is not None
    view.move_to(view.viewport.zoomed(2.0, 100, 100))
    assert other.view.viewport is not None
    assert other.view.viewport.scale == pytest.approx(view.viewport.scale)
    assert other.view.viewport.centre == pytest.approx(view.viewport.centre)


def test_unlinked_scans_move_apart_and_linked_again_they_stay_so(reader: Reader) -> None:
    reader.open(volume(12))
    beside(reader, volume(24))
    other = reader.window.grid.beside
    assert other is not None
    key(reader, Qt.Key.Key_K)
    turn_wheel(other.view, 4)
    assert reader.session.plane == Plane(0, 6)
    assert other.plane == Plane(0, 10)
    key(reader, Qt.Key.Key_K)
    turn_wheel(reader.window.grid.view, 1)
    assert (reader.session.plane, other.plane) == (Plane(0, 7), Plane(0, 11))
    assert other.match is not None
    assert "shifted" in other.match.text


def test_a_common_frame_is_said_and_never_shifted(reader: Reader) -> None:
    def framed(planes: int) -> Scan:
        scan = volume(planes)
        scan._info = replace(scan.info, examination=Examination(frame="1.2.3"))
        return scan

    reader.open(framed(12))
    beside(reader, framed(24))
    other = reader.window.grid.beside
    assert other is not None
    assert other.match is not None
    assert "same frame" in other.match.text
    key(reader, Qt.Key.Key_K)
    turn_wheel(other.view, 4)
    key(reader, Qt.Key.Key_K)
    assert other.plane == reader.session.plane


def test_radiographs_are_compared_with_one_window_or_with_their_own(reader: Reader) -> None:
    reader.open(volume(1, "radiograph", "DX"))
    beside(reader, volume(1, "radiograph", "DX"))
    other = reader.window.grid.beside
    assert other is not None
    reader.session.set_display(replace(reader.session.display, window=Window(100, 900)))
    assert other.view._display.window == Window(100, 900)
    other.same_window.setChecked(False)
    other.view.set_window(Window(7, 70))
    assert other.view._display.window == Window(7, 70)
    assert reader.session.display.window == Window(100, 900)
    key(reader, Qt.Key.Key_F3)
    assert reader.window.grid.beside is None


def test_the_case_to_compare_with_is_found_by_its_words(reader: Reader) -> None:
    rows = (CaseRow("Ada CT"), CaseRow("Ada MR", detail="256 × 256"), CaseRow("Bob CT"), CaseRow("Eve CT"))
    sheet = ChooseCase(reader.window, DARK, rows, 2)
    assert sheet.model.numbers == [1, 3, 0], "those next to the open one first, and not itself"
    sheet.text.setText("ada ct")
    assert sheet.model.numbers == [0]
    sheet.accept()
    assert sheet.chosen == 0
    sheet.deleteLater()


def test_scans_of_the_same_patient_come_first_the_prior_before_all(reader: Reader) -> None:
    day = 86_400.0
    rows = (
        CaseRow("Old", group="a", added=10 * day),
        CaseRow("Other", group="b", added=99 * day),
        CaseRow("Open", group="a", added=100 * day),
        CaseRow("No patient", added=100 * day),
        CaseRow("Prior", group="a", added=60 * day),
        CaseRow("Later", group="a", added=101.2 * day),
        CaseRow("Broken", group="a", added=99 * day, problem="damaged"),
    )
    sheet = ChooseCase(reader.window, DARK, rows, 2)
    titles = [rows[number].title for number in sheet.model.numbers]
    assert titles == ["Prior", "Old", "Later", "Other", "No patient"]
    said = [str(sheet.model.data(sheet.model.index(row))) for row in range(4)]
    assert said[0].endswith("same patient, added 1 month before")
    assert said[1].endswith("added 3 months before")
    assert said[2].endswith("added 1 day after")
    assert "patient" not in said[3]
    sheet.text.setText("same patient")
    assert len(sheet.model.numbers) == 3
    QTest.keyClick(sheet.text, Qt.Key.Key_Return)
    assert sheet.chosen == 4
    sheet.deleteLater()


def test_true_size_is_told_to_be_unknown_where_it_is(reader: Reader) -> None:
    told: list[str] = []
    scan = volume()
    scan._info = replace(scan.info, spacing_mm=(None, None, None), affine=None)
    reader.session.told.connect(told.append)
    reader.open(scan)
    key(reader, Qt.Key.Key_F, SHIFT)
    assert "does not say how large its pixels are" in told[-1]


def test_true_size_is_a_millimetre_for_a_millimetre(reader: Reader) -> None:
    reader.open(volume())
    dpi = reader.window.screen().physicalDotsPerInch()
    key(reader, Qt.Key.Key_F, SHIFT)
    viewport = reader.window.grid.view.viewport
    assert viewport is not None
    assert 40 < dpi < 700
    assert viewport.scale == pytest.approx(0.8 * dpi / 25.4)


def test_a_finding_chosen_in_the_list_takes_all_planes_to_its_middle(reader: Reader) -> None:
    in_three(reader)
    mark = Annotation("b", "disc", Box(Plane(0, 3), 10, 20, 8, 4), "grace", now())
    reader.session.commit(Edit("put", (mark,)))
    reader.session.go_to("b")
    assert planes(reader) == [Plane(0, 3), Plane(1, 22), Plane(2, 14)]
