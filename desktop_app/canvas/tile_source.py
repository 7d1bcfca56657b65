"""What the tiles of one slide look like on screen. Every reading may happen in any thread. No Qt."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from desktop_app.canvas.tile_cache import NO_TILE, STORED, Tile, TileCache, TileKey
from desktop_app.canvas.tile_channels import ChannelMix, first_looks
from desktop_app.canvas.tile_pyramid import pyramid_of
from desktop_app.canvas.viewport import TileRef
from desktop_app.display import ChannelLook, Display
from imaging.errors import Problem, one_line
from imaging.geometry import Plane
from imaging.scan import TiledScan, Window
from imaging.windowing import automatic_window, grey_table

if TYPE_CHECKING:
    from imaging.colour_profile import ColourTable

Rgb32: TypeAlias = NDArray[np.uint32]
Shader: TypeAlias = Callable[[NDArray[Any]], Rgb32]
"""From the values of a tile to 0xFFRRGGBB."""
MOST_SHADERS = 6
"""Ways of showing a slide that are kept ready; dragging a range makes many, each of some hundred kilobytes."""
FEW_TILES = 512
"""A level of at most so many tiles is kept when the next coarser one is made from it: it is likely to be seen, too."""
_SUNK, _RAISED, _MARK = np.uint32(0xFF5A5E66), np.uint32(0xFF6E737C), np.uint32(0xFFE06C5A)
"""The hatching of what cannot be read, and its mark."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """Of how a scan is shown, what changes the pixels of a slide's tiles."""

    channels: tuple[ChannelLook, ...] = ()
    window: Window | None = None
    inverted: bool = False
    colour_managed: bool = False


class _AbandonedError(Exception):
    """Nobody wants the tile any more that is being put together."""


class TileSource:
    """Reads the tiles of a slide, makes the levels between its own, and colours them.

    A tile far above the file's own levels is made from thousands; `is_wanted` is asked in between whether to go on.
    """

    def __init__(
        self, scan: TiledScan, number: int, cache: TileCache, is_wanted: Callable[[TileKey], bool] = lambda _: True
    ) -> None:
        self.scan, self.number = scan, number
        self._is_wanted = is_wanted
        self.pyramid = pyramid_of(scan.info.levels)
        self._cache = cache
        self._looks: dict[Rendering, int] = {}
        self._renderings: list[Rendering] = []
        self._shaders: OrderedDict[int, Shader | None] = OrderedDict()
        self._lock = threading.Lock()
        self.complaint = ""
        """Why the slide is not shown quite as asked, though its tiles can be read."""

    @property
    def is_colour(self) -> bool:
        """Whether tiles come from the file as colours of the screen."""
        return self.scan.info.is_colour

    def look(self, display: Display) -> int:
        """The number of a way to show the slide; the same one for displays that differ in other things only."""
        if self.is_colour:
            rendering = Rendering(inverted=display.inverted, colour_managed=display.colour_managed)
        elif self.scan.info.channels == 1 and not self.scan.info.fluorescence:
            rendering = Rendering(window=display.window, inverted=display.inverted)
        else:
            rendering = Rendering(channels=display.channels, inverted=display.inverted)
        with self._lock:
            number = self._looks.get(rendering)
            if number is None:
                self._renderings.append(rendering)
                number = self._looks[rendering] = len(self._renderings)
            return number

    def key(self, look: int, plane: Plane, tile: TileRef) -> TileKey:
        """What a tile is kept as."""
        return TileKey(self.number, look, plane.index, *tile)

    def read(self, key: TileKey) -> Tile:
        """A tile as it is shown; hatched, with the reason, where it cannot be read. Never raises.

        `NO_TILE` where nobody wanted it any more before it was done.
        """
        import_module("cv2")  # painting needs it: brought in here, the window does not wait for it
        try:
            return self._read(key, key)
        except _AbandonedError:
            return NO_TILE

    def _read(self, key: TileKey, asked: TileKey) -> Tile:
        """A tile, on the way to the one that was asked for."""
        try:
            shader = self._shader(key.look)
            if shader is not None and not self.is_colour:
                return self._shaded(key, shader, asked)
            return self._made(key, shader, asked)
        except _AbandonedError:
            raise
        except Exception as error:  # noqa: BLE001  (a reader of a foreign format may raise anything)
            reason = str(error) if isinstance(error, Problem) else f"{self.scan.info.name}: {one_line(error)}"
            return self._unreadable(key, reason)

    def _shaded(self, key: TileKey, shader: Shader, asked: TileKey) -> Tile:
        """A tile of stored values, coloured; the values are kept, so that another range reads nothing."""
        stored_key = key._replace(look=STORED)
        stored = self._cache.get(stored_key)
        if stored is None or stored.problem:
            stored = self._read(stored_key, asked)
            if stored.problem:
                return self._unreadable(key, stored.problem)
            self._cache.put(stored_key, stored)
        return Tile(shader(stored.pixels))

    def _made(self, key: TileKey, shader: Shader | None, asked: TileKey) -> Tile:
        """A tile of the file, or one put together from finer ones."""
        number = self.pyramid.stored[key.level]
        if number is None:
            return self._halved(key, asked)
        plane = Plane(0, key.plane)
        if not self.is_colour:
            return Tile(self.scan.tile(plane, number, key.column, key.row))
        pixels = self.scan.screen_tile(plane, number, key.column, key.row)
        return Tile(pixels if shader is None else shader(pixels))

    def _halved(self, key: TileKey, asked: TileKey) -> Tile:
        """A tile of a level that the file has not, from the next finer one."""
        tile = TileRef(key.level, key.column, key.row)
        parts = self.pyramid.parts(tile)
        first, last = parts[0], parts[-1]
        across, down = self.pyramid.levels[key.level - 1].tile or (1, 1)
        end_width, end_height = self.pyramid.tile_size(last)
        width = (last.column - first.column) * across + end_width
        height = (last.row - first.row) * down + end_height
        whole: NDArray[Any] | None = None
        problem = ""
        for part in parts:
            if not self._is_wanted(asked):
                raise _AbandonedError
            found = self._part(key._replace(level=part.level, column=part.column, row=part.row), asked)
            problem = problem or found.problem
            if whole is None:
                whole = np.empty((height, width, *found.pixels.shape[2:]), found.pixels.dtype)
            rows, columns = found.pixels.shape[:2]
            x, y = (part.column - first.column) * across, (part.row - first.row) * down
            whole[y : y + rows, x : x + columns] = found.pixels
        assert whole is not None
        return Tile(halved(whole), problem, time.monotonic() if problem else 0.0)

    def _part(self, key: TileKey, asked: TileKey) -> Tile:
        """A finer tile; kept when it was itself put together, for that is work that others can use, or one of few."""
        found = self._cache.peek(key)
        if found is not None and not found.problem:
            return found
        found = self._read(key, asked)
        if self.pyramid.stored[key.level] is None or self.pyramid.count(key.level) <= FEW_TILES:
            self._cache.put(key, found)
        return found

    def _unreadable(self, key: TileKey, reason: str) -> Tile:
        columns, rows = self.pyramid.tile_size(TileRef(key.level, key.column, key.row))
        if key.look == STORED and not self.is_colour:
            info = self.scan.info
            shape = (rows, columns) if info.channels == 1 else (rows, columns, info.channels)
            return Tile(np.zeros(shape, np.dtype(info.dtype)), reason, time.monotonic())
        return Tile(hatching(columns, rows), reason, time.monotonic())

    def _shader(self, look: int) -> Shader | None:
        """How a look colours tiles; made once, in the thread that first needs it."""
        if look == STORED:
            return None
        with self._lock:
            if look not in self._shaders:
                self._shaders[look] = self._made_shader(self._renderings[look - 1])
            self._shaders.move_to_end(look)
            while len(self._shaders) > MOST_SHADERS:
                self._shaders.popitem(last=False)
            return self._shaders[look]

    def _made_shader(self, rendering: Rendering) -> Shader | None:
        info = self.scan.info
        if self.is_colour:
            return self._colour_shader(rendering)
        if info.channels == 1 and not info.fluorescence:
            window = rendering.window or automatic_window(info, self._coarse_values())
            table = grey_table(info.rescale, window, info.dtype, info.inverted != rendering.inverted)
            return _GreyShader(table)
        mix = ChannelMix(info, rendering.channels or first_looks(self.scan))
        return (lambda stored: inverted(mix.screen(stored))) if rendering.inverted else mix.screen

    def _colour_shader(self, rendering: Rendering) -> Shader | None:
        table = self._colour_table() if rendering.colour_managed else None
        if table is None:
            return inverted if rendering.inverted else None
        return (lambda pixels: inverted(table.screen(pixels))) if rendering.inverted else table.screen

    def _colour_table(self) -> ColourTable | None:
        """The table of the slide's profile; `None`, with a complaint where there is cause, when there is none."""
        from imaging.colour_profile import colour_table

        try:
            profile = self.scan.icc_profile()
            return colour_table(profile, self.scan.info.name) if profile is not None else None
        except Problem as problem:
            self.complaint = str(problem)
            return None

    def _coarse_values(self) -> NDArray[Any]:
        levels = self.scan.info.levels
        number = max(range(len(levels)), key=lambda n: levels[n].downsample)
        return self.scan.tile(Plane(), number, 0, 0)


