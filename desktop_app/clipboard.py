"""Marks that were copied, and what pasting them leads to. Pure: values in, an outcome out.

Marks keep their pixel coordinates, whatever scan they are pasted on. Those of one plane go to the plane that is shown;
of a mask goes what lies on the plane that was shown when it was copied. In another case, marks on several planes keep
their planes: outlines always, masks where the scan has the same size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from dataset.annotation import (
    Annotation,
    Box,
    Geometry,
    Point,
    Points,
    Polygon,
    Polyline,
    Proposal,
    RotatedBox,
    WholeScan,
    bounds,
    lies_on,
    new_id,
    now,
)
from dataset.document import Edit
from dataset.mask import Bits, Mask, mask_of_plane
from dataset.outline_overlay import all_of, overlaid
from dataset.qupath import PIECE, TEMPLATE
from desktop_app.tool import Bench, Mark, Outcome
from desktop_app.tools.hitting import is_locked
from desktop_app.tools.operations.changing import chosen, outcome_of, own
from desktop_app.tools.shaping import clamped
from imaging.geometry import Plane, Size
from imaging.progress import silent

OnPlane = Box | RotatedBox | Polygon | Polyline | Points


@dataclass(frozen=True, slots=True)
class Clip:
    """Marks as they were copied, and where."""

    marks: tuple[Mark, ...]
    plane: Plane
    """The plane that was shown."""
    size: Size
    key: str
    """The scan they are of; empty for marks of another program."""


def copied(bench: Bench, key: str) -> Clip:
    """The selected marks."""
    return Clip(chosen(bench), bench.plane, bench.size, key)


def cut(bench: Bench, key: str) -> tuple[Clip, Outcome]:
    """The selected marks, and the edit that takes them away; of a mask on several planes the one that is shown.

    What is locked by hand is copied and stays.
    """
    taken: list[Mark] = []
    changes: list[tuple[Mark, tuple[Geometry, ...]]] = []
    plane, locked = bench.plane, 0
    for mark in chosen(bench):
        if isinstance(mark, Annotation) and mark.locked:
            taken.append(mark)
            locked += 1
            continue
        section = mark.geometry.section(plane.axis, plane.index) if isinstance(mark.geometry, Mask) else None
        if section is None or not isinstance(mark.geometry, Mask):
            taken.append(mark)
            changes.append((mark, ()))
            continue
        x, y, bits = section
        taken.append(replace(mark, geometry=mask_of_plane(bits, plane.index, axis=plane.axis, x=x, y=y)))
        left = mark.geometry.painted_across(plane.axis, plane.index, x, y, bits, value=False)
        changes.append((mark, (left,)))
    edit, count = outcome_of("Cut", bench, changes, nothing="").edit, len(changes)
    edit = replace(edit, title=f"Cut {count}" if count > 1 else "Cut") if edit is not None else None
    told = [f"Cut {_marks(count)}"] if count else []
    told += [f"{locked} locked, only copied"] if locked else []
    clip = Clip(tuple(taken), plane, bench.size, key)
    return clip, Outcome(edit, frozenset() if edit is not None else None, told="; ".join(told))


def pasted(clip: Clip, bench: Bench, key: str, *, title: str = "Paste", onto: Plane | None = None) -> Outcome:
    """The copied marks on the plane that is shown (or `onto` another), as one edit by the reader, selected.

    What cannot be pasted is left out, and the outcome tells of it.
    """
    pasting = _Pasting(clip, bench, onto or bench.plane, is_same=key == clip.key)
    for mark in clip.marks:
        pasting.take(mark)
    put = tuple(pasting.put.values())
    told = pasting.told(title)
    if not put:
        return Outcome(told=told)
    name = f"{title} {pasting.count}" if pasting.count > 1 else title
    return Outcome(Edit(name, put=put), frozenset(mark.id for mark in put), told=told)


_SAID = (
    ("outside", "{} outside this scan"),
    ("elsewhere", "{} drawn on planes of another direction"),
    ("there", "{} already here"),
    ("trimmed", "{} cut at the edge of this scan"),
)


@dataclass(slots=True, eq=False)
class _Pasting:
    """What has been pasted so far."""

    clip: Clip
    bench: Bench
    target: Plane
    is_same: bool
    """Whether they come from the scan they go to."""
    put: dict[str, Annotation] = field(default_factory=dict[str, Annotation])
    """By the id of the annotation or proposal each takes the place of, or its own."""
    count: int = 0
    noted: Counter[str] = field(default_factory=Counter[str])

    def take(self, mark: Mark) -> None:
        """Paste a mark."""
        geometry = mark.geometry
        if isinstance(geometry, WholeScan):
            self._take_label(mark)
        elif isinstance(geometry, Mask):
            if not self.is_same and self.clip.size == self.bench.size and len(geometry.planes) > 1:
                self._add(mark, geometry)
            else:
                self._take_section(mark, geometry)
        else:
            self._take_outline(mark, geometry)

    def told(self, title: str) -> str:
        """What was done and what was not, in one line."""
        plane = self.target.index + 1
        verb = {"Paste": "Pasted", "Duplicate": "Duplicated"}.get(title, title)
        where = f" on plane {plane}" if self.bench.size.count(self.target.axis) > 1 else ""
        parts = [f"{verb} {_marks(self.count)}{where}" if self.count else "Nothing was pasted"]
        if self.count and not self.is_same and self.clip.key and self.clip.size != self.bench.size:
            parts[0] += " at the same pixels of a scan of another size"
        parts += [said.format(self.noted[kind]) for kind, said in _SAID if self.noted[kind]]
        return "; ".join(parts)

    def _add(self, mark: Mark, geometry: Geometry) -> None:
        """A mark of the reader's own, like one that was copied."""
        given = mark.attributes if isinstance(mark, Annotation) else ()
        attributes = tuple(pair for pair in given if pair[0] not in {TEMPLATE, PIECE})
        made = Annotation(new_id(), mark.label, geometry, self.bench.author, now(), attributes=attributes)
        self.put[made.id] = made
        self.count += 1

    def _take_label(self, mark: Mark) -> None:
        known = (*self.bench.document.annotations, *self.put.values())
        if any(isinstance(other.geometry, WholeScan) and other.label == mark.label for other in known):
            self.noted["there"] += 1
        else:
            self._add(mark, mark.geometry)

    def _take_outline(self, mark: Mark, geometry: OnPlane) -> None:
        plane = self._plane_of(geometry.plane)
        if plane is None:
            self.noted["elsewhere"] += 1
            return
        if not 0 <= plane.index < self.bench.size.count(plane.axis):
            self.noted["outside"] += 1
            return
        pieces = trimmed(replace(geometry, plane=plane), *self.bench.size.on_plane(plane.axis))
        self.noted["outside"] += not pieces
        self.noted["trimmed"] += bool(pieces) and pieces[0] != replace(geometry, plane=plane)
        for piece in pieces:
            self._add(mark, piece)

    def _plane_of(self, plane: Plane) -> Plane | None:
        """Where what lies on a plane goes; `None` where that is another direction."""
        planes = {m.geometry.plane for m in self.clip.marks if not isinstance(m.geometry, Mask | WholeScan)}
        if not self.is_same and len(planes) > 1:
            return plane
        if plane.axis != self.target.axis:
            return None
        first = self.clip.plane if self.clip.plane in planes else min(planes)
        return replace(plane, index=self.target.index + plane.index - first.index)

    def _take_section(self, mark: Mark, mask: Mask) -> None:
        target = self.target
        found = _section(mask, self.clip.plane)
        if found is None or found[0] != target.axis:
            self.noted["elsewhere"] += 1
            return
        _, x, y, bits = found
        across, down = self.bench.size.on_plane(target.axis)
        part = bits[: max(down - y, 0), : max(across - x, 0)]
        if not part.any():
            self.noted["outside"] += 1
            return
        self.noted["trimmed"] += int(np.count_nonzero(part) < np.count_nonzero(bits))
        host = self._host(mark)
        if host is None:
            self._add(mark, mask_of_plane(part, target.index, axis=target.axis, x=x, y=y))
            return
        was = self.put.get(host.id, host)
        assert isinstance(was.geometry, Mask)
        made = was.geometry.painted_across(target.axis, target.index, x, y, part, value=True)
        if made.tiles == was.geometry.tiles:
            self.noted["there"] += 1
            return
        self.put[host.id] = own(was, made, self.bench.author)
        self.count += 1

    def _host(self, mark: Mark) -> Mark | None:
        """The mask that takes in what is pasted: the copied one itself, else one of its label on that plane."""
        masks = [m for m in self.bench.document.annotations if isinstance(m.geometry, Mask) and not m.locked]
        if self.is_same:
            proposed = [p for p in self.bench.proposals if p.id == mark.id]
            same = [m for m in masks if m.id == mark.id or (m.origin and m.origin == mark.id)]
            if same or proposed:
                return (*same, *proposed)[0]
        here = [m for m in masks if m.label == mark.label and not is_locked(m) and lies_on(m.geometry, self.target)]
        return here[-1] if here else None


