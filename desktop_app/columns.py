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
        section = Section(panel.title, theme, panel.make(session, theme), is_folded=panel.title in folded)
        section.folded.connect(on_folded)
        column.addWidget(section, panel.stretch)
    if not any(panel.stretch for panel in mine):
        column.addStretch(1)
    return Column(inner)
