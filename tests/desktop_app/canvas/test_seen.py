"""What was seen: the greatest scale in each cell, kept in a small frozen grid."""

from dataclasses import replace

import pytest

from desktop_app.canvas.seen import LONGEST, Seen
from desktop_app.canvas.viewport import Viewport
from imaging.geometry import Plane

WIDTH, HEIGHT = 100_000, 80_000


def view(x: float, y: float, scale: float) -> Viewport:
    return Viewport(Plane(), WIDTH, HEIGHT, 1000, 800, (x, y), scale)


def test_nothing_is_seen_at_first_and_the_grid_is_small() -> None:
    seen = Seen.of(WIDTH, HEIGHT)
    assert seen.share(0.0001) == 0
    assert seen.scale_at(50_000, 40_000) == 0
    assert seen.cells.nbytes <= LONGEST * LONGEST


def test_what_was_on_screen_is_seen_and_the_rest_is_not() -> None:
    seen = Seen.of(WIDTH, HEIGHT).after(view(50_000, 40_000, 0.1))
    assert seen.scale_at(50_000, 40_000) == pytest.approx(0.1, rel=0.1)
    assert seen.scale_at(46_000, 37_000) > 0
    assert seen.scale_at(40_000, 40_000) == 0
    assert seen.share(0.1) == pytest.approx(0.01, rel=0.1)


def test_the_greatest_power_stays() -> None:
    close = Seen.of(WIDTH, HEIGHT).after(view(50_000, 40_000, 0.5))
    assert close.after(view(50_000, 40_000, 0.5)) is close
    both = close.after(view(50_000, 40_000, 0.05))
    assert both.scale_at(50_000, 40_000) == pytest.approx(0.5, rel=0.1)
    assert both.scale_at(42_000, 40_000) == pytest.approx(0.05, rel=0.1)
    assert close.scale_at(42_000, 40_000) == 0


def test_only_what_lies_inside_a_turned_view_counts() -> None:
    class Turned(Viewport):
        """Seen turned by a quarter: its field of view stands upright."""

        __slots__ = ()

        def to_screen(self, x: float, y: float) -> tuple[float, float]:
            dx, dy = x - self.centre[0], y - self.centre[1]
            return self.width / 2 - dy * self.scale, self.height / 2 + dx * self.scale

        def to_plane(self, sx: float, sy: float) -> tuple[float, float]:
            dx, dy = (sx - self.width / 2) / self.scale, (sy - self.height / 2) / self.scale
            return self.centre[0] + dy, self.centre[1] - dx

    turned = Turned(Plane(), WIDTH, HEIGHT, 1000, 800, (50_000, 40_000), 0.1)
    seen = Seen.of(WIDTH, HEIGHT).after(turned)
    assert seen.scale_at(50_000, 44_500) > 0
    assert seen.scale_at(54_500, 40_000) == 0


def test_a_view_beside_the_plane_shows_nothing() -> None:
    seen = Seen.of(WIDTH, HEIGHT)
    assert seen.after(replace(view(0, 0, 1.0), centre=(-5_000.0, -5_000.0))) is seen
    assert Seen.of(0, 0).after(view(0, 0, 1.0)).share(1.0) == 0
