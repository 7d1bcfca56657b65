"""Independent readers of the same files: pydicom with other decoders, GDCM, nibabel, pynrrd, OpenCV."""

import gzip
import os
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pydicom.encaps
import pydicom.uid
from pydicom.pixels.processing import apply_modality_lut

from imaging.scan import ScanInfo


@dataclass(frozen=True)
class Reference:
    """What another library says: modality values or RGB, (planes, rows, columns[, 3]), and the grid where known."""

    library: str
    pixels: np.ndarray
    origin: tuple[float, ...] | None = None
    steps: np.ndarray | None = None
    """Columns: the millimetres of one step along i, j, k."""
    tolerance: float = 0.0


def reference_of(info: ScanInfo) -> Reference | None:
    """What another library reads; `None` where no other one here reads the file."""
    path = info.sources[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if info.format == "dicom":
            return _dicom(info) if len(info.sources) == 1 else _series(info)
        if info.format == "nifti":
            return _nifti(path)
        if info.format == "nrrd":
            return _nrrd(path)
        if info.format == "gipl":
            return _gipl(path)
        if info.format == "metaimage":
            return _by_itk(path, "SimpleITK (MetaImageIO)")
        return _pictures(info.sources, info.size.planes)


def _by_itk(path: Path, library: str, io: str = "") -> Reference:
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    reader = SimpleITK.ImageFileReader()
    if io:
        reader.SetImageIO(io)
    reader.SetFileName(os.fspath(path))
    image = reader.Execute()
    pixels = SimpleITK.GetArrayFromImage(image)
    count = image.GetDimension()
    steps = np.array(image.GetDirection()).reshape(count, count) * np.array(image.GetSpacing())
    if pixels.ndim - (image.GetNumberOfComponentsPerPixel() > 1) == 2:
        pixels = pixels[None]
    return Reference(library, pixels, image.GetOrigin(), steps)


def _series(info: ScanInfo) -> Reference:
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    reader = SimpleITK.ImageSeriesReader()
    # GDCM sorts by itself; only the files are ours.
    reader.SetFileNames([os.fspath(path) for path in _sorted_by_gdcm(info)])
    image = reader.Execute()
    steps = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    return Reference("SimpleITK (GDCM series)", SimpleITK.GetArrayFromImage(image), image.GetOrigin(), steps)


def _sorted_by_gdcm(info: ScanInfo) -> list[str]:
    import SimpleITK

    folder = info.sources[0].parent
    uid = info.examination.series
    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(os.fspath(folder), uid)
    ours = {os.fspath(path) for path in info.sources}
    return [name for name in names if name in ours]


def _dicom(info: ScanInfo) -> Reference | None:
    path = info.sources[0]
    dataset = pydicom.dcmread(path, force=True)
    syntax = str(getattr(dataset.file_meta, "TransferSyntaxUID", "1.2.840.10008.1.2"))
    lossy = syntax.rsplit(".", 1)[-1] in {"50", "51", "81", "91", "203"}
    palette = dataset.get("PhotometricInterpretation") == "PALETTE COLOR"
    grid = _grid_by_gdcm(path)
    try:
        if palette:
            raise ValueError("the product uses pydicom's palette; GDCM has its own")
        if not getattr(dataset.file_meta, "TransferSyntaxUID", None):
            dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
        pixels = dataset.pixel_array
        library = "pydicom"
    except Exception:  # noqa: BLE001 - whatever stops pydicom, GDCM is asked next
        return _dicom_by_gdcm(info, path, lossy)
    if info.dtype == "int16" and pixels.dtype == np.uint16:
        # The stream is signed, the header says unsigned: Pillow lifts such samples by half their range.
        pixels = pixels.astype(np.int32) - 32768
    colour = info.channels == 3
    frames = pixels.reshape(info.size.planes, info.size.rows, info.size.columns, *([3] if colour else []))
    if colour:
        frames = (frames >> (8 * (frames.dtype.itemsize - 1))).astype(np.uint8) if frames.dtype.itemsize > 1 else frames
    elif "ModalityLUTSequence" in dataset or "RescaleSlope" in dataset:
        frames = np.asarray(apply_modality_lut(frames, dataset), np.float64)
    elif "DoseGridScaling" in dataset:
        frames = frames * float(dataset.DoseGridScaling)
    else:
        frames = _scaled_by_groups(dataset, frames)
    return Reference(library, frames, grid and grid[0], grid and grid[1], 3.0 if lossy else 0.0)


def _scaled_by_groups(dataset, frames: np.ndarray) -> np.ndarray:
    groups = dataset.get("PerFrameFunctionalGroupsSequence")
    if not groups or len(groups) != len(frames):
        return frames
    shared = dataset.get("SharedFunctionalGroupsSequence")
    out = frames.astype(np.float64)
    for index, group in enumerate(groups):
        own = group.get("PixelValueTransformationSequence")
        own = own or (shared[0].get("PixelValueTransformationSequence") if shared else None)
        if own:
            out[index] = out[index] * float(own[0].RescaleSlope) + float(own[0].RescaleIntercept)
    return out


def _dicom_by_gdcm(info: ScanInfo, path: Path, lossy: bool) -> Reference | None:
    try:
        found = _by_itk(path, "SimpleITK (GDCM)", "GDCMImageIO")
    except RuntimeError:
        return _twin(path) or _openjph(path, lossy)
    pixels = found.pixels
    if info.channels == 3 and pixels.dtype.itemsize > 1:
        pixels = (pixels >> 8).astype(np.uint8)
    dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True)
    if (
        dataset.get("PhotometricInterpretation") == "MONOCHROME1"
    ):  # ITK turns these round; the stored values are meant here
        pixels = ((1 << dataset.BitsStored) - 1 - pixels).astype(pixels.dtype)
    if "ModalityLUTSequence" in dataset:  # GDCM leaves this table out
        pixels = apply_modality_lut(pixels, dataset)
    return Reference(found.library, pixels, found.origin, found.steps, 3.0 if lossy else 0.0)


