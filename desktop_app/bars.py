"""The bars of the window: problems that can be put away, jobs with rate and time left, and the status line."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from desktop_app.action_slide import optics_of
from desktop_app.canvas.hovering import HoverInfo
from desktop_app.canvas.viewport import Viewport
from desktop_app.jobs import Job
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.widgets import Elided, Spinner, label, picture, tidy, tool_button
from imaging.errors import Problem

TOLD_MS = 6000
PROBLEMS_HELD = 50


class ProblemBar(QFrame):
    """The newest problem: what, where, what to do. Stays until it is put away; older ones come after it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("problem")
        self._problems: list[Problem] = []
        self.what, self.advice = label("", "heading", wraps=True), label("", "", wraps=True)
        self.where = label("", "small")
        self.where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.where.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.count = label("", "small")
        self.close_button = tool_button(theme, "close", "Put this message away", size=16)
        self.close_button.clicked.connect(self.put_away)
        row = QHBoxLayout(self)
        tidy(row, theme, (12, 8, 8, 8), 12)
        row.addWidget(picture(theme, "warning", 20, theme.danger), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        tidy(words, theme, gap=2)
        words.addWidget(self.what)
        words.addWidget(self.advice)
        words.addWidget(self.where)
        row.addLayout(words, 1)
        row.addWidget(self.count)
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def tell(self, problem: object) -> None:
        """Show a problem; the same one again is not stacked."""
        if not isinstance(problem, Problem):
            problem = Problem(str(problem))
        same = [known for known in self._problems if (known.what, known.where) == (problem.what, problem.where)]
        for known in same:
            self._problems.remove(known)
        self._problems = [*self._problems, problem][-PROBLEMS_HELD:]
        self._show()

    def put_away(self) -> None:
        """Put the newest away; the one before it is shown, if any."""
        if self._problems:
            self._problems.pop()
        self._show()

    def _show(self) -> None:
        self.setVisible(bool(self._problems))
        if not self._problems:
            return
        problem = self._problems[-1]
        place = problem.where.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
        text = f"{place} {problem.what}" if place else problem.what[:1].upper() + problem.what[1:]
        self.what.setText(text)
        self.advice.setText(problem.advice)
        self.advice.setVisible(bool(problem.advice))
        self.where.setText(problem.where)
        self.where.setVisible(problem.where != place)
        self.where.setToolTip(problem.where)
        more = len(self._problems) - 1
        self.count.setText(f"{more} more" if more else "")
        self.setAccessibleName(f"Problem: {text}. {problem.advice}")


def time_left(seconds: float | None) -> str:
    """`4 s left`, `2:05 left`; empty while unknown."""
    if seconds is None:
        return ""
    whole = round(seconds)
    return f"{whole} s left" if whole < 60 else f"{whole // 60}:{whole % 60:02d} left"


def rate_text(rate: float | None) -> str:
    """`12 / s`; empty while unknown or meaningless."""
    if rate is None or rate <= 0:
        return ""
    return f"{rate:.0f} / s" if rate >= 10 else f"{rate:.1f} / s"


class JobsBar(QWidget):
    """The job under way longest: what, how far, rate, time left, cancel. Hidden while nothing runs for long."""

    WAIT_MS = 250
    """Shorter jobs never show, so that the line does not flicker."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self.text = Elided("small")
        self.text.setFixedWidth(theme.px(260))
        self.text.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.facts = label("", "small")
        self.bar = Spinner("Progress of the job")
        self.bar.setFixedWidth(theme.px(110))
        self.cancel = tool_button(theme, "close", "Cancel this job", size=14)
        self.cancel.clicked.connect(self._cancel)
        row = QHBoxLayout(self)
        tidy(row, theme, gap=8)
        for part in (self.text, self.bar, self.facts, self.cancel):
            row.addWidget(part)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(self.WAIT_MS)
        self._wait.timeout.connect(self._refresh)
        session.jobs.started.connect(self._on_started)
        session.jobs.changed.connect(self._on_changed)
        session.jobs.ended.connect(self._refresh)
        self._refresh()

    @property
    def shown(self) -> tuple[Job[Any], ...]:
        """The jobs a person is told of."""
        started = time.monotonic() - self.WAIT_MS / 1000
        return tuple(job for job in self._session.jobs.running if not job.is_quiet and job.started <= started)

    def _on_started(self) -> None:
        self._wait.start()

    def _on_changed(self) -> None:
        self._refresh()

    def _refresh(self) -> None:
        jobs = self.shown
        self.setVisible(bool(jobs))
        if not jobs:
            return
        job = jobs[0]
        more = f"  (+{len(jobs) - 1})" if len(jobs) > 1 else ""
        step = f" · {job.step.text}" if job.step.text else ""
        self.text.setText(job.title + step + more)
        self.bar.show_fraction(job.fraction)
        self.facts.setText(" · ".join(part for part in (rate_text(job.rate), time_left(job.seconds_left)) if part))
        self.cancel.setAccessibleName(f"Cancel {job.title}")

    def _cancel(self) -> None:
        jobs = self.shown
        if jobs:
            jobs[0].cancel()


class StatusLine(QFrame):
    """Position, value, zoom, a short message, device, jobs, and whether all is saved."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("footer")
        self._session = session
        self.position, self.value, self.zoom = (self._number(theme, width) for width in (220, 100, 50))
        self.told, self.device, self.saved = Elided("small"), label("", "small"), label("", "small")
        self.device.setToolTip("Where the last model really ran")
        self.saved.setToolTip("Every edit is kept as it is made")
        self.jobs = JobsBar(session, theme)
        row = QHBoxLayout(self)
        tidy(row, theme, (12, 0, 12, 0), 16)
        for part in (self.position, self.value):
            row.addWidget(part)
        row.addWidget(self.told, 1)
        for part in (self.jobs, self.device, self.saved, self.zoom):
            row.addWidget(part)
        self.zoom.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(TOLD_MS)
        self._quiet.timeout.connect(self._forget)
        session.told.connect(self.tell)
        session.saved_changed.connect(self._show_saved)
        session.proposals_changed.connect(self._show_device)
        session.scan_changed.connect(self._show_device)
        # A job that comes and goes must neither widen the window nor move the scan.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(theme.px(28))
        self._show_saved()
        self._show_device()

    def tell(self, text: str) -> None:
        """Say something for a few seconds."""
        self.told.setText(text)
        self._quiet.start()

    def show_position(self, position: str, value: str, zoom: str) -> None:
        """Where the mouse is, what is there, how close it is seen."""
        self.position.setText(position)
        self.value.setText(value)
        self.zoom.setText(zoom)

    def _forget(self) -> None:
        self.told.setText("")

    def _show_saved(self) -> None:
        text = self._session.saved_text
        self.saved.setText(text)
        name = "bad" if text.startswith("not saved") else "good" if text.startswith("all") else "small"
        self.saved.setObjectName(name)
        self.saved.style().polish(self.saved)

    def _show_device(self) -> None:
        predictions = self._session.predictions
        self.device.setText(predictions[-1].device if predictions else "")
        self.device.setVisible(bool(predictions))

    @staticmethod
    def _number(theme: Theme, width: int) -> QLabel:
        made = label("", "number")
        made.setMinimumWidth(theme.px(width))
        return made


def position_text(info: HoverInfo) -> str:
    """Pixels of the plane, and millimetres of the patient where known."""
    text = f"{info.x:.1f}, {info.y:.1f} px"
    if info.place_mm is not None:
        text += f"   {info.place_mm[0]:.3f}, {info.place_mm[1]:.3f} mm"
    if info.world is not None:
        text += "   " + ", ".join(f"{value:.1f}" for value in info.world) + " mm"
    return text


def value_text(info: HoverInfo) -> str:
    """The value under the mouse: a number with its unit, or red, green and blue."""
    if not info.values:
        return ""
    return " ".join(f"{value:g}" for value in info.values) + (f" {info.unit}" if info.unit else "")


def zoom_text(session: Session, viewport: Viewport) -> str:
    """How close: the power and the size of a screen pixel on a slide, the scale in per cent elsewhere."""
    info = session.info
    if info is None or info.kind != "slide":
        return f"{viewport.scale:.0%}"
    turned = f" · {viewport.angle:.0f}°" if viewport.angle else ""
    return optics_of(session).text(viewport.scale) + turned
