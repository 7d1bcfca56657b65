"""Select, move and resize marks. A proposal that is dragged becomes the reader's own, with the proposal as origin."""

from __future__ import annotations

from dataclasses import dataclass

from dataset.annotation import Annotation, Geometry, Proposal, corrected, new_id, now
from dataset.document import Edit
from dataset.mask import Mask
from desktop_app.tool import Bench, Gesture, Mark, OptionName, Outcome
from desktop_app.tools.hitting import Hit, hit, is_locked, selected_here
from desktop_app.tools.shaping import Handle, clamped, kept_on, moved, reshaped

_CURSORS: dict[Handle, str] = {
    "nw": "size-fdiag",
    "se": "size-fdiag",
    "ne": "size-bdiag",
    "sw": "size-bdiag",
    "n": "size-ver",
    "s": "size-ver",
    "e": "size-hor",
    "w": "size-hor",
}


@dataclass(frozen=True, slots=True)
class _Grip:
    """What the hand holds: the marks as they were, the handle, where it began, and the ids they will have."""

    hit: Hit
    marks: tuple[Mark, ...]
    ids: tuple[str, ...]
    x: float
    y: float
    cursor: str
    live: tuple[Annotation, ...] = ()


class SelectTool:
    """A press takes what is under the hand; on empty space it lets everything go."""

    name = "select"
    title = "Select"
    key = "V"
    icon = "select"
    options: tuple[OptionName, ...] = ()

    def __init__(self) -> None:
        self._grip: _Grip | None = None

    def hover(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Show what a press would do."""
        found = hit(gesture, bench)
        return Outcome(cursor="" if found is None else _cursor(found, bench))

    def press(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Select, and hold what may be moved."""
        self._grip = None
        found = hit(gesture, bench)
        if found is None:
            return Outcome(select=bench.selection if gesture.shift else frozenset())
        mark, chosen = found.mark, bench.selection
        if gesture.shift:
            return Outcome(select=chosen ^ {mark.id}, busy=False)
        if isinstance(mark.geometry, Mask) or (is_locked(mark) and mark.id not in chosen):
            return Outcome(select=frozenset({mark.id}))
        together = found.handle is None and mark.id in chosen
        marks = tuple(m for m in selected_here(bench) if _moves(m)) if together else (mark,)
        ids = tuple(new_id() if isinstance(m, Proposal) else m.id for m in marks)
        self._grip = _Grip(found, marks, ids, gesture.x, gesture.y, _cursor(found, bench))
        select = None if mark.id in chosen else frozenset({mark.id})
        return Outcome(select=select, cursor=self._grip.cursor, busy=True)

    def drag(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Move or resize; nothing is kept before the button is up."""
        grip = self._grip
        if grip is None:
            return Outcome()
        live = _changed(grip, gesture, bench)
        self._grip = _Grip(grip.hit, grip.marks, grip.ids, grip.x, grip.y, grip.cursor, live)
        return Outcome(live=live, cursor=grip.cursor, busy=True)

    def release(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Keep what was moved; a click on one of several leaves that one selected."""
        grip, self._grip = self._grip, None
        if grip is None:
            return Outcome()
        if (gesture.x, gesture.y) == (grip.x, grip.y):
            return Outcome(select=frozenset({grip.hit.mark.id}), cursor=grip.cursor)
        put = _changed(grip, gesture, bench)
        if tuple(a.geometry for a in put) == tuple(m.geometry for m in grip.marks):
            return Outcome(cursor=grip.cursor)
        title = "Move" if grip.hit.handle is None else "Resize" if isinstance(grip.hit.handle, str) else "Reshape"
        count = f" {len(put)}" if len(put) > 1 else ""
        return Outcome(Edit(title + count, put=put), frozenset(a.id for a in put), cursor=grip.cursor)

    def finish(self, bench: Bench) -> Outcome:  # noqa: ARG002
        """Nothing to complete."""
        return Outcome()

    def back(self, bench: Bench) -> Outcome:  # noqa: ARG002
        """Nothing to take back."""
        return Outcome()

    def cancel(self) -> Outcome:
        """Leave the marks where they were."""
        self._grip = None
        return Outcome()


def _moves(mark: Mark) -> bool:
    return not isinstance(mark.geometry, Mask)


def _cursor(found: Hit, bench: Bench) -> str:
    """The cursor that says what a press here would do."""
    if found.handle is not None:
        return _CURSORS.get(found.handle, "move")
    is_free = not isinstance(found.mark.geometry, Mask) and not is_locked(found.mark)
    return "move" if is_free or (found.mark.id in bench.selection and _moves(found.mark)) else ""


def _changed(grip: _Grip, gesture: Gesture, bench: Bench) -> tuple[Annotation, ...]:
    """The marks as the hand has moved them."""
    across, down = bench.size.on_plane(bench.plane.axis)
    handle = grip.hit.handle
    if handle is not None:
        x, y = clamped(gesture.x, gesture.y, across, down)
        geometry = reshaped(grip.hit.mark.geometry, handle, x - grip.x, y - grip.y)
        return (_own(grip.hit.mark, geometry, grip.ids[0], bench.author),)
    dx, dy = gesture.x - grip.x, gesture.y - grip.y
    for mark in grip.marks:
        dx, dy = kept_on(mark.geometry, dx, dy, across, down)
    return tuple(
        _own(mark, moved(mark.geometry, dx, dy), mark_id, bench.author)
        for mark, mark_id in zip(grip.marks, grip.ids, strict=True)
    )


def _own(mark: Mark, geometry: Geometry, mark_id: str, author: str) -> Annotation:
    """A mark as a person has changed it."""
    if isinstance(mark, Proposal):
        return Annotation(mark_id, mark.label, geometry, author, now(), mark.score, mark.id)
    return corrected(mark, author, geometry=geometry)


PLUGIN = SelectTool()
