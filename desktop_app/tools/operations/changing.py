"""What operations have in common: which marks they change, and the edit that it comes to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dataset.annotation import Annotation, Geometry, Proposal, corrected, new_id, now
from dataset.document import Edit
from dataset.mask import Mask
from dataset.qupath import PIECE, TEMPLATE
from desktop_app.tool import Bench, Mark, Outcome
from imaging.geometry import Size
from imaging.progress import Progress

Changes = Sequence[tuple[Mark, tuple[Geometry, ...]]]
"""Marks, and what becomes of each: nothing, the same geometry, another one, or several."""


def chosen(bench: Bench) -> tuple[Mark, ...]:
    """The selected marks: annotations, then proposals, each in their order."""
    every: tuple[Mark, ...] = (*bench.document.annotations, *bench.proposals)
    return tuple(mark for mark in every if mark.id in bench.selection)


def own(mark: Mark, geometry: Geometry, author: str) -> Annotation:
    """A mark as a person has changed it; a proposal becomes an annotation of its own that names it."""
    if isinstance(mark, Proposal):
        return Annotation(new_id(), mark.label, geometry, author, now(), mark.score, mark.id)
    return corrected(mark, author, geometry=geometry)


def further(first: Annotation, geometry: Geometry) -> Annotation:
    """Another annotation like one just made, with an id of its own and without what QuPath knows only one mark by."""
    attributes = tuple(pair for pair in first.attributes if pair[0] not in {TEMPLATE, PIECE})
    return replace(first, id=new_id(), geometry=geometry, attributes=attributes)


def outcome_of(title: str, bench: Bench, changes: Changes, *, gone: Iterable[Mark] = (), nothing: str) -> Outcome:
    """The edit that changes come to, its marks selected where something was; `nothing` is told where it is none.

    What has nothing left is removed, or rejected where it was proposed; so are the marks that are `gone`.
    """
    put: list[Annotation] = []
    remove: list[str] = []
    reject: list[str] = []
    kept: set[str] = set()
    lost = list(gone)
    for mark, geometries in changes:
        left = [geometry for geometry in geometries if not (isinstance(geometry, Mask) and geometry.is_empty)]
        if not left:
            lost.append(mark)
        elif len(left) == 1 and left[0] == mark.geometry:
            kept.add(mark.id)
        else:
            first = own(mark, left[0], bench.author)
            put += [first, *(further(first, geometry) for geometry in left[1:])]
    for mark in lost:
        if isinstance(mark, Annotation):
            remove.append(mark.id)
            reject += [mark.origin] if mark.origin else []
        else:
            reject.append(mark.id)
    count = sum(1 for _, geometries in changes if geometries) - len(kept)
    edit = Edit(f"{title} {count}" if count > 1 and not lost else title, tuple(put), tuple(remove), tuple(reject))
    if edit.is_empty:
        return Outcome(told=nothing)
    select = frozenset(kept | {annotation.id for annotation in put})
    return Outcome(edit, select if bench.selection else None)


def extent_of(mask: Mask, size: Size) -> tuple[int, int, int]:
    """Width and height of the planes a mask is kept on, and how many there are."""
    return *size.on_plane(mask.axis), size.count(mask.axis)


class EachMark:
    """An operation that changes every selected mark it can, each by itself."""

    name = ""
    title = ""
    keys: tuple[str, ...] = ()
    icon = ""
    group = 0
    tip = ""
    nothing = ""
    """What is told where nothing changes."""

    def takes(self, geometry: Geometry, size: Size) -> bool:  # noqa: ARG002
        """Whether it can change a mark like that."""
        return isinstance(geometry, Mask)

    def changed(self, geometry: Geometry, bench: Bench, progress: Progress) -> tuple[Geometry, ...]:
        """What becomes of a mark."""
        raise NotImplementedError

    def can(self, selected: Sequence[Mark], size: Size) -> bool:
        """With a mark selected that it can change."""
        return any(self.takes(mark.geometry, size) for mark in selected)

    def apply(self, bench: Bench, progress: Progress) -> Outcome:
        """Change them one after the other."""
        marks = [mark for mark in self.worked_on(bench) if self.takes(mark.geometry, bench.size)]
        changes = [
            (mark, self.changed(mark.geometry, bench, progress.part(number / len(marks), 1 / len(marks))))
            for number, mark in enumerate(marks)
        ]
        return outcome_of(self.title, bench, changes, nothing=self.nothing)

    def worked_on(self, bench: Bench) -> tuple[Mark, ...]:
        """The marks it looks at."""
        return chosen(bench)
