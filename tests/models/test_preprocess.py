import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.scan import Rescale, Window
from models.package import load_package
from models.placement import fit, unfit
from models.preprocess import as_input, finish, late_steps, percentiles, prepare, range_of
from tests.models.graphs import manifest_of, mean_classifier, scan_of, write_package


def package_with(tmp_path, steps, **described):
    manifest = manifest_of("classify", {"as": "scores"}, ("a", "b"), "logits", preprocessing=steps)
    manifest["input"].update(described)
    channels = 3 if described.get("channels", "gray") != "gray" else 1
    return load_package(write_package(tmp_path / "p", manifest, mean_classifier([[1, 2]] * channels, [0, 0], channels)))


def prepared(package, stored, **info):
    scan = scan_of(stored, **info)
    plane = scan.voxels()[0]
    whole = range_of(scan.info.rescale.values(plane) if scan.info.channels == 1 else plane)
    return prepare(plane, package, scan.info, lambda _what: whole)


def test_a_window_maps_hounsfield_units_to_zero_to_one(tmp_path):
    package = package_with(tmp_path, [{"step": "window", "centre": 40, "width": 400}])
    stored = np.array([[0, 864, 1064, 1264, 4000]], np.int16)
    values = prepared(package, stored, rescale=Rescale(1, -1024, "HU"))
    assert values[0, :, 0].tolist() == [0, 0, 0.5, 1, 1]


def test_the_scans_own_window_is_used_where_the_package_asks_for_it(tmp_path):
    package = package_with(tmp_path, [{"step": "window", "from": "scan"}])
    stored = np.array([[0, 50, 100]], np.int16)
    assert prepared(package, stored, windows=(Window(50, 100),))[0, :, 0].tolist() == [0, 0.5, 1]
    assert prepared(package, np.array([[10, 20, 30]], np.int16))[0, :, 0].tolist() == [0, 0.5, 1]


def test_percentiles_are_those_of_the_whole_plane_not_of_the_region(tmp_path):
    package = package_with(tmp_path, [{"step": "percentiles", "low": 0, "high": 100}])
    scan = scan_of(np.arange(101, dtype=np.uint16).reshape(1, 101))
    part = scan.voxels()[0][:, 50:51]
    assert prepare(part, package, scan.info, lambda _what: range_of(scan.voxels()))[0, 0, 0] == pytest.approx(0.5)


def test_monochrome1_is_inverted_first_so_that_high_is_bright(tmp_path):
    stored = np.array([[0, 25, 100]], np.uint16)
    for steps in (
        [{"step": "percentiles", "low": 0, "high": 100}],
        [{"step": "window", "centre": 50, "width": 100}],
        [{"step": "window", "from": "scan"}],
        [{"step": "eight-bit"}, {"step": "divide", "by": 255}],
    ):
        package = package_with(tmp_path, steps)
        values = finish(prepared(package, stored, inverted=True), late_steps(package))
        assert values[0, :, 0] == pytest.approx([1, 0.75, 0], abs=1e-6)


def test_eight_bit_pixels_stay_as_they_are_and_others_fill_the_range(tmp_path):
    package = package_with(tmp_path, [{"step": "eight-bit"}])
    assert prepared(package, np.array([[7, 9]], np.uint8)).dtype == np.uint8
    assert prepared(package, np.array([[100, 300]], np.int16))[0, :, 0].tolist() == [0, 255]


def test_colour_enters_in_the_order_the_package_names(tmp_path):
    stored = np.array([[[10, 20, 30]]], np.uint8)
    assert prepared(package_with(tmp_path, [], channels="rgb"), stored)[0, 0].tolist() == [10, 20, 30]
    assert prepared(package_with(tmp_path, [], channels="bgr"), stored)[0, 0].tolist() == [30, 20, 10]
    gray = prepared(package_with(tmp_path, []), stored)
    assert gray.shape == (1, 1, 1)
    assert gray[0, 0, 0] == round(0.299 * 10 + 0.587 * 20 + 0.114 * 30)


def test_gray_pixels_fill_all_three_channels(tmp_path):
    assert prepared(package_with(tmp_path, [], channels="rgb"), np.array([[5]], np.uint8))[0, 0].tolist() == [5, 5, 5]


