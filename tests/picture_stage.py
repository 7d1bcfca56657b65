"""The window on a stage: opened, filled and photographed for `tests.pictures`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from dataset.annotation import Box, Proposal, now
from dataset.document import Snapshot
from dataset.folder import Dataset
from dataset.label import AttributeDef, Label
from dataset.prediction import ModelRef, Prediction
from desktop_app.app import Arguments, build, start
from desktop_app.canvas.scan_view import ScanView
from desktop_app.main_window import MainWindow
from desktop_app.opening import Opened
from desktop_app.session import Session
from desktop_app.settings import SettingsFile
from desktop_app.widgets import Section
from imaging.geometry import Plane
from imaging.scan import Scan
from tests.features.hands import LABELS, add_reading, make_dataset

if TYPE_CHECKING:
    from tests.pictures import Look

PATIENCE = 60.0
GRADES = AttributeDef("Grade", "choice", ("mild", "moderate", "severe"), is_required=True)
REMARK = AttributeDef("Remark", "text")
MEASURES = Label("measurement", "Measurement", "#ffd166", "4")


def prepare(folder: Path) -> None:
    """A dataset that a model and two others have read, one of whose labels asks something."""
    make_dataset(folder)
    add_reading(folder, "case0", "Ben", 2.0)
    add_reading(folder, "case0", "Cleo", 5.0)
    dataset = Dataset.open(folder)
    disc = LABELS.labels[0]
    dataset.change_label(replace(disc, attributes=(GRADES, REMARK)))
    dataset.close()


class Stage:
    """One session and one window, in one look."""

    def __init__(self, look: Look, out: Path, root: Path) -> None:
        self.look, self.out, self.root = look, out, root
        self.out.mkdir(parents=True, exist_ok=True)
        prepare(root / "dataset")
        home = root / "home"
        home.mkdir(exist_ok=True)
        SettingsFile(home).change(theme=look.theme, scale=look.scale, language=look.language, author="Ada")
        self._made: list[tuple[Session, MainWindow]] = []
        self.open_window(root / "dataset")

    def open_window(self, dataset: Path) -> None:
        """A window of its own on a dataset."""
        arguments = Arguments(dataset=dataset, home=self.root / "home", size=self.look.size)
        _, self.session, self.window = build(arguments)
        self._made.append((self.session, self.window))
        self.window.resize(*self.look.size)
        self.window.show()
        self.window.activateWindow()
        start(arguments, self.session)
        self.rest()

    def until(self, condition: Callable[[], object]) -> None:
        """Let the window work until a condition holds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("the window did not follow")
            QApplication.processEvents()
            time.sleep(0.002)

    def rest(self) -> None:
        """Wait until nothing is under way and everything is drawn."""
        quiet = 0

        def is_quiet() -> bool:
            nonlocal quiet
            views = [view for view in self.window.findChildren(ScanView) if view.isVisible()]
            calm = not self.session.jobs.running and self.session.keeping.is_settled
            quiet = quiet + 1 if calm and all(view.is_complete for view in views) else 0
            return quiet > 60

        self.until(is_quiet)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def open_case(self, number: int = 0) -> None:
        """Open a case of the dataset."""
        self.until(lambda: len(self.session.cases) > number)
        self.session.open_case(number)
        self.until(lambda: self.session.scan is not None and self.session.case == number)
        self.rest()

    def open_scan(self, scan: Scan, *predictions: Prediction) -> None:
        """Open a scan that is in no dataset."""
        plane = Plane(0, scan.info.size.planes // 2)
        self.session.worklist.opened.emit(Opened(scan, "", Snapshot(), "", (), predictions, "unseen", None, plane))
        self.rest()

    def act(self, *names: str) -> None:
        """Do what actions do, by their ids."""
        rows = {row.id: row for row in self.window.action_rows}
        for name in names:
            rows[name].call(self.window)
            self.rest()

    def fold(self, *opened: str) -> None:
        """Open these sections of the columns, and fold all others that are on the right."""
        for section in self.window.findChildren(Section):
            section._button.setChecked(section.title in (*opened, "Worklist"))
        self.rest()

    def snap(self, name: str, widget: QWidget | None = None) -> None:
        """Save a picture."""
        self.rest()
        picture = (widget or self.window).grab()
        assert picture.save(str(self.out / f"{name}.png"))

    def snap_sheet(self, name: str, sheet: QDialog) -> None:
        """Save a picture of a dialog and let it go."""
        sheet.show()
        self.snap(name, sheet)
        sheet.close()
        sheet.deleteLater()

    def tidy_up(self) -> None:
        """Back to the first window."""
        while len(self._made) > 1:
            self._let_go(*self._made.pop())
        self.session, self.window = self._made[0]

    def leave(self) -> None:
        """Close everything."""
        for session, window in self._made:
            self._let_go(session, window)

    @staticmethod
    def _let_go(session: Session, window: MainWindow) -> None:
        window.close()
        session.close()
        window.deleteLater()
        session.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def boxes_on(plane: int, count: int, width: int, height: int) -> Prediction:
    """A prediction of many boxes, less and less certain."""
    rng = np.random.default_rng(3)
    places = rng.random((count, 2)) * (width * 0.85, height * 0.85)
    marks = tuple(
        Proposal(f"many-{n}", ("disc", "tumour")[n % 2], Box(Plane(0, plane), x, y, 10, 8), 0.99 - n * 0.9 / count)
        for n, (x, y) in enumerate(places.tolist())
    )
    return Prediction("many", "", ModelRef("finder", "1", "0" * 64), "cpu", now(), 0.1, marks)
