"""The picture of a slide: tiles put together and scaled (or turned) once, into a buffer of screen pixels.

Screen pixels lie on a grid that is fixed to the slide as long as scale and angle stay (the view is moved by whole
device pixels; marks may be half a pixel off it). So a pan moves what is there and makes only the new strips; and
pieces made at different times fit, to a grey level. What a rectangle shows is put together from tiles at the level's
own resolution first and scaled as one, so tiles have no seams at any scale or angle. Where a tile is missing the finest
coarser level that is there is scaled up instead; the coarsest is kept while the slide is open.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from desktop_app.canvas.tile_blit import draw_upright
from desktop_app.canvas.tile_cache import STORED, Tile, TileKey
from desktop_app.canvas.tile_engine import TileEngine
from desktop_app.canvas.tile_loader import Asker
from desktop_app.canvas.tile_mosaic import Box, Mosaic, Scaling
from desktop_app.canvas.tile_patchwork import Patchwork
from desktop_app.canvas.tile_pyramid import tile_of
from desktop_app.canvas.tile_screen import ScreenBuffer
from desktop_app.canvas.viewport import TileRef, Viewport, tiles_for, tiles_of_level
from desktop_app.display import Display
from imaging.geometry import Plane
from imaging.scan import TiledScan

Rgb32: TypeAlias = NDArray[np.uint32]
RETRY_SECONDS = 2.0
"""What could not be read is tried again when the view moves, but not sooner than this."""
BACKDROP_TILES = 1000
"""A slide whose coarsest level would have to be made from more tiles than this goes without one."""
BACKDROP_SHARE = 4
"""The coarsest level is read before what the view shows if that takes so many times as many tiles, else after it."""
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

    @property
    def level(self) -> int:
        """The level shown, counted in `Pyramid.levels`."""
        return self.tiles[0].level if self.tiles else 0

    def differs_by_more_than_place(self, other: Aim) -> bool:
        """Whether nothing of another picture can be kept, wherever it is moved."""
        mine, its = (
            (aim.viewport.plane, aim.look, aim.smooth, aim.ground, aim.level if aim.tiles else None)
            for aim in (self, other)
        )
        return mine != its


class SlidePicture:
    """Makes the picture that a viewport shows of a slide. Used from the window's thread only.

    `aim` says what to show and asks for what is missing; `frame` brings the picture up to date with what has arrived.
    """

    def __init__(self, scan: TiledScan, engine: TileEngine, told: Callable[[], None]) -> None:
        self._engine = engine
        self._source = engine.open(scan)
        self._asker = Asker(told)
        self._aim: Aim | None = None
        self._held: dict[TileRef, Tile] = {}
        pyramid = self._source.pyramid
        self._backdrop_cost = pyramid.cost(pyramid.coarsest)
        self._coarsest = pyramid.tiles(pyramid.coarsest) if self._backdrop_cost <= BACKDROP_TILES else ()
        self._backdrop: dict[TileKey, Tile] = {}
        self._former: tuple[int, Plane] | None = None
        self._missing: set[TileRef] = set()
        self._travel = (0.0, 0.0)
        self._screen = ScreenBuffer()
        self._mosaic = Mosaic()
        self.problem = ""
        """Why the first of the unreadable tiles in view could not be read; empty while all can."""

    # What is to be shown.

    @property
    def is_complete(self) -> bool:
        """Whether every tile of the view, at its level, is in the picture."""
        return self._aim is not None and not self._missing and not self._screen.dirty

    @property
    def is_ready(self) -> bool:
        """Whether every tile of the view is here, painted or not."""
        return self._aim is not None and not self._missing

    @property
    def share_here(self) -> float:
        """How much of the view is here, 0…1."""
        here = len(self._held)
        return here / max(here + len(self._missing), 1)

    @property
    def complaint(self) -> str:
        """Why the slide is not shown quite as asked, though its tiles can be read; empty when it is."""
        return self._source.complaint

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
            self._former = self._former if self._missing else (last.look, last.viewport.plane)
            self._held, self._missing = {}, set()
        if last is not None and not is_same:
            shift = np.subtract(viewport.centre, last.viewport.centre)
            self._travel = (float(shift[0]), float(shift[1]))
        self._aim = aim
        self._screen.follow(Scaling.of(viewport, ratio), fresh=last is None or aim.differs_by_more_than_place(last))
        self._gather(aim)

    def _gather(self, aim: Aim) -> None:
        """Hold the tiles of the view that are here and ask for the others."""
        held, unpainted = self._held, self._missing
        self._held, self._missing, self.problem = {}, set(), ""
        wanted: list[TileKey] = []
        new = [tile for tile in aim.tiles if tile not in held]
        found = dict(zip(new, self._engine.cache.get_all(self._keys(aim, new)), strict=True))
        for tile in aim.tiles:
            here = held.get(tile) or found[tile]
            if here is None:
                self._missing.add(tile)
            else:
                self._hold(tile, here)
                if tile in unpainted:
                    self._spoil(tile)
            if here is None or (here.problem and _is_stale(here)):
                wanted += self._keys(aim, [tile])
        # What goes out of sight was used until now, though nobody asked the cache for it.
        self._engine.cache.get_all(self._keys(aim, [tile for tile in held if tile not in self._held]))
        backdrop = self._missing_backdrop(aim)
        if backdrop and self._backdrop_cost * BACKDROP_SHARE <= len(wanted):
            wanted, backdrop = [*backdrop, *wanted], []
        self._engine.loader.ask(self._asker, dict.fromkeys(wanted), backdrop)

    def _keys(self, aim: Aim, tiles: list[TileRef]) -> list[TileKey]:
        return [self._source.key(aim.look, aim.viewport.plane, tile) for tile in tiles]

    def _hold(self, tile: TileRef, found: Tile) -> None:
        self._held[tile] = found
        self.problem = self.problem or found.problem

    def _missing_backdrop(self, aim: Aim) -> list[TileKey]:
        """Tiles of the coarsest level that are not here yet; those that are, are kept for as long as they are shown."""
        plane = aim.viewport.plane
        keys = [self._source.key(aim.look, plane, tile) for tile in self._coarsest]
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
                if self._missing:
                    self._screen.spoil_all()
                    spoiled = True
            ref = TileRef(key.level, key.column, key.row)
            if (key.look, key.plane) == (aim.look, aim.viewport.plane.index) and (
                ref in self._missing or ref in self._held
            ):
                self._missing.discard(ref)
                self._hold(ref, tile)
                self._spoil(ref)
                spoiled = True
        return spoiled

    def look_ahead(self) -> None:
        """Read what the view may show next: where it was going, around it, and the levels above and below."""
        aim = self._aim
        if aim is None or self._missing:
            return
        view, levels, number = aim.viewport, self._source.pyramid.levels, aim.level
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
        across, down = tile_of(level)
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
        """The picture, brought up to date; another array after each move."""
        aim, scaling = self._aim, self._screen.scaling
        if aim is not None and self._screen.dirty:
            patchwork = Patchwork(self._source.pyramid, lambda tile: self._here(aim, tile), aim.ground)
            with self._engine.loader.held():
                for box, target in self._screen.pieces():
                    self._paint(aim, scaling, patchwork, box, target)
        return self._screen.pixels

    def _spoil(self, tile: TileRef) -> None:
        """A tile has come: what it covers has to be made again."""
        level = self._source.pyramid.levels[tile.level]
        across, down = tile_of(level)
        x, y, span = tile.column * across, tile.row * down, level.downsample
        self._screen.spoil((x * span, y * span, (x + across) * span, (y + down) * span), span)

    def _paint(self, aim: Aim, scaling: Scaling, patchwork: Patchwork, box: Box, target: Rgb32) -> None:
        """Make a rectangle of the picture."""
        number = aim.level
        level = self._source.pyramid.levels[number]
        region = scaling.region(box, level)
        if region is None or not aim.tiles or not (self._held or self._backdrop):
            target[...] = aim.ground
            return
        shift = scaling.whole_shift(box, level)
        if shift is not None:
            # One pixel of the level is one of the screen: tiles go straight to where they are seen.
            self._paint_unscaled(patchwork, target, shift, number)
            return
        pixels = self._mosaic.shaped(region)
        patchwork.fill(pixels, region, number)
        if scaling.is_upright:
            if scaling.reaches_beyond(box, level):
                target[...] = aim.ground
            draw_upright(self._screen.pixels, box, scaling, pixels, region, level, smooth=aim.smooth)
        else:
            scaling.draw(pixels, region, level, box, target, aim.ground, smooth=aim.smooth)

    def _paint_unscaled(self, patchwork: Patchwork, target: Rgb32, shift: tuple[int, int], number: int) -> None:
        level = self._source.pyramid.levels[number]
        x, y = shift
        rows, columns = target.shape
        x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + columns, level.width), min(y + rows, level.height)
        if (x0, y0, x1, y1) != (x, y, x + columns, y + rows):
            target[...] = patchwork.ground
        if x0 < x1 and y0 < y1:
            place = target[y0 - y : y1 - y, x0 - x : x1 - x]
            patchwork.fill(place, (x0, y0, x1, y1), number)

    def _here(self, aim: Aim, tile: TileRef) -> Tile | None:
        """A tile as it is now, or as it was shown before the look or the plane changed."""
        found = self._held.get(tile)
        if found is not None:
            return found
        key = self._source.key(aim.look, aim.viewport.plane, tile)
        found = self._backdrop.get(key) or self._engine.cache.peek(key)
        if found is None and self._former is not None:
            found = self._engine.cache.peek(self._source.key(*self._former, tile))
        return found


def _is_stale(tile: Tile) -> bool:
    return bool(tile.problem) and time.monotonic() - tile.read_at > RETRY_SECONDS