def _twin(path: Path) -> Reference | None:
    """The same object without compression, for syntaxes that no other library here decodes."""
    name = {"liver_rle.dcm": "liver.dcm", "liver_deflate.dcm": "liver.dcm"}.get(path.name)
    return Reference("pydicom (uncompressed twin)", pydicom.dcmread(path.parent / name).pixel_array) if name else None


def _openjph(path: Path, lossy: bool) -> Reference | None:
    """High-throughput JPEG 2000 by OpenJPH; the product uses OpenJPEG."""
    import imagecodecs

    dataset = pydicom.dcmread(path)
    if ".4.20" not in str(dataset.file_meta.TransferSyntaxUID):
        return None
    frame = next(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=1))
    pixels = np.asarray(imagecodecs.htj2k_decode(frame))
    return Reference("OpenJPH", pixels[None], tolerance=2.0 if lossy else 0.0)


def _grid_by_gdcm(path: Path):
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(os.fspath(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError:
        return None
    count = reader.GetDimension()
    steps = np.array(reader.GetDirection()).reshape(count, count) * np.array(reader.GetSpacing())
    return reader.GetOrigin(), steps


def _nifti(path: Path) -> Reference:
    import nibabel

    image: Any = nibabel.load(path)
    matrix = np.diag([-1.0, -1.0, 1.0]) @ image.affine[:3]
    values = np.asanyarray(image.dataobj).squeeze()
    return Reference("nibabel", values.transpose(2, 1, 0), tuple(matrix[:, 3]), matrix[:, :3])


def _nrrd(path: Path) -> Reference:
    import nrrd

    pixels, header = nrrd.read(os.fspath(path), index_order="C")
    space = str(header.get("space", ""))
    flip = np.diag([-1.0, -1.0, 1.0] if space.startswith(("right", "RAS")) else [1.0, 1.0, 1.0])
    steps = flip @ np.array(header["space directions"], float).T
    return Reference("pynrrd", pixels, tuple(flip @ np.array(header["space origin"], float)), steps)


def _gipl(path: Path) -> Reference:
    """A reader of our own, from the format's description: 256 bytes of big-endian header."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    columns, rows, planes, _ = struct.unpack_from(">4H", raw)
    kind = {8: "u1", 15: ">i2", 16: ">u2", 64: ">f4"}[struct.unpack_from(">H", raw, 8)[0]]
    pixels = np.frombuffer(raw, kind, columns * rows * planes, 256).reshape(planes, rows, columns)
    return Reference("the test's own GIPL reader", pixels)


def _pictures(paths: tuple[Path, ...], planes_of_one: int) -> Reference:
    import cv2

    planes = []
    if len(paths) == 1 and planes_of_one > 1:
        read, stack = cv2.imreadmulti(os.fspath(paths[0]), flags=cv2.IMREAD_UNCHANGED)
        assert read
        return Reference("OpenCV", np.stack(list(stack)))
    for path in paths:
        pixels = cv2.imread(os.fspath(path), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
        assert pixels is not None
        planes.append(cv2.cvtColor(pixels[..., :3], cv2.COLOR_BGR2RGB) if pixels.ndim == 3 else pixels)
    stack = np.stack(planes)
    if len(paths) == 1 and stack.ndim == 4 and not np.ptp(stack, axis=3).any():
        stack = stack[..., 0]  # a grey picture kept as colour
    return Reference("OpenCV", stack, tolerance=0.0 if paths[0].suffix.lower() == ".png" else 2.0)
