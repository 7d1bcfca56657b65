"""A view in a window of its own: the open scan once more, for another monitor; any axis of a volume."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QGuiApplication, QIcon, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.canvas.scan_pane import ScanPane
from desktop_app.icons import pixmap
from desktop_app.placing import Place, Screen, placed_on
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.translation import tr
from desktop_app.widgets import Chooser, Elided, tidy, tool_button
from imaging.geometry import Axis

AXES: tuple[tuple[str, Axis | None], ...] = (
    ("The plane worked on", None),
    ("Axis 1: as it was read", 0),
    ("Axis 2", 1),
    ("Axis 3", 2),
)


class TornOff(QWidget):
    """Shows what the session shows, with a viewport of its own. Keys work as in the main window."""

    closed = Signal()
    key_released = Signal(object)
    """The main window knows which keys are held."""

    def __init__(self, session: Session, theme: Theme, actions: Iterable[QAction]) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._session, self._theme = session, theme
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.setWindowIcon(QIcon(pixmap("overread", theme.accent, 64)))
        self.setAccessibleName(tr("View in a window of its own"))
        self.setMinimumSize(320, 240)
        self.pane = ScanPane(session)
        self.pane.set_theme(theme)
        self.axis = Chooser("Planes shown", "Which planes of a volume are shown here")
        self.axis.setMinimumContentsLength(20)
        for text, axis in AXES:
            self.axis.addItem(tr(text), axis)
        self.axis.currentIndexChanged.connect(self._on_axis)
        self.title = Elided("muted")
        self.fit = tool_button(theme, "fit", "Fit to view")
        self.fit.clicked.connect(self.pane.view.fit)
        strip = QFrame()
        strip.setObjectName("strip")
        row = QHBoxLayout(strip)
        tidy(row, theme, (8, 4, 8, 4), 8)
        row.addWidget(self.title, 1)
        row.addWidget(self.axis)
        row.addWidget(self.fit)
        column = QVBoxLayout(self)
        tidy(column, theme, gap=0)
        column.addWidget(strip)
        column.addWidget(self.pane, 1)
        self.take_actions(actions)
        session.scan_changed.connect(self._show)
        self._show()
        self.pane.setFocus()

    def take_actions(self, actions: Iterable[QAction]) -> None:
        """Let keys call these actions here, too."""
        for old in self.actions():
            self.removeAction(old)
        self.addActions(list(actions))

    def _on_axis(self) -> None:
        self.pane.set_axis(self.axis.currentData())

    def _show(self) -> None:
        info = self._session.info
        name = self._session.title
        self.title.setText("" if info is None else name if name != info.name else info.examination.title or name)
        self.axis.setVisible(info is not None and info.kind != "slide" and info.size.planes > 1)
        self.setWindowTitle(f"{name} — {tr('View')} — Overread" if info is not None else "Overread")

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """A held key came up."""
        self.key_released.emit(event)
        super().keyReleaseEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Gone; the main window goes on."""
        self.closed.emit()
        event.accept()


def screens_now() -> tuple[Screen, ...]:
    """The monitors there are, the main one first."""
    found = sorted(QGuiApplication.screens(), key=lambda screen: screen is not QGuiApplication.primaryScreen())
    areas = ((screen.name(), screen.availableGeometry()) for screen in found)
    return tuple(Screen(name, area.x(), area.y(), area.width(), area.height()) for name, area in areas)


def put(window: QWidget, place: tuple[int, ...], screen: str) -> bool:
    """Put a window where it was (x, y, width, height, 1 when maximised), or as near as can be; whether it was known."""
    if len(place) != 5:
        return False
    x, y, width, height, is_maximised = place
    least = window.minimumSize()
    wanted = Place(x, y, max(width, least.width(), 1), max(height, least.height(), 1), screen)
    found = placed_on(screens_now(), wanted)
    window.setGeometry(QRect(found.x, found.y, found.width, found.height))
    if is_maximised:
        window.setWindowState(Qt.WindowState.WindowMaximized)
    return True


def place_of(window: QWidget) -> tuple[tuple[int, ...], str]:
    """Where a window is, and the name of its monitor."""
    area = window.normalGeometry() if window.isMaximized() else window.geometry()
    place = (area.x(), area.y(), area.width(), area.height(), int(window.isMaximized()))
    return place, window.screen().name()
