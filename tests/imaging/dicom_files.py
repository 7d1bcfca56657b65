"""Small DICOM files made for tests."""

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid

SERIES, STUDY = "1.2.3.4.5", "1.2.3.4"


def slice_of(pixels: np.ndarray, **values: Any) -> Dataset:
    """A CT slice of these pixels; `values` replace or, when `None`, remove attributes."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, generate_uid()
    ds.Modality, ds.PatientID, ds.PatientName = "CT", "P1", "Someone^Secret"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SeriesDescription = STUDY, SERIES, "Thorax"
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.InstanceNumber = [0.5, 0.25], 1
    ds.SamplesPerPixel = pixels.shape[2] if pixels.ndim == 3 else 1
    ds.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    if pixels.ndim == 3:
        ds.PlanarConfiguration = 0
    ds.Rows, ds.Columns = pixels.shape[:2]
    bits = pixels.dtype.itemsize * 8
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    ds.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    for name, value in values.items():
        if value is None:
            delattr(ds, name)
        else:
            setattr(ds, name, value)
    if isinstance(ds.get("PixelData"), bytes):
        ds["PixelData"].VR = "OW" if bits > 8 else "OB"
    return ds


def save(path: Path, ds: Dataset, syntax: str = ExplicitVRLittleEndian, frames: list[bytes] | None = None) -> Path:
    """Write a dataset, with compressed `frames` in place of its pixels where given."""
    if frames is not None:
        ds.PixelData = encapsulate(frames)
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID = UID(syntax)
    path.parent.mkdir(parents=True, exist_ok=True)
    FileDataset(str(path), ds, preamble=b"\0" * 128, file_meta=meta).save_as(path, enforce_file_format=True)
    return path


def series(folder: Path, positions: list[Any], side: int = 4, **values: Any) -> np.ndarray:
    """A series with a slice at each position, plane k filled with k at first; returns the planes as written."""
    planes = []
    for index, position in enumerate(positions):
        pixels = np.full((side, side), index, np.int16)
        pixels[0, 0] = -index
        where = position if isinstance(position, list) else [0, 0, position]
        save(
            folder / f"{index:03d}.dcm",
            slice_of(pixels, ImagePositionPatient=where, InstanceNumber=index + 1, **values),
        )
        planes.append(pixels)
    return np.stack(planes)
