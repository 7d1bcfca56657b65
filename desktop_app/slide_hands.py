"""What a person does with the views of a slide: how close, which way up, where to, in how many views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from desktop_app import slide_dialogs
from desktop_app.action_slide import optics_of
from desktop_app.canvas.view_grid import ViewGrid
from desktop_app.canvas.viewport import Viewport
from desktop_app.marks_exchange import READS, WRITES, MarksExchange
from desktop_app.places import Grid, place_text
from desktop_app.session import Session
from desktop_app.theme import Theme

Ask = Callable[[QDialog], bool]
PLACE_POWER = 10.0
"""A place worth a visit is seen at least this close."""


class SlideHands(QObject):
    """Moves the active view, and asks what has to be asked."""

    def __init__(self, session: Session, grid: ViewGrid, look: Theme, ask: Ask, window: QWidget) -> None:
        super().__init__(grid)
        self.exchange = MarksExchange(session, self)
        self._session, self._grid, self._look, self._ask, self._window = session, grid, look, ask, window
        session.slides.place_wanted.connect(self.visit)
        grid.viewport_changed.connect(self._tell_centre)

    @property
    def viewport(self) -> Viewport | None:
        """Where the active view stands."""
        return self._grid.view.viewport

    def _move(self, viewport: Viewport) -> None:
        self._grid.view.move_to(viewport)

    def _tell_centre(self, viewport: object) -> None:
        if isinstance(viewport, Viewport):
            self._session.slides.look_at(viewport.centre)

    # How close and which way up.

    def see_at(self, power: float) -> None:
        """See the slide at a power (5 is 5×); where none is known, at that share of 40."""
        self._grid.view.zoom_to(optics_of(self._session).scale(power))

    def see_pixels(self) -> None:
        """One pixel of the scan on one of the screen."""
        self._grid.view.zoom_to(1.0)

    def turn(self, degrees: float) -> None:
        """Turn the view clockwise."""
        if self.viewport is not None:
            self._move(self.viewport.rotated(degrees))

    def turn_back(self) -> None:
        """Show the slide as it was scanned."""
        if self.viewport is not None:
            self._move(replace(self.viewport, angle=0.0))

    # Where.

    def visit(self, x: float, y: float) -> None:
        """Show a place in the middle, close enough to judge it."""
        viewport, least = self.viewport, optics_of(self._session).scale(PLACE_POWER)
        if viewport is not None:
            self._move(replace(viewport, centre=(x, y), scale=max(viewport.scale, least)))

    def ask_place(self) -> None:
        """Ask where to go, and go there."""
        viewport, grid = self.viewport, self._places()
        if viewport is None or grid is None:
            return
        sheet = slide_dialogs.GoTo(self._window, self._look, grid, optics_of(self._session), viewport.centre)
        if self._ask(sheet) and sheet.place is not None:
            scale = optics_of(self._session).scale(sheet.power) if sheet.power else viewport.scale
            self._move(replace(viewport, centre=sheet.place, scale=scale))

    def copy_place(self) -> None:
        """Copy where the middle of the view is."""
        viewport, grid = self.viewport, self._places()
        if viewport is not None and grid is not None:
            text = place_text(*viewport.centre, grid)
            QGuiApplication.clipboard().setText(text)
            self._session.told.emit(f"Copied {text}")

    def _places(self) -> Grid | None:
        info = self._session.info
        if info is None:
            return None
        given = self._session.predicting.pixel_size_mm
        across, down = ((mm or given or 0) * 1000 or None for mm in info.spacing_mm[:2])
        return Grid(info.size, (across, down))

    # Views.

    def toggle_overview(self) -> None:
        """Fold the overview, or show it."""
        self._grid.overview.set_open(not self._grid.overview.is_open)

    def split(self, count: Literal[1, 2, 4]) -> None:
        """Show one view, two or four."""
        self._grid.set_count(count)

    def toggle_link(self) -> None:
        """Let the views move together, or each for itself."""
        self._grid.set_linked(not self._grid.linked)
        self._session.told.emit("The views move together" if self._grid.linked else "Each view moves for itself")

    def next_view(self) -> None:
        """Make the next view the active one."""
        self._grid.next_view()

    # Models, pictures, files.

    def read_view(self) -> None:
        """Let the chosen model read what is on screen."""
        if self.viewport is not None:
            self._session.slides.read_view(self.viewport.visible())

    def ask_pictures(self) -> None:
        """Show the pictures beside the slide, on request only."""
        self._ask(slide_dialogs.Pictures(self._window, self._look, self._session))

    def ask_import(self) -> None:
        """Choose a file of annotations to take in."""
        found, _ = QFileDialog.getOpenFileName(self._window, "Import annotations", "", READS)
        if found:
            self.exchange.take_in(Path(found))

    def ask_export(self) -> None:
        """Choose where the annotations of the open scan are written."""
        found, _ = QFileDialog.getSaveFileName(self._window, "Export annotations", "", WRITES)
        if found:
            path = Path(found)
            self.exchange.write_out(path if path.suffix else path.with_suffix(".geojson"))
