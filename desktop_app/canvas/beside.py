"""Another scan beside the open one: to look at, not to mark."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from dataset.annotation import Annotation
from dataset.document import Document
from dataset.mask import Mask
from desktop_app.canvas.comparing import Match, match_of
from desktop_app.canvas.crosshair_lines import crosshair_at
from desktop_app.canvas.marks import Shown
from desktop_app.canvas.scan_view import ScanView
from desktop_app.canvas.sections import Sections
from desktop_app.canvas.viewport import Viewport
from desktop_app.crosshair import Position, at_point, inside, middle_of, on_plane, plane_at, point_at
from desktop_app.display import Display
from desktop_app.findings import Findings
from desktop_app.limits import SHOW_NONE
from desktop_app.opening import Opened
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.widgets import Elided, tidy, tool_button
from imaging.geometry import Axis, Plane
from imaging.scan import ScanInfo, Window


def pixel_ratio(leader: ScanInfo, follower: ScanInfo) -> float:
    """Pixels of the follower that are as long as one of the leader; 1 where either size is unknown."""
    mine, other = leader.spacing_mm[0], follower.spacing_mm[0]
    return mine / other if mine and other and mine > 0 and other > 0 else 1.0


def may_share_window(mine: ScanInfo | None, other: ScanInfo) -> bool:
    """Whether the same grey window means the same on two scans."""
    if mine is None or mine.is_colour or other.is_colour or mine.fluorescence or other.fluorescence:
        return False
    return (mine.modality, mine.rescale.unit) == (other.modality, other.rescale.unit)


def title_line(text: str, like: QWidget, theme: Theme) -> QFrame:
    """The line over the open scan, as high as the one over the other."""
    line = QFrame()
    line.setObjectName("strip")
    line.setFixedHeight(like.sizeHint().height())
    row = QHBoxLayout(line)
    tidy(row, theme, (12, 2, 12, 2), 8)
    title = Elided("")
    title.setText(text)
    title.setToolTip(f"{text} — the open scan: marks are made here")
    row.addWidget(title, 1)
    return line


class Beside(QWidget):
    """A view of a scan that is not the session's, under its title. Lets go of the scan when it goes."""

    closed = Signal()

    def __init__(self, opened: Opened, theme: Theme, session: Session) -> None:
        super().__init__()
        self._scan, self._session, self._key = opened.scan, session, opened.key
        self.info = opened.scan.info
        self.is_linked = True
        self.position: Position = on_plane(middle_of(self.info.size), opened.plane)
        self._axis: Axis = opened.plane.axis
        self._window = opened.window
        self._findings, self._sections = Findings(Document(opened.start)), Sections()
        self.match: Match | None = None
        self.view = ScanView(self)
        self.view.setAccessibleName("Scan beside the open one")
        self.view.set_theme(theme)
        self.view.show_scan(opened.scan, opened.plane)
        self.view.windowed.connect(self._show_window)
        self.view.plane_stepped.connect(self._step)
        self.view.crosshair_moved.connect(self._point)
        self._head(theme)
        self._links = (
            (session.position_changed, self.follow),
            (session.plane_changed, self.follow),
            (session.display_changed, self._show_display),
            (session.labels_changed, self._show_marks),
            (session.scan_changed, self.match_again),
        )
        for signal, slot in self._links:
            signal.connect(slot)
        self.match_again()

    def _head(self, theme: Theme) -> None:
        self.head = head = QFrame()
        head.setObjectName("strip")
        row = QHBoxLayout(head)
        tidy(row, theme, (12, 2, 4, 2), 8)
        self._title = Elided("muted")
        self.same_window = QCheckBox("Same window")
        self.same_window.setToolTip("Show both scans with the same window")
        self.same_window.toggled.connect(self._show_display)
        is_slide = self.info.kind == "slide"
        close = tool_button(theme, "close", "Close this view", key="F2" if is_slide else "F3", size=16)
        close.clicked.connect(self.closed)
        row.addWidget(self._title, 1)
        row.addWidget(self.same_window)
        row.addWidget(close)
        column = QVBoxLayout(self)
        tidy(column, theme, gap=0)
        column.addWidget(head)
        column.addWidget(self.view, 1)

    @property
    def plane(self) -> Plane:
        """The plane that is shown."""
        return plane_at(self.position, self._axis)

    # Together with the open scan.

    def match_again(self) -> None:
        """Another scan is open."""
        info = self._session.info
        is_slide = info is None or "slide" in {info.kind, self.info.kind}
        self.match = None if info is None or is_slide else match_of(info, self.info)
        may_share = may_share_window(info, self.info)
        self.same_window.setVisible(may_share)
        self.same_window.setChecked(may_share)
        self._tell()
        self._show_display()
        self.follow()
        self._show_marks()

    def set_linked(self, linked: bool) -> None:
        """Move with the open scan from now on, keeping to where both are now if their frames differ; or do not."""
        if linked and not self.is_linked and self.match is not None:
            self.match = self.match.held(self._session.position, self.position)
        self.is_linked = linked
        self.follow()
        self._tell()

    def follow(self) -> None:
        """Show the plane that the open scan shows."""
        match, session = self.match, self._session
        if match is None or not self.is_linked or session.info is None:
            return
        self._axis = match.axis(session.plane.axis)
        self._go(match.position(session.position))

    def followed(self, place: Viewport) -> Viewport | None:
        """Where this view goes when one of the open scan's moves; `None` where neither knows."""
        shown = self.view.viewport
        if self.match is None or shown is None:
            return None
        return self.match.viewport(place, on_plane(self._session.position, place.plane), shown)

    def led(self, place: Viewport, follower: Viewport) -> Viewport | None:
        """Where a view of the open scan goes when this one moves."""
        return None if self.match is None else self.match.turned().viewport(place, self.position, follower)

    def _tell(self) -> None:
        name = self._session.blinds.title_of(self.info.name, self._key)
        look = f"{name} — to look at; marks are made on the left"
        how = "" if self.match is None else self.match.text if self.is_linked else "not linked"
        short = "" if self.match is None else self.match.word if self.is_linked else "not linked"
        self._title.setText(f"{name} · {short}" if short else look)
        self._title.setToolTip(f"{look}\n{how[:1].upper()}{how[1:]}" if how else look)

    # What is shown.

    def _go(self, position: Position) -> None:
        self.position = inside(position, self.info.size)
        before = self.view.viewport
        self.view.show_plane(self.plane)
        if before is None or before.plane != self.plane:
            self._show_marks()
        crosshair = None
        if self.match is not None and self.info.size.planes > 1:
            crosshair = crosshair_at(*point_at(self.position, self._axis), self._axis)
        self.view.set_crosshair(crosshair)

    def _step(self, count: int) -> None:
        plane = Plane(self._axis, self.plane.index + count)
        last = self.info.size.count(plane.axis) - 1
        self._lead(on_plane(self.position, replace(plane, index=min(max(plane.index, 0), last))))

    def _point(self, x: float, y: float) -> None:
        self._lead(inside(at_point(self.position, self.plane, x, y), self.info.size))

    def _lead(self, position: Position) -> None:
        """Go to a position, and take the open scan there where they are linked."""
        self._go(position)
        if self.match is not None and self.is_linked:
            self._session.set_position(self.match.turned().position(position))

    def _show_display(self) -> None:
        shared = self._session.display
        window = shared.window if self.same_window.isChecked() else self._window
        if self.info.kind == "slide" or self.match is None:
            self.view.set_display(replace(Display(), window=self._window))
        else:
            self.view.set_display(replace(shared, window=window, channels=()))

    def _show_window(self, window: Window) -> None:
        if self.same_window.isChecked():
            self._session.set_display(replace(self._session.display, window=window))
        else:
            self._window = window
            self._show_display()

    def _show_marks(self) -> None:
        """The saved annotations, read-only."""
        marks = self._findings.marks_on(self.plane, SHOW_NONE)
        shown = (self._shown(mark) for mark in marks if isinstance(mark, Annotation))
        self.view.set_marks(tuple(mark for mark in shown if mark is not None))

    def _shown(self, mark: Annotation) -> Shown | None:
        geometry = mark.geometry
        if isinstance(geometry, Mask):
            geometry = self._sections.on_plane(mark.id, geometry, self.plane)
        label = self._session.label_of(mark.label)
        return (
            None
            if geometry is None
            else Shown(mark.id, geometry, label.colour, label.name, is_locked=True, is_fixed=True)
        )

    def let_go(self) -> None:
        """Close the scan and go."""
        for signal, slot in self._links:
            signal.disconnect(slot)
        self.view.show_scan(None)
        self._scan.close()
        self.hide()
        self.setParent(None)
        self.deleteLater()
