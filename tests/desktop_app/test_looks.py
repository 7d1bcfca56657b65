"""Nothing is clipped, nothing overlaps, nothing sticks out: at both scales, on a small screen and a large one."""

from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollArea,
    QTabBar,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from desktop_app.canvas.view_grid import ViewGrid
from desktop_app.dialogs import Destination, NewLabel, Sheet
from desktop_app.key_sheet import KeySheet
from desktop_app.keys_dialog import KeysDialog
from desktop_app.label_dialog import LabelSheet
from desktop_app.main_window import MainWindow
from desktop_app.preferences import Preferences
from desktop_app.settings import Settings, SettingsFile
from desktop_app.theme import chosen, font
from desktop_app.widgets import Elided, Section
from tests.desktop_app.conftest import LABELS, Reader, prediction, proposal, volume
from tests.desktop_app.slide_fake import DrawnSlide

pytestmark = pytest.mark.gui
KINDS = (QLabel, QAbstractButton, QComboBox, QLineEdit)
ICON_ONLY = Qt.ToolButtonStyle.ToolButtonIconOnly
SMALL, LARGE = (1366, 768), (3840, 2160)


def controls(root: QWidget) -> Iterator[QWidget]:
    """What is seen of a window and made by us; a field inside a number or a list is that one's matter."""
    for kind in KINDS:
        for widget in root.findChildren(kind):
            inside = isinstance(widget.parentWidget(), QAbstractSpinBox | QComboBox | QLineEdit | QTabBar)
            if widget.isVisible() and widget.width() and not inside and not _is_in_scan(widget):
                yield widget


def _is_in_scan(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, ViewGrid):
            return True
        parent = parent.parentWidget()
    return False


def clipped(widget: QWidget) -> bool:
    """Whether its words have no room, though it does not shorten them by intent."""
    metrics, room = widget.fontMetrics(), widget.contentsRect()
    if isinstance(widget, Elided) or not (widget.text() if isinstance(widget, QLabel | QAbstractButton) else "x"):
        return False
    if isinstance(widget, QLabel):
        if widget.wordWrap():
            return widget.heightForWidth(widget.width()) > widget.height() + 1
        wide = max(metrics.horizontalAdvance(line) for line in widget.text().split("\n"))
        return wide > room.width() + 1 or metrics.height() > room.height() + 2
    if isinstance(widget, QToolButton) and widget.toolButtonStyle() == ICON_ONLY and not widget.icon().isNull():
        return widget.iconSize().width() > widget.width()
    if isinstance(widget, QAbstractButton):
        hint = widget.minimumSizeHint() if widget.text() else widget.sizeHint()
        wide = max(hint.width(), metrics.horizontalAdvance(widget.text().replace("&", "")))
        return wide > widget.width() + 1 or metrics.height() > widget.height()
    return metrics.height() > room.height() + 2


def sticks_out(widget: QWidget) -> bool:
    """Whether it lies beyond what it stands in; what scrolls may go on below."""
    parent = widget.parentWidget()
    if parent is None or widget.isWindow():
        return False
    place, room = widget.geometry(), parent.rect()
    area = parent.parentWidget()
    if isinstance(area, QScrollArea):
        if area.horizontalScrollBar().isVisible():
            return False
        return place.left() < 0 or place.right() > room.right() + 1
    return not room.adjusted(-1, -1, 1, 1).contains(place)


def faults(root: QWidget) -> list[str]:
    """Everything that is wrong with what is seen, one line each."""
    seen = list(dict.fromkeys(controls(root)))
    found = [f"clipped: {_named(one)}" for one in seen if clipped(one)]
    around = {one for widget in seen for one in _and_parents(widget, root)}
    found += [f"sticks out: {_named(one)} of {_named(one.parentWidget())}" for one in around if sticks_out(one)]
    by_parent: dict[int, list[QWidget]] = {}
    for one in seen:
        by_parent.setdefault(id(one.parentWidget()), []).append(one)
    for siblings in by_parent.values():
        for first, second in combinations(siblings, 2):
            if first.geometry().adjusted(1, 1, -1, -1).intersects(second.geometry().adjusted(1, 1, -1, -1)):
                found.append(f"overlap: {_named(first)} and {_named(second)}")
    return sorted(found)


def _and_parents(widget: QWidget, root: QWidget) -> Iterator[QWidget]:
    one: QWidget | None = widget
    while one is not None and one is not root and not one.isWindow():
        yield one
        one = one.parentWidget()


def _named(widget: QWidget | None) -> str:
    if widget is None:
        return "nothing"
    text = widget.text() if isinstance(widget, QLabel | QAbstractButton) else widget.accessibleName()
    place = widget.geometry()
    return f"{type(widget).__name__} {text!r} at {place.x()},{place.y()} {place.width()}×{place.height()}"


LOOKS = (("dark", 1.0, SMALL), ("light", 2.0, SMALL), ("light", 1.0, LARGE), ("dark", 2.0, LARGE))


@pytest.fixture(params=LOOKS, ids=str)
def dressed(request: pytest.FixtureRequest, make_window: Callable[..., MainWindow], home: Path, qtbot: QtBot) -> Reader:
    """A window in one look."""
    name, scale, size = request.param
    home.mkdir(exist_ok=True)
    SettingsFile(home).change(theme=name, scale=scale, language="en")
    return Reader(make_window(size=size), qtbot)


def test_nothing_is_clipped_or_overlaps_in_the_window(dressed: Reader) -> None:
    dressed.settle()
    assert faults(dressed.window) == []
    dressed.open(volume(), prediction(*(proposal(n) for n in range(5))))
    dressed.session.select(["p1"])
    for tool in ("select", "threshold-brush", "wand"):
        dressed.session.set_tool(tool)
        dressed.settle()
        assert faults(dressed.window) == []
    for section in dressed.window.findChildren(Section):
        section.unfold()
    dressed.settle()
    assert faults(dressed.window) == []
    dressed.open(DrawnSlide())
    assert faults(dressed.window) == []


def test_nothing_is_clipped_or_overlaps_in_the_dialogs(dressed: Reader) -> None:
    window, look = dressed.window, dressed.window._look
    sheets: tuple[Callable[[], Sheet], ...] = (
        lambda: Preferences(window, look, Settings(), "ana"),
        lambda: LabelSheet(window, look, LABELS.labels[0], LABELS),
        lambda: NewLabel(window, look),
        lambda: Destination(window, look, "Export", "Export", (("COCO", "coco"),)),
        lambda: KeySheet(window, look, window.action_rows),
        lambda: KeysDialog(window, look, window.action_rows, "overread", (), lambda *_: None),
    )
    for make in sheets:
        sheet = make()
        sheet.show()
        dressed.settle()
        found = faults(sheet)
        sheet.close()
        sheet.deleteLater()
        dressed.settle()
        assert found == [], type(sheet).__name__


def test_a_window_built_again_in_another_scale_has_its_fonts_everywhere(dressed: Reader) -> None:
    look = dressed.window._look
    dressed.window.redress(chosen(look.name, 1.0 if look.scale > 1 else 2.0))
    dressed.settle()
    shown = font(dressed.window._look).pixelSize()
    assert QApplication.font().pixelSize() == shown
    plain = [one for one in controls(dressed.window) if isinstance(one, QComboBox | QLineEdit)]
    assert plain
    assert {one.font().pixelSize() for one in plain} == {shown}
