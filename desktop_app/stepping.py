"""Stepping: from proposal to proposal by need, the most uncertain first; a part of the session. No widgets here.

What is accepted or rejected on the way leads on to the next at once. What is corrected stays at hand.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from dataset.annotation import Proposal, bounds
from desktop_app.need import Need, following, needs_of

if TYPE_CHECKING:
    from desktop_app.choosing import Choosing


_ID = attrgetter("id")


class Stepping(QObject):
    """Remembers where the reader is in the order of need. Main thread only."""

    reached = Signal(float, float, float)
    """A key went to a mark: its middle and its longest side, in pixels of its plane."""

    def __init__(self, session: Choosing) -> None:
        super().__init__(session)
        self._session = session
        self._at: Need | None = None
        self._id, self._direction = "", 1
        session.document_changed.connect(self._on_document)
        session.scan_changed.connect(self._forget)

    @property
    def is_under_way(self) -> bool:
        """Whether what is selected was come to by stepping."""
        return bool(self._id) and self._session.selection == frozenset((self._id,))

    def open_proposals(self) -> tuple[Proposal, ...]:
        """The proposals that are shown and can be settled."""
        findings, shown = self._session.findings, self._session.shown_proposals
        if findings.is_streaming:
            return tuple([proposal for proposal in shown if proposal.id in findings.proposed])
        return shown

    def step(self, direction: int) -> None:
        """Go to the next proposal by need (1), or to the one before (-1); round at the end."""
        session, proposals = self._session, self.open_proposals()
        if not proposals:
            session.told.emit("No proposal is open")
            return
        scan = session.findings.rows
        rows = np.fromiter(map(scan.row_of.__getitem__, map(_ID, proposals)), np.int64, len(proposals))
        needs = needs_of(scan, rows, session.display.limits)
        if not self.is_under_way:
            self._start(proposals, needs, rows)
        number = following(needs, rows, self._at, direction)
        if number < 0:
            number = following(needs, rows, None, direction)
            session.told.emit(_around_text(len(proposals), direction))
        self._at, self._direction = Need(float(needs[number]), int(rows[number])), direction
        self._show(proposals[number])

    def _start(self, proposals: tuple[Proposal, ...], needs: NDArray[np.float64], rows: NDArray[np.int64]) -> None:
        """Step on from what is selected, if that is one of them; else go on where the reader was."""
        if len(self._session.selection) == 1:
            chosen = next(iter(self._session.selection))
            number = next((n for n, proposal in enumerate(proposals) if proposal.id == chosen), -1)
            if number >= 0:
                self._at = Need(float(needs[number]), int(rows[number]))

    def _show(self, proposal: Proposal) -> None:
        self._id = proposal.id
        self._session.go_to(proposal.id)
        around = bounds(proposal.geometry)
        if around is not None:
            x, y, width, height = around
            self.reached.emit(x + width / 2, y + height / 2, max(width, height))

    def _on_document(self, touched: frozenset[str]) -> None:
        """Go on when what was stepped to is settled as it is."""
        if not self.is_under_way or not self._is_settled_by(touched):
            return
        if self.open_proposals():
            self.step(self._direction)
        else:
            self._session.select(())
            self._session.told.emit("Every proposal shown is settled")

    def _is_settled_by(self, touched: frozenset[str]) -> bool:
        """Whether this change accepted or rejected it; a correction is not what the model said."""
        document = self._session.document
        if self._id in touched:
            return self._id in document.rejected
        put = (document.get(mark_id) for mark_id in touched)
        return any(mark is not None and mark.origin == self._id and mark.author.startswith("model:") for mark in put)

    def _forget(self) -> None:
        self._at, self._id, self._direction = None, "", 1


def _around_text(count: int, direction: int) -> str:
    if count == 1:
        return "This is the only open proposal"
    return "From the most uncertain again" if direction > 0 else "From the most certain again"