def _section(mask: Mask, plane: Plane) -> tuple[int, int, int, Bits] | None:
    """What of a mask lies on a plane, else on the nearest plane of its own axis: axis, x, y, bits."""
    found = mask.section(plane.axis, plane.index)
    if found is not None:
        return (plane.axis, *found)
    nearest = min(mask.planes, key=lambda index: abs(index - plane.index), default=None)
    found = mask.section(mask.axis, nearest) if nearest is not None else None
    return None if found is None else (mask.axis, *found)


def trimmed(geometry: OnPlane, across: int, down: int) -> tuple[OnPlane, ...]:
    """What of an outline lies on a plane of that size, possibly in pieces; turned boxes stay whole or go."""
    found = bounds(geometry)
    if found is None:
        return ()
    x, y, width, height = found
    if x >= 0 and y >= 0 and x + width <= across and y + height <= down:
        return (geometry,)
    if x >= across or y >= down or x + width <= 0 or y + height <= 0:
        return ()
    return _TRIMMERS[type(geometry)](geometry, across, down)


def _trimmed_box(box: Box, across: int, down: int) -> tuple[OnPlane, ...]:
    x0, y0 = clamped(box.x, box.y, across, down)
    x1, y1 = clamped(box.x + box.width, box.y + box.height, across, down)
    return (replace(box, x=x0, y=y0, width=x1 - x0, height=y1 - y0),)


