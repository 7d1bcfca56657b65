"""What is drawn of the marks, as data in widget pixels: outlines, chips with label and score, handles. No Qt.

Masks are mixed into the picture (`canvas.overlay`); here they only get a chip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Box, Geometry, Point, Polygon, Polyline, RotatedBox, WholeScan
from dataset.mask import Mask
from desktop_app.canvas.crowd_scene import pieces_near, thinned
from desktop_app.canvas.overlay import mask_bounds
from desktop_app.canvas.viewport import Viewport
from desktop_app.tools.box_handles import turn_handle
from desktop_app.tools.long_rings import LONG, is_long, points_of, rings_of
from desktop_app.tools.shaping import handle_points

Style = Literal["solid", "dashed", "quiet", "preview"]
Rect: TypeAlias = tuple[float, float, float, float]
"""x, y, width, height in widget pixels."""

_IS_SELECTED = attrgetter("is_selected")
MOST_COVERED = 0.1
"""When chips would cover more of the view than this, only what is selected gets one."""
SMALLEST_WITH_CHIP = 14.0
MOST_HANDLES = 300
"""More points in view than this are too close together to be taken by hand."""
CELL = 8.0


@dataclass(frozen=True, slots=True)
class Shown:
    """One mark as the view knows it."""

    id: str
    geometry: Geometry
    colour: str
    text: str = ""
    is_proposal: bool = False
    is_selected: bool = False
    is_locked: bool = False
    is_live: bool = False
    """Under the reader's hand: no chip, so that only the mark itself is redrawn."""
    is_drawn: bool = True
    """Whether its outline is wanted; not where a crowd of which it is one is drawn otherwise (`canvas.crowd`)."""
    anchor: Point | None = None
    """The point of the plane that its chip stands at; `None`: beside its bounds."""
    is_fixed: bool = False
    """Only looked at: selected or not, it has no handles."""
    pattern: int = 0
    """The hatching of a mask (`canvas.overlay.hatched`), 0 for none."""


class Outline(NamedTuple):
    """Lines to draw: closed rings, open lines, an upright rectangle (its two corners) or dots."""

    kind: Literal["rectangle", "rings", "line", "dots"]
    rings: tuple[tuple[Point, ...], ...]
    colour: str
    style: Style
    is_selected: bool = False
    pieces: tuple[NDArray[np.float64], ...] = ()
    """What is in view of rings of very many points, which are not among `rings`: (n, 2) each."""


class Chip(NamedTuple):
    """A label beside its mark."""

    rect: Rect
    text: str
    colour: str
    is_proposal: bool = False
    is_selected: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything to draw over the picture, in order."""

    outlines: tuple[Outline, ...] = ()
    chips: tuple[Chip, ...] = ()
    handles: tuple[Point, ...] = ()


def plan_marks(marks: Sequence[Shown], viewport: Viewport, measure: Callable[[str], tuple[float, float]]) -> Plan:
    """Where everything goes; marks out of sight are left out. `measure` gives width and height of a chip's text."""
    width, height = float(viewport.width), float(viewport.height)
    # Alike ones together: they are drawn with one pen. What is selected stays on top.
    alike: dict[tuple[bool, str, str, str], list[Outline]] = {}
    placed: list[tuple[Shown, Rect]] = []
    handles: list[Point] = []
    chosen = sum(map(_IS_SELECTED, marks))
    is_upright = viewport.angle % 90 == 0
    on_screen: Callable[[Box], Rect | None]
    on_screen = _boxes_on_screen(viewport) if is_upright else partial(screen_bounds, viewport=viewport)
    for mark in sorted(marks, key=_IS_SELECTED) if chosen else marks:
        geometry = mark.geometry
        rect = on_screen(geometry) if type(geometry) is Box else screen_bounds(geometry, viewport)
        if rect is None:
            continue
        left, top, across, down = rect
        right, bottom = left + across, top + down
        if left > width + 4 or top > height + 4 or right < -4 or bottom < -4:
            continue
        if mark.is_drawn:
            if type(geometry) is Box and is_upright:  # without detours: there may be very many
                corners = ((left, top), (right, bottom))
                _sort_in(alike, Outline("rectangle", (corners,), mark.colour, _style(mark), mark.is_selected))
            elif (outline := outline_of(mark, viewport)) is not None:
                _sort_in(alike, outline)
        if mark.text and not mark.is_live:
            placed.append((mark, rect if mark.anchor is None else _around(viewport.to_screen(*mark.anchor))))
        if chosen == 1 and mark.is_selected and not mark.is_fixed:
            handles += _handles(geometry, viewport)
            if isinstance(geometry, RotatedBox):
                stem = _stem(geometry, viewport)
                _sort_in(alike, Outline("line", (stem,), mark.colour, "quiet", is_selected=True))
                handles.append(stem[1])
    outlines = tuple(chain.from_iterable(alike[look] for look in sorted(alike)))
    return Plan(outlines, place_chips(_named_once(placed), (0.0, 0.0, width, height), measure), tuple(handles))


