"""Which mark is under the hand, and where it was taken. Pure; plane pixels, tolerances in screen pixels."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from dataset.annotation import (
    Annotation,
    Box,
    Geometry,
    Point,
    Points,
    Polyline,
    RotatedBox,
    WholeScan,
    direction,
    lies_on,
)
from dataset.mask import Mask
from desktop_app.tool import Bench, Gesture, Mark
from desktop_app.tools.box_handles import TURN_REACH, own_box, to_own, turn_handle
from desktop_app.tools.long_rings import LONG, bounds_of, is_inside, is_long, nearest_point, rings_of, to_line
from desktop_app.tools.shaping import Handle, handle_points
from imaging.geometry import Plane

HANDLE_REACH = 7.0
EDGE_REACH = 5.0
POINT_REACH = 7.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A mark and the handle it was taken by; `None` is its inside or outline, which moves it whole."""

    mark: Mark
    handle: Handle | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """The place of the hand and the size of a screen pixel there."""

    x: float
    y: float
    across: float
    down: float

    @staticmethod
    def of(gesture: Gesture) -> Reach:
        """The reach of a gesture."""
        return Reach(gesture.x, gesture.y, gesture.pixel, gesture.pixel * gesture.stretch)

    def distance(self, point: Point) -> float:
        """Screen pixels to a point."""
        return math.hypot((point[0] - self.x) / self.across, (point[1] - self.y) / self.down)

    def to_segment(self, a: Point, b: Point) -> float:
        """Screen pixels to a line between two points."""
        ax, ay = (a[0] - self.x) / self.across, (a[1] - self.y) / self.down
        bx, by = (b[0] - self.x) / self.across, (b[1] - self.y) / self.down
        # A product too large is infinite, where a power raises: then the line is not hit.
        length = (bx - ax) * (bx - ax) + (by - ay) * (by - ay)
        share = 0.0 if length == 0 else min(max(-(ax * (bx - ax) + ay * (by - ay)) / length, 0.0), 1.0)
        return math.hypot(ax + share * (bx - ax), ay + share * (by - ay))


def is_locked(mark: Mark) -> bool:
    """Whether a mark is kept from accidental moves: what was accepted as the model gave it, or locked by hand."""
    return isinstance(mark, Annotation) and (mark.locked or mark.author.startswith("model:"))


def marks_here(bench: Bench) -> tuple[Mark, ...]:
    """The annotations and open proposals seen on the plane, not hidden."""
    every: tuple[Mark, ...] = (*bench.document.annotations, *bench.proposals)
    return tuple(m for m in every if m.id not in bench.hidden and lies_on(m.geometry, bench.plane))


def hit(gesture: Gesture, bench: Bench) -> Hit | None:
    """What is under the hand: a handle of the selected mark, then an edge of a free one, then the smallest around."""
    reach = Reach.of(gesture)
    near = marks_near(reach, bench)
    held = held_alone(reach, near, bench)
    if held is not None:
        handle = nearest_handle(held.geometry, reach)
        if handle is not None:
            return Hit(held, handle)
    for mark in _smallest_first(mark for mark in near if isinstance(mark.geometry, Box | RotatedBox)):
        handle = box_edge(mark.geometry, reach) if mark.id in bench.selection or not is_locked(mark) else None
        if handle is not None:
            return Hit(mark, handle)
    around = [mark for mark in near if is_on(mark.geometry, reach, bench.plane)]
    return next((Hit(mark) for mark in _smallest_first(around)), None)


def held_alone(reach: Reach, near: list[Mark], bench: Bench) -> Mark | None:
    """The mark that is selected alone, if it is near or its handle that turns it may be."""
    held = next((mark for mark in near if mark.id in bench.selection), None)
    if held is None and len(bench.selection) == 1:
        # The handle that turns a box stands outside it.
        wider = marks_near(reach, bench, TURN_REACH + HANDLE_REACH)
        held = next((m for m in wider if m.id in bench.selection and isinstance(m.geometry, RotatedBox)), None)
    is_alone = held is not None and (len(bench.selection) == 1 or len(selected_here(bench)) == 1)
    return held if is_alone else None


def marks_near(reach: Reach, bench: Bench, far: float = HANDLE_REACH) -> list[Mark]:
    """The marks that the hand may be on or within reach of, so `far` in screen pixels."""
    if bench.near is None:
        return [mark for mark in marks_here(bench) if is_near(mark.geometry, reach, far)]
    found = bench.near(reach.x, reach.y, far * reach.across, far * reach.down)
    return [mark for mark in found if mark.id not in bench.hidden]


def selected_here(bench: Bench) -> tuple[Mark, ...]:
    """The selected ones of the marks seen on the plane."""
    chosen: list[Mark] = [mark for mark in bench.document.annotations if mark.id in bench.selection]
    chosen += (mark for mark in bench.proposals if mark.id in bench.selection)
    return tuple(m for m in chosen if m.id not in bench.hidden and lies_on(m.geometry, bench.plane))


def is_near(geometry: Geometry, reach: Reach, far: float = HANDLE_REACH) -> bool:
    """Whether the hand is within `far` screen pixels of the rectangle around a mark; a cheap first question."""
    if isinstance(geometry, Mask):
        return True
    found = bounds_of(geometry)
    if found is None:
        return False
    x, y, width, height = found
    right, below = far * reach.across, far * reach.down
    return x - right <= reach.x <= x + width + right and y - below <= reach.y <= y + height + below


