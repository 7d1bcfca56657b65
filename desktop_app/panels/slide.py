"""The slide panel: how large it is, how it was scanned and who says so, its colours, the pictures beside it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from desktop_app.flow import Flow
from desktop_app.one_job import OneJob
from desktop_app.panel import Panel, Side
from desktop_app.session import Session
from desktop_app.slide_dialogs import Pictures
from desktop_app.theme import Theme
from desktop_app.widgets import Elided, label, push, tidy
from imaging.errors import Problem
from imaging.progress import Progress
from imaging.scan import ScanInfo, TiledScan

NO_PROFILE = "This slide has no colour profile"
PROFILE = "Show the colours as the scanner's profile says"


class SlideView(QWidget):
    """Facts of the open slide, and what can be asked of it."""

    applies_changed = Signal(bool)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme, self._job = session, theme, OneJob(self)
        names = ("Pixels", "Size", "Levels", "Pixel size", "Objective", "Format")
        self.facts = {name: Elided("") for name in names}
        self.ask = push("Type it", "Say the pixel size of this slide, which it does not say itself", name="link")
        self.profile = QCheckBox("Apply colour profile")
        self.profile.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.pictures = push("Label and macro…", "Pictures beside the slide; they may show the patient's name")
        self._lay_out(theme, names)
        self.ask.clicked.connect(session.predicting.pixel_size_wanted)
        self.profile.clicked.connect(self._set_profile)  # only by a person: shown off it may still be wanted
        self.pictures.clicked.connect(self._show_pictures)
        session.scan_changed.connect(self._on_scan)
        session.display_changed.connect(self._show)
        self._on_scan()

    def _lay_out(self, theme: Theme, names: tuple[str, ...]) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.px(12))
        grid.setVerticalSpacing(theme.px(4))
        for number, name in enumerate(names):
            grid.addWidget(label(name, "muted"), number, 0)
            grid.addWidget(self.facts[name], number, 1)
        grid.addWidget(self.ask, names.index("Pixel size"), 2)
        grid.setColumnStretch(1, 1)
        last = Flow.of((self.profile, self.pictures), theme.px(8), spread=True)
        column = QVBoxLayout(self)
        tidy(column, theme, (12, 4, 12, 12), 8)
        column.addLayout(grid)
        column.addLayout(last)

    @property
    def applies(self) -> bool:
        """Whether the open scan is a slide."""
        info = self._session.info
        return info is not None and info.kind == "slide"

    def _on_scan(self) -> None:
        self.applies_changed.emit(self.applies)
        self._tell_profile(NO_PROFILE, has=False)
        scan = self._session.scan
        if isinstance(scan, TiledScan) and scan.info.kind == "slide" and scan.info.is_colour:
            self._look_for_profile(scan)
        self._show()

    def _look_for_profile(self, scan: TiledScan) -> None:
        def work(_progress: Progress) -> bool:
            return scan.icc_profile() is not None

        def then(has: bool) -> None:
            if self._session.scan is scan:
                self._tell_profile(PROFILE if has else NO_PROFILE, has=has)

        def failed(problem: Problem) -> None:
            if self._session.scan is scan:
                self._tell_profile(str(problem), has=False)

        self._job.follow(self._session.jobs.start("Looking for a colour profile", work, then, failed, quiet=True))

    def _tell_profile(self, tip: str, *, has: bool) -> None:
        self.profile.setEnabled(has)
        self.profile.setChecked(has and self._session.display.colour_managed)
        self.profile.setToolTip(tip)
        self.profile.setAccessibleDescription(tip)

    def _show(self) -> None:
        info = self._session.info
        if info is None or not self.applies:
            return
        given = self._session.predicting.pixel_size_mm
        is_unknown = None in info.spacing_mm[:2]
        for name, text in facts_of(info, given).items():
            self.facts[name].setText(text)
            self.facts[name].setToolTip(text)
            self.facts[name].setAccessibleName(f"{name}: {text}")
        self.ask.setVisible(is_unknown)
        self.ask.setText("Change" if given else "Type it")
        self.pictures.setEnabled(bool(info.associated))
        tip = "Pictures beside the slide; they may show the patient's name"
        self.pictures.setToolTip(tip if info.associated else "There are no pictures beside this slide")
        self.profile.setChecked(self.profile.isEnabled() and self._session.display.colour_managed)

    def _set_profile(self, on: bool) -> None:
        self._session.set_display(replace(self._session.display, colour_managed=on))

    def _show_pictures(self) -> None:
        sheet = Pictures(self.window(), self._theme, self._session)
        sheet.exec()
        sheet.deleteLater()


def facts_of(info: ScanInfo, given_mm: float | None = None) -> dict[str, str]:
    """What is known of a slide, each in one line, with who says it."""
    size, (across, down) = info.size, info.spacing_mm[:2]
    pixels = f"{size.columns:,} × {size.rows:,}".replace(",", "\u202f")
    if size.planes > 1:
        pixels += f" × {size.planes} planes"
    x, y = across or given_mm, down or given_mm
    length = f"{size.columns * x:.1f} × {size.rows * y:.1f} mm" if x and y else "unknown"
    steps = [f"{level.downsample:.3g}" for level in info.levels]
    shown = ", ".join(steps if len(steps) <= 5 else [*steps[:3], "…", steps[-1]])
    if across and down:
        is_square = abs(across / down - 1) < 0.005
        micro = f"{across * 1000:.4g}" + ("" if is_square else f" × {down * 1000:.4g}") + " µm"
        said = f" ({info.spacing_from})" if info.spacing_from else ""
    else:
        micro, said = (f"{given_mm * 1000:.4g} µm", " (given by you)") if given_mm else ("unknown", "")
    objective = f"{info.objective:g}×" if info.objective else "unknown"
    by = f" ({info.objective_from})" if info.objective and info.objective_from else ""
    return {
        "Pixels": pixels,
        "Size": length,
        "Levels": f"{len(info.levels)} ({shown})" if info.levels else "1",
        "Pixel size": micro + said,
        "Objective": objective + by,
        "Format": info.format.upper() if info.format == "dicom" else info.format[:1].upper() + info.format[1:],
    }


class SlidePanel:
    """The facts of a slide on the right."""

    title = "Slide"
    side: Side = "right"
    order = 40
    stretch = 0

    def make(self, session: Session, theme: Theme) -> QWidget:
        """Build it."""
        return SlideView(session, theme)


PLUGIN: Panel = SlidePanel()
