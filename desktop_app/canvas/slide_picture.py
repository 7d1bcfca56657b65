"""The picture of a slide: tiles put together and scaled (or turned) once, into a buffer of screen pixels. No Qt.

Screen pixels lie on a grid that is fixed to the slide as long as scale and angle stay (the view is moved by whole
device pixels; marks may be half a pixel off it). So a pan moves what is there and makes only the new strips; and
pieces made at different times fit to the bit. What a rectangle shows is put together from tiles at the level's own
resolution first and scaled as one, so tiles have no seams at any scale or angle. Where a tile is missing the finest
coarser level that is there is scaled up instead; the coarsest is kept while the slide is open.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from desktop_app.canvas.tile_cache import STORED, Tile, TileKey
from desktop_app.canvas.tile_engine import TileEngine
from desktop_app.canvas.tile_loader import Asker
from desktop_app.canvas.tile_mosaic import Box, Mosaic, Scaling, rows_of_boxes
from desktop_app.canvas.viewport import TileRef, Viewport, tiles_for, tiles_of_level
from desktop_app.display import Display
from imaging.geometry import Plane
from imaging.scan import TiledScan

Rgb32: TypeAlias = NDArray[np.uint32]
RETRY_SECONDS = 2.0
"""What could not be read is tried again when the view moves, but not sooner than this."""
MANY_PIECES = 8
"""More tiles than this that arrive together are painted as one rectangle."""
AHEAD_TILES = 48
"""So many tiles are read ahead at most while the view rests."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What is to be shown, as far as it decides about pixels."""

    viewport: Viewport
    look: int
    ratio: float
    smooth: bool
    ground: int
    tiles: tuple[TileRef, ...]