def test_late_steps_come_in_order(tmp_path):
    steps = [{"step": "divide", "by": 10}, {"step": "normalise", "mean": [1], "std": [2]}]
    package = package_with(tmp_path, steps)
    assert finish(np.array([[[50]]], np.uint8), late_steps(package))[0, 0, 0] == pytest.approx(2)


def test_standardise_gives_zero_mean_and_unit_variance_and_bears_a_flat_input(tmp_path):
    package = package_with(tmp_path, [{"step": "standardise"}])
    values = finish(np.random.default_rng(0).random((9, 9, 1), np.float32) * 1000, late_steps(package))
    assert values.mean() == pytest.approx(0, abs=1e-5)
    assert values.std() == pytest.approx(1, abs=1e-5)
    assert np.isfinite(finish(np.ones((3, 3, 1), np.float32), late_steps(package))).all()


def test_inputs_are_laid_out_and_typed_for_the_network(tmp_path):
    values = np.arange(12, dtype=np.float32).reshape(2, 2, 3) + 0.6
    package = package_with(tmp_path, [], channels="rgb")
    assert as_input(values, package.input).shape == (1, 3, 2, 2)
    package = package_with(tmp_path, [], channels="rgb", axes="NHWC", type="uint8")
    laid = as_input(values, package.input)
    assert laid.shape == (1, 2, 2, 3)
    assert laid[0, 0, 0].tolist() == [1, 2, 3]


@given(
    st.sampled_from([np.uint8, np.uint16, np.int16]),
    st.integers(0, 2**31),
    st.floats(0, 100),
    st.floats(0, 100),
)
def test_counted_percentiles_equal_numpys(kind, seed, low, high):
    limits = np.iinfo(kind)
    values = np.random.default_rng(seed).integers(limits.min, limits.max, 5000, dtype=kind, endpoint=True)
    assert percentiles(values, low, high) == pytest.approx(np.percentile(values.astype(np.float64), [low, high]))


@pytest.mark.parametrize("policy", ["stretch", "letterbox", "centre-crop"])
@pytest.mark.parametrize("place", ["centre", "corner"])
def test_positions_come_back_from_a_fitted_input(tmp_path, policy, place):
    size = {"policy": "fixed", "width": 64, "height": 48, "fit": policy, "place": place, "pad": 0.0}
    described = package_with(tmp_path, [], size=size).input.size
    grid = np.zeros((90, 120, 1), np.float32)
    grid[40:50, 60:70] = 1
    fitted = fit(grid, described)
    assert fitted.values.shape == (48, 64, 1)
    rows, columns = np.nonzero(fitted.values[..., 0] > 0.5)
    x, y = fitted.to_grid(
        np.array([columns.min(), columns.max() + 1], np.float32), np.array([rows.min(), rows.max() + 1], np.float32)
    )
    assert x == pytest.approx([60, 70], abs=2.5)
    assert y == pytest.approx([40, 50], abs=2.5)
    back = unfit(np.moveaxis(fitted.values, -1, 0).astype(np.float32), fitted, 120, 90)[0]
    assert back.shape == (90, 120)
    assert back[45, 65] == pytest.approx(1, abs=0.05)
    assert back[20, 65] == pytest.approx(0, abs=0.05)


def test_a_letterbox_is_padded_as_the_trainers_pad_it(tmp_path):
    size = {"policy": "fixed", "width": 10, "height": 10, "fit": "letterbox", "resample": "bilinear"}
    fitted = fit(np.full((5, 10, 1), 7, np.uint8), package_with(tmp_path, [], size=size).input.size)
    assert fitted.values[:, 0, 0].tolist() == [114, 114, 7, 7, 7, 7, 7, 114, 114, 114]


def test_any_size_is_padded_to_a_multiple_with_its_edge(tmp_path):
    described = package_with(tmp_path, [], size={"policy": "any", "multiple_of": 4}).input.size
    grid = np.arange(40, dtype=np.float32).reshape(5, 8, 1)
    fitted = fit(grid, described)
    assert fitted.values.shape == (8, 8, 1)
    assert np.array_equal(fitted.values[5:], np.repeat(grid[4:], 3, axis=0))
