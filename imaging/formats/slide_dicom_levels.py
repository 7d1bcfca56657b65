"""The levels of a DICOM slide and their tiles, put together from the frames of one file or of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ScanProblem
from imaging.formats.dicom_codecs import Damaged, Undecodable
from imaging.formats.slide_dicom_instance import Instance, OpticalPath, StoredFrames
from imaging.formats.slide_dicom_order import ROW_BY_ROW, Grid, Order, order_of
from imaging.geometry import Plane
from imaging.progress import Progress, silent
from imaging.scan import Level, Pixels

_LARGEST_PICTURE = 1 << 26
"""Pixels of the largest label or macro picture that is put together."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """A frame that shows in a tile, and where its top-left pixel lies in it."""

    part: StoredFrames
    frame: int
    x: int
    y: int


class Matrix:
    """One level as it is stored: for each optical path and focal plane a grid of tiles. Safe from any thread."""

    def __init__(self, parts: Sequence[StoredFrames]) -> None:
        self.parts = tuple(sorted(parts, key=lambda part: part.instance.first_frame))
        first = self.parts[0].instance
        self.instance: Instance = first
        self.notes: tuple[str, ...] = ()
        self._columns, self._rows = first.grid
        self._cells: NDArray[np.int64] = np.zeros(0, np.int64)
        """The tiles that frames show in, ascending, and for each the frame and where it lies in the tile."""
        self._shown: NDArray[np.int64] = np.zeros((0, 3), np.int64)
        self.optical_paths = first.optical_paths
        self.focal_planes = first.focal_planes
        self._order: Order = ROW_BY_ROW
        self._is_listed = all(part.places is not None for part in self.parts)
        if self._is_listed:
            self._index_places()
        else:
            self._check_full()
        missing = sum(part.missing for part in self.parts)
        if missing:
            total = sum(part.instance.layout.frames for part in self.parts)
            self.notes += (f"is cut short: {missing:,} of {total:,} tiles of {self.named} cannot be read",)

    @property
    def named(self) -> str:
        """The level by its size, for a note."""
        return f"the level of {self.instance.matrix[0]:,} × {self.instance.matrix[1]:,}"

    @property
    def level(self) -> Level:
        """Its size and its tiles; not yet how coarse it is."""
        layout, (width, height) = self.instance.layout, self.instance.matrix
        return Level(width, height, 1.0, (layout.columns, layout.rows))

    def _check_full(self) -> None:
        """See that there are as many frames as the grid has tiles, for all optical paths or at least for one."""
        held = sum(part.instance.layout.frames for part in self.parts)
        continued = len(self.parts) > 1 or self.instance.first_frame > 0
        tiles = self._columns * self._rows
        named = paths_used(self.instance)
        ways = ((named, self.focal_planes), (1, self.focal_planes), (named, 1), (1, 1))
        fitting = next(((p, f) for p, f in ways if tiles * p * f <= held), None)
        if fitting is None and not continued:
            what = f"promises {tiles:,} tiles and holds {held:,} frames"
            raise ScanProblem(what, self.instance.path, "Get the file again")
        count, self.focal_planes = fitting or ways[0]
        self.optical_paths = self.optical_paths[:count]
        wanted = tiles * count * self.focal_planes
        if held < wanted:
            self.notes += (f"{wanted - held:,} of {wanted:,} tiles of {self.named} are in files that are not here",)

    @property
    def needs_order(self) -> bool:
        """Whether the file leaves open in which order its tiles are, and it matters."""
        return not self._is_listed and not self.instance.says_order and min(self._columns, self._rows) > 1

    def order_by_seams(self, progress: Progress) -> Order | None:
        """The order in which the seams of tiles fit; `None` where they do not tell. Decodes some hundred tiles."""
        layout, (width, height) = self.instance.layout, self.instance.matrix
        grid = Grid(self._columns, self._rows, (layout.rows, layout.columns), (height, width))

        def read(number: int, rim: tuple[int, int]) -> Pixels | None:
            progress.check()
            try:
                spot = self._numbered(number)
                return spot.part.pixels(spot.frame, rim)
            except (Undecodable, OSError):
                return None

        def weigh(number: int) -> int:
            try:
                spot = self._numbered(number)
            except Damaged:
                return 0
            return spot.part.weight(spot.frame)

        return order_of(grid, read, weigh, (1 << layout.stored) - 1)

    def put_in_order(self, order: Order | None) -> None:
        """Say in which order the tiles are, where the file leaves it open; row by row where that cannot be told."""
        self._order = order or ROW_BY_ROW
        why = "fits their seams" if order else "is assumed, as their seams do not tell"
        self.notes += (f"the file does not say in which order its tiles are; {self._order} {why}",)

    def _index_places(self) -> None:
        """Which frame lies on which tile, where each frame says for itself where it lies."""
        layout, (width, height) = self.instance.layout, self.instance.matrix
        if self._columns * self._rows * self.focal_planes * len(self.optical_paths) >= 1 << 62:
            raise ScanProblem(f"claims to be {width:,} × {height:,} pixels", self.instance.path, "Get the file again")
        names = {path.identifier: index for index, path in enumerate(self.optical_paths)}
        places = [_taken(part, names) for part in self.parts]
        x, y, z, path = (np.concatenate([place[number] for place in places]) for number in range(4))
        inside = (x > -layout.columns) & (x < width) & (y > -layout.rows) & (y < height)
        if not inside.all():
            text = f"{np.count_nonzero(~inside):,} tiles of {self.named} lie outside of it and are left out"
            self.notes += (text,)
        frames = np.flatnonzero(inside)
        x, y, z, path = x[frames], y[frames], z[frames], path[frames]
        column, row = np.floor_divide(x, layout.columns), np.floor_divide(y, layout.rows)
        depth = _ranks(z, path, column, row, self.focal_planes)
        spare_x, spare_y = x - column * layout.columns, y - row * layout.rows
        # A frame off the grid shows in up to four tiles.
        found: list[tuple[NDArray[np.int64], ...]] = []
        for right, down in ((0, 0), (1, 0), (0, 1), (1, 1)):
            touched = ((spare_x > 0) | (right == 0)) & ((spare_y > 0) | (down == 0))
            at_x, at_y = column + right, row + down
            touched &= (at_x >= 0) & (at_x < self._columns) & (at_y >= 0) & (at_y < self._rows)
            cells = ((path * self.focal_planes + depth) * self._rows + at_y) * self._columns + at_x
            offsets = (spare_x - right * layout.columns, spare_y - down * layout.rows)
            found.append(tuple(one[touched] for one in (cells, frames, *offsets)))
        cells, shown, left, top = (np.concatenate([one[number] for one in found]) for number in range(4))
        order = np.lexsort((shown, cells))
        self._cells, self._shown = cells[order], np.stack([shown, left, top], axis=-1)[order]

    def _spots_at(self, path: int, plane: int, column: int, row: int) -> list[_Spot]:
        """The frames that show in a tile, in the order they are laid on each other."""
        if self._is_listed:
            cell = ((path * self.focal_planes + plane) * self._rows + row) * self._columns + column
            first, last = np.searchsorted(self._cells, [cell, cell + 1])
            return [self._spot(*numbers) for numbers in self._shown[first:last].tolist()]
        in_plane = row * self._columns + column if self._order == ROW_BY_ROW else column * self._rows + row
        return [self._numbered((path * self.focal_planes + plane) * self._columns * self._rows + in_plane)]

    def _numbered(self, index: int) -> _Spot:
        """A whole tile by its number over all files, those that are not here among them."""
        for part in self.parts:
            frame = index - part.instance.first_frame
            if 0 <= frame < part.instance.layout.frames:
                return _Spot(part, frame, 0, 0)
        raise Damaged("it lies in a file of the slide that is not here")

    def _spot(self, number: int, x: int, y: int) -> _Spot:
        """A frame by its number over all files."""
        for part in self.parts:
            if number < part.instance.layout.frames:
                return _Spot(part, number, x, y)
            number -= part.instance.layout.frames
        raise Damaged("there is no such frame")

    def tile(self, path: int, plane: int, column: int, row: int, blank: int) -> Pixels:
        """The pixels of a tile; `blank` where nothing was scanned. Raises `Undecodable`."""
        spots = self._spots_at(path, min(plane, self.focal_planes - 1), column, row)
        if len(spots) == 1 and spots[0].x == spots[0].y == 0:
            return spots[0].part.pixels(spots[0].frame, self._rim(column, row))
        layout = self.instance.layout
        out = np.full(layout.frame_shape, blank, layout.dtype)
        for spot in spots:
            pixels = spot.part.pixels(spot.frame, (layout.rows, layout.columns))
            x, y = max(spot.x, 0), max(spot.y, 0)
            piece = pixels[max(-spot.y, 0) :, max(-spot.x, 0) :][: layout.rows - y, : layout.columns - x]
            out[y : y + piece.shape[0], x : x + piece.shape[1]] = piece
        return out

    def screen_tile(self, plane: int, column: int, row: int) -> NDArray[np.uint32] | None:
        """The tile as 0xFFRRGGBB where the decoder gives it so; `None` where it has to be made from its pixels."""
        spots = self._spots_at(0, min(plane, self.focal_planes - 1), column, row)
        if len(spots) == 1 and spots[0].x == spots[0].y == 0 and spots[0].part.is_screen_ready:
            return spots[0].part.screen(spots[0].frame, self._rim(column, row))
        return None

    def _rim(self, column: int, row: int) -> tuple[int, int]:
        """Rows and columns of a tile that lie on the slide."""
        (width, height), layout = self.instance.matrix, self.instance.layout
        return min(layout.rows, height - row * layout.rows), min(layout.columns, width - column * layout.columns)

    def picture(self) -> Pixels:
        """The whole matrix as (rows, columns, 3), for labels and macro pictures. Raises `ScanProblem`."""
        (width, height), layout = self.instance.matrix, self.instance.layout
        if width * height > _LARGEST_PICTURE:
            raise ScanProblem(
                f"holds a picture of {width:,} × {height:,} pixels, too large to show", self.instance.path
            )
        grid = np.full((self._rows * layout.rows, self._columns * layout.columns, 3), 255, np.uint8)
        for row in range(self._rows):
            for column in range(self._columns):
                tile = self.tile(0, 0, column, row, 255 if layout.is_colour else 0)
                if not layout.is_colour:
                    tile = (tile >> max(0, layout.stored - 8)).astype(np.uint8)[..., None]
                x, y = column * layout.columns, row * layout.rows
                grid[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
        return grid[:height, :width]

    def close(self) -> None:
        """Let go of the files."""
        for part in self.parts:
            part.close()


def _taken(part: StoredFrames, names: dict[str, int]) -> tuple[NDArray[np.int64], ...]:
    """Columns, rows, depths in nanometres and optical paths of the frames of one file."""
    places = part.places
    assert places is not None
    count = part.instance.layout.frames
    paths = np.array([names.get(name, 0) for name in places.named], np.int64)
    depths = np.rint(np.clip(places.depths, -1e9, 1e9) * 1000).astype(np.int64)
    return places.columns[:count], places.rows[:count], depths[:count], paths[places.paths[:count]]


def _ranks(
    depths: NDArray[np.int64],
    paths: NDArray[np.int64],
    columns: NDArray[np.int64],
    rows: NDArray[np.int64],
    planes: int,
) -> NDArray[np.int64]:
    """Which focal plane each frame belongs to: how many frames of other depths lie below it at its place."""
    ranks = np.zeros(len(depths), np.int64)
    if planes == 1 or not len(depths):
        return ranks
    order = np.lexsort((depths, columns, rows, paths))
    places = np.stack([columns, rows, paths])[:, order]
    deeper = np.diff(depths[order]) > 0
    begins = (np.diff(places, axis=1) != 0).any(axis=0)
    steps = np.concatenate([[0], np.cumsum(deeper | begins)])
    first = np.concatenate([[True], begins])
    starts = np.maximum.accumulate(np.where(first, steps, 0))
    ranks[order] = np.minimum(steps - starts, planes - 1)
    return ranks


def paths_used(instance: Instance) -> int:
    """How many optical paths the frames of a file go through."""
    said = instance.text("NumberOfOpticalPaths")
    count = int(said) if said.isdigit() else 0
    return min(count, len(instance.optical_paths)) if count else len(instance.optical_paths)


@dataclass(frozen=True, slots=True)
class ChannelSource:
    """Where one channel of a level lies: a matrix, and the optical path in it."""

    matrix: Matrix
    path: int

    @property
    def optical_path(self) -> OpticalPath:
        """How it was lit."""
        return self.matrix.optical_paths[self.path]


class DicomTiles:
    """The tiles of a DICOM slide; an `imaging.tiled.TileReader`."""

    def __init__(self, levels: Sequence[Sequence[ChannelSource]], pictures: dict[str, Instance]) -> None:
        self._levels = tuple(tuple(level) for level in levels)
        self._pictures = pictures
        first = self._levels[0][0]
        self._is_colour = first.matrix.instance.layout.is_colour
        self._profile = first.optical_path.profile if self._is_colour else None

    def tile(self, plane: Plane, level: int, column: int, row: int) -> Pixels:
        """Stored values of a tile; colours as RGB."""
        sources = self._levels[level]
        blank = 255 if self._is_colour else 0
        parts = [source.matrix.tile(source.path, plane.index, column, row, blank) for source in sources]
        return parts[0] if len(parts) == 1 else np.stack(parts, axis=-1)

    def screen_tile(self, plane: Plane, level: int, column: int, row: int) -> NDArray[np.uint32] | None:
        """The tile as 0xFFRRGGBB, where the decoder gives it so."""
        return self._levels[level][0].matrix.screen_tile(plane.index, column, row) if self._is_colour else None

    def associated_image(self, name: str) -> Pixels:
        """A label, macro or thumbnail picture; its file is open only while it is read."""
        stored = StoredFrames(self._pictures[name])
        try:
            matrix = Matrix([stored])
            if matrix.needs_order:
                matrix.put_in_order(matrix.order_by_seams(silent()))
            return matrix.picture()
        finally:
            stored.close()

    def icc_profile(self) -> bytes | None:
        """The profile of the first optical path."""
        return self._profile

    def close(self) -> None:
        """Let go of all files."""
        for level in self._levels:
            for source in level:
                source.matrix.close()
