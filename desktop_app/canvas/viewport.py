"""The viewport: which part of a plane is on screen, and how. Frozen; every move makes a new one. No Qt.

Screen coordinates are widget pixels (x right, y down). The plane is turned by `orientation` (transposed,
then flipped) and by `angle` (degrees clockwise), scaled by `scale` screen pixels per full-resolution plane pixel
(× `aspect` vertically, for anisotropic voxels) and placed so that `centre` (plane pixels) is in the middle of the
widget. Only slides are turned by an angle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

from imaging.geometry import Orientation, Plane, Region
from imaging.scan import Level

LEAST_SCALE, MOST_SCALE = 1 / 256, 64.0


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
    angle: float = 0.0
    """Degrees clockwise, 0 up to 360."""

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Widget position of a point of the plane."""
        dx, dy = (x - self.centre[0]) * self.aspect[0], (y - self.centre[1]) * self.aspect[1]
        if self.orientation.transpose:
            dx, dy = dy, dx
        if self.orientation.flip_x:
            dx = -dx
        if self.orientation.flip_y:
            dy = -dy
        if self.angle:
            dx, dy = _turned(dx, dy, self.angle)
        return self.width / 2 + dx * self.scale, self.height / 2 + dy * self.scale

    def to_plane(self, sx: float, sy: float) -> tuple[float, float]:
        """Point of the plane at a widget position."""
        dx, dy = (sx - self.width / 2) / self.scale, (sy - self.height / 2) / self.scale
        if self.angle:
            dx, dy = _turned(dx, dy, -self.angle)
        if self.orientation.flip_x:
            dx = -dx
        if self.orientation.flip_y:
            dy = -dy
        if self.orientation.transpose:
            dx, dy = dy, dx
        return self.centre[0] + dx / self.aspect[0], self.centre[1] + dy / self.aspect[1]

    def shown_size(self) -> tuple[float, float]:
        """Width and height around the whole plane as turned, in units of `scale` = 1."""
        across, down = self.plane_width * self.aspect[0], self.plane_height * self.aspect[1]
        if self.orientation.transpose:
            across, down = down, across
        if not self.angle:
            return across, down
        cosine, sine = _turned(1.0, 0.0, self.angle)
        return abs(cosine) * across + abs(sine) * down, abs(sine) * across + abs(cosine) * down

    def fitted(self) -> Viewport:
        """The whole plane, centred, as large as fits."""
        return replace(self, centre=(self.plane_width / 2, self.plane_height / 2), scale=self._fitting_scale())

    def _fitting_scale(self) -> float:
        across, down = self.shown_size()
        scale = min(self.width / across, self.height / down) if across > 0 and down > 0 else 1.0
        return max(scale, 1e-6)

    def zoomed(self, factor: float, sx: float, sy: float) -> Viewport:
        """Scaled by a factor with the point under a widget position staying there.

        From 1/256 screen pixels a pixel, or from where the whole plane fits if that is less, to 64.
        """
        scale = min(max(self.scale * factor, min(LEAST_SCALE, self._fitting_scale())), MOST_SCALE)
        x, y = self.to_plane(sx, sy)
        moved = replace(self, scale=scale)
        nx, ny = moved.to_plane(sx, sy)
        return replace(moved, centre=(self.centre[0] + x - nx, self.centre[1] + y - ny))

    def rotated(self, degrees: float) -> Viewport:
        """Turned clockwise about the middle of the widget."""
        return replace(self, angle=(self.angle + degrees) % 360.0 % 360.0)  # a hair below 0 rounds to 360

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


class TileRef(NamedTuple):
    """One tile of a level: column and row in the level's grid."""

    level: int
    column: int
    row: int


def tiles_for(viewport: Viewport, levels: tuple[Level, ...], ratio: float = 1.0) -> tuple[TileRef, ...]:
    """The tiles of the best level that the viewport shows, nearest to its centre first.

    Every level has tiles; `ratio` is device pixels per widget pixel.
    """
    return tiles_of_level(viewport, levels, replace(viewport, scale=viewport.scale * ratio).level(levels))


def tiles_of_level(viewport: Viewport, levels: tuple[Level, ...], number: int) -> tuple[TileRef, ...]:
    """The tiles of a level that the viewport shows, nearest to its centre first."""
    level, seen = levels[number], viewport.visible()
    tile = level.tile or (level.width, level.height)
    if seen.width == 0 or seen.height == 0:
        return ()
    span_x, span_y = tile[0] * level.downsample, tile[1] * level.downsample
    last_column, last_row = (level.width - 1) // tile[0], (level.height - 1) // tile[1]
    columns = range(int(seen.x // span_x), min(int((seen.x + seen.width - 1) // span_x), last_column) + 1)
    rows = range(int(seen.y // span_y), min(int((seen.y + seen.height - 1) // span_y), last_row) + 1)
    cx, cy = viewport.centre[0] / span_x - 0.5, viewport.centre[1] / span_y - 0.5
    found = [TileRef(number, column, row) for row in rows for column in columns]
    if viewport.angle:
        found = _seen(viewport, found, span_x, span_y)
    if len(found) > 1:
        found.sort(key=lambda tile: (tile.column - cx) ** 2 + (tile.row - cy) ** 2)
    return tuple(found)


def _seen(viewport: Viewport, tiles: list[TileRef], span_x: float, span_y: float) -> list[TileRef]:
    """Of tiles near a turned view those that are on screen at all: its corners span more than is seen."""
    ox, oy = viewport.to_screen(0.0, 0.0)
    (ax, ay), (dx, dy) = viewport.to_screen(span_x, 0.0), viewport.to_screen(0.0, span_y)
    ax, ay, dx, dy = ax - ox, ay - oy, dx - ox, dy - oy
    reach_x, reach_y = (abs(ax) + abs(dx)) / 2, (abs(ay) + abs(dy)) / 2
    right, bottom = viewport.width + reach_x, viewport.height + reach_y
    found: list[TileRef] = []
    for tile in tiles:
        across, down = tile.column + 0.5, tile.row + 0.5
        if -reach_x < ox + across * ax + down * dx < right and -reach_y < oy + across * ay + down * dy < bottom:
            found.append(tile)
    return found


def _turned(x: float, y: float, degrees: float) -> tuple[float, float]:
    """A vector turned clockwise (y runs down); exact at right angles."""
    quarter = degrees % 360.0 / 90.0
    if quarter.is_integer():
        return ((x, y), (-y, x), (-x, -y), (y, -x))[int(quarter) % 4]
    angle = math.radians(degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    return x * cosine - y * sine, x * sine + y * cosine
