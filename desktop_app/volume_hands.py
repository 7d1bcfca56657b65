"""What a person does with the views of a volume or a radiograph: planes, slabs, comparing, true size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QWidget

from desktop_app.action_volume import is_volume
from desktop_app.canvas.view_grid import ViewGrid
from desktop_app.choosing_case import ChooseCase
from desktop_app.crosshair import AXES
from desktop_app.display import ONE_PLANE, Slab
from desktop_app.presets import first_slab
from desktop_app.session import Session
from desktop_app.theme import Theme
from imaging.geometry import plane_spacing, step_spacing

Ask = Callable[[QDialog], bool]
MM_PER_INCH = 25.4
LIKELY_DPI = (40.0, 700.0)
"""A screen that tells a resolution beyond these does not know its size."""


class VolumeHands(QObject):
    """Moves the views of scans that are no slides, and asks what has to be asked."""

    def __init__(self, session: Session, grid: ViewGrid, look: Theme, ask: Ask, window: QWidget) -> None:
        super().__init__(grid)
        self._session, self._grid, self._look, self._ask, self._window = session, grid, look, ask, window

    def show_planes(self, three: bool) -> None:
        """Show the planes of all three axes, or one view."""
        self._grid.show_planes(three)

    def next_axis(self) -> None:
        """Work on the planes of the next axis."""
        if is_volume(self._session):
            self._session.set_axis(AXES[(self._session.plane.axis + 1) % len(AXES)])

    def toggle_crosshair(self) -> None:
        """Show where the other planes cut each, or hide it."""
        self._grid.set_crosshair(not self._grid.crosshair)

    # How it is shown.

    def cycle_slab(self) -> None:
        """Show several planes as one: their mean, their brightest, their darkest, and one plane again."""
        session = self._session
        if session.info is None:
            return
        slab = next_slab(session.display.slab, step_spacing(session.info.spacing_mm, session.plane.axis))
        session.set_display(replace(session.display, slab=slab))
        session.told.emit(slab_text(slab))

    def show_true_size(self) -> None:
        """One millimetre of the scan as one millimetre on the screen."""
        session, view = self._session, self._grid.view
        viewport, info = view.viewport, session.info
        if viewport is None or info is None:
            return
        across, down = plane_spacing(info.spacing_mm, viewport.plane.axis)
        dpi = self._window.screen().physicalDotsPerInch()
        if not across or not down:
            session.told.emit("True size is unknown: this scan does not say how large its pixels are")
        elif not LIKELY_DPI[0] <= dpi <= LIKELY_DPI[1]:
            session.told.emit("True size is unknown: the screen does not say how large it is")
        else:
            view.zoom_to(min(across, down) * dpi / MM_PER_INCH)
            told = "True size, if the screen is as large as it says"
            if info.kind == "radiograph":
                told = "True size at the detector, if the screen is as large as it says"
            session.told.emit(told)

    # Comparing.

    def compare(self) -> None:
        """Choose another case to look at beside the open one, or close it."""
        if self._grid.beside is not None:
            self._grid.close_beside()
            return
        if len(self._session.cases) < 2:
            self._session.told.emit("There is no other case to compare with")
            return
        sheet = ChooseCase(self._window, self._look, self._session.cases, self._session.case)
        if self._ask(sheet) and sheet.chosen >= 0:
            self._session.worklist.open_beside(sheet.chosen)

    def toggle_link(self) -> None:
        """Let the compared scans move together, or each for itself."""
        self._grid.set_linked(not self._grid.linked)
        self._session.told.emit("The scans move together" if self._grid.linked else "Each scan moves for itself")


def next_slab(slab: Slab, step_mm: float | None) -> Slab:
    """The slab after this one: mean, max, min, off. It keeps the thickness it has."""
    if not slab.is_on:
        return first_slab(step_mm)
    if slab.mode == "min":
        return ONE_PLANE
    return replace(slab, mode="max" if slab.mode == "mean" else "min")


def slab_text(slab: Slab) -> str:
    """What a slab is, in words."""
    if not slab.is_on:
        return "One plane"
    words = {"mean": "Mean", "max": "Brightest", "min": "Darkest"}
    return f"{words[slab.mode]} of {f'{slab.mm:g} mm' if slab.mm is not None else f'{slab.planes} planes'}"