class _GreyShader:
    """Stored values of one channel through a grey table."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def __call__(self, stored: NDArray[Any]) -> Rgb32:
        from imaging.windowing import apply_table

        return apply_table(self._table, stored, np.empty(stored.shape, np.uint32))


def inverted(pixels: Rgb32) -> Rgb32:
    """The opposite colours."""
    return pixels ^ np.uint32(0x00FFFFFF)


def halved(pixels: NDArray[Any]) -> NDArray[Any]:
    """Half as many rows and columns (rounded up), each pixel the mean of up to four; 0xFFRRGGBB or values."""
    import cv2

    rows, columns = pixels.shape[:2]
    if rows % 2 or columns % 2:
        edges = ((0, rows % 2), (0, columns % 2), *((0, 0),) * (pixels.ndim - 2))
        pixels = np.pad(pixels, edges, mode="edge")
        rows, columns = pixels.shape[:2]
    size = (columns // 2, rows // 2)
    if pixels.dtype == np.uint32 and pixels.ndim == 2:
        bytes_of = np.ascontiguousarray(pixels).view(np.uint8).reshape(rows, columns, 4)
        return cv2.resize(bytes_of, size, interpolation=cv2.INTER_AREA).view(np.uint32)[..., 0]
    quads = pixels.reshape(rows // 2, 2, columns // 2, 2, *pixels.shape[2:]).astype(np.float32)
    means = quads.mean(axis=(1, 3))
    return (np.rint(means) if pixels.dtype.kind in "iu" else means).astype(pixels.dtype)


def hatching(columns: int, rows: int) -> Rgb32:
    """A stand-in for what cannot be read: slanted stripes, a small cross in the middle."""
    down, across = np.ogrid[0:rows, 0:columns]
    out = np.where((down + across) // 6 % 2 == 0, _SUNK, _RAISED)
    middle_y, middle_x = down - rows // 2, across - columns // 2
    near = (abs(middle_y) < 9) & (abs(middle_x) < 9)
    out[near & ((abs(middle_y - middle_x) < 2) | (abs(middle_y + middle_x) < 2))] = _MARK
    return out
