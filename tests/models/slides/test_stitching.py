"""Pieces put together across blocks."""

import random

import numpy as np
import pytest

from imaging.geometry import Plane
from models.package import load_package
from models.slides.decoding import rules_of
from models.slides.grid import SlideGrid
from models.slides.parts import part_of
from models.slides.spill import Spill
from models.slides.stitching import Stitcher
from tests.models.graphs import manifest_of, pixel_map, write_package
from tests.models.slides.made import blobs, instances

X, Y = 37, 59


@pytest.fixture
def seeded(tmp_path):
    return load_package(instances(tmp_path / "seeded"))


@pytest.fixture
def labelled(tmp_path):
    manifest = manifest_of("segment", {"as": "map", "activation": "sigmoid"}, ("one", "two"))
    return load_package(write_package(tmp_path / "labelled", manifest, pixel_map([1, 1], [0, 0])))


def maps_of(package, seed=0, fine=4.0):
    grey = blobs(330, 290, seed, fine)
    if package.task == "instances":
        return np.stack([np.where(grey > 110, grey, 0).astype(np.uint8), grey])
    return np.stack([np.where(grey > 100, np.where(grey > 140, 2, 1), 0).astype(np.uint8), grey])


def pieced(package, maps, core, group, *, shuffled=False, x=X, y=Y):
    """Everything found of maps that come block by block."""
    height, width = maps.shape[1:]
    bounds = (x, y, x + width, y + height)
    grid = SlideGrid(Plane(), 0, (1.0, 1.0), (1.0, 1.0), (core, core), (0, 0), bounds, (group, group))
    columns, rows = grid.blocks()
    blocks = [(column, row) for row in rows for column in columns]
    if shuffled:
        random.Random(core).shuffle(blocks)
    components, decode = rules_of(package)
    stitcher = Stitcher(grid, blocks, decode)
    found = []
    for block in blocks:
        x0, y0, x1, y1 = grid.rectangle(block)
        is_open = (y0 > y, y1 < y + height, x0 > x, x1 < x + width)
        part = part_of(maps[:, y0 - y : y1 - y, x0 - x : x1 - x], x0, y0, is_open, components, decode)
        found += stitcher.add(block, part)
    stitcher.close()
    return sorted(
        (f.y, f.x, f.label, f.area, f.total, f.sum_x, f.sum_y, tuple(ring.tobytes() for ring in f.rings)) for f in found
    )


@pytest.mark.parametrize("kind", ["seeded", "labelled"])
@pytest.mark.parametrize("fine", [2.0, 6.0])
def test_neither_blocks_nor_their_order_show(request, kind, fine):
    package = request.getfixturevalue(kind)
    maps = maps_of(package, fine=fine)
    whole = pieced(package, maps, 500, 2)
    assert len(whole) > 20
    for core, group in ((17, 1), (50, 3), (64, 2)):
        for shuffled in (False, True):
            assert pieced(package, maps, core, group, shuffled=shuffled) == whole


@pytest.mark.parametrize("kind", ["seeded", "labelled"])
def test_giants_are_cut_along_lines_that_do_not_depend_on_blocks(request, monkeypatch, kind):
    monkeypatch.setattr("models.slides.stitching.GIANT", 120)
    monkeypatch.setattr("models.slides.stitching.CUT", 50)
    package = request.getfixturevalue(kind)
    maps = maps_of(package, fine=7.0)
    cut = pieced(package, maps, 60, 2)
    for core, group in ((13, 1), (50, 1), (29, 3)):
        for shuffled in (False, True):
            assert pieced(package, maps, core, group, shuffled=shuffled) == cut
    areas = sum(row[3] for row in cut)
    monkeypatch.setattr("models.slides.stitching.GIANT", 4096)
    uncut = pieced(package, maps, 60, 2)
    assert len(cut) > len(uncut)
    assert 0 <= sum(row[3] for row in uncut) - areas < 0.02 * areas  # crumbs of a cut may be too small to count


def test_pieces_that_wait_beyond_the_bound_wait_in_a_file():
    spill = Spill(in_memory=100)
    pieces = [np.full((2, 6, 6), value, np.uint8) for value in range(5)]
    tokens = [spill.put(piece) for piece in pieces]
    for token, piece in zip(tokens, pieces, strict=True):
        assert (spill.get(token) == piece).all()
    for token in tokens:
        spill.drop(token)
    assert (spill.get(spill.put(pieces[3])) == 3).all()
    spill.close()
