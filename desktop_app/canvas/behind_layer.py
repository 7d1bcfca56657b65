"""What the model said, behind what a person made of it: dotted outlines that no hand can take, on request."""

from __future__ import annotations

from typing import TypeAlias

from PySide6.QtCore import QLineF, QObject, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from dataset.annotation import Geometry, Polygon, Proposal, WholeScan, lies_on
from dataset.document import Snapshot
from dataset.mask import Mask
from dataset.outline import polygons_of
from desktop_app.canvas.marks import Shown, outline_of, screen_bounds
from desktop_app.canvas.scan_view import ScanView
from desktop_app.canvas.sections import Sections
from desktop_app.canvas.viewport import Viewport
from desktop_app.finding_words import origin_of
from desktop_app.mark_index import MarkIndex
from desktop_app.review import Proposed
from desktop_app.session import Session
from desktop_app.tool import Mark
from imaging.geometry import Plane

MOST = 300
"""Where more are in view none is drawn: they could not be told apart."""
MOST_POINTS = 20_000
OPACITY, RIM_OPACITY = 190, 120
WIDTH, DOTS = 1.5, (2.0, 4.0)
RADIUS = 4.0
_From: TypeAlias = tuple[Snapshot, dict[str, Proposed], Plane]


class BehindLayer(QObject):
    """An underlay of one view. GUI thread only."""

    def __init__(self, view: ScanView, session: Session) -> None:
        super().__init__(view)
        self._view, self._session = view, session
        self._index, self._sections = MarkIndex(), Sections()
        self._from: _From | None = None
        self._rejected: frozenset[str] = frozenset()
        self._cut: dict[str, tuple[Mask, Plane, tuple[Polygon, ...]]] = {}
        self._was_on = session.display.show_proposed
        for signal in (session.document_changed, session.proposals_changed, session.labels_changed):
            signal.connect(self._update)
        session.display_changed.connect(self._on_display)

    @property
    def is_on(self) -> bool:
        """Whether anything is drawn."""
        display = self._session.display
        return display.show_proposed and display.show_marks and not self._session.looking.shown

    def _on_display(self) -> None:
        if self._session.display.show_proposed != self._was_on:
            self._was_on = self._session.display.show_proposed
            self._view.update()

    def _update(self, _touched: object = None) -> None:
        if self.is_on:
            self._view.update()

    def drawn(self, viewport: Viewport) -> tuple[Proposal, ...]:
        """What is drawn of the proposals that were corrected or rejected, where the viewport is."""
        if not self.is_on:
            return ()
        self._sync(viewport.plane)
        seen, index, visibility = viewport.visible(), self._index, self._session.visibility
        rows: list[int] = index.find_few(seen.x, seen.y, seen.x + seen.width, seen.y + seen.height, MOST).tolist()
        found: list[Mark] = [*index.masks, *map(index.marks.__getitem__, rows)]
        return tuple(one for one in found if isinstance(one, Proposal) and visibility.shows_label(one.label))

    def _sync(self, plane: Plane) -> None:
        session = self._session
        state, proposed = session.document.snapshot(), session.findings.proposed
        known = self._from
        if known is not None and known[0] is state and known[1] is proposed and known[2] == plane:
            return
        corrected = (origin_of(mark, session) for mark in state.annotations)
        rejected = (proposed[i].proposal for i in sorted(state.rejected) if i in proposed)
        every = (*filter(None, corrected), *rejected)
        self._index.sync(tuple(one for one in every if lies_on(one.geometry, plane)))
        self._from, self._rejected = (state, proposed, plane), state.rejected

    def paint(self, painter: QPainter, viewport: Viewport, ratio: float) -> None:  # noqa: ARG002
        """Paint the outlines; those of rejected proposals are struck through."""
        for proposal in self.drawn(viewport):
            colour = self._session.label_of(proposal.label).colour
            for geometry in self._shapes(proposal, viewport.plane):
                _draw(painter, geometry, viewport, colour, is_struck=proposal.id in self._rejected)

    def _shapes(self, proposal: Proposal, plane: Plane) -> tuple[Geometry, ...]:
        """Its outline; of a mask the outlines of its pieces on the plane."""
        geometry = proposal.geometry
        if isinstance(geometry, WholeScan):
            return ()
        if not isinstance(geometry, Mask):
            return (geometry,)
        kept = self._cut.get(proposal.id)
        if kept is None or kept[0] is not geometry or kept[1] != plane:
            section = self._sections.on_plane(proposal.id, geometry, plane)
            pieces = polygons_of(section, plane.index) if section is not None else ()
            if len(self._cut) > MOST:
                self._cut.clear()
            kept = self._cut[proposal.id] = (geometry, plane, pieces)
        return kept[2]


def _draw(painter: QPainter, geometry: Geometry, viewport: Viewport, colour: str, *, is_struck: bool) -> None:
    outline = outline_of(Shown("", geometry, colour), viewport)
    around = screen_bounds(geometry, viewport)
    if outline is None or around is None or sum(map(len, outline.pieces)) > MOST_POINTS:
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    left, top, width, height = around
    for tone, thick in ((QColor(0, 0, 0, RIM_OPACITY), WIDTH + 1.5), (_dimmed(colour), WIDTH)):
        pen = QPen(tone, thick)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        pen.setDashPattern([length / thick for length in DOTS])
        painter.setPen(pen)
        if outline.kind == "dots":
            for x, y in outline.rings[0]:
                painter.drawEllipse(QPointF(x, y), RADIUS, RADIUS)
        for ring in outline.rings if outline.kind != "dots" else ():
            shape = QPolygonF([QPointF(x, y) for x, y in ring])
            painter.drawPolygon(shape) if outline.kind == "rings" else painter.drawPolyline(shape)
        for piece in outline.pieces:
            points: list[tuple[float, float]] = piece.tolist()
            painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points]))
        if is_struck:
            painter.drawLine(QLineF(left, top + height, left + width, top))


def _dimmed(colour: str) -> QColor:
    tone = QColor(colour)
    tone.setAlpha(OPACITY)
    return tone
