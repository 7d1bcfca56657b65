"""The actions of comfort: command palette, own keys, profiles, views of their own."""

from __future__ import annotations

from desktop_app.action import ActionRow


def comfort_rows() -> tuple[ActionRow, ...]:
    """All of them, in the order of the menus."""
    return ()
