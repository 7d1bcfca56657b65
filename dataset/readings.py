"""Readings: what each person last said of a scan, kept apart from what the others said. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from dataset.heads import age, head_of
from dataset.record import LOOKED_AT, Revision, State

Hidden = Literal["names", "proposals", "others"]
"""What a blinded reader does not see: who anybody is, what models say, what other readers say."""
HIDDEN: tuple[Hidden, ...] = get_args(Hidden)


@dataclass(frozen=True, slots=True)
class Blinding:
    """What is hidden from a reader, so that a reading is independent."""

    names: bool = False
    """Names of readers, and titles of scans that come from files."""
    proposals: bool = False
    """Everything models say: proposals, scores, heat maps, suspicion, and revisions that only accept proposals."""
    others: bool = False
    """Other readers' revisions, counts and states."""

    @property
    def is_on(self) -> bool:
        """Whether anything is hidden."""
        return self.names or self.proposals or self.others

    @property
    def hidden(self) -> tuple[Hidden, ...]:
        """What is hidden, by name."""
        return tuple(name for name in HIDDEN if getattr(self, name))


OPEN = Blinding()


@dataclass(frozen=True, slots=True)
class Person:
    """Who reads a dataset, and what is hidden from them."""

    name: str = ""
    blinding: Blinding = OPEN


@dataclass(frozen=True, slots=True)
class Start:
    """Where a person begins on a scan."""

    revision: Revision | None
    """`None` is an empty scan."""
    state: State
    """The scan's state as that person may know it."""
    conflicts: int = 0
    """How many other readers' revisions nobody has resolved; 0 for who does not see the others."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One person's last word on a scan."""

    revision: Revision

    @property
    def author(self) -> str:
        """Whose it is."""
        return self.revision.author

    @property
    def is_done(self) -> bool:
        """Whether the reader was finished."""
        return self.revision.state in LOOKED_AT


def readings_of(revisions: Iterable[Revision]) -> tuple[Reading, ...]:
    """For each person the newest revision that nobody of his own built on; oldest first.

    What only gives a scan back to its reader is no reading.
    """
    by_author: dict[str, list[Revision]] = {}
    for revision in revisions:
        if not revision.is_sent_back:
            by_author.setdefault(revision.author, []).append(revision)
    newest = [max(_leaves(own), key=age) for own in by_author.values()]
    return tuple(Reading(revision) for revision in sorted(newest, key=age))


def own_of(revisions: Iterable[Revision], reader: str) -> Revision | None:
    """A reader's own newest revision, or `None`."""
    return next((r.revision for r in readings_of(revisions) if r.author == reader), None)


def start_for(revisions: Iterable[Revision], reader: str, blinding: Blinding = OPEN) -> Revision | None:
    """The revision a reader starts from when a scan is opened; `None` is an empty scan.

    The head, as a rule. Who must not see the others starts from the newest of the own ones, or from where it was
    sent back; who must not see what models say never from a mere acceptance.
    """
    known = tuple(revisions)
    if not blinding.others:
        return head_of(r for r in known if not (blinding.proposals and r.basis == "accepted")).revision
    own = own_of((r for r in known if not (blinding.proposals and r.basis == "accepted")), reader)
    back = [r for r in known if own is not None and r.base == own.id and r.is_sent_back]
    return max(back, key=age, default=own)


def state_for(revisions: Iterable[Revision], reader: str, blinding: Blinding = OPEN) -> State:
    """The state of a scan as a reader may know it: who does not see the others sees only the own work."""
    start = start_for(revisions, reader, blinding)
    return start.state if start is not None else "unseen"


def visible_to(revisions: Iterable[Revision], reader: str, blinding: Blinding = OPEN) -> tuple[Revision, ...]:
    """The revisions a reader may see, in the order given."""
    known = tuple(revisions)
    if blinding.proposals:
        known = tuple(r for r in known if r.basis != "accepted")
    if not blinding.others:
        return known
    mine = {r.id for r in known if r.author == reader}
    return tuple(r for r in known if r.id in mine or (r.is_sent_back and r.base in mine))


def may_review(revision: Revision | None, reviewer: str) -> bool:
    """Whether a head waits for a second look by this person: finished, somebody else's, and not reviewed yet."""
    return revision is not None and revision.state in ("labelled", "confirmed empty") and revision.author != reviewer


def _leaves(own: list[Revision]) -> list[Revision]:
    built_on = {revision.base for revision in own}
    return [revision for revision in own if revision.id not in built_on] or own
