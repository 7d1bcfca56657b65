"""Where the tissue of a slide lies."""

import cv2
import numpy as np
import pytest

from imaging.geometry import Plane
from imaging.progress import Cancelled, Progress, silent
from imaging.scan import Channel
from models.tissue import TISSUE, find_tissue
from tests.models.slides.made import MadeSlide


def slide_of(draw, **changes):
    """Glass with something drawn on it, a little noisy."""
    pixels = np.full((900, 1200, 3), 243, np.uint8)
    draw(pixels)
    noise = np.random.default_rng(2).integers(-3, 4, pixels.shape)
    return MadeSlide(np.clip(pixels + noise, 0, 255).astype(np.uint8), tile=128, levels=3, **changes)


def pink(pixels):
    cv2.circle(pixels, (400, 450), 250, (205, 130, 180), -1)
    cv2.circle(pixels, (400, 450), 90, (243, 243, 243), -1)
    cv2.rectangle(pixels, (900, 100), (1050, 300), (150, 90, 160), -1)
    cv2.circle(pixels, (800, 800), 3, (90, 40, 120), -1)


def area(ring):
    x, y = np.asarray(ring, np.float64).T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def test_tissue_is_outlined_with_its_holes_and_without_specks():
    first, second = find_tissue(slide_of(pink), silent())
    assert area(first.exterior) == pytest.approx(np.pi * 250**2, rel=0.03)
    assert [area(hole) for hole in first.holes] == [pytest.approx(np.pi * 90**2, rel=0.06)]
    assert area(second.exterior) == pytest.approx(150 * 200, rel=0.05)
    assert first.plane == Plane()
    assert TISSUE.id == "tissue"


def test_a_large_slide_is_looked_at_small_and_outlined_in_its_own_pixels():
    def large(pixels):
        pixels[:] = 243

    slide = slide_of(large)
    big = np.full((2600, 5000, 3), 243, np.uint8)
    cv2.rectangle(big, (1000, 500), (3999, 1999), (180, 100, 160), -1)
    slide = MadeSlide(big, tile=256, levels=3)
    (outline,) = find_tissue(slide, silent())
    xs, ys = zip(*outline.exterior, strict=True)
    assert (min(xs), max(xs)) == (pytest.approx(1000, abs=8), pytest.approx(4000, abs=8))
    assert (min(ys), max(ys)) == (pytest.approx(500, abs=8), pytest.approx(2000, abs=8))


@pytest.mark.parametrize("grey", [243, 255, 205, 0])
def test_empty_glass_has_no_tissue(grey):
    def empty(pixels):
        pixels[:] = grey

    assert find_tissue(slide_of(empty), silent()) == ()


def test_fluorescence_is_told_by_its_light():
    light = np.random.default_rng(1).poisson(20, (700, 900)).astype(np.uint16)
    chance = np.random.default_rng(4)
    for x, y in chance.integers(0, 300, (900, 2)):
        cv2.circle(light, (int(x) + 100, int(y) + 200), 3, 900, -1)
    slide = MadeSlide(light, tile=128, fluorescence=(Channel("DAPI", 0x0000FF),))
    (outline,) = find_tissue(slide, silent())
    assert area(outline.exterior) == pytest.approx(300 * 300, rel=0.15)


def test_the_look_can_be_stopped():
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        find_tissue(slide_of(pink), progress)