def _sort_in(alike: dict[tuple[bool, str, str, str], list[Outline]], outline: Outline) -> None:
    look = (outline[4], outline[0], outline[3], outline[2])  # by place: a third of the time that names take
    group = alike.get(look)
    if group is None:
        alike[look] = [outline]
    else:
        group.append(outline)


def _around(place: Point) -> Rect:
    """What a chip at a point keeps clear of: just large enough to have a chip."""
    half = SMALLEST_WITH_CHIP / 2
    return place[0] - half, place[1] - half, SMALLEST_WITH_CHIP, SMALLEST_WITH_CHIP


def _named_once(marks: list[tuple[Shown, Rect]]) -> list[tuple[Shown, Rect]]:
    """The marks without the masks that a box of the same colour already names (a disc and its box)."""
    boxes = [(mark.colour, rect) for mark, rect in marks if isinstance(mark.geometry, Box)]
    masks = any(isinstance(mark.geometry, Mask) for mark, _ in marks)
    if not (boxes and masks):
        return marks

    def is_named(mark: Shown, rect: Rect) -> bool:
        x, y = rect[0] + rect[2] / 2, rect[1] + rect[3] / 2
        return any(
            colour == mark.colour and box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3]
            for colour, box in boxes
        )

    return [
        (mark, rect)
        for mark, rect in marks
        if mark.is_selected or not isinstance(mark.geometry, Mask) or not is_named(mark, rect)
    ]


def _boxes_on_screen(viewport: Viewport) -> Callable[[Box], Rect | None]:
    """`screen_bounds` for boxes in an upright view, with the factors worked out once."""
    (cx, cy), (ax, ay), (bx, by) = (viewport.to_screen(x, y) for x, y in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))
    plane, is_transposed = viewport.plane, abs(ax - cx) < abs(bx - cx)
    across, down = (bx - cx, ay - cy) if is_transposed else (ax - cx, by - cy)
    wide, tall = abs(across), abs(down)
    turned_x, turned_y = min(across, 0.0), min(down, 0.0)

    def rect_of(box: Box) -> Rect | None:
        if box.plane is not plane and box.plane != plane:
            return None
        x, y, width, height = box.x, box.y, box.width, box.height
        if is_transposed:
            x, y, width, height = y, x, height, width
        left, top = x * across + cx + width * turned_x, y * down + cy + height * turned_y
        return left, top, width * wide, height * tall

    return rect_of


def screen_bounds(geometry: Geometry, viewport: Viewport) -> Rect | None:
    """The upright rectangle around a mark on the viewport's plane; `None` where it has none."""
    if isinstance(geometry, Mask):
        area = mask_bounds(geometry, viewport.whole())
        if area is None:
            return None
        corners: Sequence[Point] = ((area[0], area[1]), (area[2], area[3]))
    elif isinstance(geometry, WholeScan) or geometry.plane != viewport.plane:
        return None
    elif isinstance(geometry, Box):
        corners = ((geometry.x, geometry.y), (geometry.x + geometry.width, geometry.y + geometry.height))
    elif isinstance(geometry, RotatedBox):
        corners = geometry.corners()
    else:
        corners = geometry.exterior if isinstance(geometry, Polygon) else geometry.points
    if not corners:
        return None
    if len(corners) >= LONG:
        (x0, y0), (x1, y1) = points_of(tuple(corners)).min(0).tolist(), points_of(tuple(corners)).max(0).tolist()
        corners = ((x0, y0), (x1, y1))
    if len(corners) == 2 and viewport.angle:
        (x0, y0), (x1, y1) = corners
        corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    if len(corners) == 2:
        (ax, ay), (bx, by) = viewport.to_screen(*corners[0]), viewport.to_screen(*corners[1])
        left, right = (ax, bx) if ax <= bx else (bx, ax)
        top, bottom = (ay, by) if ay <= by else (by, ay)
        return left, top, right - left, bottom - top
    points = [viewport.to_screen(x, y) for x, y in corners]
    left, top = min(p[0] for p in points), min(p[1] for p in points)
    return left, top, max(p[0] for p in points) - left, max(p[1] for p in points) - top


