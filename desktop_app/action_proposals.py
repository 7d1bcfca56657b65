"""The actions of proposals: by need, above a limit, what the model said."""

from __future__ import annotations

from desktop_app.action import ActionRow


def proposals_rows() -> tuple[ActionRow, ...]:
    """All of them, in the order of the menus."""
    return ()
