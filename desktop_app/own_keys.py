"""Own keys: what a person gave actions over the profile's keys. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from desktop_app.action import ActionRow
from desktop_app.key_profiles import canonical, given_keys, profiled, shares
from desktop_app.settings import ProfileName

OwnKeys: TypeAlias = tuple[tuple[str, ...], ...]
"""One entry for each action changed: its id, then its keys. Where two entries claim one key, the later has it."""

RESERVED = {"Space": "Space, held, pans the scan"}
"""Keys that no action can have, and why."""


def keyed(rows: Iterable[ActionRow], profile: ProfileName, own: OwnKeys) -> tuple[ActionRow, ...]:
    """The table with the keys of a profile, and own keys over them. Entries for actions not there wait for them."""
    table = profiled(rows, profile)
    for action_id, *keys in own:
        table = given_keys(table, action_id, keys)
    return table


def sound(own: OwnKeys) -> tuple[OwnKeys, tuple[str, ...]]:
    """The entries that can be used, and one line for each that cannot."""
    good: list[tuple[str, ...]] = []
    bad: list[str] = []
    for entry in own:
        keys = tuple(canonical(key) for key in entry[1:])
        if not entry or not entry[0]:
            bad.append("an entry without an action")
        elif not all(keys) or any(key in RESERVED for key in keys):
            bad.append(f"{entry[0]}: {', '.join(entry[1:])}")
        else:
            good.append((entry[0], *keys))
    return tuple(good), tuple(bad)


def holders(rows: Iterable[ActionRow], action_id: str, key: str) -> tuple[ActionRow, ...]:
    """The other actions that have a key where it would count for this one, too."""
    table = tuple(rows)
    row = next((row for row in table if row.id == action_id), None)
    wanted = canonical(key)
    if row is None or not wanted:
        return ()
    return tuple(
        other
        for other in table
        if other.id != action_id and shares(row, other) and wanted in map(canonical, other.keys)
    )


def with_keys(own: OwnKeys, action_id: str, keys: Iterable[str]) -> OwnKeys:
    """Give an action these keys and no others; what they had been before is taken from others."""
    return (*without(own, action_id), (action_id, *keys))


def without(own: OwnKeys, action_id: str) -> OwnKeys:
    """Let an action have the profile's keys again."""
    return tuple(entry for entry in own if entry[:1] != (action_id,))
