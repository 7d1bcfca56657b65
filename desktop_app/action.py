"""What an action is: one row of a table, from which menus, tool strip, key sheet and the conflict test are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from PySide6.QtGui import QKeySequence

from desktop_app.session import Session

Scope = Literal["window", "scan"]
"""Where a key counts: anywhere in the window, or while the scan (its view and its scrubber) has the focus."""


class Desk(Protocol):
    """What actions may ask of the window beside its session."""

    @property
    def session(self) -> Session:
        """What is open."""
        ...

    def ask_files(self) -> None:
        """Choose files to open."""
        ...

    def ask_folder(self) -> None:
        """Choose a folder of scans to open."""
        ...

    def ask_dataset(self) -> None:
        """Choose a dataset folder to open or make."""
        ...

    def ask_label(self) -> None:
        """Name a new label."""
        ...

    def ask_export(self) -> None:
        """Choose a format and a folder and export."""
        ...

    def ask_sync(self) -> None:
        """Choose where to and sync."""
        ...

    def ask_preferences(self) -> None:
        """Change the settings."""
        ...

    def show_keys(self) -> None:
        """The key sheet."""
        ...

    def show_about(self) -> None:
        """What this program is and what devices it found."""
        ...

    def fit(self) -> None:
        """The whole plane."""
        ...

    def zoom(self, factor: float) -> None:
        """Closer or farther."""
        ...

    def toggle_full_screen(self) -> None:
        """The window without its frame, and back."""
        ...

    def quit(self) -> None:
        """Close the window."""
        ...


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One thing a person can do."""

    id: str
    text: str
    call: Callable[[Desk], object]
    keys: tuple[str, ...] = ()
    scope: Scope = "window"
    menu: str = ""
    """The menu it stands in; empty for keys only. Rows of one menu with another `group` are set apart by a line."""
    group: int = 0
    icon: str = ""
    tip: str = ""
    can: Callable[[Session], bool] = lambda _session: True
    """Whether it makes sense now; asked again when the session tells a change."""
    name: Callable[[Session], str] | None = None
    """The text as it is now, where it changes ("Undo accept 5")."""
    is_on: Callable[[Session], bool] | None = None
    """Whether it is checked, where it can be."""
    repeats: bool = False
    """Whether a held key calls it again and again."""

    @property
    def key_text(self) -> str:
        """The first key as a person reads it."""
        return readable_key(self.keys[0]) if self.keys else ""


def readable_key(key: str) -> str:
    """A key as the platform writes it."""
    known = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
    for word, said in {"Return": "Enter", "Delete": "Del", "PgUp": "PageUp", "PgDown": "PageDown"}.items():
        known = known.replace(word, said)
    return known


def conflicts(rows: Iterable[ActionRow]) -> tuple[str, ...]:
    """Keys that two actions claim where both count, each told in one line; empty when all is well."""
    taken: dict[str, list[ActionRow]] = {}
    for row in rows:
        for key in row.keys:
            taken.setdefault(QKeySequence(key).toString(), []).append(row)
    found: list[str] = []
    for key, claims in taken.items():
        for number, first in enumerate(claims):
            found += [
                f"{key}: {first.id} and {second.id}"
                for second in claims[number + 1 :]
                if first.scope == second.scope or "window" in {first.scope, second.scope}
            ]
    return tuple(found)
