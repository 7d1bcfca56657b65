"""The dialogs of slides: go to a place, and the pictures beside a slide. Nothing of them is kept."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop_app.canvas.power import POWERS, Optics
from desktop_app.dialogs import Sheet
from desktop_app.one_job import OneJob
from desktop_app.places import UNITS, Grid, Unit, place_of
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.widgets import Chooser, Field, label, push, tidy
from imaging.errors import Problem
from imaging.progress import Progress
from imaging.scan import Pixels, TiledScan

NAMES = {"label": "Label", "macro": "Macro picture", "thumbnail": "Thumbnail"}
MAY_NAME = {"label", "macro"}
SIDE = 420


class GoTo(Sheet):
    """A place in pixels or lengths, and how close to see it."""

    def __init__(
        self, parent: QWidget | None, theme: Theme, grid: Grid, optics: Optics, here: tuple[float, float]
    ) -> None:
        super().__init__(parent, theme, "Go to a place", "Cancel")
        self._grid = grid
        self.place: tuple[float, float] | None = None
        self.power: float | None = None
        self.text = Field(f"{here[0]:.0f}, {here[1]:.0f}")
        self.text.setAccessibleName("Place: x and y")
        self.text.setToolTip("x and y from the upper left corner; a unit behind them counts: 3.2, 1.5 mm")
        self.text.selectAll()
        self.units = Chooser("Unit of the place")
        for unit in UNITS:
            if grid.per_unit(unit) is not None:
                self.units.addItem(unit, unit)
        if self.units.count() == 1:
            self.units.setToolTip("Only pixels: the pixel size of this slide is unknown")
        self.powers = Chooser("Power", "How close to see it")
        self.powers.addItem("As close as now", None)
        for power in POWERS:
            self.powers.addItem(optics.name(power), power)
        row = QHBoxLayout()
        tidy(row, theme, gap=8)
        row.addWidget(self.text, 1)
        row.addWidget(self.units)
        self.add_form((("Place", row), ("Power", self.powers)))
        self.problem = label("", "bad", wraps=True)
        self.problem.setMinimumHeight(self.problem.fontMetrics().height())
        self.body.addWidget(self.problem)
        self.go = self.add_chief("Go", "Show this place")
        self.text.returnPressed.connect(self.go.click)
        self.text.textChanged.connect(lambda: self.problem.setText(""))
        self.setMinimumWidth(theme.px(420))
        self.text.setFocus()

    def accept(self) -> None:
        """Go, if it is a place; else say why it is none."""
        unit: Unit = self.units.currentData()
        try:
            self.place = place_of(self.text.text(), unit, self._grid)
        except Problem as problem:
            self.problem.setText(str(problem))
            self.text.setFocus()
            self.text.selectAll()
            return
        self.power = self.powers.currentData()
        super().accept()


class Pictures(Sheet):
    """The pictures beside a slide, each shown when it is asked for. They may carry names and are never kept."""

    def __init__(self, parent: QWidget | None, theme: Theme, session: Session) -> None:
        super().__init__(parent, theme, "Pictures beside the slide")
        self._session, self._scan, self._job = session, session.scan, OneJob(self)
        warning = "The label and the macro picture may show the patient's name. They are not saved and not exported."
        told = label(warning, "warning", wraps=True)
        self.body.addWidget(told)
        names = session.info.associated if session.info is not None else ()
        row = QHBoxLayout()
        tidy(row, theme, gap=8)
        self.buttons = {name: push(f"Show {_title(name).lower()}", f"Read the {name} and show it") for name in names}
        for name, button in self.buttons.items():
            button.clicked.connect(lambda _checked=False, name=name: self.show_picture(name))
            row.addWidget(button)
        row.addStretch(1)
        self.body.addLayout(row)
        self.picture = QLabel("Nothing is shown until you ask for it.")
        self.picture.setObjectName("muted")
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setFixedSize(theme.px(SIDE), theme.px(SIDE * 0.75))
        self.caption = label("", "small", wraps=True)
        column = QVBoxLayout()
        tidy(column, theme, gap=4)
        column.addWidget(self.picture, 1, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.caption)
        self.body.addLayout(column, 1)

    def show_picture(self, name: str) -> None:
        """Read a picture in a worker and show it."""
        scan = self._scan
        if not isinstance(scan, TiledScan):
            return
        self.picture.setText("Reading …")
        self.caption.setText("")

        def work(_progress: Progress) -> QImage:
            return _image(scan.associated_image(name))

        def then(image: QImage) -> None:
            keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            self.picture.setPixmap(QPixmap.fromImage(image.scaled(self.picture.size(), keep, smooth)))
            self.picture.setAccessibleName(_title(name))
            careful = " · may show the patient's name" if name in MAY_NAME else ""
            self.caption.setText(f"{_title(name)} · {image.width()} × {image.height()} px{careful}")

        def failed(problem: Problem) -> None:
            self.picture.setText("")
            self.caption.setText(str(problem))

        self._job.follow(self._session.jobs.start(f"Reading the {name}", work, then, failed, quiet=True))

    def done(self, result: int) -> None:
        """Forget what was shown."""
        self._job.stop()
        self.picture.clear()
        super().done(result)


def _title(name: str) -> str:
    return NAMES.get(name, name.capitalize())


def _image(pixels: Pixels) -> QImage:
    rows, columns = pixels.shape[:2]
    return QImage(pixels.tobytes(), columns, rows, 3 * columns, QImage.Format.Format_RGB888).copy()
