"""The actions of marks: lock, hide, solo, attributes."""

from __future__ import annotations

from desktop_app.action import ActionRow


def marks_rows() -> tuple[ActionRow, ...]:
    """All of them, in the order of the menus."""
    return ()