def _trimmed_turned(box: RotatedBox, across: int, down: int) -> tuple[OnPlane, ...]:
    return (box,) if 0 <= box.x <= across and 0 <= box.y <= down else ()


def _trimmed_polygon(polygon: Polygon, across: int, down: int) -> tuple[OnPlane, ...]:
    return overlaid((polygon, Box(polygon.plane, 0.0, 0.0, float(across), float(down))), all_of, silent())


def _trimmed_line(line: Polyline, across: int, down: int) -> tuple[OnPlane, ...]:
    places: dict[Point, None] = dict.fromkeys(clamped(x, y, across, down) for x, y in line.points)
    return (replace(line, points=tuple(places)),) if len(places) > 1 else ()


def _trimmed_points(points: Points, across: int, down: int) -> tuple[OnPlane, ...]:
    inside = tuple((x, y) for x, y in points.points if 0 <= x <= across and 0 <= y <= down)
    return (replace(points, points=inside),) if inside else ()


_TRIMMERS: dict[type, Callable[..., tuple[OnPlane, ...]]] = {
    Box: _trimmed_box,
    RotatedBox: _trimmed_turned,
    Polygon: _trimmed_polygon,
    Polyline: _trimmed_line,
    Points: _trimmed_points,
}


def as_annotations(clip: Clip, author: str) -> tuple[Annotation, ...]:
    """The copied marks as a file of annotations would hold them."""
    return tuple(own(mark, mark.geometry, author) if isinstance(mark, Proposal) else mark for mark in clip.marks)


def _marks(count: int) -> str:
    return "1 mark" if count == 1 else f"{count:,} marks"
