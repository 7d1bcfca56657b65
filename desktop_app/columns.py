"""The columns beside the scan: the panels of a side, one above the other, each under its title."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QVBoxLayout

from desktop_app import panels
from desktop_app.panel import Panel, Side
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.widgets import Column, Section, tidy
from imaging.plugins import gather


def column_of(
    side: Side, session: Session, theme: Theme, folded: tuple[str, ...], on_folded: Callable[[str, bool], None]
) -> Column:
    """The panels of a side; those whose titles are in `folded` begin folded."""
    inner, column = QFrame(), QVBoxLayout()
    inner.setObjectName("column")
    inner.setLayout(column)
    tidy(column, theme, gap=0)
    mine = sorted((panel for panel in gather(panels, Panel) if panel.side == side), key=lambda panel: panel.order)
    for panel in mine:
        # What few need begins folded; that it was opened is kept under its title with a plus.
        opens = f"+{panel.title}" if getattr(panel, "starts_folded", False) else ""
        is_folded = opens not in folded if opens else panel.title in folded
        section = Section(panel.title, theme, panel.make(session, theme), is_folded=is_folded)
        section.folded.connect(_opposite(on_folded) if opens else on_folded)
        column.addWidget(section, panel.stretch)
    if not any(panel.stretch for panel in mine):
        column.addStretch(1)
    return Column(inner)


def _opposite(on_folded: Callable[[str, bool], None]) -> Callable[[str, bool], None]:
    """Keeps what is open instead of what is folded."""
    return lambda title, is_folded: on_folded(f"+{title}", not is_folded)
