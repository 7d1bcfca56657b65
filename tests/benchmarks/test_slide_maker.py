import itertools
from pathlib import Path

import numpy as np
import openslide
import pytest
import tifffile
from numpy.typing import NDArray

from tests.benchmarks.slide_maker import make_slide
from tests.benchmarks.slide_maps import Layout, Recipe
from tests.benchmarks.slide_walk import walk

WIDTH, HEIGHT = 2500, 1900

pytestmark = pytest.mark.slow


def recipe(layout: Layout) -> Recipe:
    return Recipe(WIDTH, HEIGHT, layout=layout, tile=240 if layout == "svs" else 256)


@pytest.fixture(scope="module", params=["tiff", "svs"])
def slide(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Layout]:
    layout: Layout = request.param
    return make_slide(tmp_path_factory.mktemp("made") / recipe(layout).name, recipe(layout)), layout


def test_a_made_slide_opens_elsewhere_with_its_levels_and_pixel_size(slide: tuple[Path, Layout]) -> None:
    path, layout = slide
    with openslide.OpenSlide(str(path)) as opened:
        assert opened.level_dimensions == tuple(recipe(layout).sizes())
        assert opened.properties["openslide.vendor"] == ("aperio" if layout == "svs" else "generic-tiff")
        assert float(opened.properties["openslide.mpp-x"]) == pytest.approx(0.25)
        assert opened.properties.get("openslide.objective-power") == ("40" if layout == "svs" else None)
        assert set(opened.associated_images) == ({"thumbnail", "label", "macro"} if layout == "svs" else set())


def test_two_readers_see_the_same_pixels(slide: tuple[Path, Layout]) -> None:
    path, _ = slide
    with openslide.OpenSlide(str(path)) as opened, tifffile.TiffFile(path) as file:
        for number, level in enumerate(file.series[0].levels):
            size = opened.level_dimensions[number]
            seen = np.asarray(opened.read_region((0, 0), number, size).convert("RGB"))
            assert np.array_equal(seen, level.asarray())


def test_lower_levels_are_the_upper_ones_made_smaller(slide: tuple[Path, Layout]) -> None:
    path, layout = slide
    with tifffile.TiffFile(path) as file:
        levels: list[NDArray[np.uint8]] = [level.asarray() for level in file.series[0].levels]
    step = 4 if layout == "svs" else 2
    for upper, lower in itertools.pairwise(levels):
        rows, columns = lower.shape[:2]
        parts = upper[: rows * step, : columns * step].astype(np.float32).reshape(rows, step, columns, step, 3)
        assert float(np.abs(parts.mean(axis=(1, 3)) - lower).mean()) < 4


def test_much_of_it_is_tissue_and_much_is_glass(slide: tuple[Path, Layout]) -> None:
    path, _ = slide
    with tifffile.TiffFile(path) as file:
        small = file.series[0].levels[-1].asarray()
    assert 0.25 < float((small.min(axis=2) < 215).mean()) < 0.8


def test_the_same_recipe_gives_the_same_file(slide: tuple[Path, Layout], tmp_path: Path) -> None:
    path, layout = slide
    again = make_slide(tmp_path / path.name, recipe(layout), threads=1)
    assert again.read_bytes() == path.read_bytes()


def test_a_walk_is_the_same_each_time_and_always_moves() -> None:
    first = walk(100_000, 80_000)
    assert first == walk(100_000, 80_000)
    assert len(first) == 60
    assert all(one != other for one, other in itertools.pairwise(first))
