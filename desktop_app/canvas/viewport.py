"""The viewport: which part of a plane is on screen, and how. Frozen; every move makes a new one. No Qt.

Screen coordinates are widget pixels (x right, y down). The plane is turned by `orientation` (transposed,
then flipped), scaled by `scale` screen pixels per full-resolution plane pixel (× `aspect` vertically, for
anisotropic voxels) and placed so that `centre` (plane pixels) is in the middle of the widget.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from imaging.geometry import Orientation, Plane, Region
from imaging.scan import Level


@dataclass(frozen=True, slots=True)
class Viewport:
    """Where a plane is seen."""

    plane: Plane
    plane_width: int
    plane_height: int
    width: int
    height: int
    centre: tuple[float, float]
    scale: float
    aspect: tuple[float, float] = (1.0, 1.0)
    """Relative size of a pixel across and down the plane; 1, 1 when square or unknown."""
    orientation: Orientation = Orientation()

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Widget position of a point of the plane."""
        dx, dy = (x - self.centre[0]) * self.aspect[0], (y - self.centre[1]) * self.aspect[1]
        if self.orientation.transpose:
            dx, dy = dy, dx
        if self.orientation.flip_x:
            dx = -dx
        if self.orientation.flip_y:
            dy = -dy
        return self.width / 2 + dx * self.scale, self.height / 2 + dy * self.scale

    def to_plane(self, sx: float, sy: float) -> tuple[float, float]:
        """Point of the plane at a widget position."""
        dx, dy = (sx - self.width / 2) / self.scale, (sy - self.height / 2) / self.scale
        if self.orientation.flip_x:
            dx = -dx
        if self.orientation.flip_y:
            dy = -dy
        if self.orientation.transpose:
            dx, dy = dy, dx
        return self.centre[0] + dx / self.aspect[0], self.centre[1] + dy / self.aspect[1]

    def shown_size(self) -> tuple[float, float]:
        """Width and height of the whole plane as turned, in units of `scale` = 1."""
        across, down = self.plane_width * self.aspect[0], self.plane_height * self.aspect[1]
        return (down, across) if self.orientation.transpose else (across, down)

    def fitted(self) -> Viewport:
        """The whole plane, centred, as large as fits."""
        across, down = self.shown_size()
        scale = min(self.width / across, self.height / down) if across > 0 and down > 0 else 1.0
        return replace(self, centre=(self.plane_width / 2, self.plane_height / 2), scale=max(scale, 1e-6))

    def zoomed(self, factor: float, sx: float, sy: float) -> Viewport:
        """Scaled by a factor with the point under a widget position staying there (1/256 px … 64 screen px a pixel)."""
        scale = min(max(self.scale * factor, 1 / 256), 64.0)
        x, y = self.to_plane(sx, sy)
        moved = replace(self, scale=scale)
        nx, ny = moved.to_plane(sx, sy)
        return replace(moved, centre=(self.centre[0] + x - nx, self.centre[1] + y - ny))

    def panned(self, dx: float, dy: float) -> Viewport:
        """Moved so that the picture follows the hand by (dx, dy) screen pixels; the centre stays on the plane."""
        x, y = self.to_plane(self.width / 2 - dx, self.height / 2 - dy)
        return replace(self, centre=(min(max(x, 0.0), self.plane_width), min(max(y, 0.0), self.plane_height)))

    def resized(self, width: int, height: int) -> Viewport:
        """The same centre and scale in a widget of another size."""
        return replace(self, width=max(width, 1), height=max(height, 1))

    def whole(self) -> Region:
        """The whole plane."""
        return Region(self.plane, 0, 0, self.plane_width, self.plane_height)

    def visible(self) -> Region:
        """The whole pixels of the plane that are at least partly on screen, clipped to the plane."""
        corners = [self.to_plane(sx, sy) for sx in (0, self.width) for sy in (0, self.height)]
        x0 = max(0, math.floor(min(c[0] for c in corners)))
        y0 = max(0, math.floor(min(c[1] for c in corners)))
        x1 = min(self.plane_width, math.ceil(max(c[0] for c in corners)))
        y1 = min(self.plane_height, math.ceil(max(c[1] for c in corners)))
        return Region(self.plane, x0, y0, max(x1 - x0, 0), max(y1 - y0, 0))

    def level(self, levels: tuple[Level, ...]) -> int:
        """The coarsest level that still has a pixel for every screen pixel (the finest where none has)."""
        wanted = 1 / (self.scale * min(self.aspect))
        best = 0
        for number, level in enumerate(levels):
            if level.downsample <= wanted * 1.001:
                best = number
        return best


@dataclass(frozen=True, slots=True, order=True)
class TileRef:
    """One tile of a level: column and row in the level's grid."""

    level: int
    column: int
    row: int


def tiles_for(viewport: Viewport, levels: tuple[Level, ...], tile: tuple[int, int]) -> tuple[TileRef, ...]:
    """The tiles of the best level that the viewport shows, nearest to its centre first."""
    number = viewport.level(levels)
    level, seen = levels[number], viewport.visible()
    if seen.width == 0 or seen.height == 0:
        return ()
    span_x, span_y = tile[0] * level.downsample, tile[1] * level.downsample
    last_column, last_row = (level.width - 1) // tile[0], (level.height - 1) // tile[1]
    columns = range(int(seen.x // span_x), min(int((seen.x + seen.width - 1) // span_x), last_column) + 1)
    rows = range(int(seen.y // span_y), min(int((seen.y + seen.height - 1) // span_y), last_row) + 1)
    cx, cy = viewport.centre[0] / span_x - 0.5, viewport.centre[1] / span_y - 0.5
    found = [TileRef(number, column, row) for row in rows for column in columns]
    return tuple(sorted(found, key=lambda t: ((t.column - cx) ** 2 + (t.row - cy) ** 2, t)))
