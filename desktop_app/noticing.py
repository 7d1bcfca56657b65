"""Noticing: what other programs write into the open dataset is looked for now and then, off the main thread."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from imaging.errors import Problem
from imaging.progress import Progress

if TYPE_CHECKING:
    from dataset.folder import Dataset
    from dataset.listing import Listed
    from desktop_app.session import Session

EVERY_SECONDS = 20.0
REST = 30
"""Looking takes no more than one part in so many of the time: on a slow drive it comes less often."""


class Noticing(QObject):
    """Looks at the dataset's folders again and again, and tells the worklist what changed. Main thread only."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.look)
        session.worklist.dataset_opened.connect(self._rest)

    def look(self) -> None:
        """Look now."""
        dataset = self._session.dataset
        if dataset is None:
            return
        begun = time.monotonic()

        def work(progress: Progress) -> tuple[tuple[Listed, ...], frozenset[str]]:
            return dataset.look_again(progress)

        def then(answer: tuple[tuple[Listed, ...], frozenset[str]]) -> None:
            self._on_looked(dataset, *answer)
            self._rest(None, time.monotonic() - begun)

        def failed(_problem: Problem) -> None:
            # A drive that is away for a while: what needs it says so itself.
            self._rest(None, time.monotonic() - begun)

        self._session.jobs.start("Looking for changes", work, then, failed, quiet=True, heavy=True)

    def _on_looked(self, dataset: Dataset, changed: tuple[Listed, ...], gone: frozenset[str]) -> None:
        if dataset is self._session.dataset and (changed or gone):
            self._session.worklist.take_changes(changed, gone, dataset.labels)

    def _rest(self, _dataset: object, spent: float = 0.0) -> None:
        self._timer.start(round(max(EVERY_SECONDS, REST * spent) * 1000))
