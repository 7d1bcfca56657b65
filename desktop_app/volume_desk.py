"""What actions may ask of the views of a volume or a radiograph."""

from __future__ import annotations

from typing import Protocol


class VolumeDesk(Protocol):
    """One view or three planes, slabs, comparing, true size."""

    def show_planes(self, three: bool) -> None:
        """Show the planes of all three axes, or one view."""
        ...

    def next_axis(self) -> None:
        """Work on the planes of the next axis."""
        ...

    def toggle_crosshair(self) -> None:
        """Show where the other planes cut each, or hide it."""
        ...

    def cycle_slab(self) -> None:
        """Show several planes as one: their mean, their brightest, their darkest, and one plane again."""
        ...

    def compare(self) -> None:
        """Choose another case to look at beside the open one, or close it."""
        ...

    def toggle_link(self) -> None:
        """Let the compared scans move together, or each for itself."""
        ...

    def show_true_size(self) -> None:
        """One millimetre of the scan as one millimetre on the screen."""
        ...
