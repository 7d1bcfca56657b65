"""Masks as palette entries: against plain arrays."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dataset.mask import Mask, mask_of_plane
from desktop_app.canvas.overlay import MaskLook, Palette, changed_area, compose, share_of
from desktop_app.canvas.source import Part
from imaging.geometry import Plane, Region

PLANE = Plane(0, 2)
WIDE, HIGH = 300, 280
WHOLE = Part(Region(PLANE, 0, 0, WIDE, HIGH))


def disc(x: float, y: float, radius: float) -> NDArray[np.bool_]:
    rows, columns = np.ogrid[0:HIGH, 0:WIDE]
    return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


def mask(bits: NDArray[np.bool_]) -> Mask:
    return mask_of_plane(bits, PLANE.index)


def composed(looks: list[MaskLook], part: Part = WHOLE, palette: Palette | None = None) -> NDArray[np.uint16]:
    out = np.full(part.shape, 7, np.uint16)
    compose(looks, part, palette or Palette(), out)
    return out


discs = st.tuples(st.floats(0, WIDE), st.floats(0, HIGH), st.floats(0, 90))


@given(discs, discs)
def test_every_set_pixel_is_in_the_overlay_and_no_other(one: tuple[float, ...], other: tuple[float, ...]) -> None:
    first, second = disc(*one), disc(*other)
    out = composed([MaskLook("a", mask(first), 0xFF0000), MaskLook("b", mask(second), 0x00FF00)])
    assert np.array_equal(out != 0, first | second)
    assert not np.any((out & 255) != 0)


def test_the_rim_is_the_outermost_pixels_even_across_tiles() -> None:
    bits = disc(256, 200, 40)
    palette = Palette()
    out = composed([MaskLook("a", mask(bits), 0xFF0000)], palette=palette)
    edge = palette.number(0xFF0000, "edge") << 8
    padded = np.pad(bits, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    assert np.array_equal(out == edge, bits & ~inner)


@given(discs, st.integers(0, 200), st.integers(0, 200), st.integers(1, 100), st.integers(1, 80))
def test_a_part_shows_the_same_as_the_whole(spot: tuple[float, ...], x: int, y: int, width: int, height: int) -> None:
    looks = [MaskLook("a", mask(disc(*spot)), 0xFF0000)]
    part = Part(Region(PLANE, x, y, width, height))
    assert np.array_equal(composed(looks, part), composed(looks)[y : y + height, x : x + width])


@given(discs, discs, discs, st.booleans())
def test_composing_only_what_changed_gives_the_same_as_composing_all(
    one: tuple[float, ...], other: tuple[float, ...], stroke: tuple[float, ...], paints: bool
) -> None:
    before = [MaskLook("a", mask(disc(*one)), 0xFF0000), MaskLook("b", mask(disc(*other)), 0x00FF00)]
    changed = before[0].mask.painted(PLANE.index, 0, 0, disc(*stroke), value=paints)
    after = [MaskLook("a", changed, 0xFF0000), before[1]]
    palette = Palette()
    out = composed(before, palette=palette)
    area = changed_area(before, after, WHOLE.region)
    if area is not None:
        compose(after, WHOLE, palette, out, area)
    assert np.array_equal(out, composed(after, palette=palette))


def test_a_stroke_changes_no_more_than_its_own_rectangle() -> None:
    before = mask(disc(150, 140, 100))
    after = before.painted(PLANE.index, 20, 30, np.ones((6, 8), np.bool_), value=True)
    area = changed_area([MaskLook("a", before, 1)], [MaskLook("a", after, 1)], WHOLE.region)
    assert area == (19, 29, 29, 37)


def test_selecting_recolouring_adding_and_removing_change_the_area_of_the_mask() -> None:
    square = np.zeros((HIGH, WIDE), np.bool_)
    square[10:20, 30:50] = True
    look = MaskLook("a", mask(square), 1)
    around = (29, 9, 51, 21)
    assert changed_area([look], [MaskLook("a", look.mask, 1, is_selected=True)], WHOLE.region) == around
    assert changed_area([look], [MaskLook("a", look.mask, 2)], WHOLE.region) == around
    assert changed_area([look], [], WHOLE.region) == around
    assert changed_area([], [look], WHOLE.region) == around
    assert changed_area([look], [look], WHOLE.region) is None
    assert changed_area([], [look], Region(Plane(0, 3), 0, 0, WIDE, HIGH)) is None


def test_another_order_is_drawn_again() -> None:
    one, other = MaskLook("a", mask(disc(50, 50, 10)), 1), MaskLook("b", mask(disc(60, 50, 10)), 2)
    assert changed_area([one, other], [other, one], WHOLE.region) is not None


def test_a_shrunk_overlay_covers_the_same_places() -> None:
    bits = disc(140, 130, 60)
    part = Part(Region(PLANE, 0, 0, WIDE, HIGH), 4.0)
    out = composed([MaskLook("a", mask(bits), 0xFF0000)], part)
    assert out.shape == (70, 75)
    assert np.array_equal(out != 0, bits[2::4, 2::4])


def test_the_palette_mixes_grey_and_colour_by_the_opacity() -> None:
    palette = Palette()
    number = palette.number(0xFF8000, "fill")
    table = palette.grey_table(0.25)
    assert table[100] == 0xFF646464
    mixed = int(table[number * 256 + 100])
    assert [mixed >> shift & 255 for shift in (24, 16, 8, 0)] == [255, 139, 107, 75]


def test_more_colours_than_the_palette_holds_share_the_last_entry() -> None:
    palette = Palette()
    numbers = [palette.number(colour, "fill") for colour in range(400)]
    assert max(numbers) == 255
    assert len(palette) == 256
    assert palette.grey_table(0.5).size == 256 * 256


def test_without_opacity_nothing_is_mixed_in() -> None:
    assert all(share_of(role, 0.0) == 0 for role in ("fill", "edge", "proposed", "proposed edge", "selected edge"))
