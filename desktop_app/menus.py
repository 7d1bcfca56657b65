"""Actions as Qt has them: made from the rows of the table, kept true by the session's signals."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from desktop_app.action import ActionRow, Desk, is_slide
from desktop_app.theme import Theme
from desktop_app.translation import tr
from desktop_app.widgets import key_text, themed_icon

MENUS = ("File", "Edit", "Findings", "Review", "Scan", "Slide", "Tools", "Marks", "View", "Model", "Help")

ROLES = {
    "quit": QAction.MenuRole.QuitRole,
    "preferences": QAction.MenuRole.PreferencesRole,
    "about": QAction.MenuRole.AboutRole,
}


class ActionSet(QObject):
    """One `QAction` for each row. Rows of scope `scan` count while the focus is in the scan's area."""

    def __init__(
        self, rows: Iterable[ActionRow], desk: Desk, window: QWidget, scan_area: QWidget, theme: Theme
    ) -> None:
        super().__init__(window)
        self._desk, self._theme = desk, theme
        self.rows = tuple(rows)
        self._slide_menu: QAction | None = None
        self.actions: dict[str, QAction] = {}
        for row in self.rows:
            action = self._make(row)
            self.actions[row.id] = action
            (scan_area if row.scope == "scan" else window).addAction(action)
        self._pending = QTimer(self)
        self._pending.setSingleShot(True)
        self._pending.setInterval(0)
        self._pending.timeout.connect(self.refresh)
        session = desk.session
        # At once where the very next key may depend on it; the rest once a turn of the event loop.
        session.visibility_changed.connect(self.refresh)
        for signal in (session.scan_changed, session.selection_changed, session.document_changed):
            signal.connect(self.refresh)
        for signal in (
            session.display_changed,
            session.tool_changed,
            session.labels_changed,
            session.cases_changed,
            session.models_changed,
            session.readers.changed,
            session.blinds.changed,
            session.jobs.started,
            session.jobs.ended,
        ):
            signal.connect(self._pend)
        self.refresh()

    def _make(self, row: ActionRow) -> QAction:
        action = QAction(tr(row.text), self)
        action.setObjectName(row.id)
        self._key(action, row)
        context = Qt.ShortcutContext
        action.setShortcutContext(context.WidgetWithChildrenShortcut if row.scope == "scan" else context.WindowShortcut)
        action.setAutoRepeat(row.repeats)
        action.setCheckable(row.is_on is not None)
        # Where macOS has its own places for these three, they go there; nothing else may be guessed by its text.
        action.setMenuRole(ROLES.get(row.id, QAction.MenuRole.NoRole))
        action.triggered.connect(self._caller(row.call))
        return action

    @staticmethod
    def _key(action: QAction, row: ActionRow) -> None:
        action.setShortcuts([QKeySequence(key) for key in row.keys])
        action.setToolTip(key_text(tr(row.tip or row.text.rstrip("…")), row.key_text))

    def rekey(self, rows: Iterable[ActionRow]) -> None:
        """Take the same rows with other keys; menus, tool tips and buttons follow at once."""
        self.rows = tuple(rows)
        # All are given free first: no key is on two actions in between.
        for action in self.actions.values():
            action.setShortcuts([])
        for row in self.rows:
            self._key(self.actions[row.id], row)
        self.refresh()

    def keys(self, action_id: str) -> tuple[str, ...]:
        """The keys of an action, as they are set."""
        return next((row.keys for row in self.rows if row.id == action_id), ())

    def _caller(self, call: Callable[[Desk], object]) -> Callable[[], None]:
        def run() -> None:
            call(self._desk)
            # A checkable action toggles itself; what is true is the session's.
            self._pend()

        return run

    def _pend(self) -> None:
        if not self._pending.isActive():
            self._pending.start()

    def refresh(self) -> None:
        """Enable, check and name every action as the session stands."""
        session = self._desk.session
        if self._slide_menu is not None:
            self._slide_menu.setVisible(is_slide(session))
        for row in self.rows:
            action = self.actions[row.id]
            action.setEnabled(row.counts(session))
            if row.is_on is not None:
                action.setChecked(row.is_on(session))
            if row.name is not None:
                name = tr(row.name(session))
                action.setText(name)
                action.setToolTip(key_text(name, row.key_text))

    def paint(self, row: ActionRow) -> QAction:
        """The action of a row, with its icon drawn."""
        action = self.actions[row.id]
        if row.icon and action.icon().isNull():
            action.setIcon(themed_icon(self._theme, row.icon))
        return action

    def fill(self, bar: QMenuBar) -> None:
        """Make the menus; icons are drawn when a menu is opened first, which keeps the start short."""
        bar.clear()
        for menu in bar.findChildren(QMenu):
            menu.deleteLater()
        for title in MENUS:
            menu, group = bar.addMenu(f"&{tr(title)}"), 0
            for row in sorted((row for row in self.rows if row.menu == title), key=lambda row: row.group):
                if row.group != group and menu.actions():
                    menu.addSeparator()
                group = row.group
                menu.addAction(self.actions[row.id])
            menu.aboutToShow.connect(self._paint_all)
            if title == "Slide":
                self._slide_menu = menu.menuAction()
        self.refresh()

    def retire(self) -> None:
        """Give the keys free for the set that follows."""
        for action in self.actions.values():
            action.setShortcuts([])
            action.setEnabled(False)
        self._slide_menu = None
        self.deleteLater()

    def _paint_all(self) -> None:
        for row in self.rows:
            self.paint(row)
