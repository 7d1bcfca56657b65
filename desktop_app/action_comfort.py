"""The actions of comfort: command palette, own keys, profiles, views of their own."""

from __future__ import annotations

from desktop_app.action import ActionRow


def comfort_rows() -> tuple[ActionRow, ...]:
    """All of them, in the order of the menus."""
    return (
        ActionRow(
            "tear-off",
            "View in a window of its own",
            lambda d: d.comfort.tear_off(),
            ("Ctrl+Shift+F11",),
            menu="View",
            group=3,
            tip="Show the open scan in another window as well, for another monitor",
            can=lambda s: s.scan is not None,
        ),
        ActionRow(
            "palette",
            "Find an action…",
            lambda d: d.comfort.show_palette(),
            ("Ctrl+K",),
            menu="Help",
            icon="search",
            tip="Find an action, a label, a case or a panel by its name",
        ),
        ActionRow(
            "own-keys",
            "Change keys…",
            lambda d: d.comfort.ask_keys(),
            ("Ctrl+F1",),
            menu="Help",
            icon="keyboard",
            tip="Choose whose keys are used, and give actions keys of your own",
        ),
    )
