"""What an action is: one row of a table, from which menus, tool strip, key sheet and the conflict test are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from PySide6.QtGui import QKeySequence

from desktop_app.session import Session
from desktop_app.volume_desk import VolumeDesk

Scope = Literal["window", "scan", "slide", "no slide"]
"""Where a key counts: anywhere in the window, or while the scan (its view and its scrubber) has the focus; or anywhere
in the window while the open scan is a slide, or while it is none."""


class SlideDesk(Protocol):
    """What actions may ask of the views of a slide."""

    def see_at(self, power: float) -> None:
        """See the slide at a power (5 is 5×); where none is known, at that share of 40."""
        ...

    def see_pixels(self) -> None:
        """One pixel of the scan on one of the screen."""
        ...

    def turn(self, degrees: float) -> None:
        """Turn the view clockwise."""
        ...

    def turn_back(self) -> None:
        """Show the slide as it was scanned."""
        ...

    def ask_place(self) -> None:
        """Ask where to go, and go there."""
        ...

    def copy_place(self) -> None:
        """Copy where the middle of the view is."""
        ...

    def toggle_overview(self) -> None:
        """Fold the overview, or show it."""
        ...

    def split(self, count: Literal[1, 2, 4]) -> None:
        """Show one view, two or four."""
        ...

    def toggle_link(self) -> None:
        """Let the views move together, or each for itself."""
        ...

    def next_view(self) -> None:
        """Make the next view the active one."""
        ...

    def read_view(self) -> None:
        """Let the chosen model read what is on screen."""
        ...

    def ask_pictures(self) -> None:
        """Show the pictures beside the slide, on request only."""
        ...

    def ask_import(self) -> None:
        """Choose a file of annotations to take in."""
        ...

    def ask_export(self) -> None:
        """Choose where the annotations of the open scan are written."""
        ...


class ComfortDesk(Protocol):
    """What actions may ask of what makes the window comfortable."""

    def show_palette(self) -> None:
        """Find an action, a label, a case or a panel by its name."""
        ...

    def ask_keys(self) -> None:
        """Give actions other keys."""
        ...

    def tear_off(self) -> None:
        """Show the open scan in a window of its own as well."""
        ...


class Desk(Protocol):
    """What actions may ask of the window beside its session."""

    @property
    def session(self) -> Session:
        """What is open."""
        ...

    @property
    def slide(self) -> SlideDesk:
        """The views of a slide."""
        ...

    @property
    def volume(self) -> VolumeDesk:
        """The views of a volume or a radiograph."""
        ...

    @property
    def comfort(self) -> ComfortDesk:
        """Palette, keys, and views of their own."""
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

    def ask_score(self, judgement: Literal["accept", "reject"]) -> float | None:
        """From which score on proposals are accepted, or below which they are rejected; `None`: not at all."""
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


NEVER_TOGETHER = ({"slide", "no slide"},)


def meet(first: Scope, second: Scope) -> bool:
    """Whether keys of two scopes may count at the same time."""
    return {first, second} not in NEVER_TOGETHER


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

    def counts(self, session: Session) -> bool:
        """Whether it can be done now."""
        if self.scope in {"slide", "no slide"} and is_slide(session) != (self.scope == "slide"):
            return False
        return self.can(session)

    @property
    def key_text(self) -> str:
        """The first key as a person reads it."""
        return readable_key(self.keys[0]) if self.keys else ""


def is_slide(session: Session) -> bool:
    """Whether the open scan is a slide."""
    return session.info is not None and session.info.kind == "slide"


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
                if meet(first.scope, second.scope)
            ]
    return tuple(found)
