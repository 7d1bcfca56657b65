"""What a tool is: it turns gestures into edits. Knows scan pixels, no widgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from dataset.annotation import Annotation, Geometry, Proposal
from dataset.document import Edit, Snapshot
from imaging.geometry import Plane, Size

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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a gesture led to: an edit to commit, a selection, a preview to draw, or nothing."""

    edit: Edit | None = None
    select: frozenset[str] | None = None
    preview: tuple[Geometry, ...] = ()
    live: tuple[Annotation, ...] = ()
    """Annotations as the gesture would leave them, shown in place of the marks with their ids or origins."""
    cursor: str = ""
    """`cross`, `move`, `size-fdiag`, `size-bdiag`, `size-hor`, `size-ver`, `brush` or empty."""
    busy: bool = False
    """Whether a gesture is under way (Escape calls `cancel`)."""


@runtime_checkable
class Tool(Protocol):
    """Turns gestures into edits; holds only the state of the gesture under way."""

    name: str
    title: str
    key: str
    icon: str

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
