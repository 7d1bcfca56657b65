"""DICOM slides: levels, places of frames, compressions, channels and focal planes, all as other readers see them."""

import io
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import openslide
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import (
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    MediaStorageDirectoryStorage,
    RLELossless,
)

from imaging.errors import ScanProblem
from imaging.formats.slide_dicom_group import is_slide_head
from imaging.geometry import Plane, Region, whole_plane
from imaging.opening import find_scans, open_scan
from imaging.scan import TiledScan
from tests.imaging.dicom_files import save
from tests.imaging.dicom_slides import header_of, level, path_of, placed, pyramid, smooth, tiles_of, write

FIRST = Plane(0, 0)
PIXELS = smooth(100, 70)
GREY = (np.arange(7000, dtype=np.uint16).reshape(70, 100) * 9) % 4000


def opened(path: Path) -> TiledScan:
    """The one slide of a path."""
    scan = open_scan(path)
    assert isinstance(scan, TiledScan)
    return scan


def whole(scan: TiledScan, number: int = 0, plane: Plane = FIRST) -> np.ndarray:
    """A level put together from its tiles."""
    info, chosen = scan.info, scan.info.levels[number]
    assert chosen.tile is not None
    across, down = chosen.tile
    shape = (chosen.height, chosen.width) if info.channels == 1 else (chosen.height, chosen.width, info.channels)
    out = np.zeros(shape, info.dtype)
    for y, x in itertools.product(range(-(-chosen.height // down)), range(-(-chosen.width // across))):
        out[y * down : (y + 1) * down, x * across : (x + 1) * across] = scan.tile(plane, number, x, y)
    return out


def jpeg(frame: np.ndarray) -> bytes:
    """A JPEG picture as Pillow writes it."""
    stream = io.BytesIO()
    Image.fromarray(frame).save(stream, "JPEG", quality=95, subsampling=0)
    return stream.getvalue()


def rle(frame: np.ndarray) -> bytes:
    """RLE segments as pydicom writes them."""
    from pydicom.pixels.encoders.base import RLELosslessEncoder

    kinds: Any = {"bits_allocated": 8, "bits_stored": 8, "pixel_representation": 0, "number_of_frames": 1}
    shape: Any = {"rows": frame.shape[0], "columns": frame.shape[1], "samples_per_pixel": 3, "planar_configuration": 0}
    return RLELosslessEncoder.encode(frame, **kinds, **shape, photometric_interpretation="RGB")


ENCODERS: dict[str, tuple[Callable[[np.ndarray], bytes], str]] = {
    JPEGBaseline8Bit: (jpeg, "YBR_FULL_422"),
    JPEG2000Lossless: (
        lambda one: bytes(imagecodecs.jpeg2k_encode(one, codecformat="j2k", reversible=True)),
        "YBR_RCT",
    ),
    JPEGLSLossless: (lambda one: bytes(imagecodecs.jpegls_encode(one)), "RGB"),
    RLELossless: (rle, "RGB"),
}


def test_a_pyramid_in_a_folder_is_one_slide_with_its_levels_and_pictures(tmp_path: Path):
    levels = pyramid(tmp_path, PIXELS)
    scan = opened(tmp_path)
    info = scan.info
    assert (info.kind, info.format, info.size.columns, info.size.rows, info.channels) == ("slide", "dicom", 100, 70, 3)
    assert [(one.width, one.height, one.downsample) for one in info.levels] == [(100, 70, 1), (50, 35, 2), (25, 18, 4)]
    assert info.spacing_mm == (0.00026, 0.00025, None)
    assert info.spacing_from == "DICOM PixelSpacing"
    assert (info.objective, info.objective_from) == (40.0, "DICOM ObjectiveLensPower")
    assert info.associated == ("label", "macro")
    assert len(info.sources) == 5
    for number, pixels in enumerate(levels):
        assert np.array_equal(whole(scan, number), pixels)
    assert np.array_equal(scan.associated_image("label"), smooth(20, 30, 5))
    assert "Someone" not in repr(info.header) + repr(info.notes) + info.name
    scan.close()


@pytest.mark.parametrize("name", ["level0.dcm", "level2.dcm", "l.dcm"])
def test_one_file_named_brings_the_files_of_its_slide_beside_it(tmp_path: Path, name: str):
    pyramid(tmp_path, PIXELS)
    level(tmp_path / "other.dcm", smooth(40, 40), SeriesInstanceUID="1.2.3.7.6")
    scan = opened(tmp_path / name)
    assert len(scan.info.levels) == 3
    assert len(scan.info.sources) == 5
    assert scan.info.sources == opened(tmp_path / "level1.dcm").info.sources
    assert {len(source.paths) for source in find_scans([tmp_path])} == {1, 5}


def test_a_copy_of_a_level_is_no_level_and_two_of_one_size_are_slides_of_their_own(tmp_path: Path):
    pyramid(tmp_path, PIXELS)
    (tmp_path / "a copy.dcm").write_bytes((tmp_path / "level0.dcm").read_bytes())
    assert len(opened(tmp_path).info.levels) == 3
    level(tmp_path / "again.dcm", smooth(100, 70, 3))
    assert len(find_scans([tmp_path])) == 4


@pytest.mark.parametrize("table", ["basic", "extended", "none"])
@pytest.mark.parametrize("syntax", ENCODERS)
def test_every_compression_with_every_table_of_frames(tmp_path: Path, syntax: str, table: str):
    encode, photometric = ENCODERS[syntax]
    frames = tiles_of(PIXELS, (32, 24))
    ds = header_of((100, 70), frames[0], len(frames), PhotometricInterpretation=photometric)
    scan = opened(write(tmp_path / "a.dcm", ds, frames, encode, syntax, table))
    if syntax == JPEGBaseline8Bit:
        wanted = np.asarray(Image.open(io.BytesIO(jpeg(frames[5]))))
        assert np.abs(scan.tile(FIRST, 0, 1, 1).astype(int) - wanted).max() <= 1
        assert np.abs(whole(scan).astype(int) - PIXELS).mean() < 3
    else:
        assert np.array_equal(whole(scan), PIXELS)
    screen = scan.screen_tile(FIRST, 0, 3, 2)
    tile = scan.tile(FIRST, 0, 3, 2).astype(np.uint32)
    assert np.array_equal(screen, 0xFF000000 | tile[..., 0] << 16 | tile[..., 1] << 8 | tile[..., 2])
    assert screen.shape == (22, 4)


@pytest.mark.parametrize("table", ["basic", "none"])
def test_frames_in_several_fragments(tmp_path: Path, table: str):
    frames = tiles_of(PIXELS, (32, 24))
    ds = header_of((100, 70), frames[0], len(frames))
    encode = ENCODERS[JPEG2000Lossless][0]
    path = write(tmp_path / "a.dcm", ds, frames, encode, JPEG2000Lossless, table, pieces=3)
    assert np.array_equal(whole(opened(path)), PIXELS)


def test_frames_that_were_cut_at_the_rim_instead_of_filled(tmp_path: Path):
    frames = [PIXELS[y : y + 24, x : x + 32] for y in range(0, 70, 24) for x in range(0, 100, 32)]
    ds = header_of((100, 70), frames[0], len(frames))
    path = write(tmp_path / "a.dcm", ds, frames, ENCODERS[JPEGLSLossless][0], JPEGLSLossless)
    assert np.array_equal(whole(opened(path)), PIXELS)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", ImplicitVRLittleEndian])
@pytest.mark.parametrize("undefined", [False, True])
def test_frames_that_say_where_they_lie_and_tiles_that_were_never_scanned(tmp_path: Path, syntax: str, undefined: bool):
    frames = tiles_of(PIXELS, (32, 24))
    kept = [5, 2, 0, 9, 10]
    groups = Items([placed(index % 4 * 32, index // 4 * 24) for index in kept])
    ds = header_of((100, 70), frames[0], len(kept), DimensionOrganizationType="TILED_SPARSE")
    ds.PerFrameFunctionalGroupsSequence = groups
    if undefined:
        ds["PerFrameFunctionalGroupsSequence"].is_undefined_length = True
        for group in groups:
            group.is_undefined_length_sequence_item = True
    got = whole(opened(write(tmp_path / "a.dcm", ds, [frames[index] for index in kept], syntax=syntax)))
    for index in range(12):
        place = np.s_[index // 4 * 24 : (index // 4 + 1) * 24, index % 4 * 32 : (index % 4 + 1) * 32]
        assert np.array_equal(got[place], PIXELS[place] if index in kept else np.full_like(PIXELS[place], 255))


def test_frames_that_lie_off_the_grid_show_where_they_lie(tmp_path: Path):
    ds = header_of((100, 70), PIXELS[:24, :32], 2, DimensionOrganizationType="TILED_SPARSE")
    ds.PerFrameFunctionalGroupsSequence = Items([placed(10, 7), placed(90, 60)])
    got = whole(opened(write(tmp_path / "a.dcm", ds, [PIXELS[7:31, 10:42], np.zeros((24, 32, 3), np.uint8)])))
    wanted = np.full_like(PIXELS, 255)
    wanted[7:31, 10:42] = PIXELS[7:31, 10:42]
    wanted[60:, 90:] = 0
    assert np.array_equal(got, wanted)


def test_a_slide_whose_frames_go_on_in_other_files(tmp_path: Path):
    frames = tiles_of(PIXELS, (32, 24))
    for number, (start, stop) in enumerate(((0, 5), (5, 6), (6, 12))):
        values = {"ConcatenationUID": "1.2.3.9", "ConcatenationFrameOffsetNumber": start}
        ds = header_of((100, 70), frames[0], stop - start, **values)
        write(tmp_path / f"{number}.dcm", ds, frames[start:stop])
    scan = opened(tmp_path / "2.dcm")
    assert np.array_equal(whole(scan), PIXELS)
    (tmp_path / "1.dcm").unlink()
    scan = opened(tmp_path)
    assert any("1 of 12 tiles" in note and "not here" in note for note in scan.info.notes)
    assert np.array_equal(scan.tile(FIRST, 0, 0, 0), frames[0])
    with pytest.raises(ScanProblem, match="not here"):
        scan.tile(FIRST, 0, 1, 1)


def test_focal_planes_are_planes(tmp_path: Path):
    planes = [smooth(100, 70, seed) for seed in range(3)]
    frames = [tile for pixels in planes for tile in tiles_of(pixels, (32, 24))]
    ds = header_of((100, 70), frames[0], len(frames), TotalPixelMatrixFocalPlanes=3)
    scan = opened(write(tmp_path / "full/a.dcm", ds, frames))
    sparse = header_of((100, 70), frames[0], 36, TotalPixelMatrixFocalPlanes=3)
    sparse.DimensionOrganizationType = "TILED_SPARSE"
    places = [placed(i % 4 * 32, i // 4 * 24, -5.0 + k) for k in (2, 0, 1) for i in range(12)]
    sparse.PerFrameFunctionalGroupsSequence = Items(places)
    mixed = [frames[k * 12 + i] for k in (2, 0, 1) for i in range(12)]
    other = opened(write(tmp_path / "sparse/a.dcm", sparse, mixed))
    for one in (scan, other):
        assert one.info.size.planes == 3
        for index, pixels in enumerate(planes):
            assert np.array_equal(whole(one, plane=Plane(0, index)), pixels)


def test_optical_paths_of_grey_values_are_channels_with_names_and_colours(tmp_path: Path):
    channels = [GREY, GREY[::-1].copy(), GREY // 2]
    paths = Items(
        [path_of("1", IlluminationWaveLength=405.0), path_of("2", OpticalPathDescription="Cy3"), path_of("3")]
    )
    frames = [tile for pixels in channels for tile in tiles_of(pixels, (32, 24))]
    values = {"OpticalPathSequence": paths, "NumberOfOpticalPaths": 3}
    scan = opened(write(tmp_path / "a.dcm", header_of((100, 70), frames[0], len(frames), **values), frames))
    info = scan.info
    assert (info.dtype, info.channels, info.is_colour) == ("uint16", 3, False)
    assert [channel.name for channel in info.fluorescence] == ["405 nm", "Cy3", "3"]
    assert len({channel.colour for channel in info.fluorescence}) == 3
    assert np.array_equal(whole(scan), np.stack(channels, axis=-1))


def test_channels_in_files_of_their_own_are_one_slide(tmp_path: Path):
    for number, pixels in enumerate((GREY, GREY // 3)):
        level(tmp_path / f"{number}.dcm", pixels, OpticalPathSequence=Items([path_of(f"c{number}")]))
    scan = opened(tmp_path)
    assert [channel.name for channel in scan.info.fluorescence] == ["c0", "c1"]
    assert np.array_equal(whole(scan), np.stack([GREY, GREY // 3], axis=-1))


def test_coloured_optical_paths_show_the_first_and_say_so(tmp_path: Path):
    frames = tiles_of(PIXELS, (32, 24)) + tiles_of(255 - PIXELS, (32, 24))
    values = {"OpticalPathSequence": Items([path_of("a"), path_of("b")]), "NumberOfOpticalPaths": 2}
    scan = opened(write(tmp_path / "a.dcm", header_of((100, 70), frames[0], 24, **values), frames))
    assert "the first of its optical paths is shown" in scan.info.notes
    assert np.array_equal(whole(scan), PIXELS)


def test_a_region_over_the_rim_is_white_there(tmp_path: Path):
    pyramid(tmp_path, PIXELS)
    got = opened(tmp_path).read(Region(FIRST, 90, 60, 20, 20))
    assert np.array_equal(got[:10, :10], PIXELS[60:, 90:])
    assert (got[10:] == 255).all()
    assert (got[:, 10:] == 255).all()


def test_pixel_sizes_that_make_no_sense_are_unknown_and_noted(tmp_path: Path):
    for number, value in enumerate(([0, 0], [-1, -1], [5000, 5000])):
        path = level(tmp_path / f"{number}/a.dcm", PIXELS)
        ds = pydicom.dcmread(path)
        ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = value
        ds.save_as(path)
        info = opened(path).info
        assert info.spacing_mm == (None, None, None)
        assert info.spacing_from == ""
        assert any("pixel size" in note for note in info.notes)


def test_the_size_of_the_imaged_part_gives_the_pixel_size_where_it_fits_the_pixels(tmp_path: Path):
    values: Any = {"SharedFunctionalGroupsSequence": None, "ImagedVolumeWidth": 0.05, "ImagedVolumeHeight": 0.035}
    info = opened(level(tmp_path / "a/a.dcm", PIXELS, **values)).info
    assert info.spacing_mm[0] == pytest.approx(0.0005)
    assert info.spacing_from == "DICOM ImagedVolumeWidth"
    values["ImagedVolumeHeight"] = 0.05
    info = opened(level(tmp_path / "b/a.dcm", PIXELS, **values)).info
    assert info.spacing_mm == (None, None, None)
    assert "does not fit its pixels" in info.notes[0]


def test_slides_in_a_discs_directory_or_with_a_wrong_class_in_their_meta_group(tmp_path: Path):
    pyramid(tmp_path / "IMAGES", PIXELS)
    directory = Dataset()
    directory.SOPClassUID, directory.SOPInstanceUID = MediaStorageDirectoryStorage, "1.2.3.4"
    records = []
    for number, path in enumerate(sorted((tmp_path / "IMAGES").iterdir())):
        path.rename(path.with_name(f"IM{number}"))
        record = Dataset()
        record.ReferencedFileID = ["IMAGES", f"IM{number}"]
        records.append(record)
    directory.DirectoryRecordSequence = Items(records)
    save(tmp_path / "DICOMDIR", directory)
    sources = find_scans([tmp_path / "DICOMDIR"])
    assert [len(source.paths) for source in sources] == [5]
    for path in (tmp_path / "IMAGES").iterdir():
        content = path.read_bytes()
        path.write_bytes(content.replace(b"5.1.4.1.1.77.1.6", b"5.1.4.1.1.77.1.4", 1))
    assert len(opened(tmp_path / "IMAGES").info.levels) == 3


def test_files_named_by_their_uids_find_each_other(tmp_path: Path):
    pyramid(tmp_path, PIXELS)
    for number, path in enumerate(sorted(tmp_path.iterdir())):
        path.rename(tmp_path / f"1.2.840.{number}77")
    assert len(opened(tmp_path / "1.2.840.077").info.sources) == 5


def test_a_single_grey_path_is_named_only_where_the_file_names_it(tmp_path: Path):
    assert opened(level(tmp_path / "a/a.dcm", GREY)).info.fluorescence == ()
    paths = Items([path_of("1", OpticalPathDescription="DAPI")])
    info = opened(level(tmp_path / "b/a.dcm", GREY, OpticalPathSequence=paths)).info
    assert [(one.name, one.colour) for one in info.fluorescence] == [("DAPI", 0xFFFFFF)]


def test_a_slide_is_known_by_its_first_bytes(tmp_path: Path, data: Path):
    assert is_slide_head(level(tmp_path / "a.dcm", PIXELS).read_bytes()[:4096])
    assert not is_slide_head((data / "dicom/pydicom/CT_small.dcm").read_bytes()[:4096])


def test_the_real_pyramid_is_what_openslide_reads(data: Path):
    folder = data / "wsi/derived/cmu1_dicom_wsi"
    scan = opened(folder)
    with openslide.OpenSlide(next(folder.iterdir())) as other:
        assert [(one.width, one.height) for one in scan.info.levels] == list(other.level_dimensions)
        assert scan.info.spacing_mm[0] == pytest.approx(float(other.properties["openslide.mpp-x"]) / 1000)
        for number, (width, height) in enumerate(other.level_dimensions):
            theirs = np.asarray(other.read_region((0, 0), number, (width, height)).convert("RGB"))
            assert np.array_equal(whole(scan, number), theirs)
        assert set(scan.info.associated) == set(other.associated_images)
        for name, picture in other.associated_images.items():
            assert np.abs(scan.associated_image(name).astype(int) - np.asarray(picture.convert("RGB"))).max() <= 2
        assert scan.icc_profile() == other.color_profile.tobytes()  # type: ignore[union-attr]


def test_reading_shrunk_uses_the_levels(data: Path):
    scan = opened(data / "wsi/derived/cmu1_dicom_wsi")
    small = scan.read(whole_plane(scan.info.size, FIRST), 16)
    assert small.shape == (185, 139, 3)
