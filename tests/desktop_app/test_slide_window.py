"""The window around a slide, by real events: overview, powers, turning, places, views, channels, pictures."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from dataset.annotation import Annotation, Box, now
from dataset.document import Edit, Snapshot
from desktop_app.canvas.viewport import Viewport
from desktop_app.display import CaseRow
from desktop_app.opening import Opened
from desktop_app.panels.channels import ChannelsView, solo
from desktop_app.panels.measurements import MeasurementsView
from desktop_app.panels.models import ModelsView
from desktop_app.panels.slide import SlideView, facts_of
from desktop_app.panels.worklist import WorklistView
from desktop_app.slide_dialogs import GoTo, Pictures
from desktop_app.theme import chosen
from desktop_app.widgets import Section
from imaging.geometry import Plane, Size
from tests.desktop_app.conftest import Reader, prediction, proposal, volume
from tests.desktop_app.slide_fake import DrawnSlide, lit_info, slide_info

pytestmark = pytest.mark.gui
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


def until(done: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        QCoreApplication.processEvents()
        time.sleep(0.005)
    assert done()


def open_slide(reader: Reader, slide: DrawnSlide | None = None) -> DrawnSlide:
    slide = slide or DrawnSlide()
    reader.open(slide)
    until(lambda: not reader.session.jobs.running)
    return slide


def stands(reader: Reader) -> Viewport:
    viewport = reader.window.grid.view.viewport
    assert viewport is not None
    return viewport


def key(reader: Reader, which: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(reader.window.focusWidget() or reader.window, which, modifier)
    reader.settle()


def answer(act: Callable[[QWidget], object]) -> None:
    def now() -> None:
        box = QApplication.activeModalWidget()
        assert box is not None
        act(box)

    QTimer.singleShot(50, now)


def titles(reader: Reader) -> set[str]:
    return {section.title for section in reader.window.findChildren(Section) if section.isVisible()}


def test_digits_are_objectives_on_a_slide_and_presets_elsewhere(reader: Reader) -> None:
    open_slide(reader)
    bar = reader.window.slide_bar
    assert bar.isVisible()
    for digit, power in ((Qt.Key.Key_4, 10), (Qt.Key.Key_6, 40), (Qt.Key.Key_1, 1)):
        key(reader, digit)
        assert stands(reader).scale == pytest.approx(power / 40)
        assert [p for p, button in bar.powers.items() if button.isChecked()] == [power]
    QTest.mouseClick(bar.powers[20.0], LEFT)
    assert stands(reader).scale == pytest.approx(0.5)
    assert reader.window.status_line.zoom.text() == "20× · 0.50 µm/px"
    key(reader, Qt.Key.Key_7)
    assert stands(reader).scale == 1.0
    key(reader, Qt.Key.Key_0)
    assert bar.fit.isChecked()
    reader.open(volume())
    assert not bar.isVisible()
    key(reader, Qt.Key.Key_2)
    window = reader.session.display.window
    assert window is not None
    assert (window.centre, window.width) == (-600, 1500)


def test_without_pixel_size_and_objective_there_are_only_per_cents(reader: Reader) -> None:
    open_slide(reader, DrawnSlide(slide_info(mm=None)))
    bar = reader.window.slide_bar
    assert [button.text() for button in bar.powers.values()] == ["2.5%", "5%", "12.5%", "25%", "50%", "100%"]
    assert "neither its pixel size nor its objective" in bar.powers[10.0].toolTip()
    key(reader, Qt.Key.Key_4)
    assert stands(reader).scale == 0.25
    assert reader.window.status_line.zoom.text() == "25 %"
    # Once the reader says the pixel size, it counts at once.
    reader.session.predicting.pixel_size_mm = 0.0005
    reader.session.display_changed.emit()
    assert bar.powers[10.0].text() == "10×"
    overview = reader.window.grid.overview
    key(reader, Qt.Key.Key_5)
    until(lambda: overview.tip_at(*overview.frame.to_widget(20_000, 15_000)) == "Seen at up to 20×")


def test_the_overview_moves_the_view_by_click_and_drag(reader: Reader) -> None:
    open_slide(reader)
    overview = reader.window.grid.overview
    assert overview.isVisible()
    key(reader, Qt.Key.Key_5)
    place = QPointF(*overview.frame.to_widget(10_000, 9_000)).toPoint()
    QTest.mouseClick(overview, LEFT, pos=place)
    assert stands(reader).centre == pytest.approx((10_000, 9_000), abs=300)
    middle = overview.field_of(stands(reader)).boundingRect().center().toPoint()
    QTest.mousePress(overview, LEFT, pos=middle)
    QTest.mouseMove(overview, middle + QPoint(20, 10))
    QTest.mouseRelease(overview, LEFT, pos=middle + QPoint(20, 10))
    step = 1 / overview.frame.scale_x
    assert stands(reader).centre == pytest.approx((10_000 + 20 * step, 9_000 + 10 * step), abs=2.5 * step)
    assert stands(reader).scale == 0.5


def test_the_overview_folds_by_its_key_and_its_title(reader: Reader) -> None:
    open_slide(reader)
    overview = reader.window.grid.overview
    tall = overview.height()
    key(reader, Qt.Key.Key_O)
    assert not overview.is_open
    assert overview.height() < tall / 3
    QTest.mouseClick(overview, LEFT, pos=QPoint(10, 8))
    assert overview.is_open
    assert overview.height() == tall


def test_what_was_seen_long_enough_is_kept_for_each_slide(reader: Reader) -> None:
    open_slide(reader)
    grid = reader.window.grid
    key(reader, Qt.Key.Key_5)
    seen = grid.seeing.seen
    assert seen is not None
    assert seen.scale_at(20_000, 15_000) == 0
    until(lambda: (grid.seeing.seen or seen).scale_at(20_000, 15_000) > 0)
    assert grid.overview.tip_at(*grid.overview.frame.to_widget(20_000, 15_000)) == "Seen at up to 20×"
    assert grid.overview.tip_at(*grid.overview.frame.to_widget(1_000, 1_000)) == "Not seen yet"
    reader.open(volume())
    assert not grid.overview.isVisible()
    open_slide(reader)
    kept = grid.seeing.seen
    assert kept is not None
    assert kept.scale_at(20_000, 15_000) > 0


def test_a_slide_that_fits_at_full_size_and_other_scans_have_no_overview(reader: Reader) -> None:
    open_slide(reader, DrawnSlide(slide_info(300, 200)))
    assert not reader.window.grid.overview.isVisible()
    reader.open(volume())
    assert not reader.window.grid.overview.isVisible()
    (slide,) = (action for action in reader.window.menuBar().actions() if action.text().replace("&", "") == "Slide")
    assert not slide.isVisible()


def test_the_view_turns_by_keys_and_by_the_number(reader: Reader) -> None:
    open_slide(reader)
    key(reader, Qt.Key.Key_T)
    assert stands(reader).angle == 90
    key(reader, Qt.Key.Key_T, Qt.KeyboardModifier.ShiftModifier)
    key(reader, Qt.Key.Key_T, Qt.KeyboardModifier.ShiftModifier)
    assert stands(reader).angle == 270
    assert reader.window.slide_bar.angle.value() == 270
    reader.window.slide_bar.angle.setValue(35)
    assert stands(reader).angle == 35
    assert reader.window.status_line.zoom.text().endswith("35°")
    key(reader, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert stands(reader).angle == 0


def test_going_to_a_place_and_copying_it(reader: Reader) -> None:
    open_slide(reader)

    def go(box: QWidget) -> None:
        assert isinstance(box, GoTo)
        box.text.setText("100000, 1")
        box.go.click()
        assert "outside" in box.problem.text()
        assert "\n" not in box.problem.text()
        box.text.setText("2.5, 3 mm")
        assert box.problem.text() == ""
        box.powers.setCurrentIndex(box.powers.findText("10×"))
        QTest.keyClick(box.text, Qt.Key.Key_Return)

    answer(go)
    key(reader, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    assert stands(reader).centre == pytest.approx((10_000, 12_000))
    assert stands(reader).scale == pytest.approx(0.25)
    reader.window.activateWindow()
    reader.settle()
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    key(reader, Qt.Key.Key_C, modifiers)
    assert QGuiApplication.clipboard().text() == "10000.0, 12000.0 px (2.5000, 3.0000 mm)"


def test_linked_views_move_together_and_the_touched_one_is_active(reader: Reader) -> None:
    open_slide(reader)
    grid = reader.window.grid
    key(reader, Qt.Key.Key_4)
    key(reader, Qt.Key.Key_F3)
    assert grid.count == 2
    reader.settle()
    first, second = grid._panes[0].view, grid._panes[1].view
    assert first.isVisible()
    assert second.isVisible()
    QTest.mouseClick(second, LEFT, pos=QPoint(40, 200))
    assert grid.active == 1
    assert grid._cells[1].colour != grid._cells[0].colour
    key(reader, Qt.Key.Key_K)
    key(reader, Qt.Key.Key_5)
    one, two = grid.viewports
    assert (one.scale, two.scale) == (0.25, 0.5)
    key(reader, Qt.Key.Key_K)
    second.move_to(two.panned(-100, -50))
    follower = first.viewport
    assert follower is not None
    assert follower.centre == pytest.approx((one.centre[0] + 200, one.centre[1] + 100))
    assert follower.scale == 0.25
    second.move_to(grid.viewports[1].zoomed(2.0, 10, 10))
    assert [view.scale for view in grid.viewports] == [0.5, 1.0]
    key(reader, Qt.Key.Key_F6)
    assert grid.active == 0
    key(reader, Qt.Key.Key_F4)
    assert grid.count == 4
    key(reader, Qt.Key.Key_F2)
    assert grid.count == 1
    assert grid.overview.is_open


def test_a_box_is_drawn_in_the_view_that_is_touched(reader: Reader) -> None:
    open_slide(reader)
    grid = reader.window.grid
    key(reader, Qt.Key.Key_4)
    key(reader, Qt.Key.Key_F3)
    reader.session.set_tool("box")
    view = grid._panes[1].view
    middle = view.rect().center()
    QTest.mousePress(view, LEFT, pos=middle)
    QTest.mouseMove(view, middle + QPoint(60, 40))
    QTest.mouseRelease(view, LEFT, pos=middle + QPoint(60, 40))
    reader.settle()
    assert len(reader.session.document.annotations) == 1
    assert all(len(pane.view.plan.chips) == 1 for pane in grid._panes)


def test_another_kind_of_scan_has_one_view(reader: Reader) -> None:
    open_slide(reader)
    key(reader, Qt.Key.Key_F4)
    reader.open(volume())
    assert reader.window.grid.count == 1
    key(reader, Qt.Key.Key_F3)
    assert reader.window.grid.count == 1, "there is no other case to look at beside it"


def test_panels_of_slides_are_not_there_for_other_scans(reader: Reader) -> None:
    reader.open(volume(), prediction(proposal(1)))
    assert not titles(reader) & {"Slide", "Channels"}
    open_slide(reader)
    assert "Slide" in titles(reader)
    assert "Channels" not in titles(reader)
    open_slide(reader, DrawnSlide(lit_info()))
    assert {"Slide", "Channels"} <= titles(reader)


def test_channels_go_on_and_off_and_alone(reader: Reader) -> None:
    open_slide(reader, DrawnSlide(lit_info()))
    panel = reader.window.findChild(ChannelsView)
    assert panel is not None
    assert [row.on.text() for row in panel.rows] == ["DAPI", "CD8", "PanCK"]
    # Ranges that the file does not tell come from the values.
    assert [look.high > look.low + 100 for look in reader.session.display.channels] == [True] * 3
    assert reader.session.display.channels[0].high < 4096
    QTest.mouseClick(panel.rows[1].on, LEFT, pos=QPoint(8, panel.rows[1].on.height() // 2))
    assert [look.on for look in reader.session.display.channels] == [True, False, True]
    alt = Qt.KeyboardModifier.AltModifier
    QTest.mouseClick(panel.rows[2].on, LEFT, alt, QPoint(8, panel.rows[2].on.height() // 2))
    assert [look.on for look in reader.session.display.channels] == [False, False, True]
    QTest.mouseClick(panel.rows[2].on, LEFT, alt, QPoint(8, panel.rows[2].on.height() // 2))
    assert [look.on for look in reader.session.display.channels] == [True, True, True]
    panel.rows[0].low.setValue(450)
    assert reader.session.display.channels[0].low == 450
    panel.rows[0].high.setValue(3)
    look = reader.session.display.channels[0]
    assert look.low < look.high
    assert solo(panel.looks, 1)[1].on


def test_the_slide_panel_says_what_is_known_and_who_says_it(reader: Reader) -> None:
    facts = facts_of(slide_info(98_304, 98_304))
    assert facts["Pixels"] == "98\u202f304 × 98\u202f304"
    assert facts["Size"] == "24.6 × 24.6 mm"
    assert facts["Pixel size"] == "0.25 µm (test.MPP)"
    assert facts["Objective"] == "40× (test)"
    silent = slide_info(mm=None)
    assert facts_of(silent)["Pixel size"] == "unknown"
    assert facts_of(silent, 0.0005)["Pixel size"] == "0.5 µm (given by you)"
    open_slide(reader, DrawnSlide(silent))
    panel = reader.window.findChild(SlideView)
    assert panel is not None
    assert panel.ask.isVisible()
    assert not panel.profile.isEnabled()
    assert panel.profile.toolTip() == "This slide has no colour profile"
    models = next(section for section in reader.window.findChildren(Section) if section.title == "Models")
    models._button.setChecked(False)
    QTest.mouseClick(panel.ask, LEFT)
    assert models.is_open
    view = models.findChild(ModelsView)
    assert view is not None
    assert reader.window.focusWidget() is view.pixel_size
    open_slide(reader, DrawnSlide(profile=b"icc"))
    assert not panel.ask.isVisible()
    QTest.mouseClick(panel.profile, LEFT, pos=QPoint(8, panel.profile.height() // 2))
    assert reader.session.display.colour_managed


def test_label_and_macro_are_read_only_when_asked_for(reader: Reader) -> None:
    slide = open_slide(reader)
    panel = reader.window.findChild(SlideView)
    assert panel is not None

    def look(box: QWidget) -> None:
        assert isinstance(box, Pictures)
        assert slide.asked == []
        QTest.mouseClick(box.buttons["label"], LEFT)
        until(lambda: not box.picture.pixmap().isNull())
        assert "may show the patient's name" in box.caption.text()
        QTest.mouseClick(box.buttons["macro"], LEFT)
        until(lambda: "cut short" in box.caption.text())
        assert "\n" not in box.caption.text()
        box.reject()

    answer(look)
    QTest.mouseClick(panel.pictures, LEFT)
    assert slide.asked == ["label", "macro"]
    assert not reader.window.problems.isVisible()


def test_the_mouse_over_a_slide_reads_no_pixels(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    slide = open_slide(reader)
    read: list[object] = []
    monkeypatch.setattr(slide, "read", lambda *asked: read.append(asked))
    view = reader.window.grid.view
    QTest.mouseMove(view, view.position_of(20_000, 15_000))
    reader.settle()
    assert "mm" in reader.window.status_line.position.text()
    assert read == []


def test_a_hot_spot_is_shown_close_enough_in_the_middle(reader: Reader) -> None:
    open_slide(reader)
    reader.session.slides.place_wanted.emit(9_000.0, 7_000.0)
    assert stands(reader).centre == (9_000, 7_000)
    assert stands(reader).scale == pytest.approx(0.25)


@pytest.mark.parametrize(("scale", "size"), [(1.0, (1366, 768)), (1.5, (1920, 1080)), (2.0, (1920, 1080))])
def test_the_bar_of_a_slide_leaves_out_what_has_no_room(reader: Reader, scale: float, size: tuple[int, int]) -> None:
    reader.window.redress(chosen("dark", scale))
    reader.window.resize(*size)
    open_slide(reader)
    bar = reader.window.slide_bar
    assert bar.isVisible()
    shown = [button for button in (bar.fit, *bar.powers.values(), bar.pixels) if button.isVisible()]
    assert len(shown) >= 4
    assert all(button.width() >= button.sizeHint().width() for button in shown)
    last = max(button.mapTo(bar, QPoint(button.width(), 0)).x() for button in shown)
    assert last <= bar.width()


def test_another_slide_is_looked_at_beside_and_moves_along(reader: Reader) -> None:
    open_slide(reader)
    key(reader, Qt.Key.Key_4)
    grid, other = reader.window.grid, DrawnSlide(slide_info(20_000, 15_000, mm=0.0005))
    reader.session.worklist.beside_opened.emit(Opened(other, "other", Snapshot(), "", (), (), "unseen", None, Plane()))
    reader.settle()
    assert grid.beside is not None
    assert grid.beside.view.isVisible()
    before, along = stands(reader), grid.beside.view.viewport
    assert along is not None
    grid.view.move_to(before.panned(-100, 0).zoomed(2.0, before.width / 2, before.height / 2))
    after = grid.beside.view.viewport
    assert after is not None
    # 100 screen pixels at 10× are 400 pixels of this slide and 200 of the coarser one.
    assert after.centre[0] == pytest.approx(along.centre[0] + 200)
    assert after.scale == pytest.approx(along.scale * 2)
    grid.beside.view.move_to(after.panned(-100, 0))
    assert stands(reader).centre[0] > before.centre[0] + 400
    key(reader, Qt.Key.Key_F2)
    assert grid.beside is None


def test_the_worklist_offers_to_open_beside(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    reader.list_cases(CaseRow("one", key="key0"), CaseRow("two", key="key1"))
    open_slide(reader)
    worklist = reader.window.findChild(WorklistView)
    assert worklist is not None
    asked: list[int] = []
    monkeypatch.setattr(reader.session.worklist, "open_beside", asked.append)
    menu = worklist.menu_of(1)
    assert [action.isEnabled() for action in menu.actions()] == [True, True]
    menu.actions()[1].trigger()
    assert asked == [1]
    assert not worklist.menu_of(0).actions()[1].isEnabled()


def test_the_selected_region_is_measured_and_what_lies_in_it_counted(reader: Reader) -> None:
    reader.open(
        DrawnSlide(), prediction(*(proposal(n, plane=0) for n in range(3)), proposal(9, plane=0, label="tumour"))
    )
    panel = reader.window.findChild(MeasurementsView)
    assert panel is not None
    until(lambda: [(line.label, line.count) for line in panel.measures.lines] == [("disc", 3), ("tumour", 1)])
    assert panel.measures.title == "On this slide"
    region = Annotation("r", "cyst", Box(Plane(), 0, 0, 20, 400), "ann", now())
    reader.session.commit(Edit("Draw", put=(region,)))
    reader.session.select(["r"])
    until(lambda: bool(panel.measures.facts))
    # 20 × 400 pixels of 0.25 µm; the middles of the first two boxes lie in them.
    assert dict(panel.measures.facts) == {"Area": "500 µm²", "Perimeter": "210 µm"}
    assert [(line.label, line.count) for line in panel.measures.lines] == [("disc", 2)]
    assert panel.measures.lines[0].density == pytest.approx(2 / 0.0005)
    QTest.mouseClick(panel.copy, LEFT)
    assert QGuiApplication.clipboard().text().splitlines() == [
        "Area\t500 µm²",
        "Perimeter\t210 µm",
        "In this region\tcount\tper mm²",
        "Disc\t2\t4000",
    ]


def test_a_slide_of_several_planes_has_the_scrubber_and_its_arrows_pan(reader: Reader) -> None:
    open_slide(reader, DrawnSlide(replace(slide_info(), size=Size(40_000, 30_000, 5))))
    assert reader.window.scrubber.isVisible()
    key(reader, Qt.Key.Key_5)
    before = stands(reader)
    key(reader, Qt.Key.Key_PageDown)
    assert reader.session.plane == Plane(0, 3)
    assert stands(reader).centre == before.centre
    key(reader, Qt.Key.Key_Right)
    assert reader.session.plane == Plane(0, 3)
    assert stands(reader).centre[0] > before.centre[0]


def test_another_theme_keeps_the_views(reader: Reader) -> None:
    open_slide(reader)
    key(reader, Qt.Key.Key_F4)
    reader.window.redress(chosen("light", 1.15))
    assert reader.window.grid.count == 4
    reader.settle()
    assert all(pane.view.viewport is not None for pane in reader.window.grid._panes)
