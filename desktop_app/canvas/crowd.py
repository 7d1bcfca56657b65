"""Very many marks as one transparent picture: outlines where they are large enough, a dot for each that is not. No Qt.

A picture shows a rectangle of the turned and scaled plane, in device pixels.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from desktop_app.canvas.crowd_pixels import (
    FARTHEST,
    alpha_of,
    ellipses,
    fill_squares,
    flat_pixels,
    in_dashes,
    plot_steps,
    put_rim_under,
    told,
)  # fmt: skip
from desktop_app.canvas.crowd_scene import OUTLINED, Picture, Scene, pieces_near, spans, thinned
from desktop_app.mark_index import CLOSED, DOTS, LOCKED, PROPOSED, Rows

RIMMED, DASHED = 16.0, 40.0
"""From these sizes on an outline has a dark rim, and that of a proposal is dashed."""
QUIET_ALPHA = 190
BRIGHTER = 1.3
DOT_ALPHA = np.array([0, 0.66, 0.78, 0.85, 0.9, 0.93])
"""How much a pixel is covered that shows so many marks."""
FEW_POINTS = ((14.0, 12), (40.0, 32), (float("inf"), 512))
FEWER_POINTS = ((14.0, 8), (24.0, 10), (40.0, 14), (float("inf"), 512))
"""Below which size on screen how many points of a ring are drawn; fewer while there is no time for smooth edges."""
FEW_CORNERS = 10_000
"""So many are drawn as they are: to choose among them would take longer."""
MANY_POINTS = 512
"""Rings of more points are kept as they are on screen, and only what is near is drawn of them."""
STAMPED, ROUND = 16.0, 8
"""Below this size on screen outlines of so many points and more are drawn as ellipses until there is time."""
PLOTTED, PLOTTED_FROM = 16.0, 400
"""Below this size on screen outlines without smooth edges are drawn pixel by pixel, when they are more than so many."""
Lines: TypeAlias = tuple[int, bool, list[NDArray[np.int32]]]
"""A look, whether its lines are closed, and the lines as cv2 takes them."""


def draw(scene: Scene, rows: Rows, left: int, top: int, width: int, height: int, *, is_fine: bool) -> Picture | None:
    """A picture of rows; `None` where it would be empty. Any thread.

    Not `is_fine`: in a fraction of the time, without smooth edges and rims.
    """
    out = np.zeros((height, width, 4), np.uint8)
    return out if draw_in(scene, rows, out, left, top, is_fine=is_fine) else None


def draw_in(scene: Scene, rows: Rows, out: Picture, left: int, top: int, *, is_fine: bool) -> bool:
    """Draw rows in a picture that is empty, whose corner is at (left, top); whether anything was drawn. Any thread."""
    if scene.hidden is not None:
        rows = rows[~scene.hidden[rows]]
    if not len(rows):
        return False
    canvas = _Canvas(scene, out, left, top, is_fine)
    sizes, dots = scene.sizes(rows), scene.shapes.kinds[rows] == DOTS
    chosen = scene.chosen[rows] if scene.chosen is not None else None
    is_plain = ~dots if chosen is None else ~dots & ~chosen
    is_outlined = is_plain & (sizes >= OUTLINED)
    is_dotted = is_plain & ~is_outlined
    if is_fine:
        small = is_outlined & (sizes < RIMMED)
        _draw_large(canvas, rows, sizes, is_outlined & ~small, dots)
        canvas.stroke(rows[small], sizes[small], out)
    else:
        canvas.stroke(rows[is_outlined], sizes[is_outlined], out)
        canvas.dot_points(rows[dots])
    canvas.dot(rows[is_dotted], sizes[is_dotted])
    if chosen is not None and chosen.any():
        canvas.choose(rows[chosen], sizes[chosen])
    return True


def _draw_large(
    canvas: _Canvas, rows: Rows, sizes: NDArray[np.float64], large: NDArray[np.bool_], dots: NDArray[np.bool_]
) -> None:
    """Draw what has a rim: large outlines, some of them dashed, and dots of separate points."""
    import cv2

    scene, out = canvas.scene, canvas.out
    is_dashed = large & (sizes >= DASHED) & (scene.shapes.standings[rows] == PROPOSED)
    plain = large & ~is_dashed
    lines = _dashed(canvas, rows[is_dashed], sizes[is_dashed]) if is_dashed.any() else None
    if lines is not None:
        out[...] = lines[0] if not plain.any() else 0
    canvas.stroke(rows[plain], sizes[plain], out)
    canvas.dot_points(rows[dots])
    if plain.any():
        # A smooth line of one pixel covers no pixel wholly: it would look dull.
        cv2.convertScaleAbs(out, dst=out, alpha=BRIGHTER)
    if large.any() or dots.any():
        put_rim_under(out, lines[1] if lines is not None else None, scene.ratio)
    if lines is not None and plain.any():
        cv2.max(out, lines[0], dst=out)


def _dashed(canvas: _Canvas, rows: Rows, sizes: NDArray[np.float64]) -> tuple[Picture, NDArray[np.uint8]]:
    """Outlines in dashes, and how much they would cover without gaps."""
    import cv2

    lines = np.zeros_like(canvas.out)
    canvas.stroke(rows, sizes, lines)
    cv2.convertScaleAbs(lines, dst=lines, alpha=BRIGHTER)
    return in_dashes(lines, canvas.left, canvas.top, canvas.scene.ratio), alpha_of(lines)


class _Canvas:
    """A picture being drawn."""

    def __init__(self, scene: Scene, out: Picture, left: int, top: int, is_fine: bool) -> None:
        self.scene, self.out, self._is_fine = scene, out, is_fine
        self.left, self.top = left, top

    def stroke(self, rows: Rows, sizes: NDArray[np.float64], out: Picture) -> None:
        """Draw outlines, alike ones together."""
        if not len(rows):
            return
        import cv2

        shapes = self.scene.shapes
        looks = shapes.labels[rows].astype(np.int64) * 4 + shapes.standings[rows]
        way = cv2.LINE_AA if self._is_fine else cv2.LINE_8
        is_small = sizes < PLOTTED
        if not self._is_fine and np.count_nonzero(is_small) > PLOTTED_FROM:
            self._plot(rows[is_small], sizes[is_small], looks[is_small], out)
            rows, sizes, looks = rows[~is_small], sizes[~is_small], looks[~is_small]
        if not len(rows):
            return
        for look, is_closed, lines in self._lines(rows, sizes, looks):
            cv2.polylines(out, lines, is_closed, self._colour(look), 1, way, 4)

    def choose(self, rows: Rows, sizes: NDArray[np.float64]) -> None:
        """Draw what is selected: thick, with a light rim, over all else; dots for what is too small."""
        import cv2

        lines = np.zeros_like(self.out)
        self.stroke(rows, sizes, lines)
        middles = self._middles(rows)
        inside = self._inside(middles)
        at = middles[inside]
        lines[at[:, 1], at[:, 0]] = 255
        lines = cv2.dilate(lines, np.ones((3, 3), np.uint8))
        share = (255 - lines[..., 3:]).astype(np.uint16)
        self.out[...] = lines + (self.out * share // 255).astype(np.uint8)

    def _colour(self, look: int) -> tuple[int, int, int, int]:
        blue, green, red = (int(part) for part in self.scene.colours[look // 4])
        if look % 4 != LOCKED:
            return blue, green, red, 255
        share = QUIET_ALPHA / 255
        return round(blue * share), round(green * share), round(red * share), QUIET_ALPHA

    def _lines(self, rows: Rows, sizes: NDArray[np.float64], looks: NDArray[np.int64]) -> list[Lines]:
        """The lines to draw for rows, look by look: the short ones by size, and what is near of those of many points.

        Open lines follow the closed ones of their size; of many points there are only pieces.
        """
        shapes = self.scene.shapes
        first, last = shapes.first_ring[rows], shapes.first_ring[rows + 1]
        per_row = last - first
        rings = spans(first, per_row)
        is_closed, sizes = np.repeat(shapes.kinds[rows] == CLOSED, per_row), np.repeat(sizes, per_row)
        looks = np.repeat(looks, per_row)
        counts = shapes.first_point[rings + 1] - shapes.first_point[rings]
        is_long, found = counts > MANY_POINTS, list[tuple[int, Lines]]()
        low = 0.0
        for number, (high, most) in enumerate(self._point_counts(counts)):
            of_size = ~is_long & (sizes >= low) & (sizes < high)
            low = high
            if not of_size.any():
                continue
            # Alike ones follow each other: they are told in one go, and drawn in another.
            kinds = looks[of_size] * 2 + ~is_closed[of_size]
            order = np.argsort(kinds, kind="stable")
            kinds, near = kinds[order], rings[of_size][order]
            lines = told(self._along(near, most, 0.5)).reshape(len(near), -1, 2)
            ends = [*(np.flatnonzero(kinds[1:] != kinds[:-1]) + 1).tolist(), len(near)]
            for start, end in zip([0, *ends], ends, strict=False):
                look, is_open = divmod(int(kinds[start]), 2)
                found.append((number, (look, not is_open, list(lines[start:end]))))
        for k in np.flatnonzero(is_long).tolist():
            pieces = self._near(int(rings[k]), is_closed=bool(is_closed[k]))
            found.append((len(FEW_POINTS), (int(looks[k]), False, pieces)))
        found.sort(key=lambda one: (one[1][0], one[0]))
        return [lines for _, lines in found if lines[2]]

    def _point_counts(self, counts: Rows) -> tuple[tuple[float, int], ...]:
        """Below which size how many points of a ring are drawn."""
        if self._is_fine:
            return FEW_POINTS
        return FEWER_POINTS if len(counts) * min(int(counts.max()), MANY_POINTS) > FEW_CORNERS else FEWER_POINTS[-1:]

    def _along(self, rings: Rows, most: int, shift: float) -> NDArray[np.float64]:
        """Positions of so many points along each ring, or of all of them, one ring after the other."""
        shapes = self.scene.shapes
        first = shapes.first_point[rings]
        counts = shapes.first_point[rings + 1] - first
        along = np.arange(most)
        # The last point of an open line is its end.
        steps = along[None] * counts[:, None] // most if most < MANY_POINTS else along[None, : int(counts.max())]
        steps = np.minimum(steps, counts[:, None] - 1)
        steps[:, -1] = counts - 1
        # Both coordinates at once: that is a third of the time.
        points = shapes.points.view(np.int64)[(first[:, None] + steps).ravel(), 0].view(np.float32).reshape(-1, 2)
        return self.scene.turn.applied(points, self.left + shift, self.top + shift)

    def _plot(self, rows: Rows, sizes: NDArray[np.float64], looks: NDArray[np.int64], out: Picture) -> None:
        """Draw small outlines pixel by pixel, all together: for very many that takes a third of OpenCV's time."""
        shapes = self.scene.shapes
        known = np.flatnonzero(np.bincount(looks))
        shades = np.zeros((int(known[-1]) + 1, 4), np.uint8)
        shades[known] = [self._colour(look) for look in known.tolist()]
        tones = shades.view(np.uint32)[looks, 0]
        is_stamped = sizes < STAMPED
        if is_stamped.any():
            is_stamped = self._stamp(rows, is_stamped, tones, out)
            rows, sizes, tones = rows[~is_stamped], sizes[~is_stamped], tones[~is_stamped]
        first, last = shapes.first_ring[rows], shapes.first_ring[rows + 1]
        rings, sizes = spans(first, last - first), np.repeat(sizes, last - first)
        is_closed, tones = np.repeat(shapes.kinds[rows] == CLOSED, last - first), np.repeat(tones, last - first)
        low = 0.0
        for high, most in FEWER_POINTS[:2]:
            of_size = (sizes >= low) & (sizes < high)
            if of_size.any():
                places = self._along(rings[of_size], most, 0.0).astype(np.float32).reshape(-1, most, 2)
                steps = np.roll(places, -1, 1) - places
                steps[~is_closed[of_size], -1] = 0
                plot_steps(out, places.reshape(-1, 2), steps.reshape(-1, 2), np.repeat(tones[of_size], most))
            low = high

    def _stamp(
        self, rows: Rows, is_small: NDArray[np.bool_], tones: NDArray[np.uint32], out: Picture
    ) -> NDArray[np.bool_]:
        """Draw small round outlines as the ellipses they nearly are, in a fifth of the time; which that were."""
        shapes, turn = self.scene.shapes, self.scene.turn
        ring = shapes.first_ring[rows]
        is_round = is_small & (shapes.first_ring[rows + 1] == ring + 1) & (shapes.kinds[rows] == CLOSED)
        is_round &= shapes.first_point[ring + 1] - shapes.first_point[ring] >= ROUND
        chosen = np.flatnonzero(is_round)
        bounds = shapes.bounds.take(rows[chosen], 0)
        across, down = bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]
        most = math.ceil(STAMPED * self.scene.ratio)
        sides = np.stack((np.hypot(turn.a * across, turn.b * down), np.hypot(turn.c * across, turn.d * down)), 1)
        sides = np.clip(np.rint(sides), 1, most)
        middles = turn.applied(shapes.middles[rows[chosen]].view(np.float64).reshape(-1, 2), self.left, self.top)
        corners, sides = _whole(np.rint(middles - sides / 2)), sides.astype(np.int64)
        height, width = out.shape[:2]
        left, top = corners[:, 0], corners[:, 1]
        is_whole = (left >= 0) & (top >= 0) & (left <= width - sides[:, 0]) & (top <= height - sides[:, 1])
        corners, sides, chosen = corners[is_whole], sides[is_whole], chosen[is_whole]
        is_round[:] = False
        is_round[chosen] = True
        if len(chosen):
            flat, stride = flat_pixels(out)
            is_least = np.maximum(sides[:, 0], sides[:, 1]) * 2 <= most
            for size, part in ((most // 2, is_least), (most, ~is_least)):
                dx, dy = ellipses(size)
                at = (dy * stride + dx)[sides[part, 0], sides[part, 1]]
                at += (corners[part, 1] * stride + corners[part, 0])[:, None]
                flat[at] = tones[chosen[part]][:, None]
        return is_round

    def _near(self, ring: int, *, is_closed: bool) -> list[NDArray[np.int32]]:
        """The pieces of a ring of many points that come near the picture."""
        places = self.scene.long_rings.get(ring)
        if places is None:
            shapes = self.scene.shapes
            points = shapes.points[shapes.first_point[ring] : shapes.first_point[ring + 1]]
            places = self.scene.turn.applied(points)
            places = places[thinned(places, 0.5)]
            places = np.concatenate((places, places[:1])) if is_closed else places
            self.scene.long_rings[ring] = places
        height, width = self.out.shape[:2]
        near = pieces_near(places - (self.left + 0.5, self.top + 0.5), width, height)
        return [told(piece) for piece in near]

    def dot(self, rows: Rows, sizes: NDArray[np.float64]) -> None:
        """A dot for each mark, at least one pixel about its middle, the stronger the more marks it stands for."""
        if not len(rows):
            return
        middles = self._middles(rows)
        sides = np.clip(np.rint(sizes * (0.8 * self.scene.ratio)), 1, 4 * round(self.scene.ratio)).astype(np.int64)
        self._scatter(middles, sides, self.scene.shapes.labels[rows])

    def dot_points(self, rows: Rows) -> None:
        """Dots of separate points, as large as the scale allows."""
        if not len(rows):
            return
        shapes, scene = self.scene.shapes, self.scene
        rings = shapes.first_ring[rows]
        first = shapes.first_point[rings]
        counts = shapes.first_point[rings + 1] - first
        places = np.floor(scene.turn.applied(shapes.points[spans(first, counts)], self.left, self.top))
        scale = scene.turn.scale / scene.ratio
        side = 7 if scale >= 0.5 else 5 if scale >= 0.2 else 3 if scale >= 0.05 else 1
        sides = np.full(len(places), round(side * scene.ratio))
        self._scatter(_whole(places), sides, np.repeat(shapes.labels[rows], counts))

    def _middles(self, rows: Rows) -> NDArray[np.int64]:
        """The pixels in the middle of marks."""
        middles = self.scene.shapes.middles[rows].view(np.float64).reshape(-1, 2)
        return _whole(np.floor(self.scene.turn.applied(middles, self.left, self.top)))

    def _inside(self, places: NDArray[np.int64]) -> NDArray[np.bool_]:
        height, width = self.out.shape[:2]
        return (places[:, 0] >= 0) & (places[:, 0] < width) & (places[:, 1] >= 0) & (places[:, 1] < height)

    def _scatter(self, middles: NDArray[np.int64], sides: NDArray[np.int64], labels: NDArray[np.int32]) -> None:
        """Squares about pixels, those that stand for more marks over those that stand for fewer."""
        flat, stride = flat_pixels(self.out)
        inside = self._inside(middles)
        if not inside.any():
            return
        # One number tells place, label and side: what falls on one pixel follows each other once they are sorted.
        told = (middles[:, 1] * stride + middles[:, 0]) << 32 | labels.astype(np.int64) << 8 | sides
        told = told[inside]
        told.sort()
        at = told >> 32
        ends = np.flatnonzero(np.append(at[1:] != at[:-1], True))
        counts = np.minimum(np.diff(ends, prepend=-1), len(DOT_ALPHA) - 1).astype(np.uint8)
        ends, counts = (ends, counts) if counts.max() == 1 else _in_order(ends, counts)
        at, told = at[ends], told[ends]
        alpha = (DOT_ALPHA * 255).astype(np.uint16)[None, :, None]
        known = self.scene.colours[:, None].astype(np.uint16) * alpha // 255
        shades = np.concatenate((known, np.broadcast_to(alpha, (*known.shape[:2], 1))), 2).astype(np.uint8)
        tones = shades.view(np.uint32)[(told >> 8) & 0xFFFFFF, counts, 0]
        sides = told & 255
        for side in np.flatnonzero(np.bincount(sides)).tolist():
            of_side = sides == side
            fill_squares(flat, stride, self.out.shape[:2], at[of_side], side, tones[of_side])


def _in_order(ends: Rows, counts: NDArray[np.uint8]) -> tuple[Rows, NDArray[np.uint8]]:
    order = np.argsort(counts, kind="stable")
    return ends[order], counts[order]


def _whole(places: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.clip(places, -FARTHEST, FARTHEST).astype(np.int64)
