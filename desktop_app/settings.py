"""Settings: one frozen value, kept as one JSON file in the configuration folder."""

from __future__ import annotations

import json
import os
import typing
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from desktop_app.label_look import LabelColours
from desktop_app.theme import ThemeName
from desktop_app.translation import LanguageName
from imaging.errors import Problem
from imaging.memory import usual_slide_memory

FILE_NAME = "settings.json"
ProfileName = typing.Literal["overread", "qupath", "pacs", "labelme", "cvat"]
"""Whose keys: see `desktop_app.key_profiles`."""
LEAST_SLIDE_MEMORY, MOST_SLIDE_MEMORY = 128, 16 * 1024
"""MiB: less holds no view of a large screen, more than most machines have helps nobody."""
MOST_VIEWS = 16
"""No more views in windows of their own are opened by themselves."""
MOST_PIXELS = 1_000_000
"""Places and sizes beyond this are no desktop's; Qt counts in 32 bits."""


class SettingsProblem(Problem):
    """Settings that cannot be read or kept."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person chose; every field has a default that needs no choosing."""

    theme: ThemeName = "dark"
    """Dark by default: scans are read in dark rooms."""
    scale: float = 1.0
    """Text and icons, × their usual size (0.8 … 2), on top of the system's own scaling."""
    author: str = ""
    """Written with every mark; empty stands for the name of the account."""
    last_folder: str = ""
    """Where the file dialogs begin; empty is the home folder."""
    model: str = ""
    """The model chosen last, so that the next scan needs no choosing."""
    device: str = "auto"
    """Where models run: auto, cpu or cuda. Auto takes what really loads."""
    slide_memory: int = field(default_factory=usual_slide_memory)
    """MiB that reading slides may take altogether (128 … 16,384): the tiles kept, and what the views hold. At first a
    twelfth of the machine's memory, 256 at least and 2048 at most."""
    columns: tuple[int, ...] = ()
    """Widths in pixels of worklist, scan and findings; empty lets the window choose."""
    folded: tuple[str, ...] = ()
    """Titles of the sections folded away."""
    window: tuple[int, ...] = ()
    """x, y, width, height in pixels and 1 when maximised; empty lets the window choose."""
    screen: str = ""
    """The name of the monitor the window was on."""
    language: LanguageName = ""
    """Of the window; empty follows the system where there is a translation, else English."""
    key_profile: ProfileName = "overread"
    """Whose keys are used: the program's own, or those of one that the hands know."""
    keys: tuple[tuple[str, ...], ...] = ()
    """Own keys over the profile's: the id of an action, then its keys (none: it has no key)."""
    recent: tuple[str, ...] = ()
    """Ids of what was chosen in the palette last, newest first."""
    label_colours: LabelColours = "given"
    """How labels are shown: in the colours of the label set, or in some that colour-blind readers tell apart."""
    patterns: bool = False
    """Whether masks are hatched, by label: for readers who do not go by colour."""
    view_places: tuple[tuple[int, ...], ...] = ()
    """Of views in windows of their own, in the order they are opened: x, y, width, height and 1 when maximised."""
    view_screens: tuple[str, ...] = ()
    """The names of the monitors these were on."""
    views_open: int = 0
    """How many of them were open at the end, and come back with the first scan."""


class SettingsFile:
    """Where settings are kept. Reading never fails: a file that does not parse is set aside and told."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self.settings = Settings()
        self.problem: Problem | None = None
        self._read()

    def change(self, **changes: Any) -> Settings:
        """Put fields to new values and write the file if anything differs; raises `SettingsProblem` if it cannot."""
        changed = replace(self.settings, **changes)
        if changed != self.settings:
            self.settings = changed
            self._write()
        return changed

    def _read(self) -> None:
        try:
            text = self.path.read_text("utf-8")
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            self._set_aside(str(error))
            return
        try:
            self.settings = parse(text)
        except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
            self._set_aside(str(error))

    def _set_aside(self, reason: str) -> None:
        aside = self.path.with_name(f"settings-broken-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.json")
        advice = f"The usual settings are used; the old file is kept as {aside.name}"
        try:
            self.path.rename(aside)
        except OSError:
            advice = "The usual settings are used; check the file and its rights"
        self.problem = SettingsProblem(f"is no settings file ({reason})", self.path, advice)

    def _write(self) -> None:
        part = self.path.with_name(f".{FILE_NAME}.part")
        text = json.dumps(asdict(self.settings), indent=2) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.path)
        except OSError as error:
            what = f"cannot be written ({error.strerror})"
            raise SettingsProblem(what, self.path, "The change holds until the window closes") from error


def parse(text: str) -> Settings:
    """Settings from JSON; unknown fields are left out (an older program reads a newer file), wrong types raise."""
    found: object = json.loads(text)
    if not isinstance(found, dict):
        raise TypeError("no JSON object")
    values = cast("dict[str, object]", found)
    kinds = typing.get_type_hints(Settings)
    taken = {f.name: _checked(f.name, values[f.name], kinds[f.name]) for f in fields(Settings) if f.name in values}
    settings = replace(Settings(), **cast("dict[str, Any]", taken))
    if not 0.8 <= settings.scale <= 2:
        raise ValueError("scale is not between 0.8 and 2")
    if not LEAST_SLIDE_MEMORY <= settings.slide_memory <= MOST_SLIDE_MEMORY:
        raise ValueError(f"slide_memory is not between {LEAST_SLIDE_MEMORY} and {MOST_SLIDE_MEMORY}")
    if not 0 <= settings.views_open <= MOST_VIEWS:
        raise ValueError(f"views_open is not between 0 and {MOST_VIEWS}")
    if any(abs(number) > MOST_PIXELS for place in _places(settings) for number in place):
        raise ValueError("a place or a width is on no desktop")
    return settings


def _places(settings: Settings) -> tuple[tuple[int, ...], ...]:
    return (settings.columns, settings.window, *settings.view_places)


def _checked(name: str, value: object, kind: object) -> object:
    """The value as the field's type; raises `TypeError` naming the field."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal and value in arguments:
        return value
    if origin is tuple and isinstance(value, list):
        return tuple(_checked(name, item, arguments[0]) for item in cast("list[object]", value))
    if kind is bool and isinstance(value, bool):
        return value
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind is str and isinstance(value, str):
        value.encode()  # half a character could not be written again
        return value
    raise TypeError(f"{name} is not of the kind {kind}")


def config_folder() -> Path:
    """Where settings live: `OVERREAD_HOME` if set, else the system's place for configuration."""
    home = os.environ.get("OVERREAD_HOME", "")
    if home:
        return Path(home)
    from platformdirs import user_config_path

    return user_config_path("overread", appauthor=False)
