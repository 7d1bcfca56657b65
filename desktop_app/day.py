"""The progress of the day: how many cases a reader finished today, and how far the whole list is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from dataset.record import LOOKED_AT
from desktop_app.display import CaseRow
from desktop_app.one_job import OneJob
from imaging.progress import Progress

if TYPE_CHECKING:
    from desktop_app.session import Session

COUNT_MS = 300
"""What changes within this time is counted once."""
LEAST_FOR_RATE = 3
"""Fewer finished cases say nothing of a rate."""


@dataclass(frozen=True, slots=True)
class Day:
    """What was finished today by one reader, and altogether by all."""

    today: int = 0
    done: int = 0
    total: int = 0
    per_hour: float | None = None
    """How many cases an hour, from the first finished today to the last; `None` where that says nothing yet."""

    @property
    def text(self) -> str:
        """One short line."""
        return f"{self.today:,} today · {self.done:,} of {self.total:,} done"

    @property
    def fraction(self) -> float:
        """How much of the list is done, 0…1."""
        return self.done / self.total if self.total else 0.0

    @property
    def tip(self) -> str:
        """What stands behind the line."""
        rate = "" if self.per_hour is None else f"\n{self.per_hour:.0f} an hour since the first today"
        return f"Cases you finished today, and how many of all are done{rate}"


def day_of(rows: Iterable[CaseRow], author: str, now: datetime) -> Day:
    """Count; `now` is in the reader's time zone, and says which day it is."""
    begin = now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    done = total = 0
    mine: list[float] = []
    for row in rows:
        total += 1
        done += row.state in LOOKED_AT
        mine += [when for who, when in row.readings if who == author and when >= begin]
    span = max(mine, default=0.0) - min(mine, default=0.0)
    rate = (len(mine) - 1) / span * 3600 if len(mine) >= LEAST_FOR_RATE and span > 0 else None
    return Day(len(mine), done, total, rate)


def until_midnight_ms(now: datetime) -> int:
    """How long until a second after the next midnight of a local time."""
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=1, microsecond=0)
    return max(round((tomorrow - now).total_seconds() * 1000), 1000)


class DayCount(QObject):
    """Keeps the count true, in the background. Main thread only."""

    changed = Signal(object)
    """With the `Day`."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._is_busy = self._is_due = False
        self._job = OneJob(self)
        self.day = Day()
        self._soon = self._timer(COUNT_MS, self._count)
        self._midnight = self._timer(until_midnight_ms(local_now()), self._on_midnight)
        self._midnight.start()
        session.cases_changed.connect(self._soon.start)
        session.worklist.reading_changed.connect(self._soon.start)
        # Where the window is built again, the cases are there already.
        if session.cases:
            self._soon.start()

    def _timer(self, milliseconds: int, call: object) -> QTimer:
        made = QTimer(self)
        made.setSingleShot(True)
        made.setInterval(milliseconds)
        made.timeout.connect(call)
        return made

    def _on_midnight(self) -> None:
        self._midnight.start(until_midnight_ms(local_now()))
        self._count()

    def _count(self) -> None:
        if self._is_busy:
            self._is_due = True
            return
        self._is_busy, self._is_due = True, False
        cases, author = tuple(self._session.worklist.table), self._session.author

        def work(_progress: Progress) -> Day:
            return day_of((case.row for case in cases), author, local_now())

        self._job.follow(self._session.jobs.start("Counting the day", work, self._on_counted, quiet=True))

    def _on_counted(self, day: Day) -> None:
        self._is_busy = False
        if day != self.day:
            self.day = day
            self.changed.emit(day)
        if self._is_due:
            self._soon.start()


def local_now() -> datetime:
    """The time here."""
    return datetime.now().astimezone()