class SlidePicture:
    """Makes the picture that a viewport shows of a slide. Used from the window's thread only.

    `aim` says what to show and asks for what is missing; `frame` brings the picture up to date with what has arrived.
    """

    def __init__(self, scan: TiledScan, engine: TileEngine, told: Callable[[], None]) -> None:
        self._engine = engine
        self._source = engine.open(scan)
        self._asker = Asker(told)
        self._aim: Aim | None = None
        self._held: dict[TileKey, Tile] = {}
        self._backdrop: dict[TileKey, Tile] = {}
        self._former: tuple[int, Plane] | None = None
        self._dirty: list[Box] = []
        self._missing: set[TileKey] = set()
        self._travel = (0.0, 0.0)
        self._buffer: Rgb32 = np.empty((0, 0), np.uint32)
        self._scaling: Scaling | None = None
        self._mosaic = Mosaic()
        self.problem = ""
        """Why the first of the unreadable tiles in view could not be read; empty while all can."""

    # What is to be shown.

    @property
    def is_complete(self) -> bool:
        """Whether every tile of the view, at its level, is in the picture."""
        return self._aim is not None and not self._missing and not self._dirty

    @property
    def is_ready(self) -> bool:
        """Whether every tile of the view is here, painted or not."""
        return self._aim is not None and not self._missing

    @property
    def complaint(self) -> str:
        """Why the slide is not shown quite as asked, though its tiles can be read; empty when it is."""
        return self._source.complaint

    @property
    def level_number(self) -> int:
        """The level shown, counted in `Pyramid.levels`."""
        return self._aim.tiles[0].level if self._aim is not None and self._aim.tiles else 0

    def aim(self, viewport: Viewport, display: Display, ratio: float, ground: int) -> None:
        """Show another part, or in another way; asks for the tiles that are missing, the nearest to the centre first.

        `ratio` is device pixels per widget pixel, `ground` 0xFFRRGGBB of what lies beside the slide.
        """
        look = self._source.look(display)
        last = self._aim
        is_same = last is not None and (last.viewport, last.look, last.ratio) == (viewport, look, ratio)
        tiles = last.tiles if is_same and last is not None else tiles_for(viewport, self._source.pyramid.levels, ratio)
        aim = Aim(viewport, look, ratio, display.smooth, ground, tiles)
        if aim == last and not self._has_stale():
            return
        if last is not None and (last.look, last.viewport.plane) != (look, viewport.plane):
            self._former = (last.look, last.viewport.plane)
        if last is not None and not is_same:
            shift = np.subtract(viewport.centre, last.viewport.centre)
            self._travel = (float(shift[0]), float(shift[1]))
        self._aim = aim
        self._rescale(aim, last)
        self._gather(aim)

    def _gather(self, aim: Aim) -> None:
        """Hold the tiles of the view that are here and ask for the others."""
        cache, held, unpainted = self._engine.cache, self._held, self._missing
        self._held, self._missing, self.problem = {}, set(), ""
        wanted = self._missing_backdrop(aim)
        for tile in aim.tiles:
            key = self._source.key(aim.look, aim.viewport.plane, tile)
            found = held.get(key) or cache.get(key)
            if found is None:
                self._missing.add(key)
            else:
                self._hold(key, found)
                if key in unpainted:
                    self._spoil(key)
            if found is None or _is_stale(found):
                wanted.append(key)
        self._engine.loader.ask(self._asker, dict.fromkeys(wanted))

    def _hold(self, key: TileKey, tile: Tile) -> None:
        self._held[key] = tile
        self.problem = self.problem or tile.problem

    def _missing_backdrop(self, aim: Aim) -> list[TileKey]:
        """Tiles of the coarsest level that are not here yet; those that are, are kept for as long as they are shown."""
        plane, pyramid = aim.viewport.plane, self._source.pyramid
        keys = [self._source.key(aim.look, plane, tile) for tile in pyramid.tiles(pyramid.coarsest)]
        missing: list[TileKey] = []
        for key in keys:
            found = self._backdrop.get(key) or self._engine.cache.get(key)
            if found is not None:
                self._backdrop[key] = found
            else:
                missing.append(key)
        if not missing and len(self._backdrop) > len(keys):
            self._backdrop = {key: self._backdrop[key] for key in keys}
        return missing

    def _has_stale(self) -> bool:
        return any(_is_stale(tile) for tile in self._held.values() if tile.problem)

    def take(self) -> bool:
        """Take the tiles that have arrived; whether any of them is to be painted."""
        aim, spoiled = self._aim, False
        if aim is None:
            return False
        for key, tile in self._engine.loader.take(self._asker):
            if key.level == self._source.pyramid.coarsest:
                self._backdrop[key] = tile
                if self._missing and self._scaling is not None:
                    self._dirty, spoiled = [(0, 0, self._scaling.columns, self._scaling.rows)], True
            if key in self._missing or key in self._held:
                self._missing.discard(key)
                self._hold(key, tile)
                self._spoil(key)
                spoiled = True
        return spoiled

    def look_ahead(self) -> None:
        """Read what the view may show next: where it was going, around it, and the levels above and below."""
        aim = self._aim
        if aim is None or self._missing:
            return
        view, levels, number = aim.viewport, self._source.pyramid.levels, self.level_number
        reach = math.hypot(*self._travel)
        guesses: list[tuple[TileRef, ...]] = []
        if reach > 0 and reach * view.scale < 2 * max(view.width, view.height):
            x, y = (c + t for c, t in zip(view.centre, self._travel, strict=True))
            guesses.append(tiles_of_level(replace(view, centre=(x, y)), levels, number))
        if number + 1 < len(levels):
            guesses.append(tiles_of_level(replace(view, scale=view.scale / 1.5), levels, number + 1))
        guesses.append(tiles_of_level(replace(view, scale=view.scale / 1.3), levels, number))
        if number > 0:
            guesses.append(tiles_of_level(replace(view, scale=view.scale * 2), levels, number - 1))
        shown = set(aim.tiles)
        refs = dict.fromkeys(tile for guess in guesses for tile in guess[:AHEAD_TILES] if tile not in shown)
        keys = [self._source.key(aim.look, view.plane, tile) for tile in refs][:AHEAD_TILES]
        self._engine.loader.ask(self._asker, (), keys)

    def close(self) -> None:
        """Let go of the slide."""
        self._engine.loader.leave(self._asker)
        self._engine.let_go(self._source)
        self._aim, self._held, self._backdrop = None, {}, {}

    def value_at(self, plane: Plane, x: float, y: float) -> tuple[float, ...]:
        """What is stored at a point of a plane, as far as a tile of the finest level is here; empty elsewhere."""
        aim, level = self._aim, self._source.pyramid.levels[0]
        if aim is None or not (0 <= x < level.width and 0 <= y < level.height):
            return ()
        across, down = level.tile or (level.width, level.height)
        tile = TileRef(0, int(x // across), int(y // down))
        look = aim.look if self._source.is_colour else STORED
        found = self._engine.cache.peek(self._source.key(look, plane, tile))
        if found is None or found.problem:
            return ()
        pixel: Any = found.pixels[int(y) - tile.row * down, int(x) - tile.column * across]
        if self._source.is_colour:
            return float(pixel >> 16 & 255), float(pixel >> 8 & 255), float(pixel & 255)
        stored = self._source.scan.info.rescale.values(np.atleast_1d(pixel))
        return tuple(float(value) for value in stored)

    # The pixels.

    def frame(self) -> Rgb32:
        """The picture, brought up to date; the same array until the view changes its size."""
        aim, scaling = self._aim, self._scaling
        if aim is None or scaling is None:
            return self._buffer
        boxes = self._dirty
        if len(boxes) > MANY_PIECES:
            boxes = [_around(boxes)]
        for box in boxes:
            self._paint(aim, scaling, box)
        self._dirty = []
        return self._buffer

    def _rescale(self, aim: Aim, last: Aim | None) -> None:
        """Follow the viewport: move what can be kept, and note what has to be made."""
        scaling = Scaling.of(aim.viewport, aim.ratio)
        old, self._scaling = self._scaling, scaling
        rows, columns = scaling.rows, scaling.columns
        if self._buffer.shape != (rows, columns):
            self._buffer = np.empty((rows, columns), np.uint32)
            old = None
        if (
            old is None
            or last is None
            or not scaling.moves(old)
            or (last.viewport.plane, last.smooth, last.ground) != (aim.viewport.plane, aim.smooth, aim.ground)
            or last.look != aim.look
            or (last.tiles and aim.tiles and last.tiles[0].level != aim.tiles[0].level)
        ):
            self._dirty = [(0, 0, columns, rows)]
            return
        dx, dy = scaling.x - old.x, scaling.y - old.y
        if abs(dx) >= columns or abs(dy) >= rows:
            self._dirty = [(0, 0, columns, rows)]
        elif dx or dy:
            _scroll(self._buffer, dx, dy)
            moved = [_cut((a - dx, b - dy, c - dx, d - dy), columns, rows) for a, b, c, d in self._dirty]
            self._dirty = [box for box in (*moved, *_uncovered(dx, dy, columns, rows)) if box is not None]

    def _spoil(self, key: TileKey) -> None:
        """A tile has come: what it covers has to be made again."""
        scaling = self._scaling
        if scaling is None or self._dirty == [(0, 0, scaling.columns, scaling.rows)]:
            return
        level = self._source.pyramid.levels[key.level]
        across, down = level.tile or (level.width, level.height)
        x, y, span = key.column * across, key.row * down, level.downsample
        box = scaling.box_of(x * span, y * span, (x + across) * span, (y + down) * span, span)
        cut = _cut(box, scaling.columns, scaling.rows)
        if cut is not None:
            self._dirty.append(cut)

    def _paint(self, aim: Aim, scaling: Scaling, box: Box) -> None:
        """Make a rectangle of the picture."""
        target = self._buffer[box[1] : box[3], box[0] : box[2]]
        number = self.level_number
        level = self._source.pyramid.levels[number]
        region = scaling.region(box, level)
        if region is None or not aim.tiles:
            target[...] = aim.ground
            return
        shift = scaling.whole_shift(box, level)
        if shift is not None:
            # One pixel of the level is one of the screen: tiles go straight to where they are seen.
            self._paint_unscaled(aim, target, shift, number)
            return
        pixels = self._mosaic.shaped(region)
        self._fill(aim, pixels, region, number)
        scaling.draw(pixels, region, level, box, target, aim.ground, smooth=aim.smooth)

    def _paint_unscaled(self, aim: Aim, target: Rgb32, shift: tuple[int, int], number: int) -> None:
        level = self._source.pyramid.levels[number]
        x, y = shift
        rows, columns = target.shape
        x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + columns, level.width), min(y + rows, level.height)
        if (x0, y0, x1, y1) != (x, y, x + columns, y + rows):
            target[...] = aim.ground
        if x0 < x1 and y0 < y1:
            self._fill(aim, target[y0 - y : y1 - y, x0 - x : x1 - x], (x0, y0, x1, y1), number)

    def _fill(self, aim: Aim, out: Rgb32, region: Box, number: int) -> None:
        """Copy a region of a level from its tiles; what is missing comes from coarser ones."""
        missing: list[tuple[Box, int]] = []
        for tile, box in self._cover(region, number):
            found = self._here(aim, tile)
            if found is None:
                missing.append((box, self._best_coarser(aim, box, number)))
                continue
            level = self._source.pyramid.levels[number]
            across, down = level.tile or (level.width, level.height)
            x, y = tile.column * across, tile.row * down
            piece = found.pixels[box[1] - y : box[3] - y, box[0] - x : box[2] - x]
            out[box[1] - region[1] : box[3] - region[1], box[0] - region[0] : box[2] - region[0]] = piece
        for box, coarser in rows_of_boxes(missing):
            part = out[box[1] - region[1] : box[3] - region[1], box[0] - region[0] : box[2] - region[0]]
            self._enlarge(aim, part, box, number, coarser)

    def _cover(self, region: Box, number: int) -> Iterable[tuple[TileRef, Box]]:
        """The tiles of a level that a region of it touches, and the part of each that lies in the region."""
        level = self._source.pyramid.levels[number]
        across, down = level.tile or (level.width, level.height)
        x0, y0, x1, y1 = region
        for row in range(y0 // down, (y1 - 1) // down + 1):
            top, bottom = max(y0, row * down), min(y1, (row + 1) * down)
            for column in range(x0 // across, (x1 - 1) // across + 1):
                yield (
                    TileRef(number, column, row),
                    (max(x0, column * across), top, min(x1, (column + 1) * across), bottom),
                )

    def _here(self, aim: Aim, tile: TileRef) -> Tile | None:
        """A tile as it is now, or as it was shown before the look or the plane changed."""
        plane = aim.viewport.plane
        key = self._source.key(aim.look, plane, tile)
        found = self._held.get(key) or self._backdrop.get(key) or self._engine.cache.peek(key)
        if found is None and self._former is not None:
            found = self._engine.cache.peek(self._source.key(*self._former, tile))
        return found

    def _best_coarser(self, aim: Aim, box: Box, number: int) -> int:
        """The finest coarser level that is here for all of a box of a level; the coarsest when none is."""
        levels = self._source.pyramid.levels
        for coarser in range(number + 1, len(levels)):
            region = _coarser_region(box, levels[number].downsample, levels[coarser], margin=0)
            if all(self._here(aim, tile) is not None for tile, _ in self._cover(region, coarser)):
                return coarser
        return len(levels) - 1

    def _enlarge(self, aim: Aim, out: Rgb32, box: Box, number: int, coarser: int) -> None:
        """Show a box of a level by a coarser one."""
        levels = self._source.pyramid.levels
        if coarser == number:
            out[...] = aim.ground
            return
        region = _coarser_region(box, levels[number].downsample, levels[coarser], margin=1)
        pixels = np.full((region[3] - region[1], region[2] - region[0]), aim.ground, np.uint32)
        for tile, piece in self._cover(region, coarser):
            found = self._here(aim, tile)
            if found is not None:
                across, down = levels[coarser].tile or (levels[coarser].width, levels[coarser].height)
                x, y = tile.column * across, tile.row * down
                place = pixels[piece[1] - region[1] : piece[3] - region[1], piece[0] - region[0] : piece[2] - region[0]]
                place[...] = found.pixels[piece[1] - y : piece[3] - y, piece[0] - x : piece[2] - x]
        share = levels[number].downsample / levels[coarser].downsample
        Scaling.enlarge(pixels, region, box, share, out)


def _is_stale(tile: Tile) -> bool:
    return bool(tile.problem) and time.monotonic() - tile.read_at > RETRY_SECONDS


def _coarser_region(box: Box, downsample: float, level: Any, margin: int) -> Box:
    """The pixels of a coarser level that a box of a finer one lies on."""
    share = downsample / level.downsample
    x0, y0 = math.floor(box[0] * share) - margin, math.floor(box[1] * share) - margin
    x1, y1 = math.ceil(box[2] * share) + margin, math.ceil(box[3] * share) + margin
    x0, y0 = min(max(x0, 0), level.width - 1), min(max(y0, 0), level.height - 1)
    return x0, y0, min(max(x1, x0 + 1), level.width), min(max(y1, y0 + 1), level.height)


def _scroll(pixels: Rgb32, dx: int, dy: int) -> None:
    """Move the pixels of a picture by (−dx, −dy); what comes in at the edges keeps stale pixels."""
    rows, columns = pixels.shape
    target = pixels[max(0, -dy) : rows - max(0, dy), max(0, -dx) : columns - max(0, dx)]
    target[...] = pixels[max(0, dy) : rows - max(0, -dy), max(0, dx) : columns - max(0, -dx)]


def _uncovered(dx: int, dy: int, columns: int, rows: int) -> list[Box]:
    """What a move by (dx, dy) brings into sight."""
    boxes: list[Box] = []
    top, bottom = (rows - dy, rows) if dy > 0 else (0, -dy)
    if dy:
        boxes.append((0, top, columns, bottom))
    y0, y1 = (0, rows - dy) if dy > 0 else (-dy, rows)
    if dx:
        boxes.append((columns - dx, y0, columns, y1) if dx > 0 else (0, y0, -dx, y1))
    return boxes


def _cut(box: Box, columns: int, rows: int) -> Box | None:
    x0, y0, x1, y1 = max(box[0], 0), max(box[1], 0), min(box[2], columns), min(box[3], rows)
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def _around(boxes: Sequence[Box]) -> Box:
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)
