"""The window as a whole: keys, panels, bars, drops, layout. Real events."""

import gc
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMetaMethod, QMimeData, QObject, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QComboBox, QLineEdit, QWidget

from desktop_app.display import CaseRow
from desktop_app.main_window import MainWindow
from desktop_app.screenshot import Screenshot
from desktop_app.session import Session
from desktop_app.theme import LIGHT, chosen
from desktop_app.widgets import Field
from imaging.errors import Problem
from imaging.geometry import Plane
from imaging.loaded import LoadedScan
from tests.desktop_app.conftest import Reader, prediction, proposal, volume

pytestmark = pytest.mark.gui


def press(reader: Reader, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    target = reader.window.focusWidget() or reader.window
    QTest.keyClick(target, key, modifier)
    reader.settle()


def test_an_empty_window_says_what_to_do(window: MainWindow) -> None:
    assert window.welcome.isVisible()
    assert "Drop scans" in window.welcome.hint.text()
    assert not window.scrubber.isVisible()
    assert window.focusWidget() is window.welcome


def test_a_scan_takes_the_middle_and_names_the_window(reader: Reader) -> None:
    reader.open(volume())
    assert reader.window.pane.isVisible()
    assert not reader.window.welcome.isVisible()
    assert reader.window.scrubber.isVisible()
    assert reader.window.windowTitle().startswith("CT test")
    assert reader.window.focusWidget() is reader.window.pane.view


def test_tools_are_taken_by_letters_but_not_while_typing(reader: Reader) -> None:
    reader.open(volume())
    press(reader, Qt.Key.Key_R)
    assert reader.session.tool_name == "box"
    field = next(field for field in reader.window.findChildren(Field) if field.isVisible())
    field.setFocus()
    press(reader, Qt.Key.Key_B)
    press(reader, Qt.Key.Key_Return)
    assert reader.session.tool_name == "box"
    assert field.text() == "b"


def test_enter_accepts_and_then_goes_to_the_next_case(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    reader.open(volume(), prediction(proposal(1), proposal(2), proposal(3)))
    opened: list[int] = []
    monkeypatch.setattr(reader.session.worklist, "open_case", opened.append)
    reader.list_cases(CaseRow("one", key="key0"), CaseRow("two", key="key1"))
    reader.session.select(["p2"])
    press(reader, Qt.Key.Key_Return)
    assert [p.id for p in reader.session.proposals] == ["p1", "p3"]
    reader.session.select(())
    press(reader, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    assert reader.session.proposals == ()
    assert len(reader.session.document.annotations) == 3
    assert opened == []
    press(reader, Qt.Key.Key_Return)
    assert opened == [1]


def test_delete_rejects_and_undo_brings_back(reader: Reader) -> None:
    reader.open(volume(), prediction(proposal(1), proposal(2)))
    reader.session.select(["p1"])
    press(reader, Qt.Key.Key_Delete)
    assert [p.id for p in reader.session.proposals] == ["p2"]
    press(reader, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(reader.session.proposals) == 2
    press(reader, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert len(reader.session.proposals) == 1


def test_ctrl_and_a_digit_relabels_the_selection(reader: Reader) -> None:
    reader.open(volume(), prediction(proposal(1)))
    reader.session.select(["p1"])
    press(reader, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert [a.label for a in reader.session.document.annotations] == ["tumour"]


def test_planes_by_keys_and_scrubber(reader: Reader) -> None:
    reader.open(volume(planes=12))
    assert reader.session.plane == Plane(0, 6)
    press(reader, Qt.Key.Key_PageDown)
    assert reader.session.plane == Plane(0, 7)
    press(reader, Qt.Key.Key_Up)
    assert reader.session.plane == Plane(0, 6)
    track = reader.window.scrubber.track
    QTest.mouseClick(track, Qt.MouseButton.LeftButton, pos=QPointF(track.x_of(2), track.height() / 2).toPoint())
    assert reader.session.plane == Plane(0, 2)
    track.setFocus()
    press(reader, Qt.Key.Key_End)
    assert reader.session.plane == Plane(0, 11)
    QTest.mouseClick(reader.window.scrubber.axes[1], Qt.MouseButton.LeftButton)
    assert reader.session.plane == Plane(1, 32)


def test_marks_on_the_scrubber_stand_where_findings_are(reader: Reader) -> None:
    reader.open(volume(), prediction(proposal(1, plane=3), proposal(2, plane=9), proposal(3, plane=5, score=0.1)))
    assert reader.window.scrubber.track._marks == (3, 9)
    press(reader, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    assert reader.session.plane.index == 9
    press(reader, Qt.Key.Key_PageUp, Qt.KeyboardModifier.ControlModifier)
    assert reader.session.plane.index == 3


def test_digits_choose_window_presets(reader: Reader) -> None:
    reader.open(volume())
    press(reader, Qt.Key.Key_2)
    assert reader.session.display.window is not None
    assert (reader.session.display.window.centre, reader.session.display.window.width) == (-600, 1500)
    press(reader, Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    assert reader.session.display.window.width == 400
    press(reader, Qt.Key.Key_I)
    assert reader.session.display.inverted


def test_the_overlay_hides_while_h_is_held(reader: Reader) -> None:
    reader.open(volume(), prediction(proposal(1)))
    target = reader.window.focusWidget()
    assert target is not None
    QTest.keyPress(target, Qt.Key.Key_H)
    assert not reader.session.display.show_marks
    QTest.keyRelease(target, Qt.Key.Key_H)
    assert reader.session.display.show_marks


def test_a_problem_stays_until_it_is_put_away(reader: Reader) -> None:
    bar = reader.window.problems
    assert not bar.isVisible()
    reader.session.problem_raised.emit(Problem("is cut short", "/scans/a.dcm", "Copy it again"))
    reader.session.problem_raised.emit(Problem("is empty", "/scans/b.dcm", ""))
    reader.session.problem_raised.emit(Problem("is empty", "/scans/b.dcm", ""))
    assert bar.isVisible()
    assert bar.what.text() == "b.dcm is empty"
    assert bar.count.text() == "1 more"
    QTest.mouseClick(bar.close_button, Qt.MouseButton.LeftButton)
    assert bar.what.text() == "a.dcm is cut short"
    assert bar.advice.text() == "Copy it again"
    QTest.mouseClick(bar.close_button, Qt.MouseButton.LeftButton)
    assert not bar.isVisible()


def test_a_long_job_is_shown_with_its_progress_and_can_be_cancelled(reader: Reader) -> None:
    reader.open(volume())
    line, before = reader.window.status_line.jobs, reader.window.pane.size()
    ended: list[object] = []
    reader.session.jobs.ended.connect(ended.append)

    def work(progress: object) -> None:
        import time

        for step in range(1000):
            progress.report(step, 1000, "slice")  # type: ignore[attr-defined]
            time.sleep(0.01)

    reader.session.jobs.start("Counting", work, lambda _answer: None)
    reader.bot.waitUntil(line.isVisible, timeout=3000)
    assert line.text.text().startswith("Counting")
    assert reader.window.pane.size() == before
    assert line.bar.x() >= line.text.geometry().right()
    QTest.mouseClick(line.cancel, Qt.MouseButton.LeftButton)
    reader.bot.waitUntil(lambda: any(not job.is_quiet for job in ended), timeout=3000)  # type: ignore[attr-defined]
    reader.settle()
    assert not line.isVisible()


def test_files_dropped_on_the_window_are_opened(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[list[Path]] = []
    imported: list[list[Path]] = []
    monkeypatch.setattr(reader.session, "open_paths", opened.append)
    monkeypatch.setattr("desktop_app.exchange.import_models", lambda _session, paths: imported.append(paths))
    scan, model = tmp_path / "a.dcm", tmp_path / "net.onnx"
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(scan)), QUrl.fromLocalFile(str(model))])
    actions, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPointF(50, 50).toPoint(), actions, data, button, none)
    reader.window.dragEnterEvent(enter)
    assert enter.isAccepted()
    assert reader.window.drop_hint.isVisible()
    reader.window.dropEvent(QDropEvent(QPointF(50, 50), actions, data, button, none))
    assert not reader.window.drop_hint.isVisible()
    assert opened == [[scan]]
    assert imported == [[model]]


def test_the_layout_comes_back_at_the_next_start(make_window: Callable[..., MainWindow]) -> None:
    first = make_window()
    first.resize(1300, 700)
    first.splitter.setSizes([300, 640, 352])
    sizes = first.splitter.sizes()
    assert sizes[0] >= 290
    first.close()
    second = make_window()
    assert second.height() == first.height()
    # The screen of the tests is narrower than the window was, so its columns have to be narrower, too.
    assert second._settings.settings.columns == tuple(sizes)


def test_everything_fits_on_a_small_screen(reader: Reader) -> None:
    reader.window.resize(1366, 768)
    reader.open(volume(), prediction(proposal(1)))
    assert (reader.window.width(), reader.window.height()) == (1366, 768)
    assert reader.window.pane.width() >= 600
    assert reader.window.minimumSizeHint().width() <= 1366


@pytest.mark.parametrize("scale", [0.8, 1.0, 2.0])
def test_the_window_is_built_again_in_another_theme(reader: Reader, scale: float) -> None:
    reader.open(volume(), prediction(proposal(1)))
    reader.session.select(["p1"])
    reader.window.redress(chosen("light", scale))
    reader.settle()
    assert reader.window.pane.isVisible()
    assert reader.session.selection == {"p1"}
    press(reader, Qt.Key.Key_R)
    assert reader.session.tool_name == "box"
    image = reader.window.grab().toImage()
    assert image.pixelColor(3, 3).name() == LIGHT.base


def test_building_again_leaves_nothing_of_the_old_window(reader: Reader) -> None:
    reader.open(volume(), prediction(proposal(1)))
    reader.window.redress(chosen("light", 1.0))
    reader.settle()
    before = len(reader.window.findChildren(QObject)), _listeners(reader.session)
    for name in ("dark", "light", "dark", "light"):
        reader.window.redress(chosen(name, 1.0))
        reader.settle()
    gc.collect()
    assert (len(reader.window.findChildren(QObject)), _listeners(reader.session)) == before
    reader.session.history.wanted.emit()  # nothing that is gone answers
    reader.settle()


def _listeners(session: Session) -> dict[str, int]:
    """How many hear each signal of the session and its parts."""
    found: dict[str, int] = {}
    for part in (session, *session.findChildren(QObject)):
        kind = part.metaObject()
        for method in map(kind.method, range(kind.methodCount())):
            if method.methodType() == QMetaMethod.MethodType.Signal:
                name = bytes(method.methodSignature().data()).decode()
                key = f"{kind.className()}.{name}"
                found[key] = found.get(key, 0) + part.receivers(f"2{name}")
    return found


def test_every_control_has_a_name_and_a_tool_tip(reader: Reader) -> None:
    reader.open(volume(), prediction(proposal(1)))
    kinds = (QAbstractButton, QAbstractSlider, QComboBox)
    own = [w for w in reader.window.findChildren(QWidget) if isinstance(w, kinds) and not _is_qts_own(w)]
    assert len(own) > 30
    for control in own:
        text = control.text() if isinstance(control, QAbstractButton) else ""
        assert control.accessibleName() or text, control
        assert control.toolTip(), (control, text)


def _is_qts_own(widget: QWidget) -> bool:
    names = {"qt_scrollarea_vcontainer", "qt_scrollarea_hcontainer"}
    parent = widget.parentWidget()
    return widget.objectName().startswith("qt_") or (
        parent is not None and (parent.objectName() in names or isinstance(parent, QLineEdit | QComboBox))
    )


def test_the_status_line_tells_position_value_and_zoom(reader: Reader) -> None:
    reader.open(volume())
    view = reader.window.pane.view
    QTest.mouseMove(view, view.position_of(40.0, 30.0))
    reader.settle()
    line = reader.window.status_line
    assert "px" in line.position.text()
    assert "mm" in line.position.text()
    assert line.value.text() == "60 HU"
    assert line.zoom.text().endswith("%")


def test_an_error_in_a_slot_becomes_a_problem_bar(reader: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    from desktop_app.app import _Hook

    hook = _Hook(reader.window)
    try:
        raise ValueError("seven")
    except ValueError:
        kind, error, trace = sys.exc_info()
        assert kind is not None
        assert error is not None
        hook(kind, error, trace)
    assert "seven" in reader.window.problems.what.text()
    assert "Traceback" in capsys.readouterr().err


def test_a_screenshot_waits_and_is_saved(reader: Reader, tmp_path: Path) -> None:
    reader.open(volume())
    file = tmp_path / "new" / "window.png"
    camera = Screenshot(reader.window, reader.session, file)
    done: list[object] = []
    camera.done.connect(done.append)
    camera.start()
    reader.bot.waitUntil(lambda: bool(done), timeout=5000)
    assert done == [None]
    assert file.stat().st_size > 10_000


def test_a_colour_scan_has_no_window_controls(reader: Reader) -> None:
    from imaging.geometry import Size
    from imaging.scan import ScanInfo

    info = ScanInfo("rgb", "test", "picture", Size(32, 24), "uint8", channels=3)
    reader.open(LoadedScan(info, np.zeros((1, 24, 32, 3), np.uint8)))
    assert not reader.window._actions.actions["invert"].isEnabled()
    assert not reader.window._actions.actions["preset-1"].isEnabled()
    assert not reader.window.scrubber.isVisible()
