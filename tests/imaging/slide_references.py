"""Independent readers of slides: OpenSlide, tifffile, and pydicom with its own decoders; tile by tile."""

import io
import itertools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openslide
import pydicom
import tifffile
from PIL import Image
from pydicom.encaps import generate_frames
from pydicom.uid import JPEGLSLossless, JPEGLSNearLossless

from imaging.geometry import Plane
from imaging.scan import Level, ScanInfo, TiledScan

TILES = 200
"""Tiles of a level that are compared: all of them, or so many drawn at random and the corners."""
MAKERS = frozenset(("hamamatsu", "leica", "mirax", "sakura", "trestle", "ventana", "zeiss"))
"""Formats that the product reads by OpenSlide."""
BY_COLUMN = frozenset(("small_dicom_VL_WSM.dcm",))
"""Files that say of no tile where it lies, and whose tiles lie column by column: looked at."""
_WHOLE = 30_000_000
"""Pixels of a level that a reference reads at once."""

Reading = Callable[[Plane, int, int, int, int, int], np.ndarray]
"""Pixels of (plane, level, x, y, width, height), x and y in pixels of the level."""


@dataclass(frozen=True)
class SlideReference:
    """Another reader of a slide: its levels and pixel size as it says, and how it reads."""

    library: str
    sizes: list[tuple[int, int]]
    micrometres: float | None
    read: Reading


@dataclass(frozen=True)
class Comparison:
    """How a slide compares: with what, over how many tiles, the greatest difference, and what differs otherwise."""

    library: str
    tiles: int
    greatest: int
    differences: tuple[str, ...]


def compare_slide(scan: TiledScan) -> Comparison:
    """Compare a slide with another reader, level by level and tile by tile."""
    info = scan.info
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        others = _references(info)
        if not others:
            return Comparison("", _read_all(scan), 0, ())
        other = max(others, key=lambda one: len(one.sizes))
        differences: list[str] = []
        stored = [number for number, level in enumerate(info.levels) if (level.width, level.height) in other.sizes]
        made = sum("are made" in note for note in info.notes)
        if len(stored) != len(other.sizes) or (len(stored) != len(info.levels) and not made):
            ours = [(level.width, level.height) for level in info.levels]
            differences.append(f"levels {ours}, {other.library} has {other.sizes}")
        if other.micrometres and info.spacing_mm[0] and abs(info.spacing_mm[0] * 1000 / other.micrometres - 1) > 1e-3:
            differences.append(f"pixel size {info.spacing_mm[0] * 1000:g}, {other.library} has {other.micrometres:g}")
        tiles, greatest = 0, 0
        for number in stored:
            level = info.levels[number]
            size = (level.width, level.height)
            first = next(one for one in others if size in one.sizes)
            theirs = first.sizes.index(size)
            for plane in range(info.size.planes):
                for column, row in _chosen(level):
                    apart = _apart(scan, first, Plane(0, plane), (number, theirs), (column, row))
                    tiles, greatest = tiles + 1, max(greatest, apart)
        _read_all(scan)
        return Comparison(" and ".join(one.library for one in others), tiles, greatest, tuple(differences))


def _apart(
    scan: TiledScan, other: SlideReference, plane: Plane, numbers: tuple[int, int], place: tuple[int, int]
) -> int:
    """The greatest difference of one tile."""
    tile = scan.tile(plane, numbers[0], *place)
    across, down = scan.info.levels[numbers[0]].tile or (0, 0)
    part = other.read(plane, numbers[1], place[0] * across, place[1] * down, tile.shape[1], tile.shape[0])
    assert part.shape == tile.shape, (part.shape, tile.shape)
    return int(np.abs(tile.astype(np.int64) - part).max(initial=0))


