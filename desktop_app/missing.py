"""Asks where a slide lies that is not where it was."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop_app.session import Session


class Missing(QObject):
    """Lets a person point to a slide that was moved; whether it is that slide is checked before it is opened."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        session.worklist.missing.connect(self._ask)

    def _ask(self, number: int, title: str) -> None:
        found, _ = QFileDialog.getOpenFileName(self._window, f"Where is {title} now?", str(Path.home()))
        if found:
            self._session.worklist.place(number, Path(found))
