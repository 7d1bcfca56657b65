"""The strip above the scan: tools and their options, history, view, and the one thing to do next."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton

from desktop_app.icons import icon
from desktop_app.menus import ActionSet
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.tool_options import ToolOptionsBar
from desktop_app.widgets import Elided, push, tidy, tool_button

RUN = "Run model"
LEAST_TITLE = 12
"""With room for fewer letters the title of the case is left out; the worklist has it."""


class ToolStrip(QFrame):
    """Buttons made of actions; texts are in their tool tips. What has no room is in the menu of one button."""

    def __init__(self, session: Session, theme: Theme, actions: ActionSet) -> None:
        super().__init__()
        self.setObjectName("strip")
        self._session, self._theme = session, theme
        self._row = row = QHBoxLayout(self)
        tidy(row, theme, (8, 4, 8, 4), 4)
        self.options = ToolOptionsBar(session, theme)
        self.more = tool_button(theme, "down", "More tools and views")
        self.more.clicked.connect(self._open_more)
        tools = [row.id for row in actions.rows if row.id.startswith("tool-")]
        rows = {row.id: row for row in actions.rows}
        self._title = ""
        self._groups: list[list[QToolButton]] = []
        self._lines: list[QFrame] = []
        for number, group in enumerate((tools, ["undo", "redo"], ["fit", "invert", "reset-window", "hide"])):
            if number:
                self._lines.append(self._line())
                row.addWidget(self._lines[-1])
            self._groups.append([self._button(actions.paint(rows[action_id])) for action_id in group])
            for button in self._groups[-1]:
                row.addWidget(button)
            if number == 0:
                row.addWidget(self.options)
        self._tools = dict(zip((tool.removeprefix("tool-") for tool in tools), self._groups[0], strict=True))
        row.addWidget(self.more)
        self.title = Elided("muted")
        self.title.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.title, 1)
        self.run = push(RUN, "Let the chosen model read this scan", name="chief", key="M")
        self.run.setIcon(icon("play", theme.on_accent, off=theme.disabled, size=theme.px(14), ratio=2.0))
        self.run.setIconSize(QSize(theme.px(14), theme.px(14)))
        self.run.clicked.connect(actions.actions["predict"].trigger)
        row.addSpacing(theme.px(8))
        row.addWidget(self.run)
        session.tool_changed.connect(self._show)
        session.scan_changed.connect(self._show)
        session.models_changed.connect(self._show)
        self._show()

    def minimumSizeHint(self) -> QSize:
        """Room for the tool in hand, its options' button, the menu and the chief button's icon."""
        button = self._groups[0][0].sizeHint().width() + self._row.spacing()
        least = self._around() + button + self.more.sizeHint().width() + self.options.width_of(0)
        return QSize(least, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show what has room."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Words and buttons may have become wider."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.StyleChange, QEvent.Type.FontChange} and hasattr(self, "run"):
            self._arrange()

    def _around(self) -> int:
        """Pixels that margins, gaps and the chief button's icon take."""
        margins, gap = self._row.contentsMargins(), self._row.spacing()
        words = self.run.fontMetrics().horizontalAdvance(self.run.text()) if self.run.text() else 0
        return margins.left() + margins.right() + self._theme.px(8) + 4 * gap + self.run.sizeHint().width() - words

    def _arrange(self) -> None:
        """Hide what has no room, the least needed first: words, views, options, history, tools that are not in hand."""
        tools, history, views = self._groups
        gap = self._row.spacing()
        words = self.run.fontMetrics().horizontalAdvance(RUN) + self._theme.px(8)
        room = self.width() - self._around()
        every = (*tools, *history, *views)
        shown, count = set(every), len(self.options.names)
        others = [button for button in tools if button is not self._tools.get(self._session.tool_name)]

        def used() -> int:
            buttons = sum(button.sizeHint().width() + gap for button in shown)
            lines = sum(1 + gap for group in (history, views) if shown & set(group))
            menu = self.more.sizeHint().width() + gap if len(shown) < len(every) else 0
            return buttons + lines + menu + self.options.width_of(count) + gap

        self.run.setText(RUN if used() + words <= room else "")
        for button in reversed(views):
            if used() > room:
                shown.discard(button)
        while used() > room and count > 1:
            count -= 1
        for button in (*reversed(history), *reversed(others)):
            if used() > room:
                shown.discard(button)
        if used() > room:
            count = 0
        for button in every:
            button.setVisible(button in shown)
        for line, group in zip(self._lines, (history, views), strict=True):
            line.setVisible(bool(shown & set(group)))
        self.more.setVisible(len(shown) < len(every))
        self.options.arrange(count)
        # A few letters of a title say nothing.
        left = room - used() - (words if self.run.text() else 0)
        least = min(
            LEAST_TITLE * self.fontMetrics().averageCharWidth(), self.fontMetrics().horizontalAdvance(self._title)
        )
        self.title.setText(self._title if left >= least else "")

    def _open_more(self) -> None:
        """The menu of what has no room."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for group in self._groups:
            menu.addSeparator()
            for button in group:
                if button.isHidden():
                    menu.addAction(button.defaultAction())
        menu.popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def _button(self, action: QAction) -> QToolButton:
        made = QToolButton()
        made.setDefaultAction(action)
        made.setAccessibleName(action.text().replace("&", ""))
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.setIconSize(QSize(self._theme.px(20), self._theme.px(20)))
        return made

    def _line(self) -> QFrame:
        made = QFrame()
        made.setObjectName("rule")
        made.setFixedSize(1, self._theme.px(22))
        return made

    def _show(self) -> None:
        session = self._session
        info = session.info
        title = session.title
        self._title = "" if info is None else title if title != info.name else info.examination.title or title
        self.title.setToolTip(title)
        self.run.setEnabled(info is not None and bool(session.model))
        self.run.setToolTip(f"Read this scan with {session.model}  (M)" if session.model else "No model is installed")
        self._arrange()
