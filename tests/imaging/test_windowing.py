"""Windows, presets and look-up tables against a plain formula."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imaging.geometry import Size
from imaging.scan import Rescale, ScanInfo, Window
from imaging.windowing import apply_table, default_windows, grey_table, load_opencv, look_up, pack_rgb, value_range

SMALL = ("uint8", "int8", "uint16", "int16", "bool")
WIDE = ("int32", "uint32", "float32", "float64", "int64")


def plain(plane: np.ndarray, rescale: Rescale, window: Window, inverted: bool) -> np.ndarray:
    """The formula of the documentation, pixel by pixel in double precision."""
    value = plane.astype(np.float64) * rescale.slope + rescale.intercept
    share = np.clip((value - window.low) / (window.high - window.low), 0, 1)
    grey = np.rint(share * 255)
    return 255 - grey if inverted else grey


def shown(plane: np.ndarray, rescale: Rescale, window: Window, inverted: bool = False) -> np.ndarray:
    out = np.empty(plane.shape, np.uint32)
    apply_table(grey_table(rescale, window, plane.dtype, inverted), plane, out)
    return out


rescales = st.builds(
    Rescale, st.sampled_from([1.0, 0.5, 2.0, -1.0, 0.001, 13.7]), st.sampled_from([0.0, -1024.0, 7.25])
)
windows = st.builds(Window, st.floats(-3000, 3000), st.floats(1, 5000))


@given(data=st.data(), kind=st.sampled_from(SMALL), rescale=rescales, window=windows, inverted=st.booleans())
def test_tables_of_small_types_are_the_formula(data, kind, rescale, window, inverted):
    plane = data.draw(arrays(kind, (5, 7)))
    out = shown(plane, rescale, window, inverted)
    expected = plain(plane, rescale, window, inverted)
    assert np.array_equal(out & 0xFF, expected)
    assert np.array_equal((out >> 8) & 0xFF, expected)
    assert np.array_equal((out >> 16) & 0xFF, expected)
    assert np.all(out >> 24 == 0xFF)


@given(data=st.data(), kind=st.sampled_from(WIDE), rescale=rescales, window=windows, inverted=st.booleans())
def test_wide_types_are_within_one_grey_of_the_formula(data, kind, rescale, window, inverted):
    values = st.integers(0, 4000) if kind.startswith("u") else st.integers(-4000, 4000)
    plane = data.draw(arrays(kind, (5, 7), elements=values))
    out = (shown(plane, rescale, window, inverted) & 0xFF).astype(int)
    assert np.abs(out - plain(plane, rescale, window, inverted)).max() <= 1


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_not_a_number_is_black_and_infinities_are_the_ends(kind):
    plane = np.array([[np.nan, -np.inf, np.inf, 50]], kind)
    assert (shown(plane, Rescale(), Window(50, 100)) & 0xFF).tolist() == [[0, 0, 255, 128]]


def test_strided_planes_of_other_axes_are_shown_the_same():
    volume = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6) - 60
    plane = volume[:, :, 3]
    assert np.array_equal(shown(plane, Rescale(), Window(0, 80)), shown(plane.copy(), Rescale(), Window(0, 80)))


def test_colour_is_packed_as_red_green_blue():
    plane = np.array([[[1, 2, 3], [255, 0, 128]]], np.uint8)
    assert pack_rgb(plane, np.empty((1, 2), np.uint32)).tolist() == [[0xFF010203, 0xFFFF0080]]


def info(**facts) -> ScanInfo:
    return replace(ScanInfo("x", "x", "volume", Size(4, 4, 4), "int16"), **facts)


def test_the_files_own_window_leads_and_ct_presets_follow():
    own = Window(300, 600, "file")
    offered = default_windows(info(modality="CT", windows=(own,)), np.arange(100, dtype=np.int16))
    assert offered[0] == own
    assert {"Abdomen", "Lung", "Bone", "Brain", "Mediastinum"} <= {window.name for window in offered}


def test_a_scan_without_windows_gets_one_that_spans_its_values():
    offered = default_windows(info(modality="MR"), np.linspace(0, 1000, 5000).astype(np.int16))
    assert offered[0].name == "Automatic"
    assert offered[0].low == pytest.approx(5, abs=2)
    assert offered[0].high == pytest.approx(995, abs=2)


def test_a_constant_or_empty_scan_still_has_windows_with_width():
    for sample in (np.zeros((3, 3), np.int16), np.full((2, 2), np.nan, np.float32), np.zeros((0, 0), np.int16)):
        assert all(window.width > 0 for window in default_windows(info(dtype=sample.dtype.name), sample))


def test_colour_has_no_windows():
    assert default_windows(info(channels=3, dtype="uint8"), np.zeros((2, 2, 3), np.uint8)) == ()


def test_value_range_is_in_modality_values_and_skips_infinities():
    sample = np.array([[1, np.inf, 3, np.nan]], np.float32)
    assert value_range(info(rescale=Rescale(-2, 10)), sample) == (4, 8)


def test_a_real_ct_slice_matches_the_formula(data: Path):
    import pydicom

    dataset = pydicom.dcmread(data / "dicom/pydicom/CT_small.dcm")
    plane = dataset.pixel_array
    rescale, window = Rescale(1, -1024, "HU"), Window(40, 400)
    assert np.array_equal(shown(plane, rescale, window) & 0xFF, plain(plane, rescale, window, False))


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
@pytest.mark.parametrize("has_opencv", [True, False])
def test_a_look_up_finds_the_same_with_and_without_opencv(monkeypatch, kind, has_opencv):
    load_opencv()
    if not has_opencv:
        monkeypatch.delitem(sys.modules, "cv2")
    rng = np.random.default_rng(1)
    count = 256 if kind == "uint8" else 65536
    entries = rng.integers(0, 1 << 32, count, np.uint32)
    stored = rng.integers(0, count, (700, 900)).astype(kind)
    for index in (stored, stored[::-2, 5:], stored.T, stored[:0], stored[:, :0]):
        index.flags.writeable = False
        out = np.empty(index.shape, np.uint32)
        assert look_up(entries, index, out) is out
        assert np.array_equal(out, entries[index])
        turned = np.empty(index.T.shape, np.uint32).T[::-1]
        assert np.array_equal(look_up(entries, index, turned), entries[index])
    part = np.zeros((800, 1000), np.uint32)
    look_up(entries, stored, part[50:750, 20:920])
    assert np.array_equal(part[50:750, 20:920], entries[stored])
    assert part[:50].sum() + part[:, :20].sum() + part[750:].sum() + part[:, 920:].sum() == 0
