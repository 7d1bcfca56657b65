"""The picture before it is scaled: against the window applied by hand, however it was reached."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dataset.mask import mask_of_plane
from desktop_app.canvas.overlay import MaskLook
from desktop_app.canvas.picture import Picture
from desktop_app.canvas.source import ScanParts
from desktop_app.canvas.viewport import Viewport
from desktop_app.display import Display
from imaging.geometry import Axis, Orientation, Plane
from imaging.scan import Window
from tests.desktop_app.canvas.known import FULL, ramp, scan_of

PLAIN = Display(window=FULL)


def port(plane: Plane = Plane(), size: tuple[int, int] = (60, 40), turn: Orientation = Orientation()) -> Viewport:  # noqa: B008
    width, height = size
    side = max(size)
    return Viewport(plane, width, height, side, side, (width / 2, height / 2), 1.0, orientation=turn)


def greys(pixels: NDArray[np.uint32]) -> NDArray[np.uint8]:
    assert np.all(pixels >> 24 == 255)
    grey = (pixels & 255).astype(np.uint8)
    assert np.array_equal(pixels & 0xFFFFFF, grey.astype(np.uint32) * 0x010101)
    return grey


@pytest.mark.parametrize(
    "turn", [Orientation(t, x, y) for t in (False, True) for x in (False, True) for y in (False, True)]
)
@pytest.mark.parametrize(("axis", "size"), [(0, (60, 40)), (1, (60, 3)), (2, (40, 3))])
def test_the_plane_is_shown_turned(axis: Axis, size: tuple[int, int], turn: Orientation) -> None:
    voxels = ramp()
    stored = (voxels[1], voxels[:, 1], voxels[:, :, 1])[axis]
    patch = Picture(ScanParts(scan_of(voxels))).patch(port(Plane(axis, 1), size, turn), PLAIN)
    assert patch is not None
    wanted = stored.T if turn.transpose else stored
    wanted = wanted[:: -1 if turn.flip_y else 1, :: -1 if turn.flip_x else 1]
    assert np.array_equal(greys(patch.pixels), wanted)


def test_the_window_spans_black_to_white_and_can_be_inverted() -> None:
    voxels = np.array([[[-1000, 0, 100, 200, 3000]]], np.int16)
    picture = Picture(ScanParts(scan_of(voxels)))
    view = port(size=(5, 1))
    patch = picture.patch(view, Display(window=Window(100, 200)))
    assert patch is not None
    assert greys(patch.pixels).tolist() == [[0, 0, 128, 255, 255]]
    patch = picture.patch(view, Display(window=Window(100, 200), inverted=True))
    assert patch is not None
    assert greys(patch.pixels).tolist() == [[255, 255, 127, 0, 0]]


@pytest.mark.parametrize("kind", ["int8", "uint16", "int32", "float32"])
def test_every_stored_type_is_shown(kind: str) -> None:
    patch = Picture(ScanParts(scan_of(np.arange(12).reshape(1, 3, 4).astype(kind)))).patch(
        port(size=(4, 3)), Display(window=Window(5.5, 11))
    )
    assert patch is not None
    wanted = np.arange(12) / 11 * 255
    assert np.abs(greys(patch.pixels).reshape(-1) - wanted).max() <= 0.6


def test_without_a_window_one_is_found() -> None:
    patch = Picture(ScanParts(scan_of(ramp() // 4))).patch(port(), Display())
    assert patch is not None
    assert greys(patch.pixels).max() > 240


def test_colour_is_shown_as_it_is_and_masks_are_blended_in() -> None:
    rgb = np.zeros((1, 4, 6, 3), np.uint8)
    rgb[..., 0], rgb[..., 1], rgb[..., 2] = 200, 100, 50
    picture = Picture(ScanParts(scan_of(rgb)))
    patch = picture.patch(port(size=(6, 4)), Display())
    assert patch is not None
    assert np.all(patch.pixels == 0xFFC86432)
    bits = np.zeros((4, 6), np.bool_)
    bits[0:3, 0:3] = True
    look = MaskLook("a", mask_of_plane(bits, 0), 0x0000FF)
    patch = picture.patch(port(size=(6, 4)), Display(overlay_opacity=0.5), (look,))
    assert patch is not None
    assert int(patch.pixels[1, 1]) == 0xFF643298
    assert int(patch.pixels[3, 5]) == 0xFFC86432


def square(x: int, y: int, side: int) -> NDArray[np.bool_]:
    bits = np.zeros((40, 60), np.bool_)
    bits[y : y + side, x : x + side] = True
    return bits


steps = st.lists(
    st.sampled_from(["plane", "window", "opacity", "paint", "erase", "select", "add", "drop", "pan", "turn", "hide"]),
    min_size=1,
    max_size=8,
)


@given(steps, st.randoms(use_true_random=False), st.booleans())
def test_however_it_was_reached_the_picture_is_that_of_a_fresh_start(steps: list[str], random, colour: bool) -> None:
    voxels = ramp()
    scan = scan_of(np.stack([voxels, voxels // 2, 255 - voxels], axis=3) if colour else voxels)
    lived = Picture(ScanParts(scan))
    view, display = port(), PLAIN
    looks: tuple[MaskLook, ...] = (MaskLook("a", mask_of_plane(square(5, 5, 12), 0), 0xFF0000),)
    for number, step in enumerate(steps):
        if step == "plane":
            view = replace(view, plane=Plane(0, random.randrange(3)))
        elif step == "window":
            display = replace(display, window=Window(random.randrange(256), 1 + random.randrange(256)))
        elif step == "opacity":
            display = replace(display, overlay_opacity=random.choice([0.0, 0.3, 0.8]))
        elif step in {"paint", "erase"} and looks:
            stamp = square(random.randrange(40), random.randrange(30), 8)
            mask = looks[0].mask.painted(random.randrange(2), 0, 0, stamp, value=step == "paint")
            looks = (replace(looks[0], mask=mask), *looks[1:])
        elif step == "select":
            looks = tuple(replace(look, is_selected=random.random() < 0.5) for look in looks)
        elif step == "add":
            mask = mask_of_plane(square(random.randrange(40), 3, 20), random.randrange(2))
            looks = (*looks, MaskLook(f"m{number}", mask, random.randrange(1 << 24), is_proposal=True))
        elif step == "drop":
            looks = looks[1:]
        elif step == "pan":
            view = replace(view, centre=(random.randrange(60), random.randrange(40)), scale=random.choice([1.0, 3.0]))
        elif step == "turn":
            view = replace(view, orientation=Orientation(False, random.random() < 0.5, random.random() < 0.5))
        shown = () if step == "hide" else looks
        patch = lived.patch(view, display, shown)
        fresh = Picture(ScanParts(scan)).patch(view, display, shown)
        assert patch is not None
        assert fresh is not None
        assert patch.part == fresh.part
        assert np.array_equal(patch.pixels, fresh.pixels)