def _chosen(level: Level) -> list[tuple[int, int]]:
    """The tiles of a level that are compared."""
    assert level.tile is not None
    columns, rows = -(-level.width // level.tile[0]), -(-level.height // level.tile[1])
    if columns * rows <= TILES:
        return list(itertools.product(range(columns), range(rows)))
    random = np.random.default_rng(columns)
    found = zip(random.integers(0, columns, TILES).tolist(), random.integers(0, rows, TILES).tolist(), strict=True)
    return [*found, (0, 0), (columns - 1, 0), (0, rows - 1), (columns - 1, rows - 1)]


def _read_all(scan: TiledScan) -> int:
    """Read what is beside the slide, and the corner tiles of its levels; they only have to be readable."""
    info, count = scan.info, 0
    for name in info.associated:
        assert scan.associated_image(name).ndim == 3
    for number, level in enumerate(info.levels):
        assert level.tile is not None
        last = (level.width - 1) // level.tile[0], (level.height - 1) // level.tile[1]
        for column, row in {(0, 0), last}:
            scan.tile(Plane(0, info.size.planes - 1), number, column, row)
            count += 1
    return count


def _references(info: ScanInfo) -> list[SlideReference]:
    """The other reader with most levels, if there is one; tifffile first for slides that OpenSlide itself reads."""
    full = (info.size.columns, info.size.rows)
    ways = (_by_openslide, _by_pydicom) if info.format == "dicom" else (_by_openslide, _by_tifffile)
    found_all: list[SlideReference] = []
    for way in ways:
        try:
            found = way(info)
        except Exception:  # noqa: BLE001 - whatever stops one library, the next is asked
            continue
        if found.sizes and found.sizes[0] == full:
            found_all.append(found)
    if info.format in MAKERS:
        return found_all[::-1]
    return [max(found_all, key=lambda one: len(one.sizes))] if found_all else []


def _by_openslide(info: ScanInfo) -> SlideReference:
    """OpenSlide; colour slides of one plane only."""
    slide = openslide.OpenSlide(info.sources[0])
    if not info.is_colour or info.size.planes > 1:
        raise ValueError("OpenSlide reads colours of one plane")
    sizes = list(slide.level_dimensions)
    slide.read_region((sizes[0][0] - 1, sizes[0][1] - 1), 0, (1, 1))  # the last tile tells whether all are readable
    whole: dict[int, np.ndarray] = {}

    def region(level: int, x: int, y: int, size: tuple[int, int]) -> np.ndarray:
        step = slide.level_downsamples[level]
        found = slide.read_region((round(x * step), round(y * step)), level, size)
        return np.asarray(Image.alpha_composite(Image.new("RGBA", found.size, "white"), found))[..., :3]

    def read(plane: Plane, level: int, x: int, y: int, width: int, height: int) -> np.ndarray:
        assert plane.index == 0
        if sizes[level][0] * sizes[level][1] > _WHOLE:
            return region(level, x, y, (width, height))
        if level not in whole:
            whole.clear()
            whole[level] = region(level, 0, 0, sizes[level])
        return whole[level][y : y + height, x : x + width]

    said = slide.properties.get("openslide.mpp-x")
    return SlideReference("OpenSlide", sizes, float(said) if said else None, read)


def _by_tifffile(info: ScanInfo) -> SlideReference:
    """tifffile: the largest series, its levels, its channels last and everything else as planes."""
    file = tifffile.TiffFile(info.sources[0])
    series = max(file.series, key=lambda one: one.size)
    levels = [level for level in series.levels if level.size < 4 * _WHOLE]
    if not levels or levels[0] is not series.levels[0]:
        raise ValueError("too large to be read whole")
    held: dict[int, np.ndarray] = {}

    def arranged(number: int) -> np.ndarray:
        level = levels[number]
        axes, pixels = level.axes, level.asarray()
        channels = [axis for axis in "SC" if axis in axes]
        order = [axes.index(axis) for axis in axes if axis not in "YXSC"]
        order += [axes.index("Y"), axes.index("X"), *(axes.index(axis) for axis in channels)]
        pixels = pixels.transpose(order)
        inner = len(channels)
        shape = pixels.shape[: pixels.ndim - inner]
        last = int(np.prod(pixels.shape[pixels.ndim - inner :])) if inner else 1
        return pixels.reshape(-1, *shape[-2:], last)

    def read(plane: Plane, level: int, x: int, y: int, width: int, height: int) -> np.ndarray:
        if level not in held:
            held.clear()
            held[level] = arranged(level)
        part = held[level][plane.index, y : y + height, x : x + width]
        return part[..., 0] if part.shape[2] == 1 else part

    sizes = [(level.shape[level.axes.index("X")], level.shape[level.axes.index("Y")]) for level in levels]
    return SlideReference("tifffile", sizes, None, read)


def _by_pydicom(info: ScanInfo) -> SlideReference:
    """pydicom, its own decoders, frames laid out row by row, or as a person saw that they lie."""
    found: list[tuple[tuple[int, int], np.ndarray, float | None]] = []
    library = "pydicom"
    for path in info.sources:
        dataset = pydicom.dcmread(path)
        if dataset.file_meta.TransferSyntaxUID in {JPEGLSLossless, JPEGLSNearLossless}:
            library = "SimpleITK (GDCM)"
        kinds = dataset.get("ImageType", ["", "", "VOLUME"])
        if len(kinds) > 2 and kinds[2] in {"LABEL", "OVERVIEW", "THUMBNAIL"} and len(info.sources) > 1:
            continue
        found.append(_laid_out(dataset))
    found.sort(key=lambda one: -one[0][0])

    def read(plane: Plane, level: int, x: int, y: int, width: int, height: int) -> np.ndarray:
        assert plane.index == 0
        return found[level][1][y : y + height, x : x + width]

    micrometres = found[0][2] if found else None
    return SlideReference(library, [size for size, _, _ in found], micrometres, read)


def _laid_out(dataset: pydicom.Dataset) -> tuple[tuple[int, int], np.ndarray, float | None]:
    """The matrix of one file: its size, its pixels, and its pixel size in µm."""
    width, height = int(dataset.TotalPixelMatrixColumns), int(dataset.TotalPixelMatrixRows)
    tall, wide = int(dataset.Rows), int(dataset.Columns)
    down, across = -(-height // tall), -(-width // wide)
    try:
        pixels = dataset.pixel_array
    except RuntimeError:  # pydicom has no decoder for it here
        pixels = _frames_by_gdcm(dataset)
    except ValueError:
        pixels = _padded_frames(dataset, down * across)
    colours = pixels.shape[3:] if dataset.SamplesPerPixel > 1 else ()
    if Path(str(dataset.filename)).name in BY_COLUMN:
        frames = pixels.reshape(across, down, tall, wide, *colours).swapaxes(0, 1)
    else:
        frames = pixels.reshape(down, across, tall, wide, *colours)
    whole = frames.swapaxes(1, 2).reshape(down * tall, across * wide, *colours)[:height, :width]
    try:
        measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
        micrometres = float(measures.PixelSpacing[1]) * 1000
    except AttributeError:
        micrometres = None
    return (width, height), whole, micrometres


def _frames_by_gdcm(dataset: pydicom.Dataset) -> np.ndarray:
    """Frames by GDCM, in SimpleITK."""
    import SimpleITK

    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(dataset.filename))
    return SimpleITK.GetArrayFromImage(reader.Execute())


def _padded_frames(dataset: pydicom.Dataset, count: int) -> np.ndarray:
    """Frames by Pillow, those cut at the rim filled up."""
    out = np.zeros((count, int(dataset.Rows), int(dataset.Columns), 3), np.uint8)
    for frame, data in zip(out, generate_frames(dataset.PixelData, number_of_frames=count), strict=True):
        picture = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        frame[: picture.shape[0], : picture.shape[1]] = picture
    return out


def described(info: ScanInfo, path: Path, reader: str, comparison: Comparison) -> str:
    """The row of a slide in the table of docs/formats.md."""
    several = info.format == "dicom" and len(info.sources) > 1
    name = f"{(path if path.is_dir() else path.parent).name}/*.dcm" if several else path.name
    sizes = " ".join(f"{level.downsample:g}" for level in info.levels)
    made = " (coarser ones made)" if any("are made" in note for note in info.notes) else ""
    step = info.spacing_mm[0]
    spacing = f"{step * 1000:.4g} ({info.spacing_from})" if step else "unknown"
    objective = f"{info.objective:g}" if info.objective else "unknown"
    channels = "" if info.is_colour else f", {info.channels} × {info.dtype}"
    planes = f" × {info.size.planes}" if info.size.planes > 1 else ""
    compared = (
        f"{comparison.library}, {comparison.tiles} tiles, {comparison.greatest}" if comparison.library else "none"
    )
    return (
        f"| `{name}` | {info.format}{channels} ({reader}) | {info.size.columns:,} × {info.size.rows:,}{planes} "
        f"| {sizes}{made} | {spacing} | {objective} | {compared} |"
    )
