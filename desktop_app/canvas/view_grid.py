"""The grid of views: one, two or four of the open scan, or three planes of a volume; one has the tool and the keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from dataset.annotation import Annotation
from desktop_app.canvas.beside import Beside, pixel_ratio, title_line
from desktop_app.canvas.linking import followed, is_move
from desktop_app.canvas.overview import Overview
from desktop_app.canvas.scan_pane import ScanPane
from desktop_app.canvas.scan_view import ScanView
from desktop_app.canvas.seeing import Seeing
from desktop_app.canvas.view_cell import Cell
from desktop_app.canvas.viewport import Viewport
from desktop_app.crosshair import AXES
from desktop_app.opening import Opened
from desktop_app.session import Session
from desktop_app.theme import DARK, Theme

Count = Literal[1, 2, 3, 4]
"""3 are the planes of a volume's three axes through the crosshair."""
ARROWS = {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down}
HELD = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier


class ViewGrid(QWidget):
    """The views of the open scan. There is always at least one, and one is active."""

    hovered = Signal(object)
    """`desktop_app.canvas.hovering.HoverInfo` of whichever view is under the mouse, or `None`."""
    viewport_changed = Signal(object)
    """The active view shows another part, or another view is active."""
    views_changed = Signal()
    """How many there are, which is active, or whether they are linked."""

    def __init__(self, session: Session, theme: Theme = DARK, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self.linked, self.crosshair = True, False
        self._wants_planes = False
        """Whether volumes are to be shown in three planes; kept from scan to scan."""
        self._panes: list[ScanPane] = []
        self._cells: list[Cell] = []
        self._active = 0
        self._beside: Beside | None = None
        self._last: dict[ScanView, Viewport] = {}
        self._is_following, self._was_split = False, False
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self.overview = Overview(self)
        self.overview.set_theme(theme)
        self.overview.place_wanted.connect(self._go)
        self.set_count(1)
        self.seeing = Seeing(session, self.overview)
        self.views_changed.connect(self._show_places)
        session.scan_changed.connect(self._on_scan)
        session.plane_changed.connect(self._on_plane)
        session.worklist.beside_opened.connect(self.show_beside)

    @property
    def pane(self) -> ScanPane:
        """The active view with its tool."""
        return self._panes[self._active]

    @property
    def view(self) -> ScanView:
        """The active view."""
        return self.pane.view

    @property
    def count(self) -> Count:
        """How many views of the open scan there are."""
        count = len(self._panes)
        return 1 if count == 1 else 2 if count == 2 else 3 if count == 3 else 4

    @property
    def active(self) -> int:
        """The place of the active view."""
        return self._active

    @property
    def viewports(self) -> tuple[Viewport, ...]:
        """Where the views stand; empty while one of them shows nothing."""
        found = tuple(pane.view.viewport for pane in self._panes)
        return tuple(viewport for viewport in found if viewport is not None) if all(found) else ()

    def set_count(self, count: Count) -> None:
        """Show one view, two side by side, or four; new ones begin where the active one stands, fitted if it is.

        Three are the planes of a volume, the stored ones large on the left.
        """
        self.close_beside()
        self._wants_planes = self._wants_planes or count == 3
        if count != self.count or not self._panes:
            self._set_panes(count)
        self._lay_out(count)
        self._frame()
        self.setFocusProxy(self.pane)
        if (count > 1) != self._was_split:
            # Over one of several views it would hide too much of it; whoever wants it opens it again.
            self._was_split = count > 1
            self.overview.set_open(count == 1)
        self.overview.raise_()
        self.views_changed.emit()

    def _set_panes(self, count: Count) -> None:
        old = self._panes[self._active].view.viewport if self._panes else None
        if (old is not None and old == old.fitted()) or count == 3:
            old = None
        if self._panes and count <= self._active:
            self.activate(0)
        was_planes = self.count == 3
        while len(self._panes) > count:
            self._take_off()
        while len(self._panes) < count:
            self._add(old)
        if count == 3 or was_planes:
            for axis, pane in zip(AXES, self._panes, strict=False):
                pane.set_axis(axis if count == 3 else None)
            self.set_crosshair(count == 3)
        if count == 3:
            self.activate(self._session.plane.axis)

    def _lay_out(self, count: Count) -> None:
        for number, cell in enumerate(self._cells):
            if count == 3:
                self._layout.addWidget(cell, max(number - 1, 0), min(number, 1), 2 if number == 0 else 1, 1)
            else:
                self._layout.addWidget(cell, number // 2, number % 2)
        wide = 3 if count == 3 else 1
        for line in range(2):
            self._layout.setColumnStretch(line, (wide, 2 if count == 3 else 1)[line] if line < min(count, 2) else 0)
            self._layout.setRowStretch(line, 1 if line < (count + 1) // 2 else 0)

    def show_planes(self, three: bool) -> None:
        """Show volumes in three planes, or in one view."""
        self._wants_planes = three
        if three and not self._is_volume:
            self._session.told.emit("Only volumes have three planes")
        else:
            self.set_count(3 if three else 1)

    @property
    def _is_volume(self) -> bool:
        info = self._session.info
        return info is not None and info.kind == "volume" and info.size.planes > 1

    def set_crosshair(self, shown: bool) -> None:
        """Show in every view where the other planes through the crosshair cut it."""
        self.crosshair = shown
        for pane in self._panes:
            pane.set_crosshair(shown)
        self.views_changed.emit()

    @property
    def beside(self) -> Beside | None:
        """The other scan that is looked at, if any."""
        return self._beside

    def show_beside(self, opened: Opened) -> None:
        """Look at another scan beside the open one; it moves along while the views are linked."""
        self.set_count(1)
        self._beside = Beside(opened, self._theme, self._session)
        self._beside.set_linked(self.linked)
        self._beside.view.viewport_changed.connect(self._on_moved)
        self._beside.view.hovered.connect(self.hovered)
        self._beside.closed.connect(self.close_beside)
        self._layout.addWidget(self._beside, 0, 1)
        self._layout.setColumnStretch(1, 1)
        self.overview.raise_()
        if self._beside.match is not None:
            self._name_open()
        self.set_crosshair(self._beside.match is not None and self._is_volume)
        # Once both have their places: as large as the open scan, where both know their sizes.
        QTimer.singleShot(0, self, self._align_beside)

    def _name_open(self) -> None:
        """Say over the open scan which it is: two pictures at one height, both named."""
        info = self._session.info
        if self._beside is not None and info is not None:
            self._cells[0].show_head(title_line(info.name, self._beside.head, self._theme))

    def _align_beside(self) -> None:
        beside, shown = self._beside, self.view.viewport
        there = beside.followed(shown) if beside is not None and shown is not None else None
        if beside is not None and beside.match is not None and beside.match.is_by_place and there is not None:
            beside.view.move_to(there)

    def close_beside(self) -> None:
        """Look at the open scan alone again."""
        if self._beside is not None:
            beside, self._beside = self._beside, None
            self._last.pop(beside.view, None)
            self._layout.removeWidget(beside)
            self._layout.setColumnStretch(1, 0)
            beside.let_go()
            self._cells[0].show_head(None)
            self.set_crosshair(self.count == 3)

    def _add(self, place: Viewport | None) -> None:
        pane = ScanPane(self._session)
        pane.set_theme(self._theme)
        pane.set_active(not self._panes)
        view, cell = pane.view, Cell(pane, pane.view)
        self._panes.append(pane)
        self._cells.append(cell)
        view.installEventFilter(self)
        pane.hovered.connect(self.hovered)
        pane.viewport_changed.connect(self._on_moved)
        pane.live_changed.connect(self._on_live)
        pane.is_busy_elsewhere = lambda: self.pane.is_busy
        pane.set_crosshair(self.crosshair)
        if place is not None and view.viewport is not None:
            shown = view.viewport
            view.move_to(replace(place, width=shown.width, height=shown.height))

    def _take_off(self) -> None:
        pane, cell = self._panes.pop(), self._cells.pop()
        pane.view.removeEventFilter(self)
        self._last.pop(pane.view, None)
        self._layout.removeWidget(cell)
        cell.hide()
        cell.setParent(None)
        cell.deleteLater()

    def set_linked(self, linked: bool) -> None:
        """Whether the views move together."""
        if linked != self.linked:
            self.linked = linked
            if self._beside is not None:
                self._beside.set_linked(linked)
            self.views_changed.emit()

    def activate(self, number: int) -> None:
        """Make a view the one that tools and keys work in."""
        if number == self._active or not 0 <= number < len(self._panes):
            return
        self.pane.set_active(False)
        self._active = number
        self.pane.set_active(True)
        self.setFocusProxy(self.pane)
        self._frame()
        if self.pane.axis is not None:
            self._session.set_axis(self.pane.axis)
        if self.view.viewport is not None:
            self.viewport_changed.emit(self.view.viewport)
        self.views_changed.emit()

    def _on_plane(self) -> None:
        """Of three planes, the one that is worked on is the active one."""
        if self.count == 3:
            self.activate(self._session.plane.axis)

    def _on_live(self, live: tuple[Annotation, ...]) -> None:
        """What is drawn in one view is seen in the others of the scan while it is drawn."""
        for pane in self._panes:
            if pane is not self.sender():
                pane.show_live(live)

    def next_view(self) -> None:
        """Go on to the next view."""
        self.activate((self._active + 1) % self.count)
        self.view.setFocus()

    def _frame(self) -> None:
        for number, cell in enumerate(self._cells):
            colour = self._theme.accent if number == self._active else self._theme.edge
            cell.show_frame(colour if self.count > 1 else "")

    def _on_scan(self) -> None:
        self._last.clear()
        info = self._session.info
        self._name_open()
        if self._wants_planes and self._is_volume and self._beside is None:
            if self.count != 3:
                self.set_count(3)
            self.activate(self._session.plane.axis)
        elif self.count > 1 and (self.count == 3 or info is None or info.kind != "slide"):
            self.set_count(1)
        self._show_places()

    def _show_places(self) -> None:
        self.seeing.show_views(self.viewports, self._active)

    def _go(self, x: float, y: float) -> None:
        if self.view.viewport is not None:
            self.view.move_to(replace(self.view.viewport, centre=(x, y)))

    def _on_moved(self, viewport: object) -> None:
        view = self.sender()
        view = view.view if isinstance(view, ScanPane) else view
        if not isinstance(viewport, Viewport) or not isinstance(view, ScanView):
            return
        before, self._last[view] = self._last.get(view), viewport
        if (
            self.linked
            and self.count != 3
            and not self._is_following
            and before is not None
            and is_move(before, viewport)
        ):
            self._is_following = True
            for follower in (*(pane.view for pane in self._panes), *((self._beside.view,) if self._beside else ())):
                other = follower.viewport
                if follower is not view and other is not None:
                    follower.move_to(self._place_of(follower, other, view, (before, viewport)))
            self._is_following = False
        if view is self.view:
            self.viewport_changed.emit(viewport)
        self._show_places()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The overview stays in its corner and leaves most of the view free."""
        super().resizeEvent(event)
        self.overview.limit(min(self.width() * 2 // 5, self.height() // 2))
        self.overview.set_theme(self._theme)

    def _place_of(
        self, follower: ScanView, shown: Viewport, leader: ScanView, move: tuple[Viewport, Viewport]
    ) -> Viewport:
        """Where a view goes when another one moved: to the same place in the patient where that is known."""
        beside, there = self._beside, None
        if beside is not None and beside.match is not None and beside.match.is_by_place:
            if follower is beside.view:
                there = beside.followed(move[1])
            elif leader is beside.view:
                there = beside.led(move[1], shown)
        return there or followed(*move, shown, self._ratio(leader, follower))

    def _ratio(self, leader: ScanView, follower: ScanView) -> float:
        """Pixels of the follower's scan for one of the leader's."""
        if self._beside is None or self._session.info is None:
            return 1.0
        ratio = pixel_ratio(self._session.info, self._beside.info)
        return ratio if follower is self._beside.view else 1 / ratio if leader is self._beside.view else 1.0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A view that is touched becomes the active one, before it gets the touch; on slides its arrows pan."""
        kind = event.type()
        if kind in {QEvent.Type.MouseButtonPress, QEvent.Type.FocusIn} and self.count > 1:
            for number, pane in enumerate(self._panes):
                if pane.view is watched:
                    self.activate(number)
        if kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in ARROWS:
            info = self._session.info
            if info is not None and info.kind == "slide" and not event.modifiers() & HELD:
                # Elsewhere arrows go from plane to plane; a slide of several planes has Page Up and Page Down for it.
                event.accept()
                return True
        return super().eventFilter(watched, event)
