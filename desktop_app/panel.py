"""What a panel is: one file in `desktop_app/panels` that ends with `PLUGIN`."""

from __future__ import annotations

from typing import Literal, Protocol, runtime_checkable

from PySide6.QtWidgets import QWidget

from desktop_app.session import Session
from desktop_app.theme import Theme

Side = Literal["left", "right"]


@runtime_checkable
class Panel(Protocol):
    """One panel beside the scan. The window orders panels of a side by `order`."""

    title: str
    side: Side
    order: int
    stretch: int
    """Share of the height that is free; 0 takes only what it needs."""

    def make(self, session: Session, theme: Theme) -> QWidget:
        """Build it; it listens to the session and keeps no truth of its own."""
        ...
