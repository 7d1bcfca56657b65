"""The strip above the scan: tools, history, view, and the one thing to do next."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from desktop_app.icons import icon
from desktop_app.menus import ActionSet
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.widgets import Elided, label, push, slider, tidy

RUN = "Run model"


class ToolStrip(QFrame):
    """Buttons made of actions; texts are in their tool tips."""

    def __init__(self, session: Session, theme: Theme, actions: ActionSet) -> None:
        super().__init__()
        self.setObjectName("strip")
        self._session, self._theme = session, theme
        row = QHBoxLayout(self)
        tidy(row, theme, (8, 4, 8, 4), 4)
        tools = [row.id for row in actions.rows if row.id.startswith("tool-")]
        rows = {row.id: row for row in actions.rows}
        for number, group in enumerate((tools, ["undo", "redo"], ["fit", "invert", "reset-window", "hide"])):
            if number:
                row.addWidget(self._line())
            for action_id in group:
                row.addWidget(self._button(actions.paint(rows[action_id])))
            if number == 0:
                row.addWidget(self._brush())
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

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is no room for its words, the chief button keeps its icon."""
        super().resizeEvent(event)
        words = self.run.fontMetrics().horizontalAdvance(RUN) + self._theme.px(8)
        others = self.minimumSizeHint().width() - (words if self.run.text() else 0)
        self.run.setText(RUN if others + words <= self.width() else "")

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

    def _brush(self) -> QWidget:
        self.brush = QWidget()
        inner = QHBoxLayout(self.brush)
        tidy(inner, self._theme, (8, 0, 4, 0), 8)
        self.brush_size = slider(1, 200, "Brush size in pixels  ([ and ])")
        self.brush_size.setFixedWidth(self._theme.px(90))
        self.brush_text = label("", "number")
        self.brush_text.setMinimumWidth(self._theme.px(36))
        inner.addWidget(self.brush_size)
        inner.addWidget(self.brush_text)
        self.brush_size.valueChanged.connect(self._set_brush)
        return self.brush

    def _set_brush(self, diameter: int) -> None:
        if diameter != round(self._session.brush):
            self._session.set_brush(float(diameter))

    def _show(self) -> None:
        session = self._session
        self.brush.setVisible(session.tool_name in {"brush", "eraser"})
        self.brush_text.setText(f"{session.brush:.0f} px")
        if self.brush_size.value() != round(session.brush):
            self.brush_size.setValue(round(session.brush))
        info = session.info
        title = session.title
        self.title.setText("" if info is None else title if title != info.name else info.examination.title or title)
        self.title.setToolTip(title)
        self.run.setEnabled(info is not None and bool(session.model))
        self.run.setToolTip(f"Read this scan with {session.model}  (M)" if session.model else "No model is installed")