def _handles(geometry: Geometry, viewport: Viewport) -> list[Point]:
    if is_long(geometry):
        places = np.concatenate([_on_screen(ring, viewport) for ring in rings_of(geometry)])
        seen = places[(places >= 0).all(1) & (places <= (viewport.width, viewport.height)).all(1)]
        return [(x, y) for x, y in seen.tolist()] if len(seen) <= MOST_HANDLES else []
    return [viewport.to_screen(x, y) for _, (x, y) in handle_points(geometry)]


def _stem(box: RotatedBox, viewport: Viewport) -> tuple[Point, Point]:
    """From the top edge of a rotated box to the handle that turns it, in widget pixels."""
    across, down = (1 / (viewport.scale * side) for side in viewport.aspect)
    edge, handle = turn_handle(box, across, down)
    return viewport.to_screen(*edge), viewport.to_screen(*handle)


def _on_screen(ring: tuple[Point, ...], viewport: Viewport) -> NDArray[np.float64]:
    """The points of a long ring in widget pixels, (n, 2)."""
    (ox, oy), (ax, ay), (bx, by) = (viewport.to_screen(x, y) for x, y in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))
    points = points_of(ring)
    x, y = points[:, 0], points[:, 1]
    return np.stack((x * (ax - ox) + y * (bx - ox) + ox, x * (ay - oy) + y * (by - oy) + oy), 1)


def _pieces(ring: tuple[Point, ...], viewport: Viewport, *, is_closed: bool) -> list[NDArray[np.float64]]:
    """What is in view of a long ring, without points that fall on the same pixel as the one before."""
    places = _on_screen(ring, viewport)
    places = places[thinned(places, 1.0)]
    places = np.concatenate((places, places[:1])) if is_closed else places
    return pieces_near(places, viewport.width, viewport.height)


def _style(mark: Shown) -> Style:
    return "dashed" if mark.is_proposal else "quiet" if mark.is_locked and not mark.is_selected else "solid"


def outline_of(mark: Shown, viewport: Viewport) -> Outline | None:
    """The lines of a mark that is no upright box; a mask has none."""
    geometry = mark.geometry
    if isinstance(geometry, Mask | WholeScan):
        return None
    if isinstance(geometry, Box):
        x0, y0, x1, y1 = geometry.x, geometry.y, geometry.x + geometry.width, geometry.y + geometry.height
        geometry = Polygon(geometry.plane, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))
    if isinstance(geometry, RotatedBox):
        geometry = geometry.outline()
    rings = (geometry.exterior, *geometry.holes) if isinstance(geometry, Polygon) else (geometry.points,)
    kind = "rings" if isinstance(geometry, Polygon) else "line" if isinstance(geometry, Polyline) else "dots"
    pieces: list[NDArray[np.float64]] = []
    if is_long(geometry):
        for ring in (ring for ring in rings if len(ring) >= LONG):
            pieces += _pieces(ring, viewport, is_closed=kind == "rings")
        rings = tuple(ring for ring in rings if len(ring) < LONG)
    turned = tuple(tuple(viewport.to_screen(x, y) for x, y in ring) for ring in rings)
    return Outline(kind, turned, mark.colour, _style(mark), mark.is_selected, tuple(pieces))


