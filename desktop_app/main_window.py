"""The main window: puts panels, view and bars in their places, and asks the person what has to be asked."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QIcon,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QMenuBar,
    QMessageBox,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from desktop_app import theme
from desktop_app.action import ActionRow
from desktop_app.asking import AskingWindow, ask
from desktop_app.bars import ProblemBar, StatusLine, position_text, value_text, zoom_text
from desktop_app.canvas.hovering import HoverInfo
from desktop_app.canvas.scan_pane import ScanPane
from desktop_app.canvas.view_grid import ViewGrid
from desktop_app.canvas.viewport import Viewport
from desktop_app.columns import column_of
from desktop_app.comfort import Comfort
from desktop_app.icons import pixmap
from desktop_app.menus import ActionSet
from desktop_app.panel import Side
from desktop_app.panels.scrubber import Scrubber
from desktop_app.saying import say_all
from desktop_app.session import Session
from desktop_app.settings import SettingsFile
from desktop_app.slide_bar import SlideBar
from desktop_app.slide_hands import SlideHands
from desktop_app.tool_strip import ToolStrip
from desktop_app.torn_off import place_of, put
from desktop_app.volume_bar import VolumeButtons
from desktop_app.volume_hands import VolumeHands
from desktop_app.welcome import DropHint, Welcome
from desktop_app.widgets import tidy

SMALLEST = QSize(960, 600)
COLUMNS = (290, 900, 330)
"""Widths in pixels at scale 1."""


class MainWindow(AskingWindow):
    """Everything a person sees. Holds no truth: it can be built again from the session and the settings."""

    painted = Signal()
    """Once, when the first picture of the window is on the screen."""

    def __init__(self, session: Session, settings: SettingsFile, look: theme.Theme) -> None:
        super().__init__(session, settings, look)
        self._has_painted = False
        self.setAcceptDrops(True)
        self.setMinimumSize(SMALLEST)
        self.setWindowIcon(QIcon(pixmap("overread", look.accent, 64)))
        session.problem_raised.connect(self.tell)
        self._comfort = Comfort(session, settings, self._keep, self)
        self._comfort.key_released.connect(self._on_key_up)
        self._build()
        session.scan_changed.connect(self._on_scan)
        session.scan_opening.connect(self._on_opening)
        session.models_changed.connect(self._on_models)
        self._restore()
        self._on_scan()
        # Else Qt gives the first field of the window the focus, and letters would be typed there.
        self.welcome.setFocus()

    def _build(self) -> None:
        session, look = self._session, self._look
        centre, centre_column = QWidget(), QVBoxLayout()
        centre.setLayout(centre_column)
        tidy(centre_column, look, gap=0)
        self._actions = ActionSet(self._comfort.rows, self, self, centre, look)
        # A new one each time: Python would keep the menus of one that stays for as long as the window.
        self.setMenuBar(QMenuBar())
        self._actions.fill(self.menuBar())
        self.strip = ToolStrip(session, look, self._actions)
        self.problems = ProblemBar(look)
        self.grid, self.welcome = ViewGrid(session, look), Welcome(session, self, look)
        self._slide = SlideHands(session, self.grid, look, ask, self)
        self._volume = VolumeHands(session, self.grid, look, ask, self)
        self.slide_bar = SlideBar(session, look, self._actions, self.grid)
        self.scrubber = Scrubber(session, look)
        self.scrubber.put_beside_axes(VolumeButtons(session, look, self._actions, self.grid))
        self.status_line = StatusLine(session, look)
        self._middle = QStackedLayout()
        self._middle.addWidget(self.welcome)
        self._middle.addWidget(self.grid)
        for part in (self.strip, self.problems):
            centre_column.addWidget(part)
        centre_column.addLayout(self._middle, 1)
        for part in (self.slide_bar, self.scrubber):
            centre_column.addWidget(part)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(look.px(4))
        self.splitter.setChildrenCollapsible(False)
        for part in (self._column("left"), centre, self._column("right")):
            self.splitter.addWidget(part)
        self.splitter.setStretchFactor(1, 1)
        self._whole, column = QWidget(), QVBoxLayout()
        self._whole.setLayout(column)
        tidy(column, look, gap=0)
        column.addWidget(self.splitter, 1)
        column.addWidget(self.status_line)
        self.setCentralWidget(self._whole)
        self.drop_hint = DropHint(self._whole, look)
        self.grid.hovered.connect(self._on_hovered)
        self.grid.viewport_changed.connect(self._on_viewport)
        self._position, self._value, self._zoom = "", "", ""
        self._comfort.dress(self._actions, look)
        say_all(self)

    @property
    def action_rows(self) -> tuple[ActionRow, ...]:
        """The table of actions, as it stands."""
        return self._actions.rows

    def take_marks(self, path: Path) -> None:
        """Put the marks of a file on the open scan."""
        self._slide.exchange.take_in(path)

    @property
    def pane(self) -> ScanPane:
        """The active view with its tool."""
        return self.grid.pane

    @property
    def slide(self) -> SlideHands:
        """What a person does with the views of a slide."""
        return self._slide

    @property
    def comfort(self) -> Comfort:
        """Palette, keys, and views in windows of their own."""
        return self._comfort

    @property
    def volume(self) -> VolumeHands:
        """What a person does with the views of a volume or a radiograph."""
        return self._volume

    def _column(self, side: Side) -> QWidget:
        return column_of(side, self._session, self._look, self._settings.settings.folded, self._on_folded)

    # What the session tells.

    def _on_scan(self) -> None:
        info = self._session.info
        self.setWindowTitle(f"{self._session.title} — Overread" if info is not None else "Overread")
        self._middle.setCurrentWidget(self.grid if info is not None else self.welcome)
        self._on_hovered(None)
        # The keys belong to the scan, unless a person is typing or walking through a list.
        if info is not None and not isinstance(self.focusWidget(), QLineEdit | QAbstractSpinBox | QAbstractItemView):
            self.pane.setFocus()

    def _on_models(self) -> None:
        if self._session.models and self._session.model:
            self._keep(model=self._session.model)

    def _on_opening(self) -> None:
        self._middle.setCurrentWidget(self.grid)

    def tell(self, problem: object) -> None:
        """Show a problem in the bar."""
        self.problems.tell(problem)

    def _on_hovered(self, info: object) -> None:
        self._position = position_text(info) if isinstance(info, HoverInfo) else ""
        self._value = value_text(info) if isinstance(info, HoverInfo) else ""
        self.status_line.show_position(self._position, self._value, self._zoom)

    def _on_viewport(self, viewport: object) -> None:
        self._zoom = zoom_text(self._session, viewport) if isinstance(viewport, Viewport) else ""
        self.status_line.show_position(self._position, self._value, self._zoom)

    # How it looks.

    def redress(self, look: theme.Theme, *, anew: bool = False) -> None:
        """Build everything again in another theme, at another scale, or (`anew`) in another language."""
        if look == self._look and not anew:
            return
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.setStyleSheet("")
        theme.apply(application, look)
        # A window that a style sheet has dressed before does not follow the application's font by itself, and all that
        # is built in it would begin with the old one.
        self.setFont(theme.font(look))
        left, centre, right = self.splitter.sizes()
        grown, views = look.scale / self._look.scale, self.grid.count
        self.grid.close_beside()
        self._look = look
        self._actions.retire()
        self._build()
        theme.dress(application, look)
        sides = round(left * grown), round(right * grown)
        self.splitter.setSizes([sides[0], left + centre + right - sum(sides), sides[1]])
        self.grid.set_count(views)
        self._on_scan()
        self.activateWindow()

    def fit(self) -> None:
        """The whole plane."""
        self.pane.view.fit()

    def zoom(self, factor: float) -> None:
        """Closer or farther, around the middle."""
        viewport = self.pane.view.viewport
        if viewport is not None:
            self.pane.view.move_to(viewport.zoomed(factor, viewport.width / 2, viewport.height / 2))

    def toggle_full_screen(self) -> None:
        """The window without its frame, and back."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def quit(self) -> None:
        """Close the window."""
        self.close()

    # Settings.

    def _on_folded(self, title: str, folded: bool) -> None:
        others = tuple(name for name in self._settings.settings.folded if name != title)
        self._keep(folded=(*others, title) if folded else others)

    def _restore(self) -> None:
        settings, look = self._settings.settings, self._look
        self.resize(look.px(1440), look.px(900))
        put(self, settings.window, settings.screen)
        widths = settings.columns if len(settings.columns) == 3 else tuple(look.px(width) for width in COLUMNS)
        self.splitter.setSizes(list(widths))

    def _layout_now(self) -> dict[str, object]:
        window, screen = place_of(self)
        return {"window": window, "screen": screen, "columns": tuple(self.splitter.sizes())}

    # What Qt tells.

    def event(self, event: QEvent) -> bool:
        """Tell once that the window is painted."""
        answer = super().event(event)
        if not self._has_painted and event.type() == QEvent.Type.Paint:
            self._has_painted = True
            self.painted.emit()
        return answer

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """The overlay comes back when the key that hides it is let go."""
        if not self._on_key_up(event):
            super().keyReleaseEvent(event)

    def _on_key_up(self, event: QKeyEvent) -> bool:
        hides = {key.rpartition("+")[2] for key in self._actions.keys("hide")}
        if QKeySequence(event.key()).toString() not in hides or event.isAutoRepeat():
            return False
        self._session.hide_marks(False)
        return True

    def changeEvent(self, event: QEvent) -> None:
        """A key held while the window is left never tells that it came up."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self._session.hide_marks(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The drop hint covers everything."""
        super().resizeEvent(event)
        self._place_drop_hint()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self._place_drop_hint()
            self.drop_hint.raise_()
            self.drop_hint.show()

    def _place_drop_hint(self) -> None:
        self.drop_hint.setGeometry(self._whole.rect().adjusted(12, 12, -12, -12))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: ARG002
        """It went away again."""
        self.drop_hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        self.drop_hint.hide()
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self._open(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Save; where that cannot be done, ask before anything is lost."""
        self._session.save()
        if not self._session.keeping.flush() and not self._leave_unsaved():
            event.ignore()
            return
        self._keep(**self._layout_now())
        self._comfort.close()
        self.grid.close_beside()
        event.accept()

    def _leave_unsaved(self) -> bool:
        problem = self._session.keeping.problem
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("Not saved")
        box.setText(f"The last edits are not on the disk: {problem.what if problem else 'still writing'}.")
        box.setInformativeText("Stay and make room, or leave and lose them?")
        stay = box.addButton("Stay", QMessageBox.ButtonRole.RejectRole)
        leave = box.addButton("Leave", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        box.exec()
        return box.clickedButton() is leave
