"""The actions of volumes: planes, slabs, comparing, true size."""

from __future__ import annotations

from desktop_app.action import ActionRow


def volume_rows() -> tuple[ActionRow, ...]:
    """All of them, in the order of the menus."""
    return ()
