"""Masks of slides: sparse tiled TIFFs that other programs read, and that cost what they hold."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Annotation
from dataset.facts import Malformed
from dataset.marks import read_annotations, write_marks
from dataset.mask import Mask, mask_of_plane
from imaging.geometry import Size
from imaging.scan import ScanInfo
from tests.dataset.scans import LABELS, annotation
from tests.dataset.strategies import some_annotations
from tests.dataset.test_marks import through_json

SIZE = Size(3000, 2500)
SLIDE = ScanInfo("s", "f", "slide", SIZE, "uint8", 3, spacing_mm=(0.00025, 0.0005, None))
GIANT = replace(SLIDE, size=Size(100_000, 80_000))


def square(x: int, y: int, side: int = 40) -> Mask:
    return mask_of_plane(np.broadcast_to(np.True_, (side, side)), 0, x=x, y=y)


@given(st.lists(some_annotations(Size(300, 270, 1)), max_size=5))
def test_marks_of_a_slide_come_back_exactly(marks: list[Annotation]) -> None:
    written = write_marks(marks, SLIDE, LABELS)
    assert read_annotations(through_json(written), written.files) == tuple(marks)
    assert all(name.endswith(".tif") for name in written.files)


def test_tifffile_reads_the_label_map_where_it_lies() -> None:
    import tifffile

    left, right, over = square(1000, 1010), square(2960, 2460), square(1030, 1030)
    written = write_marks([annotation(mask) for mask in (left, right, over)], SLIDE, LABELS)
    assert sorted(written.files) == ["mask-0.tif", "mask-1.tif"]
    with tifffile.TiffFile(io.BytesIO(written.files["mask-0.tif"])) as file:
        values = file.asarray()
        assert sum(count > 0 for count in file.pages[0].databytecounts) == 5  # type: ignore[union-attr]
    assert (values.shape, values.dtype) == ((2500, 3000), np.uint8)
    np.testing.assert_array_equal(values == 1, left.crop(0, 0, 0, 3000, 2500))
    np.testing.assert_array_equal(values == 2, right.crop(0, 0, 0, 3000, 2500))


def test_three_hundred_masks_make_sixteen_bits_and_planes_make_pages() -> None:
    marks = [annotation(square(n % 20 * 50, n // 20 * 50)) for n in range(300)]
    marks.append(annotation(mask_of_plane(np.ones((9, 9), np.bool_), 4, x=2000, y=7)))
    info = replace(SLIDE, size=Size(3000, 2500, 6))
    written = write_marks(marks, info, LABELS)
    assert list(written.files) == ["mask-0.tif"]
    assert read_annotations(through_json(written), written.files) == tuple(marks)


@pytest.mark.slow
def test_a_brush_over_a_giant_slide_costs_little() -> None:
    import tracemalloc

    area = mask_of_plane(np.broadcast_to(np.True_, (5000, 5000)), 0, x=31_111, y=22_222)
    area = area.painted(0, 99_990, 79_990, np.ones((10, 10), np.bool_), value=True)
    marks = [annotation(area)]
    tracemalloc.start()
    written = write_marks(marks, GIANT, LABELS)
    assert read_annotations(through_json(written), written.files) == tuple(marks)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(written.files["mask-0.tif"]) < 2 * 2**20
    assert most < 40 * 2**20  # the plane has 8,000 million pixels


def damaged(data: bytes, kind: str) -> bytes:
    import tifffile

    if kind == "cut":
        return data[: len(data) // 2]
    if kind == "flipped":
        values = bytearray(data)
        at = data.index(b"\x78")
        values[at : at + 40] = b"\xff" * 40
        return bytes(values)
    if kind == "other":
        file = io.BytesIO()
        tifffile.imwrite(file, np.zeros((2500, 3000), np.uint8), compression="zlib", tile=(512, 512))
        return file.getvalue()
    return {"nothing": b"", "noise": b"II*\x00" + b"\xff" * 200}[kind]


@pytest.mark.parametrize("kind", ["cut", "flipped", "other", "nothing", "noise"])
def test_damaged_label_maps_are_refused(kind: str) -> None:
    noisy = np.random.default_rng(1).random((300, 300)) < 0.5
    written = write_marks([annotation(mask_of_plane(noisy, 0, x=900, y=900))], SLIDE, LABELS)
    data = damaged(written.files["mask-0.tif"], kind)
    with pytest.raises(Malformed, match="mask"):
        read_annotations(through_json(written), {"mask-0.tif": data})


def test_a_mask_that_is_not_where_its_revision_says_is_refused() -> None:
    first = write_marks([annotation(square(10, 10))], SLIDE, LABELS)
    other = write_marks([annotation(square(50, 10))], SLIDE, LABELS)
    with pytest.raises(Malformed, match="not in its file"):
        read_annotations(through_json(first), other.files)
