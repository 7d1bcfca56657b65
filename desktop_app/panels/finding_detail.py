"""One line under the list of findings: what the row of the selected mark has no room for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent

from desktop_app.finding_words import line_of, tip_of
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.translation import tr
from desktop_app.widgets import Elided


class FindingDetail(Elided):
    """Always one line high, so that nothing moves when something is selected."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__("small")
        self._session, self._margin = session, theme.px(12)
        self.setMinimumHeight(theme.px(22))

    def refresh(self) -> None:
        """Say what is known of the selected mark, or how many are selected."""
        session, chosen = self._session, self._session.selection
        mark = session.findings.get(next(iter(chosen))) if len(chosen) == 1 else None
        if mark is not None:
            text = line_of(mark, session)
        elif chosen:
            text = tr("{} selected").format(f"{len(chosen):,}")
        else:
            text = tr("U goes to the most uncertain proposal") if session.proposals else ""
        self.setText(text)
        self.setToolTip(tip_of(mark, session) if mark is not None else text)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Draw what fits; the end goes first."""
        painter, area = QPainter(self), self.rect().adjusted(self._margin, 0, -self._margin, 0)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, area.width())
        align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        self.style().drawItemText(painter, area, align, self.palette(), self.isEnabled(), text)
        painter.end()
