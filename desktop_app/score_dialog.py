"""Asks for a score: from which on proposals are accepted, or below which they are rejected."""

from __future__ import annotations

from typing import Literal

from PySide6.QtWidgets import QWidget

from desktop_app.dialogs import Sheet
from desktop_app.judging import above, below
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.widgets import Number, label

Judgement = Literal["accept", "reject"]


class AskScore(Sheet):
    """One number, and how many proposals it means."""

    def __init__(self, parent: QWidget | None, theme: Theme, session: Session, judgement: Judgement) -> None:
        title = "Accept all above" if judgement == "accept" else "Reject all below"
        super().__init__(parent, theme, title, "Cancel")
        self._session, self._judgement = session, judgement
        self.number = Number(0.0, 1.0, "Score", decimals=2)
        self.number.setSingleStep(0.05)
        self.number.setKeyboardTracking(True)
        self.meant = label("", "muted")
        accepts = judgement == "accept"
        self.add_form([("Score at least" if accepts else "Score less than", self.number)])
        self.body.addWidget(self.meant)
        self.go = self.add_chief("Accept" if accepts else "Reject", title)
        self.number.valueChanged.connect(self._count)
        usual = session.display.threshold
        self.number.setValue(max(0.9, usual) if accepts else usual)
        self._count()
        self.number.selectAll()
        self.number.setFocus()

    @property
    def score(self) -> float:
        """What was said."""
        return self.number.value()

    def _count(self) -> None:
        chosen = above if self._judgement == "accept" else below
        count, total = len(chosen(self._session, self.score)), len(self._session.stepping.open_proposals())
        self.meant.setText(f"{count:,} of {total:,} proposals shown")
        self.go.setEnabled(count > 0)
