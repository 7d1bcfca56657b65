"""Operating: lets an operation work on the open document, off the main thread; a part of the session. No widgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from PySide6.QtCore import QObject

from dataset.document import Snapshot
from dataset.mask import Mask
from desktop_app.choosing import Choosing
from desktop_app.operation import Operation
from desktop_app.tool import Mark, Outcome
from desktop_app.tools import operations
from imaging.geometry import Axis, Size
from imaging.plugins import gather
from imaging.progress import Progress

MOST_ASKED = 1000
"""So many of the selected marks are looked at to know whether an operation makes sense."""


class Operating(QObject):
    """Runs operations one at a time; what they lead to counts only if nothing was edited meanwhile."""

    def __init__(self, session: Choosing, handle: Callable[[Outcome], None]) -> None:
        super().__init__(session)
        self._session, self._handle = session, handle
        self._painted: tuple[Snapshot, str, Axis, frozenset[str]] = (Snapshot(), "", 0, frozenset())
        self.operations = {item.name: item for item in gather(operations, Operation)}

    def can(self, name: str) -> bool:
        """Whether an operation makes sense now."""
        session = self._session
        size = session.info.size if session.info is not None else Size(0, 0, 0)
        return session.scan is not None and self.operations[name].can(self._selected(), size)

    def _selected(self) -> tuple[Mark, ...]:
        found = map(self._session.findings.get, islice(self._chosen(), MOST_ASKED))
        return tuple(mark for mark in found if mark is not None)

    def _chosen(self) -> frozenset[str]:
        """What is selected; where nothing is, the mask that the brush would go on with."""
        session = self._session
        if session.selection:
            return session.selection
        state, label, axis = session.document.snapshot(), session.label, session.plane.axis
        if self._painted[0] is not state or self._painted[1:3] != (label, axis):
            own = (a for a in reversed(state.annotations) if a.label == label)
            found = next((a.id for a in own if isinstance(a.geometry, Mask) and a.geometry.axis == axis), None)
            self._painted = (state, label, axis, frozenset() if found is None else frozenset({found}))
        return self._painted[3]

    def run(self, name: str) -> None:
        """Let an operation work; its edit is committed when it is done."""
        session, operation = self._session, self.operations[name]
        if not self.can(name):
            return
        bench, key = replace(session.bench(), selection=self._chosen()), session.scan_key
        was_selected = bool(session.selection)

        def work(progress: Progress) -> Outcome:
            return operation.apply(bench, progress)

        def then(outcome: Outcome) -> None:
            if session.scan_key != key or session.document.snapshot() is not bench.document:
                session.told.emit(f"{operation.title}: the marks changed meanwhile, so nothing was done")
            else:
                # What was not selected stays so: the key of another label must choose what is painted next.
                self._handle(outcome if was_selected else replace(outcome, select=None))

        session.jobs.start(operation.title, work, then)