def nearest_handle(geometry: Geometry, reach: Reach) -> Handle | None:
    """The handle of a selected mark under the hand; on small boxes the inside stays free to take."""
    limit = HANDLE_REACH
    if isinstance(geometry, Box | RotatedBox):
        box, own = _upright(geometry, reach)
        if _is_inside_box(box, own):
            limit = min(limit, min(box.width / own.across, box.height / own.down) / 3)
    elif is_long(geometry):
        return _nearest_of_many(geometry, reach)
    nearest: Handle | None = None
    for handle, point in handle_points(geometry):
        distance = reach.distance(point)
        if distance <= limit:
            nearest, limit = handle, distance
    if isinstance(geometry, RotatedBox):
        _, point = turn_handle(geometry, reach.across, reach.down)
        nearest = "turn" if reach.distance(point) <= HANDLE_REACH else nearest
    return nearest


def _nearest_of_many(geometry: Geometry, reach: Reach) -> int | None:
    """The number of the point under the hand in rings of very many."""
    found, limit, first = None, HANDLE_REACH, 0
    for ring in rings_of(geometry):
        if ring:
            number, distance = nearest_point(ring, reach.x, reach.y, reach.across, reach.down)
            if distance <= limit:
                found, limit = first + number, distance
        first += len(ring)
    return found


def _upright(geometry: Box | RotatedBox, reach: Reach) -> tuple[Box, Reach]:
    """A box and the hand in the box's own coordinates, in which its sides are upright."""
    if isinstance(geometry, Box):
        return geometry, reach
    cosine, sine = direction(geometry.angle)
    x, y = to_own(geometry, reach.x, reach.y)
    across = 1 / math.hypot(cosine / reach.across, sine / reach.down)
    return own_box(geometry), Reach(x, y, across, 1 / math.hypot(sine / reach.across, cosine / reach.down))


def box_edge(geometry: Geometry, reach: Reach) -> Handle | None:
    """The edge or corner of a box under the hand."""
    if not isinstance(geometry, Box | RotatedBox):
        return None
    geometry, reach = _upright(geometry, reach)
    inner = EDGE_REACH
    if _is_inside_box(geometry, reach):
        inner = min(inner, min(geometry.width / reach.across, geometry.height / reach.down) / 4)
    left, right = (reach.x - geometry.x) / reach.across, (reach.x - geometry.x - geometry.width) / reach.across
    top, bottom = (reach.y - geometry.y) / reach.down, (reach.y - geometry.y - geometry.height) / reach.down
    if left < -EDGE_REACH or right > EDGE_REACH or top < -EDGE_REACH or bottom > EDGE_REACH:
        return None
    upright = "n" if abs(top) <= inner else "s" if abs(bottom) <= inner else ""
    level = "w" if abs(left) <= inner else "e" if abs(right) <= inner else ""
    return _HANDLES.get(upright + level)


_HANDLES: dict[str, Handle] = {
    "n": "n", "s": "s", "w": "w", "e": "e", "nw": "nw", "ne": "ne", "sw": "sw", "se": "se",
}  # fmt: skip


def is_on(geometry: Geometry, reach: Reach, plane: Plane) -> bool:
    """Whether the hand is on a mark: inside a box, a polygon or a mask, near a line, a point or an outline."""
    if isinstance(geometry, WholeScan):
        return False
    if isinstance(geometry, Mask):
        return is_set(geometry, plane, reach.x, reach.y)
    if isinstance(geometry, Box | RotatedBox):
        return _is_inside_box(*_upright(geometry, reach)) or box_edge(geometry, reach) is not None
    if isinstance(geometry, Points):
        return any(reach.distance(point) <= POINT_REACH for point in geometry.points)
    if isinstance(geometry, Polyline):
        return _is_near_line(geometry.points, reach, is_closed=False)
    rings = (geometry.exterior, *geometry.holes)
    is_within = sum(_is_in_ring(ring, reach.x, reach.y) for ring in rings) % 2 == 1
    return is_within or any(_is_near_line(ring, reach, is_closed=True) for ring in rings)


def is_set(mask: Mask, plane: Plane, x: float, y: float) -> bool:
    """Whether the pixel under a point of a plane belongs to a mask."""
    return mask.has(plane.axis, plane.index, math.floor(x), math.floor(y))


def _is_inside_box(box: Box, reach: Reach) -> bool:
    return box.x <= reach.x <= box.x + box.width and box.y <= reach.y <= box.y + box.height


def _is_near_line(ring: tuple[Point, ...], reach: Reach, *, is_closed: bool) -> bool:
    if len(ring) >= LONG:
        return to_line(ring, reach.x, reach.y, reach.across, reach.down, is_closed=is_closed) <= EDGE_REACH
    points = (*ring, *ring[:1]) if is_closed else ring
    return any(reach.to_segment(a, b) <= EDGE_REACH for a, b in pairwise(points))


def _is_in_ring(ring: tuple[Point, ...], x: float, y: float) -> bool:
    """Whether a point lies in a closed ring (even-odd)."""
    if len(ring) >= LONG:
        return is_inside(ring, x, y)
    inside = False
    for (ax, ay), (bx, by) in zip(ring, (*ring[1:], *ring[:1]), strict=True):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
    return inside


def _smallest_first(marks: Iterable[Mark]) -> list[Mark]:
    """By the area of their bounds; of equal ones masks last and later ones first."""
    keyed = [(_area(m.geometry), isinstance(m.geometry, Mask), -n, m) for n, m in enumerate(marks)]
    return [entry[3] for entry in sorted(keyed, key=lambda entry: entry[:3])]


def _area(geometry: Geometry) -> float:
    found = bounds_of(geometry)
    return 0.0 if found is None else found[2] * found[3]
