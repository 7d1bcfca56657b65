"""Whose mask is painted, and what it becomes. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dataset.annotation import Annotation, Proposal, corrected, new_id, now
from dataset.document import Edit
from dataset.mask import Mask, empty_mask
from desktop_app.tool import Bench, Gesture, Mark, Outcome
from desktop_app.tools.hitting import marks_here


@dataclass(frozen=True, slots=True)
class Target:
    """The mask a stroke changes, and what it was: an annotation, a proposal, or nothing yet."""

    mask: Mask
    was: Mark | None
    label: str
    id: str


def _masks(marks: Sequence[Mark]) -> list[Mark]:
    return [mark for mark in marks if isinstance(mark.geometry, Mask)]


def _target_of(mark: Mark) -> Target:
    assert isinstance(mark.geometry, Mask)
    return Target(mark.geometry, mark, mark.label, new_id() if isinstance(mark, Proposal) else mark.id)


def brush_target(gesture: Gesture, bench: Bench) -> Target:
    """What a brush stroke extends, in this order; Shift starts a new mask.

    The selected mask; a mask of the current label under the hand; that label's last annotation; the only proposal of
    that label on this plane; otherwise a new mask. A mask of another axis is extended as well and keeps its axis.
    """
    if not gesture.shift:
        found = _selected(bench) or _of_label(gesture, bench)
        if found is not None:
            return _target_of(found)
    return Target(empty_mask(bench.plane.axis), None, bench.label, new_id())


def eraser_target(gesture: Gesture, bench: Bench) -> Target | None:
    """What an eraser stroke cuts: the selected mask, the one under the hand, else the current label's."""
    found = _selected(bench)
    if found is None:
        under = [mark for mark in _masks(marks_here(bench)) if _is_under(mark, gesture, bench)]
        found = next((m for m in reversed(under) if m.label == bench.label), None) or (under[-1] if under else None)
    found = found or _of_label(gesture, bench)
    return None if found is None else _target_of(found)


def _is_under(mark: Mark, gesture: Gesture, bench: Bench) -> bool:
    column, row = math.floor(gesture.x), math.floor(gesture.y)
    return isinstance(mark.geometry, Mask) and mark.geometry.has(bench.plane.axis, bench.plane.index, column, row)


def _selected(bench: Bench) -> Mark | None:
    """The one selected mask, whichever plane it is on."""
    every = (*bench.document.annotations, *bench.proposals)
    found = _masks([mark for mark in every if mark.id in bench.selection])
    return found[0] if len(found) == 1 else None


def _of_label(gesture: Gesture, bench: Bench) -> Mark | None:
    here = [mark for mark in _masks(marks_here(bench)) if mark.label == bench.label]
    under = [mark for mark in here if _is_under(mark, gesture, bench)]
    if under:
        return under[-1]
    own = [mark for mark in _masks(bench.document.annotations) if mark.label == bench.label]
    if own:
        return own[-1]
    proposed = [mark for mark in here if isinstance(mark, Proposal)]
    return proposed[0] if len(proposed) == 1 else None


def painted(target: Target, mask: Mask, bench: Bench) -> Annotation:
    """The annotation as it is with another mask, by the person who paints."""
    was = target.was
    if isinstance(was, Annotation):
        return corrected(was, bench.author, geometry=mask)
    origin, score = (was.id, was.score) if isinstance(was, Proposal) else ("", None)
    return Annotation(target.id, target.label, mask, bench.author, now(), score, origin)


def finished(target: Target, mask: Mask, title: str, bench: Bench) -> Outcome:
    """What a target with another mask leads to: an edit, unless nothing changed."""
    edit, was = _edit(target, mask, title, bench), target.was
    # What was not selected stays so: the key of another label must choose what is painted next, not rename this.
    followed = edit is not None and was is not None and was.id in bench.selection
    return Outcome(edit, frozenset(a.id for a in edit.put) if edit is not None and followed else None)


def _edit(target: Target, mask: Mask, title: str, bench: Bench) -> Edit | None:
    """What changes; a mask with nothing left is removed, a proposal with nothing left rejected."""
    was = target.was
    if mask is target.mask or mask.tiles == target.mask.tiles:
        return None
    if mask.is_empty:
        if isinstance(was, Annotation):
            rejected = (was.origin,) if was.origin else ()
            return Edit(title, remove=(was.id,), reject=rejected)
        return Edit(title, reject=(was.id,)) if was is not None else None
    return Edit(title, put=(painted(target, mask, bench),))
