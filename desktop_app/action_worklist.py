"""The actions of the worklist beyond next and previous."""

from __future__ import annotations

from desktop_app.action import ActionRow


def worklist_rows() -> tuple[ActionRow, ...]:
    """All of them, in the order of the menus."""
    return ()
