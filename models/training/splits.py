"""Draw train, validation and held-back parts once per patient group, by a keyed hash."""

import hashlib
import hmac
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Part = Literal["train", "val", "test"]


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of the groups goes to validation and to the held-back test; the rest trains."""

    val: float = 0.15
    test: float = 0.15

    def __post_init__(self) -> None:
        if self.val < 0 or self.test < 0 or self.val + self.test >= 1:
            raise ValueError("shares must be at least 0 and leave something to train on")


def hash_fraction(group: str, key: str) -> float:
    """Return a number in 0…1 that depends on the group and the key alone."""
    digest = hmac.new(key.encode(), group.encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def part_of(group: str, key: str, shares: Shares) -> Part:
    """Return the part a group belongs to; adding other groups never changes it."""
    fraction = hash_fraction(group, key)
    if fraction < shares.test:
        return "test"
    return "val" if fraction < shares.test + shares.val else "train"


def split_groups(groups: Sequence[str], key: str, shares: Shares) -> dict[Part, list[int]]:
    """Return the positions of each part, given the group of each item."""
    parts: dict[Part, list[int]] = {"train": [], "val": [], "test": []}
    for index, group in enumerate(groups):
        parts[part_of(group, key, shares)].append(index)
    return parts


def join_groups(items: Mapping[str, Iterable[Hashable]]) -> dict[str, str]:
    """Name one group per item so that items sharing any trait (patient, pixels) share a group.

    The group is named after its first item in sorted order, so it does not depend on the order given.
    """
    parent = {item: item for item in items}

    def root(item: str) -> str:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    first_with: dict[Hashable, str] = {}
    for item in sorted(items):
        for trait in items[item]:
            other = root(first_with.setdefault(trait, item))
            mine = root(item)
            parent[max(mine, other)] = min(mine, other)
    return {item: root(item) for item in items}
