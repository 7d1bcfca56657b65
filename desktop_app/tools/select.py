"""Select, move and change marks. A proposal that is changed becomes the reader's own, with the proposal as origin."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dataset.annotation import Annotation, Geometry, Points, Proposal, RotatedBox, corrected, new_id, now
from dataset.document import Edit
from dataset.mask import Mask
from desktop_app.tool import Bench, Gesture, Mark, OptionName, Outcome
from desktop_app.tools.banding import Band, marks_inside
from desktop_app.tools.box_handles import turned
from desktop_app.tools.hitting import Hit, hit, is_locked, selected_here
from desktop_app.tools.point_edits import PointEdit, point_edit
from desktop_app.tools.shaping import Handle, clamped, kept_on, moved, reshaped

_WAYS: dict[Handle, int] = {"n": 0, "ne": 1, "e": 2, "se": 3, "s": 4, "sw": 5, "w": 6, "nw": 7}
"""Where a handle of a box lies, in eighths of a turn clockwise from the top."""
_CURSORS = ("size-ver", "size-bdiag", "size-hor", "size-fdiag")


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
    edit: PointEdit | None = None
    """A point that was put in by the press, or that goes if the press was a click."""


class SelectTool:
    """A press takes what is under the hand; on empty space it lets everything go.

    With Shift or Ctrl a click adds a mark or takes it away, and a drag selects all that lies inside; with Ctrl beside
    what is selected already. On the mark that is selected alone, Ctrl (or a double-click) on an edge puts a point in,
    Ctrl or Alt on a point takes it out.
    """

    name = "select"
    title = "Select"
    key = "V"
    icon = "select"
    options: tuple[OptionName, ...] = ()

    def __init__(self) -> None:
        self._grip: _Grip | None = None
        self._band: Band | None = None

    def hover(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Show what a press would do."""
        edit = point_edit(gesture, bench)
        if edit is not None:
            dot = Points(bench.plane, (edit.place,))
            return Outcome(preview=(dot,), cursor="cross" if edit.edge is not None else "hand", hover=edit.mark.id)
        found = hit(gesture, bench)
        return Outcome() if found is None else Outcome(cursor=_cursor(found, bench), hover=found.mark.id)

    def press(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Select, and hold what may be moved."""
        self._grip = self._band = None
        edit = point_edit(gesture, bench)
        if edit is not None:
            return self._hold_point(edit, gesture, bench)
        found = hit(gesture, bench)
        turns = found is not None and found.handle == "turn"
        if (gesture.shift or gesture.ctrl) and not turns:
            self._band = Band(gesture.x, gesture.y, found.mark.id if found is not None else "")
            return Outcome(cursor="cross", busy=True)
        if found is None:
            return Outcome(select=frozenset())
        mark, chosen = found.mark, bench.selection
        if not _moves(mark) or (is_locked(mark) and mark.id not in chosen):
            return Outcome(select=frozenset({mark.id}))
        together = found.handle is None and mark.id in chosen
        marks = tuple(m for m in selected_here(bench) if _moves(m)) if together else (mark,)
        ids = tuple(new_id() if isinstance(m, Proposal) else m.id for m in marks)
        self._grip = _Grip(found, marks, ids, gesture.x, gesture.y, _cursor(found, bench))
        select = None if mark.id in chosen else frozenset({mark.id})
        return Outcome(select=select, cursor=self._grip.cursor, busy=True)

    def _hold_point(self, edit: PointEdit, gesture: Gesture, bench: Bench) -> Outcome:
        """Take a point in hand, a new one or one that may go."""
        mark = edit.mark
        mark_id = new_id() if isinstance(mark, Proposal) else mark.id
        live: tuple[Annotation, ...] = ()
        made = edit.applied() if edit.edge is not None else None
        if made is not None:
            live = (own_version(mark, made, mark_id, bench.author),)
            mark = replace(mark, geometry=made)
        held = Hit(mark, edit.number)
        self._grip = _Grip(held, (mark,), (mark_id,), gesture.x, gesture.y, "move", live, edit)
        return Outcome(live=live, cursor="move", busy=True)

    def drag(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Move, change or select; nothing is kept before the button is up."""
        if self._band is not None:
            return Outcome(preview=(self._band.box(gesture, bench),), cursor="cross", busy=True)
        grip = self._grip
        if grip is None:
            return Outcome()
        live = _changed(grip, gesture, bench)
        self._grip = replace(grip, live=live)
        return Outcome(live=live, cursor=grip.cursor, busy=True, texts=_words(grip, gesture, live))

    def release(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Keep what was changed; a click on one of several leaves that one selected."""
        grip, self._grip = self._grip, None
        band, self._band = self._band, None
        if band is not None:
            return _selected(band, gesture, bench)
        if grip is None:
            return Outcome()
        is_click = (gesture.x, gesture.y) == (grip.x, grip.y)
        if is_click and grip.edit is not None:
            return _clicked(grip, grip.edit, bench)
        if is_click:
            return Outcome(select=frozenset({grip.hit.mark.id}), cursor=grip.cursor)
        put = _changed(grip, gesture, bench)
        is_new = grip.edit is not None and grip.edit.edge is not None
        if not is_new and tuple(a.geometry for a in put) == tuple(m.geometry for m in grip.marks):
            return Outcome(cursor=grip.cursor)
        title = "Add point" if is_new else _TITLES.get(grip.hit.handle, "Reshape")
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
        self._grip = self._band = None
        return Outcome()


_TITLES: dict[Handle | None, str] = {None: "Move", "turn": "Turn", **dict.fromkeys(_WAYS, "Resize")}


def _selected(band: Band, gesture: Gesture, bench: Bench) -> Outcome:
    """The selection after a band, or after a click with Shift or Ctrl."""
    if (gesture.x, gesture.y) == (band.x, band.y):
        return Outcome(select=bench.selection ^ {band.mark}) if band.mark else Outcome()
    inside = marks_inside(band.box(gesture, bench), bench)
    told = f"{len(inside)} selected" if inside else "No mark lies wholly inside"
    return Outcome(select=inside | bench.selection if gesture.ctrl else inside, told=told)


def _clicked(grip: _Grip, edit: PointEdit, bench: Bench) -> Outcome:
    """A point put in or taken out by a click."""
    made = edit.applied()
    if made is None:
        return Outcome(cursor="", told="It needs these points; Del deletes the whole mark")
    put = own_version(edit.mark, made, grip.ids[0], bench.author)
    return Outcome(Edit("Add point" if edit.edge is not None else "Remove point", put=(put,)), frozenset({put.id}))


def _words(grip: _Grip, gesture: Gesture, live: tuple[Annotation, ...]) -> tuple[tuple[tuple[float, float], str], ...]:
    """How far a box is turned, while it is."""
    shape = live[0].geometry if live else None
    if grip.hit.handle != "turn" or not isinstance(shape, RotatedBox):
        return ()
    return (((gesture.x, gesture.y), f"{shape.angle:.0f}°"),)


def _moves(mark: Mark) -> bool:
    """Whether a mark may be moved at all: not a mask, and not what was locked by hand."""
    return not isinstance(mark.geometry, Mask) and not (isinstance(mark, Annotation) and mark.locked)


def _cursor(found: Hit, bench: Bench) -> str:
    """The cursor that says what a press here would do."""
    if found.handle is not None and _moves(found.mark):
        way, geometry = _WAYS.get(found.handle), found.mark.geometry
        if way is None:
            return "hand" if found.handle == "turn" else "move"
        return _CURSORS[(way + round(geometry.angle / 45 if isinstance(geometry, RotatedBox) else 0)) % 4]
    is_free = _moves(found.mark) and not is_locked(found.mark)
    return "move" if is_free or (found.mark.id in bench.selection and _moves(found.mark)) else ""


def _changed(grip: _Grip, gesture: Gesture, bench: Bench) -> tuple[Annotation, ...]:
    """The marks as the hand has moved them."""
    across, down = bench.size.on_plane(bench.plane.axis)
    handle = grip.hit.handle
    if handle is not None:
        x, y = clamped(gesture.x, gesture.y, across, down)
        geometry = grip.hit.mark.geometry
        if handle == "turn" and isinstance(geometry, RotatedBox):
            geometry = turned(geometry, (grip.x, grip.y), (gesture.x, gesture.y), in_steps=gesture.shift)
        else:
            geometry = reshaped(geometry, handle, x - grip.x, y - grip.y)
        return (own_version(grip.hit.mark, geometry, grip.ids[0], bench.author),)
    dx, dy = gesture.x - grip.x, gesture.y - grip.y
    for mark in grip.marks:
        dx, dy = kept_on(mark.geometry, dx, dy, across, down)
    return tuple(
        own_version(mark, moved(mark.geometry, dx, dy), mark_id, bench.author)
        for mark, mark_id in zip(grip.marks, grip.ids, strict=True)
    )


def own_version(mark: Mark, geometry: Geometry, mark_id: str, author: str) -> Annotation:
    """A mark as a person has changed it."""
    if isinstance(mark, Proposal):
        return Annotation(mark_id, mark.label, geometry, author, now(), mark.score, mark.id)
    return corrected(mark, author, geometry=geometry)


PLUGIN = SelectTool()
