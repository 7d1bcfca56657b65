"""Moving what is selected by whole pixels. Pure; plane pixels."""

from __future__ import annotations

from types import MappingProxyType

from dataset.annotation import Annotation, Geometry, Proposal, WholeScan, new_id
from dataset.document import Edit
from dataset.mask import Mask, Tile, TileKey
from dataset.mask_tiles import paint_plane
from desktop_app.tool import Bench, Mark, Outcome
from desktop_app.tools.hitting import selected_here
from desktop_app.tools.select import own_version
from desktop_app.tools.shaping import kept_on, moved

MOST_TILES = 200
"""A mask of more tiles is not moved: each key press would hold the window up."""


def nudged(bench: Bench, dx: int, dy: int) -> Outcome:
    """Move the selected marks of the plane together; nothing that was locked by hand, and nothing off the plane."""
    chosen = selected_here(bench)
    free = [mark for mark in chosen if not _is_locked_by_hand(mark) and _moves(mark.geometry, bench)]
    if not free:
        told = "Locked marks stay where they are" if any(map(_is_locked_by_hand, chosen)) else ""
        return Outcome(told=told or ("This mask is too large to be moved" if chosen else ""))
    across, down = bench.size.on_plane(bench.plane.axis)
    x, y = float(dx), float(dy)
    for mark in free:
        x, y = kept_on(mark.geometry, x, y, across, down)
        if isinstance(mark.geometry, Mask):
            x, y = _kept_whole(mark.geometry, x, y, across, down)
    if (x, y) == (0, 0):
        return Outcome(told="It ends here")
    put = tuple(
        own_version(m, _moved(m.geometry, x, y), new_id() if isinstance(m, Proposal) else m.id, bench.author)
        for m in free
    )
    others = bench.selection - {mark.id for mark in free}
    count = f" {len(put)}" if len(put) > 1 else ""
    return Outcome(Edit(f"Nudge{count}", put=put), others | {annotation.id for annotation in put})


def _is_locked_by_hand(mark: Mark) -> bool:
    return isinstance(mark, Annotation) and mark.locked


def _moves(geometry: Geometry, bench: Bench) -> bool:
    if isinstance(geometry, Mask):
        return geometry.axis == bench.plane.axis and len(geometry.tiles) <= MOST_TILES
    return not isinstance(geometry, WholeScan)


def _moved(geometry: Geometry, dx: float, dy: float) -> Geometry:
    if not isinstance(geometry, Mask):
        return moved(geometry, dx, dy)
    tiles: dict[TileKey, Tile] = {}
    for plane, x, y, bits in geometry.pieces():
        paint_plane(tiles, plane, x + round(dx), y + round(dy), bits, value=True)
    return Mask(geometry.axis, MappingProxyType(tiles))


def _kept_whole(mask: Mask, dx: float, dy: float, across: int, down: int) -> tuple[float, float]:
    """The part of a move, in whole pixels, that leaves every pixel of a mask on its plane."""
    boxes = [box for box in map(mask.bounds, mask.planes) if box is not None]
    if not boxes:
        return dx, dy
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    return _within(dx, left, right, across), _within(dy, top, bottom, down)


def _within(step: float, first: int, last: int, size: int) -> float:
    return float(min(max(round(step), -first), max(size - last, 0)))
