"""Small DICOM slides made for tests."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

SLIDE = UID("1.2.840.10008.5.1.4.1.1.77.1.6")
SERIES, STUDY, PYRAMID = "1.2.3.7.5", "1.2.3.7", "1.2.3.7.9"


def smooth(width: int, height: int, seed: int = 0) -> np.ndarray:
    """Colours that change slowly, so that lossy compression keeps them nearly."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    waves = [128 + 100 * np.sin(x / (17 + seed) + k) * np.cos(y / (23 + k)) for k in range(3)]
    return np.stack(waves, axis=-1).astype(np.uint8)


def tiles_of(pixels: np.ndarray, tile: tuple[int, int]) -> list[np.ndarray]:
    """The tiles of (height, width[, 3]) row by row, those at the rim filled up with white or 0."""
    width, height = tile
    down, across = -(-pixels.shape[0] // height), -(-pixels.shape[1] // width)
    whole = np.full((down * height, across * width, *pixels.shape[2:]), 255 if pixels.ndim == 3 else 0, pixels.dtype)
    whole[: pixels.shape[0], : pixels.shape[1]] = pixels
    rows = [whole[y * height : (y + 1) * height] for y in range(down)]
    return [np.ascontiguousarray(row[:, x * width : (x + 1) * width]) for row in rows for x in range(across)]


def path_of(identifier: str, **values: Any) -> Dataset:
    """One optical path."""
    item = Dataset()
    item.OpticalPathIdentifier = identifier
    for name, value in values.items():
        setattr(item, name, value)
    return item


def header_of(size: tuple[int, int], frame: np.ndarray, frames: int, **values: Any) -> Dataset:
    """The header of a slide's file; `values` replace or, when `None`, remove attributes."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = SLIDE, generate_uid()
    ds.ImageType, ds.Modality = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], "SM"
    ds.PatientID, ds.PatientName = "P1", "Someone^Secret"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PyramidUID = STUDY, SERIES, PYRAMID
    ds.SamplesPerPixel = frame.shape[2] if frame.ndim == 3 else 1
    ds.PhotometricInterpretation = "RGB" if frame.ndim == 3 else "MONOCHROME2"
    if frame.ndim == 3:
        ds.PlanarConfiguration = 0
    ds.Rows, ds.Columns, ds.NumberOfFrames = frame.shape[0], frame.shape[1], frames
    bits = frame.dtype.itemsize * 8
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, bits, bits - 1, 0
    ds.TotalPixelMatrixColumns, ds.TotalPixelMatrixRows = size
    ds.TotalPixelMatrixFocalPlanes = 1
    ds.DimensionOrganizationType = "TILED_FULL"
    ds.OpticalPathSequence = Items([path_of("0", ObjectiveLensPower="40")])
    measures = Dataset()
    measures.PixelSpacing = [0.00025, 0.00026]
    shared = Dataset()
    shared.PixelMeasuresSequence = Items([measures])
    ds.SharedFunctionalGroupsSequence = Items([shared])
    for name, value in values.items():
        if value is None:
            delattr(ds, name)
        else:
            setattr(ds, name, value)
    return ds


def write(
    path: Path,
    ds: Dataset,
    frames: Sequence[np.ndarray],
    encode: Callable[[np.ndarray], bytes] | None = None,
    syntax: str = ExplicitVRLittleEndian,
    table: str = "basic",
    pieces: int = 1,
) -> Path:
    """Write a slide's file; `table` is `basic`, `extended` or `none`, `pieces` how many fragments a frame has."""
    if encode is None:
        ds.PixelData = b"".join(np.ascontiguousarray(frame).tobytes() for frame in frames)
        ds["PixelData"].VR = "OW" if frames[0].dtype.itemsize > 1 else "OB"
    else:
        packed = [encode(frame) for frame in frames]
        if table == "extended":
            ds.PixelData, ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = encapsulate_extended(packed)
        else:
            ds.PixelData = encapsulate(packed, fragments_per_frame=pieces, has_bot=table == "basic")
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID = UID(syntax)
    path.parent.mkdir(parents=True, exist_ok=True)
    FileDataset(str(path), ds, preamble=b"\0" * 128, file_meta=meta).save_as(path, enforce_file_format=True)
    return path


def level(path: Path, pixels: np.ndarray, tile: tuple[int, int] = (32, 24), **values: Any) -> Path:
    """One plain level of a slide, in the order of the standard."""
    frames = tiles_of(pixels, tile)
    return write(path, header_of((pixels.shape[1], pixels.shape[0]), frames[0], len(frames), **values), frames)


def pyramid(folder: Path, pixels: np.ndarray, levels: int = 3, tile: tuple[int, int] = (32, 24)) -> list[np.ndarray]:
    """A slide of several levels, one file each, with a label and a macro picture; returns the levels' pixels."""
    found = []
    for number in range(levels):
        step = 2**number
        part = pixels[::step, ::step]
        found.append(part)
        kind = (
            ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"] if not number else ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"]
        )
        level(folder / f"level{number}.dcm", part, tile, ImageType=kind)
    for name, flavour, size in (("l.dcm", "LABEL", (20, 30)), ("o.dcm", "OVERVIEW", (50, 20))):
        kind = ["ORIGINAL", "PRIMARY", flavour, "NONE"]
        level(folder / name, smooth(*size, 5), size, ImageType=kind, PyramidUID=None)
    return found


def placed(column: int, row: int, z: float = 0.0, path: str = "") -> Dataset:
    """The groups of one frame that lies at a pixel of the matrix, counted from 0."""
    where = Dataset()
    where.XOffsetInSlideCoordinateSystem, where.YOffsetInSlideCoordinateSystem = "1.5", "2.25"
    where.ZOffsetInSlideCoordinateSystem = str(z)
    where.ColumnPositionInTotalImagePixelMatrix, where.RowPositionInTotalImagePixelMatrix = column + 1, row + 1
    group = Dataset()
    group.PlanePositionSlideSequence = Items([where])
    if path:
        group.OpticalPathIdentificationSequence = Items([path_of(path)])
    return group
