"""DICOM slides that do not say in which order their tiles are: worked out from the seams, and told."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit

from imaging.formats import slide_dicom_levels
from imaging.formats.slide_dicom_order import COLUMN_BY_COLUMN, ROW_BY_ROW, Grid, Order, order_of
from imaging.geometry import Plane
from imaging.scan import TiledScan
from tests.imaging.dicom_slides import header_of, level, placed, smooth, tiles_of, write
from tests.imaging.test_slide_dicom import jpeg, opened, whole

UNSAID = "the file does not say in which order its tiles are; "
TILE = (32, 24)
SIZE = (200, 130)
"""7 × 6 tiles, those at the rim partial."""


def tissue(width: int = SIZE[0], height: int = SIZE[1], seed: int = 3) -> np.ndarray:
    """Spots of all sizes, (height, width, 3); nothing lies twice."""
    noise = np.random.default_rng(seed).normal(0, 1, (height, width, 3)).astype(np.float32)
    spots = sum(cv2.GaussianBlur(noise, (0, 0), spread) * spread for spread in (1.5, 4.0, 9.0))
    return np.clip(150 + 45 * np.asarray(spots), 0, 255).astype(np.uint8)


def ordered(frames: list[np.ndarray], order: Order, columns: int) -> list[np.ndarray]:
    """Frames that are row by row in an order."""
    if order == ROW_BY_ROW:
        return frames
    return [frame for column in range(columns) for frame in frames[column::columns]]


def slide(path: Path, pixels: np.ndarray, order: Order, encode: Any = None, **values: Any) -> TiledScan:
    """A slide whose file does not say in which order its tiles are; the rim is filled up with black."""
    frames = tiles_of(pixels, TILE)
    for frame in frames:
        frame[(frame == 255).all(axis=-1)] = 0
    frames = ordered(frames, order, -(-pixels.shape[1] // TILE[0]))
    values = {"DimensionOrganizationType": None, **values}
    if encode is not None:
        values["PhotometricInterpretation"] = "YBR_FULL_422"
    header = header_of((pixels.shape[1], pixels.shape[0]), frames[0], len(frames), **values)
    return opened(write(path, header, frames, encode, ExplicitVRLittleEndian if encode is None else JPEGBaseline8Bit))


def jump(pixels: np.ndarray, tile: int, axis: int) -> float:
    """How much further apart pixels are over the seams of tiles than elsewhere, × its usual step."""
    steps = np.abs(np.diff(pixels.astype(float).mean(axis=-1), axis=axis)).mean(axis=1 - axis)
    seams = np.arange(tile - 1, len(steps), tile)
    return float(steps[seams].mean() / np.delete(steps, seams).mean())


@pytest.mark.parametrize("order", [ROW_BY_ROW, COLUMN_BY_COLUMN])
@pytest.mark.parametrize("encode", [None, jpeg])
def test_the_order_whose_seams_fit_is_taken_and_told(tmp_path: Path, order: Order, encode: Any):
    pixels = tissue()
    scan = slide(tmp_path / "a.dcm", pixels, order, encode)
    assert UNSAID + f"{order} fits their seams" in scan.info.notes
    inside = whole(scan).astype(int) - pixels
    assert np.abs(inside).mean() < (3 if encode else 1)


@pytest.mark.parametrize("order", [ROW_BY_ROW, COLUMN_BY_COLUMN])
def test_some_tissue_on_much_glass_is_enough(tmp_path: Path, order: Order):
    pixels = np.full((480, 640, 3), 240, np.uint8)
    pixels[200:330, 150:350] = np.minimum(tissue(), 239)
    scan = slide(tmp_path / "a.dcm", pixels, order)
    assert np.array_equal(whole(scan), pixels)


@pytest.mark.parametrize("kind", ["blank", "noise", "faint noise"])
def test_seams_that_do_not_tell_leave_the_order_of_the_standard(tmp_path: Path, kind: str):
    spread = {"blank": 0, "noise": 60, "faint noise": 1.5}[kind]
    noise = np.random.default_rng(1).normal(170, spread, (5 * TILE[1], 6 * TILE[0], 3))
    pixels = np.clip(noise, 1, 254).astype(np.uint8)
    scan = slide(tmp_path / "a.dcm", pixels, ROW_BY_ROW)
    assert UNSAID + "row by row is assumed, as their seams do not tell" in scan.info.notes
    assert np.array_equal(whole(scan), pixels)


def test_grey_values_of_16_bits_tell_too(tmp_path: Path):
    pixels = tissue()[..., 0].astype(np.uint16) * 257
    frames = ordered(tiles_of(pixels, TILE), COLUMN_BY_COLUMN, 7)
    header = header_of(SIZE, frames[0], len(frames), DimensionOrganizationType=None)
    assert np.array_equal(whole(opened(write(tmp_path / "a.dcm", header, frames))), pixels)


def test_focal_planes_are_each_in_that_order(tmp_path: Path):
    pictures = [tissue(seed=seed) for seed in (4, 5)]
    frames = [one for pixels in pictures for one in ordered(tiles_of(pixels, TILE), COLUMN_BY_COLUMN, 7)]
    values: Any = {"DimensionOrganizationType": None, "TotalPixelMatrixFocalPlanes": 2}
    scan = opened(write(tmp_path / "a.dcm", header_of(SIZE, frames[0], len(frames), **values), frames))
    for number, pixels in enumerate(pictures):
        assert np.array_equal(whole(scan, 0, Plane(0, number)), pixels)


def test_the_other_levels_are_in_the_order_that_one_tells(tmp_path: Path):
    pixels = tissue(400, 300)
    for number, part in enumerate((pixels, np.full((150, 200, 3), 230, np.uint8))):
        if number:
            part[100:104, 20:24] = 90
        frames = ordered(tiles_of(part, TILE), COLUMN_BY_COLUMN, -(-part.shape[1] // TILE[0]))
        size = (part.shape[1], part.shape[0])
        header = header_of(size, frames[0], len(frames), DimensionOrganizationType=None)
        write(tmp_path / f"{number}.dcm", header, frames)
    scan = opened(tmp_path)
    assert np.array_equal(whole(scan, 0), pixels)
    assert (whole(scan, 1)[100:104, 20:24] == 90).all()
    assert sum(note.startswith(UNSAID) for note in scan.info.notes) == 1


def test_a_file_that_says_its_order_is_taken_at_its_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(slide_dicom_levels, "order_of", lambda *_: pytest.fail("nobody asked"))
    pixels = tissue()
    frames = ordered(tiles_of(pixels, TILE), COLUMN_BY_COLUMN, 7)
    scan = opened(write(tmp_path / "a/a.dcm", header_of(SIZE, frames[0], len(frames)), frames))
    assert not any(UNSAID in note for note in scan.info.notes)
    assert np.array_equal(scan.tile(Plane(), 0, 1, 0), frames[1])
    one_row: Any = {"DimensionOrganizationType": None}  # a single row or column has one order only
    strip = opened(level(tmp_path / "b/a.dcm", pixels[:24], TILE, **one_row))
    assert strip.info.notes == ()


def test_places_that_are_given_are_taken_though_the_file_does_not_name_its_tiling(tmp_path: Path):
    pixels = smooth(*SIZE)
    frames = tiles_of(pixels, TILE)
    header = header_of(SIZE, frames[0], len(frames), DimensionOrganizationType=None)
    mixed = np.random.default_rng(2).permutation(len(frames)).tolist()
    header.PerFrameFunctionalGroupsSequence = Items([placed(n % 7 * TILE[0], n // 7 * TILE[1]) for n in mixed])
    scan = opened(write(tmp_path / "a.dcm", header, [frames[n] for n in mixed]))
    assert np.array_equal(whole(scan), pixels)
    assert scan.info.notes == ()


def test_groups_of_frames_that_say_nothing_of_places_leave_it_to_the_seams(tmp_path: Path):
    pixels = tissue()
    groups = Items([Dataset() for _ in range(42)])
    scan = slide(tmp_path / "a.dcm", pixels, COLUMN_BY_COLUMN, PerFrameFunctionalGroupsSequence=groups)
    assert np.array_equal(whole(scan), pixels)


@pytest.mark.parametrize("content", ["tissue", "glass", "unreadable"])
def test_of_very_many_frames_a_bounded_number_is_read(content: str):
    grid = Grid(400, 250, (256, 256), (250 * 256 - 7, 400 * 256 - 9))
    picture = tissue(1024, 1024)
    numbers: list[int] = []

    def read(number: int, rim: tuple[int, int]) -> np.ndarray | None:
        assert rim[0] <= 256 >= rim[1]
        numbers.append(number)
        x, y = number // 250 * 256 % 1024, number % 250 * 256 % 1024
        found = picture[y : y + 256, x : x + 256]
        return {"tissue": found, "glass": np.full_like(found, 230), "unreadable": None}[content]

    for _ in range(2):
        found = order_of(grid, read, lambda _: 1, 255)
        assert found == (COLUMN_BY_COLUMN if content == "tissue" else None)
    half = len(numbers) // 2
    assert half <= 1100
    assert numbers[:half] == numbers[half:]


def test_the_few_heavy_frames_of_a_large_slide_are_found():
    grid = Grid(400, 250, (TILE[1], TILE[0]), (250 * TILE[1], 400 * TILE[0]))
    pixels = tissue(20 * TILE[0], 20 * TILE[1])

    def place(number: int) -> tuple[int, int]:
        return number // 250 - 100, number % 250 - 50

    def weigh(number: int) -> int:
        return 5000 if all(0 <= side < 20 for side in place(number)) else 300

    def read(number: int, rim: tuple[int, int]) -> np.ndarray:
        column, row = place(number)
        if weigh(number) < 5000:
            return np.full((*rim, 3), 230, np.uint8)
        return pixels[row * TILE[1] : (row + 1) * TILE[1], column * TILE[0] : (column + 1) * TILE[0]]

    assert order_of(grid, read, weigh, 255) == COLUMN_BY_COLUMN


def test_the_real_file_without_an_order_shows_tissue_and_no_scrambled_tiles(data: Path):
    scan = opened(data / "wsi/small_dicom_VL_WSM.dcm")
    assert UNSAID + "column by column fits their seams" in scan.info.notes
    pixels = whole(scan)
    assert pixels.shape == (2638, 3236, 3)
    assert jump(pixels, 500, 0) < 1.2
    assert jump(pixels, 500, 1) < 1.2
    assert (pixels[-10:].mean(), pixels[:, -10:].mean()) > (50, 50)  # the black that fills up the rim is not shown
