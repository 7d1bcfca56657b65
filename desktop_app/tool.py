"""What a tool is: it turns gestures into edits. Knows scan pixels, no widgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from numpy.typing import NDArray

from dataset.annotation import Annotation, Geometry, Point, Proposal
from dataset.document import Edit, Snapshot
from imaging.geometry import Plane, Region, Size
from imaging.scan import Spacing, Window

Mark: TypeAlias = Annotation | Proposal


@dataclass(frozen=True, slots=True)
class Gesture:
    """One mouse or pen event in scan pixels of the plane (corner convention)."""

    x: float
    y: float
    pixel: float
    """Scan pixels per screen pixel: distances on screen × this = distances in the scan."""
    stretch: float = 1.0
    """Scan pixels down per scan pixel across, at the same distance on screen; not 1 where voxels are no squares."""
    alt: bool = False
    shift: bool = False
    ctrl: bool = False
    clicks: int = 1


@dataclass(frozen=True, slots=True)
class ToolOptions:
    """How tools work; the reader sets them, each tool names those it heeds (`Tool.options`)."""

    ball: bool = False
    """Whether a brush paints a ball (in mm where the spacing is known) instead of a disc on its plane."""
    brush_unit: Literal["pixels", "mm", "screen"] = "pixels"
    """What the brush keeps when the reader zooms or opens another scan."""
    low: float | None = None
    """The threshold brush paints modality values (or brightness, in colour) from `low` …"""
    high: float | None = None
    """… to `high`; `None` is open."""
    tolerance: float = 0.1
    """How far from the clicked value the wand goes, as a share of what is shown from black to white (0 … 1)."""
    all_planes: bool = False
    """Whether wand and fill go on through the planes of a volume."""
    simplify: float = 1.0
    """How far an outline may move when it is simplified, in pixels."""
    smallest: int = 50
    """Pieces of a mask with fewer pixels are removed as small."""


OptionName: TypeAlias = Literal[
    "brush", "ball", "brush_unit", "low", "high", "tolerance", "all_planes", "simplify", "smallest"
]
USUAL_OPTIONS = ToolOptions()


class Reader(Protocol):
    """Reads pixels for tools; from any thread."""

    def __call__(self, region: Region, downsample: float = 1.0) -> NDArray[Any]:
        """Modality values (float32) of a region, or red, green, blue (uint8) of colour; see `Scan.read`."""
        ...


@dataclass(frozen=True, slots=True)
class Bench:
    """What a tool works on: frozen, handed over with every gesture."""

    plane: Plane
    size: Size
    document: Snapshot
    proposals: tuple[Proposal, ...]
    """Those still open and shown."""
    selection: frozenset[str]
    label: str
    author: str
    brush: float = 20.0
    """Brush diameter in scan pixels."""
    hidden: frozenset[str] = frozenset()
    near: Callable[[float, float, float, float], tuple[Mark, ...]] | None = None
    """The marks whose bounds come within a distance (across, down) of a point (x, y), and all masks; `None`: look
    through all marks."""
    spacing_mm: Spacing = (None, None, None)
    """Millimetres per pixel across, down, and from plane to plane of axis 0; see `ScanInfo.spacing_mm`."""
    read: Reader | None = None
    """Pixels of the open scan; `None` where there is none."""
    window: Window | None = None
    """The grey window shown; `None` for colour."""
    options: ToolOptions = USUAL_OPTIONS


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a gesture led to: an edit to commit, a selection, a preview to draw, or nothing."""

    edit: Edit | None = None
    select: frozenset[str] | None = None
    preview: tuple[Geometry, ...] = ()
    live: tuple[Annotation, ...] = ()
    """Annotations as the gesture would leave them, shown in place of the marks with their ids or origins."""
    cursor: str = ""
    """`cross`, `move`, `hand`, `size-fdiag`, `size-bdiag`, `size-hor`, `size-ver`, `brush` or empty."""
    busy: bool = False
    """Whether a gesture is under way (Escape calls `cancel`)."""
    texts: tuple[tuple[Point, str], ...] = ()
    """Words to draw with the preview, each at a point of the plane: a length while it is drawn."""
    told: str = ""
    """One short line for the status bar: why nothing happened, or what was measured."""
    hover: str = ""
    """The id of the mark that a press would take; it is shown with a stronger edge."""


@runtime_checkable
class Tool(Protocol):
    """Turns gestures into edits; holds only the state of the gesture under way."""

    name: str
    title: str
    key: str
    icon: str
    options: tuple[OptionName, ...]
    """The options it heeds, in the order shown."""

    def hover(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The mouse moved without a button: cursor and preview."""
        ...

    def press(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The left button went down."""
        ...

    def drag(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The mouse moved with the left button down."""
        ...

    def release(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The left button went up."""
        ...

    def finish(self, bench: Bench) -> Outcome:
        """Enter: complete what is under way (a polygon)."""
        ...

    def back(self, bench: Bench) -> Outcome:
        """Backspace: take back the last step of what is under way (a polygon's point)."""
        ...

    def cancel(self) -> Outcome:
        """Escape: drop what is under way."""
        ...
