"""Regions larger than memory: what is asked of the scan stays bounded."""

import numpy as np
import pytest

from imaging.geometry import Plane, Region, Size
from imaging.progress import Cancelled, Progress, silent
from imaging.scan import Level, ScanInfo
from models.catalogue import open_folder
from models.reading import LARGEST_READ, blocks
from tests.models.graphs import constant_outputs, manifest_of, mean_classifier, pixel_map, shape, write_package

WIDTH, HEIGHT = 100_000, 80_000


class HugeSlide:
    """A slide of 100,000 × 80,000 pixels, made as it is read."""

    def __init__(self, width=WIDTH, height=HEIGHT):
        levels = tuple(Level(width // n, height // n, float(n)) for n in (1, 4, 16))
        self.info = ScanInfo("huge", "test", "slide", Size(width, height), "uint8", 3, levels=levels)
        self.asked = []

    def read(self, region: Region, downsample: float = 1.0):
        rows, columns = max(1, round(region.height / downsample)), max(1, round(region.width / downsample))
        self.asked.append(rows * columns)
        assert rows * columns <= LARGEST_READ * 1.01
        return np.full((rows, columns, 3), 200, np.uint8)

    def close(self):
        pass


def rgb(manifest):
    manifest["input"]["channels"] = "rgb"
    return manifest


def test_a_whole_slide_is_classified_from_a_smaller_view_of_it(tmp_path):
    manifest = rgb(manifest_of("classify", {"as": "scores", "activation": "softmax"}, ("a", "b"), "logits"))
    predictor = open_folder(write_package(tmp_path, manifest, mean_classifier(np.ones((3, 2)), [0, 1], 3)))
    slide = HugeSlide()
    answer = predictor.predict(slide, "", None, silent())
    assert answer.proposals[0].label == "b"
    assert max(slide.asked) < 100 * 100


def test_a_whole_slide_is_segmented_block_by_block_until_it_is_stopped(tmp_path):
    manifest = manifest_of("segment", {"as": "map", "activation": "sigmoid"})
    manifest["input"]["size"] = {"policy": "tiles", "width": 2048, "height": 2048, "halo": 16}
    predictor = open_folder(write_package(tmp_path, manifest, pixel_map([1], [0])))
    slide, progress, told = HugeSlide(), Progress(), []

    def stop_after_the_first_block(proposals):
        told.append(proposals)
        progress.cancel()

    with pytest.raises(Cancelled):
        predictor.predict(slide, "", Region(Plane(), 0, 0, 30_000, 600), progress, partial=stop_after_the_first_block)
    assert len(told) == 1
    assert max(slide.asked) < 12_000 * 12_000


def test_a_detector_in_tiles_reads_block_by_block(tmp_path):
    rows = np.zeros((1, 5, 1), np.float32)
    rows[0, :, 0] = (50, 50, 20, 20, 0.9)
    manifest = rgb(manifest_of("detect", {"as": "yolo", "classes": 1}, ("cell",), "boxes"))
    manifest["input"]["size"] = {"policy": "tiles", "width": 1000, "height": 1000}
    predictor = open_folder(write_package(tmp_path, manifest, constant_outputs(3, 1000, 1000, boxes=rows)))
    slide = HugeSlide()
    answer = predictor.predict(slide, "", Region(Plane(), 40_000, 0, 9000, 1500), silent())
    assert max(slide.asked) <= (4096 + 2 * 500) * 1500
    assert min(shape(one).x for one in answer.proposals) == 40_040
    assert len(answer.proposals) >= 18


def test_blocks_cover_a_region_once_with_their_context_inside_it():
    region = Region(Plane(0, 3), 7, 5, 1000, 333)
    covered = np.zeros((333, 1000), int)
    for outer, inner in blocks(region, 256, 32):
        assert inner.width <= 256
        assert inner.height <= 256
        assert outer.x >= 7
        assert outer.x + outer.width <= 1007
        assert outer.x <= inner.x
        assert inner.x + inner.width <= outer.x + outer.width
        covered[inner.y - 5 : inner.y - 5 + inner.height, inner.x - 7 : inner.x - 7 + inner.width] += 1
    assert (covered == 1).all()
