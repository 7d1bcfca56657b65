"""Valuing: finds out in the background what the pixels of regions are, and remembers it; a part of the session."""

from __future__ import annotations

from typing import TypeAlias

from PySide6.QtCore import QObject, QTimer, Signal

from dataset.annotation import Geometry
from dataset.region_values import RegionValues, region_values
from desktop_app.choosing import Choosing
from desktop_app.jobs import Job
from desktop_app.viewing import reader_of
from imaging.errors import Problem
from imaging.progress import Progress

Found: TypeAlias = RegionValues | Problem | None
"""`None`: the region holds no pixel."""
MOST_KEPT = 500


class Valuing(QObject):
    """Answers at once with what is known and begins to find out the rest. Main thread only."""

    changed = Signal()
    """More is known now."""

    def __init__(self, session: Choosing) -> None:
        super().__init__(session)
        self._session = session
        self._known: dict[str, tuple[Geometry, Found]] = {}
        self._wanted: dict[str, Geometry] = {}
        self._job: Job[dict[str, tuple[Geometry, Found]]] | None = None
        session.scan_changed.connect(self._forget)

    def is_known(self, mark_id: str, geometry: Geometry) -> bool:
        """Whether the values of a mark as it is now are there."""
        kept = self._known.get(mark_id)
        return kept is not None and kept[0] is geometry

    def of(self, mark_id: str, geometry: Geometry) -> RegionValues | None:
        """The values of a mark; `None` while they are found out (`changed` tells), and where there are none."""
        found = self.answer(mark_id, geometry)
        return found if isinstance(found, RegionValues) else None

    def answer(self, mark_id: str, geometry: Geometry) -> Found:
        """As `of`, or why there are none."""
        kept = self._known.get(mark_id)
        if kept is not None and kept[0] is geometry:
            return kept[1]
        if self._session.scan is not None and self._wanted.get(mark_id) is not geometry:
            self._wanted[mark_id] = geometry
            # Many that are asked for in one turn of the event loop are found out together.
            QTimer.singleShot(0, self, self._begin)
        return None

    def _forget(self) -> None:
        if self._job is not None:
            self._job.cancel()
        self._known.clear()
        self._wanted.clear()
        self._job = None

    def _begin(self) -> None:
        scan = self._session.scan
        read = reader_of(scan)
        if scan is None or read is None or self._job is not None or not self._wanted:
            return
        wanted, info = dict(self._wanted), scan.info

        def work(progress: Progress) -> dict[str, tuple[Geometry, Found]]:
            found: dict[str, tuple[Geometry, Found]] = {}
            for mark_id, geometry in wanted.items():
                try:
                    values = region_values(geometry, read, info.size, progress, info.rescale.unit)
                except Problem as problem:
                    found[mark_id] = geometry, problem
                else:
                    found[mark_id] = geometry, values
            return found

        def then(found: dict[str, tuple[Geometry, Found]]) -> None:
            if self._session.scan is scan:
                self._take(found)

        def failed(problem: Problem) -> None:
            then({mark_id: (geometry, problem) for mark_id, geometry in wanted.items()})

        self._job = self._session.jobs.start("Measuring values", work, then, failed, quiet=True)

    def _take(self, found: dict[str, tuple[Geometry, Found]]) -> None:
        self._job = None
        self._known.update(found)
        while len(self._known) > MOST_KEPT:
            del self._known[next(iter(self._known))]
        for mark_id, (geometry, _) in found.items():
            if self._wanted.get(mark_id) is geometry:
                del self._wanted[mark_id]
        self.changed.emit()
        self._begin()