def place_chips(
    marks: Iterable[tuple[Shown, Rect]], view: Rect, measure: Callable[[str], tuple[float, float]]
) -> tuple[Chip, ...]:
    """A chip for each mark: above its top-left corner, else below, else beside, else inside; clear of the others.

    Marks too small to read get one only when selected, and in a crowd only the selected do.
    """
    wanted = [(m, r, measure(m.text)) for m, r in marks if m.is_selected or max(r[2], r[3]) >= SMALLEST_WITH_CHIP]
    if sum(size[0] * size[1] for _, _, size in wanted) > MOST_COVERED * view[2] * view[3]:
        wanted = [entry for entry in wanted if entry[0].is_selected]
    taken = _Taken(view)
    for corner in _corners(view):
        taken.add(*corner)
    for mark, rect, _ in wanted:
        if not isinstance(mark.geometry, Mask):
            taken.add(*rect, 1)
    chips: list[Chip] = []
    for mark, rect, size in reversed(wanted):  # the selected ones, drawn last, choose first
        place = _place(rect, size, view, taken)
        chips.append(Chip(place, mark.text, mark.colour, mark.is_proposal, mark.is_selected))
    return tuple(reversed(chips))


def _corners(view: Rect) -> tuple[Rect, ...]:
    """Where the view's own text and scale bar stand."""
    width, height = view[2], view[3]
    if min(width, height) < 300:
        return ()
    return (0.0, 0.0, 120.0, 24.0), (0.0, height - 40, 120.0, 40.0), (width - 150, height - 32, 150.0, 32.0)


def _place(rect: Rect, size: tuple[float, float], view: Rect, taken: _Taken) -> Rect:
    """Take the first free place of a chip for a mark, or inside its corner.

    Places are worked out one after the other.
    """
    x, y, width, height = rect
    across, down = size
    last_x, last_y, gap, take = max(view[2] - across - 2, 2.0), max(view[3] - down - 2, 2.0), 2.0, taken.take
    left = min(max(x - 1, 2.0), last_x)
    above, below = y - down - gap, y + height + gap
    if above >= 0 and take(left, above, across, down):
        return left, above, across, down
    if below <= last_y and take(left, below, across, down):
        return left, below, across, down
    top, right = min(max(y, 2.0), last_y), x + width + gap
    if right <= last_x and take(right, top, across, down):
        return right, top, across, down
    if x - across >= gap and take(x - across - gap, top, across, down):
        return x - across - gap, top, across, down
    end = min(max(x + width - across, 2.0), last_x)
    if above >= 0 and take(end, above, across, down):
        return end, above, across, down
    inside = (min(left + gap, last_x), min(top + gap, last_y), across, down)
    taken.add(*inside)
    return inside


class _Taken:
    """Which cells of the view hold a chip or the inside of a mark: one integer a row, one bit a cell."""

    def __init__(self, view: Rect) -> None:
        self._rows = [0] * (int(view[3] / CELL) + 2)
        self._columns, self._height = int(view[2] / CELL) + 2, len(self._rows)

    def add(self, x: float, y: float, width: float, height: float, less: int = 0) -> None:
        """Take the cells of a rectangle, `less` ones on each side: with 1 those that lie wholly inside."""
        first, last = int(x / CELL) + less, int((x + width) / CELL) + 1 - less
        top, bottom = int(y / CELL) + less, int((y + height) / CELL) + 1 - less
        # Marks may reach far beyond the view.
        first, top = (first if first > 0 else 0), (top if top > 0 else 0)
        last = last if last < self._columns else self._columns
        if last > first:
            rows, bits = self._rows, ((1 << last - first) - 1) << first
            for row in range(top, bottom if bottom < self._height else self._height):
                rows[row] |= bits

    def take(self, x: float, y: float, width: float, height: float) -> bool:
        """Take a rectangle that begins in the view if nothing is there; whether nothing was.

        Said out a second time, without calls: this is where most of the time of a plan goes.
        """
        rows, first, top = self._rows, int(x / CELL), int(y / CELL)
        last, bottom = int((x + width) / CELL) + 1, int((y + height) / CELL) + 1
        last = last if last < self._columns else self._columns
        bits = ((1 << last - first) - 1) << first if last > first else 0
        for row in rows[top:bottom]:
            if row & bits:
                return False
        for row in range(top, bottom if bottom < self._height else self._height):
            rows[row] |= bits
        return True
