"""Kept pixels and NRRD files that are not what they should be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dataset.errors import DatasetProblem
from dataset.facts import Malformed
from dataset.nrrd import decode_nrrd, encode_nrrd
from dataset.pixels import decode_pixels, encode_pixels
from tests.dataset.scans import picture, volume


def test_values_that_cannot_be_kept_are_said_to_be_so() -> None:
    with pytest.raises(DatasetProblem, match="complex64"):
        encode_pixels(np.zeros((1, 2, 2), np.complex64), picture().info)


def test_a_png_of_another_size_or_cut_short_is_refused() -> None:
    scan = picture()
    name, data = encode_pixels(scan.voxels(), scan.info)
    assert name == "scan.png"
    with pytest.raises(Malformed, match="48 × 32"):
        decode_pixels(data, volume().info)
    with pytest.raises(Malformed, match="no whole PNG"):
        decode_pixels(data[:60], scan.info)


def test_an_nrrd_larger_than_its_scan_is_refused_before_it_takes_memory() -> None:
    scan = volume()
    _name, data = encode_pixels(scan.voxels(), scan.info)
    huge = data.replace(b"sizes: 20 16 6", b"sizes: 200000 16000 6000")
    with pytest.raises(Malformed, match="more than"):
        decode_pixels(huge, scan.info)


def with_header(old: bytes, new: bytes) -> bytes:
    data = encode_nrrd(np.arange(24, dtype=np.int16).reshape(2, 3, 4), fields={"note": "a\nb\\n"})
    assert old in data
    return data.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"gzip", b"raw"), (b"sizes: 4 3 2", b"sizes: 4 x 2"), (b"sizes: 4 3 2", b"sizes: 4 3"),
        (b"sizes: 4 3 2", b"sizes: 4 3 0"), (b"type: int16", b"type: block"), (b"sizes: 4 3 2", b"sizes: 4 3 3"),
        (b"sizes: 4 3 2", b"sizes: 4 3 1"),
    ],
)  # fmt: skip
def test_headers_that_lie_are_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(Malformed):
        decode_nrrd(with_header(old, new), 10_000)


def test_fields_come_back_with_their_line_breaks() -> None:
    array, fields = decode_nrrd(with_header(b"gzip", b"gzip"), 10_000)
    assert fields == {"note": "a\nb\\n"}
    np.testing.assert_array_equal(array.ravel(), np.arange(24))


def test_spacing_without_a_place_is_said_as_spacing() -> None:
    data = encode_nrrd(np.zeros((2, 3, 4), np.uint8), spacing=(0.5, 0.25, 3.0))
    assert b"spacings: 0.5 0.25 3.0\n" in data
    unknown = encode_nrrd(np.zeros((2, 3, 4), np.uint8), spacing=(0.5, None, 3.0))
    assert b"spac" not in unknown


def test_a_scan_described_by_a_number_that_is_none_is_refused() -> None:
    from dataset.groups import Shares
    from dataset.intake import take_in
    from imaging.loaded import LoadedScan
    from imaging.progress import silent
    from imaging.scan import Window

    scan = picture()
    broken = LoadedScan(replace(scan.info, windows=(Window(float("nan"), 1.0),)), scan.voxels())
    taken = take_in(broken, "k", "", b"key", Shares(), silent(), keep_pixels=True)
    with pytest.raises(DatasetProblem, match="not finite"):
        taken.files("train")
