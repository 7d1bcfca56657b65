"""Viewing: the open scan, how it is shown, what is selected and what is in hand. No widgets here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from dataset.annotation import Proposal, bounds, lies_on
from dataset.document import Document
from dataset.label import Label, LabelSet
from dataset.mask import Mask
from dataset.prediction import Prediction
from desktop_app import review
from desktop_app.crosshair import FIRST, Position, at_point, inside, middle_of, on_plane, plane_at
from desktop_app.display import Display
from desktop_app.findings import Findings
from desktop_app.label_look import LabelLook
from desktop_app.looking import Looking
from desktop_app.mark_index import MarkIndex
from desktop_app.tool import USUAL_OPTIONS, Bench, Mark, Reader, Tool, ToolOptions
from desktop_app.visibility import EVERYTHING, Sieve, Visibility
from imaging.geometry import Axis, Plane, Region, Size
from imaging.scan import Scan, ScanInfo, Spacing, Window

UNKNOWN: Spacing = (None, None, None)
NO_LABEL = Label("", "No label", "#9aa4b2")


class Viewing(QObject):
    """The open scan as it is seen; a part of the session."""

    scan_changed = Signal()
    plane_changed = Signal()
    """Another plane is the one that tools and keys work on; after `position_changed` where that comes, too."""
    position_changed = Signal()
    """The crosshair moved, and with it planes of some axes."""
    document_changed = Signal(object)
    proposals_changed = Signal()
    selection_changed = Signal()
    display_changed = Signal()
    tool_changed = Signal()
    label_changed = Signal()
    labels_changed = Signal()
    visibility_changed = Signal()

    def __init__(self, tools: Iterable[Tool], author: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.author = author
        self.labels, self.label = LabelSet("", ()), ""
        self.label_look = LabelLook()
        self.tools = {tool.name: tool for tool in tools}
        self.tool_name, self.brush = "select", 20.0
        self.options = USUAL_OPTIONS
        self.display = Display()
        self.scan: Scan | None = None
        self.scan_key = ""
        self.position: Position = FIRST
        """Where the crosshair stands; the planes that are shown go through it."""
        self._plane = Plane()
        self.findings = Findings()
        self.selection: frozenset[str] = frozenset()
        self.under_hand = ""
        """The mark that a press would take, of the view that the mouse is over; empty where there is none."""
        self.first_window: Window | None = None
        self.visibility, self._sieve = EVERYTHING, Sieve()
        self.looking = Looking(self)
        self._index = MarkIndex()

    @property
    def info(self) -> ScanInfo | None:
        """What the open scan is."""
        return self.scan.info if self.scan is not None else None

    @property
    def plane(self) -> Plane:
        """The plane that tools and keys work on: the one of the active axis through the crosshair."""
        return self._plane

    @plane.setter
    def plane(self, plane: Plane) -> None:
        self._plane, self.position = plane, on_plane(self.position, plane)

    def plane_of(self, axis: Axis) -> Plane:
        """The plane of an axis through the crosshair."""
        return self._plane if axis == self._plane.axis else plane_at(self.position, axis)

    @property
    def spacing_mm(self) -> Spacing:
        """Millimetres per pixel of the open scan; unknown without one."""
        return self.scan.info.spacing_mm if self.scan is not None else UNKNOWN

    @property
    def document(self) -> Document:
        """The annotations of the open scan."""
        return self.findings.document

    @property
    def predictions(self) -> tuple[Prediction, ...]:
        """What models said of the open scan."""
        return self.findings.predictions

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """Proposals nobody has settled, from the limit of their label on."""
        return self.findings.open(self.display.limits)

    @property
    def tool(self) -> Tool:
        """The tool in hand."""
        return self.tools[self.tool_name]

    def marks_on(self, plane: Plane) -> tuple[Mark, ...]:
        """Annotations and open proposals seen on a plane and not hidden, in drawing order."""
        seen_as = self.looking.hiding(self.visibility)
        return self._sieve.of(self.findings.marks_on(plane, self.display.limits), seen_as)

    @property
    def shown_proposals(self) -> tuple[Proposal, ...]:
        """Those of the `proposals` that are not hidden."""
        return self._sieve.of(self.proposals, self.visibility)

    def set_visibility(self, visibility: Visibility) -> None:
        """Hide marks and labels, or show them again; what is hidden is no longer selected."""
        if visibility == self.visibility:
            return
        self.visibility = visibility
        chosen = ((mark_id, self.findings.get(mark_id)) for mark_id in self.selection)
        self.select([mark_id for mark_id, mark in chosen if mark is not None and visibility.shows(mark)])
        self.visibility_changed.emit()

    @property
    def index(self) -> MarkIndex:
        """The marks seen on the present plane, by place; one object for as long as the session lives."""
        self._index.sync(self.marks_on(self.plane))
        return self._index

    def _near(self, x: float, y: float, across: float, down: float) -> tuple[Mark, ...]:
        return self.index.near(x, y, across, down)

    def label_of(self, label_id: str) -> Label:
        """The label of an id as it is shown; a grey one where the label set lacks it."""
        return self.label_look.shown(self.given_label(label_id), self.labels)

    def pattern_of(self, label_id: str) -> int:
        """The number of a label's hatching, 0 for none."""
        return self.label_look.pattern(self.given_label(label_id), self.labels)

    def set_label_look(self, look: LabelLook) -> None:
        """Show labels another way; the label set stays as it is."""
        if look != self.label_look:
            self.label_look = look
            self.labels_changed.emit()

    def given_label(self, label_id: str) -> Label:
        """The label of an id as the label set has it; a grey one where it lacks it."""
        return self.labels.get(label_id) or (Label(label_id, label_id, NO_LABEL.colour) if label_id else NO_LABEL)

    def bench(self) -> Bench:
        """What the tool in hand works on."""
        size = self.scan.info.size if self.scan is not None else Size(0, 0, 0)
        return Bench(
            self.plane, size, self.document.snapshot(), self.shown_proposals, self.selection, self.label, self.author,
            self.brush, self.visibility.marks, near=self._near, spacing_mm=self.spacing_mm, read=reader_of(self.scan),
            window=self.display.window, options=self.options,
        )  # fmt: skip

    def select(self, ids: Iterable[str]) -> None:
        """Select marks by id."""
        chosen = frozenset(ids)
        if chosen != self.selection:
            self.selection = chosen
            self.selection_changed.emit()

    def start_at(self, plane: Plane) -> None:
        """Put the crosshair in the middle of a plane of a scan just opened. Tells nothing."""
        self.position = middle_of(self.scan.info.size) if self.scan is not None else FIRST
        self.plane = plane
        self._index.forget()

    def set_plane(self, plane: Plane) -> None:
        """Make another plane (the nearest there is) the one to work on; the crosshair goes straight to it."""
        if self.scan is None:
            return
        last = self.scan.info.size.count(plane.axis) - 1
        plane = Plane(plane.axis, min(max(plane.index, 0), last))
        self._move(on_plane(self.position, plane), plane)

    def set_axis(self, axis: Axis) -> None:
        """Work on the plane of an axis through the crosshair."""
        self.set_plane(self.plane_of(axis))

    def set_position(self, position: Position) -> None:
        """Move the crosshair (to the nearest voxel there is); the planes of all axes follow."""
        if self.scan is not None:
            position = inside(position, self.scan.info.size)
            self._move(position, plane_at(position, self.plane.axis))

    def _move(self, position: Position, plane: Plane) -> None:
        moved, stepped = position != self.position, plane != self._plane
        self.position, self._plane = position, plane
        if moved:
            self.position_changed.emit()
        if stepped:
            self.plane_changed.emit()

    def step_plane(self, count: int) -> None:
        """Move by planes of the present axis."""
        self.set_plane(Plane(self.plane.axis, self.plane.index + count))

    def step_axis(self, axis: Axis, count: int) -> None:
        """Move the crosshair by planes of an axis, whichever is the one to work on."""
        if self.scan is None or axis == self.plane.axis:
            self.step_plane(count)
            return
        plane = self.plane_of(axis)
        last = self.scan.info.size.count(axis) - 1
        plane = Plane(axis, min(max(plane.index + count, 0), last))
        self.set_position(on_plane(self.position, plane))

    def go_to(self, mark_id: str) -> None:
        """Select a mark and show its plane; the crosshair goes to its middle."""
        mark = self.findings.get(mark_id)
        plane = review.mark_plane(mark) if mark is not None else None
        if plane is not None and mark is not None:
            if lies_on(mark.geometry, self.plane):
                plane = self.plane
            self._aim(mark, plane)
            self.set_plane(plane)
        self.select([mark_id])

    def _aim(self, mark: Mark, plane: Plane) -> None:
        """Put the crosshair in the middle of a mark of a volume, as far as it is seen on a plane."""
        info, geometry = self.info, mark.geometry
        if info is None or info.kind != "volume":
            return
        if isinstance(geometry, Mask):
            found = geometry.bounds(plane.index) if geometry.axis == plane.axis else None
        else:
            found = bounds(geometry)
        if found is not None:
            x, y, width, height = found
            position = inside(at_point(self.position, plane, x + width / 2, y + height / 2), info.size)
            self._move(position, plane)

    def set_display(self, display: Display) -> None:
        """Show the scan another way; a new limit also changes which proposals are open."""
        old, self.display = self.display, display
        if display != old:
            self.display_changed.emit()
        if display.limits != old.limits:
            self.proposals_changed.emit()

    def reset_window(self) -> None:
        """Show the window the scan opened with."""
        self.set_display(replace(self.display, window=self.first_window, inverted=False))

    def hide_marks(self, hidden: bool) -> None:
        """Hide or show everything drawn over the scan."""
        self.set_display(replace(self.display, show_marks=not hidden))

    def set_tool(self, name: str) -> None:
        """Take a tool in hand."""
        if name in self.tools and name != self.tool_name:
            self.tool_name = name
            self.tool_changed.emit()

    def set_brush(self, diameter: float) -> None:
        """Set the brush diameter in scan pixels (1…500)."""
        self.brush = min(max(diameter, 1.0), 500.0)
        self.tool_changed.emit()

    def set_options(self, options: ToolOptions) -> None:
        """Let tools work another way."""
        if options != self.options:
            self.options = options
            self.tool_changed.emit()

    def set_label(self, label_id: str) -> None:
        """Choose the label of what is drawn next."""
        if label_id != self.label:
            self.label = label_id
            self.label_changed.emit()


def reader_of(scan: Scan | None) -> Reader | None:
    """What tools read pixels with: modality values, or red, green, blue."""
    if scan is None:
        return None

    def read(region: Region, downsample: float = 1.0) -> NDArray[Any]:
        stored = scan.read(region, downsample)
        return stored if scan.info.is_colour else scan.info.rescale.values(stored)

    return read
