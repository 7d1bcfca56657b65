"""The actions of several readers, and of the history of a scan."""

from __future__ import annotations

from desktop_app.action import ActionRow


def readers_rows() -> tuple[ActionRow, ...]:
    """All of them, in the order of the menus."""
    return ()
