"""Shows the heat map of the open slide in a view, with its legend."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QObject

from desktop_app.canvas.heat import HeatLegend, HeatUnderlay
from desktop_app.canvas.scan_view import ScanView
from desktop_app.session import Session
from desktop_app.theme import Theme


class HeatShowing(QObject):
    """Keeps the heat map of one view what the session says it is."""

    def __init__(self, view: ScanView, session: Session) -> None:
        super().__init__(view)
        self._view, self._session = view, session
        self.underlay, self._legend = HeatUnderlay(), HeatLegend(view)
        view.installEventFilter(self)
        session.slides.heat_changed.connect(self._show)
        session.labels_changed.connect(self._show)
        session.display_changed.connect(self._show)
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Take the scale of a theme."""
        self._legend.set_theme(theme)

    def _show(self) -> None:
        slides = self._session.slides
        heat = slides.heat if self._session.display.show_marks and slides.heat_look.opacity > 0 else None
        name = slides.heat_label
        self.underlay.show_heat(heat, replace(slides.heat_look, label=name))
        self._legend.show_look(self._session.label_of(name).name if heat is not None else "", slides.heat_look)
        self._view.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The legend stays in its corner."""
        if event.type() == QEvent.Type.Resize:
            self._legend.place()
        return super().eventFilter(watched, event)
