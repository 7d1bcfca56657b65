"""W1: a DICOM series of 400 slices into one volume, against the bound and against SimpleITK, in one run.

`python -m tests.benchmarks.bench_series [--slices N] [--rounds N]` makes the files (seeded), then prints ratios.
The bound reads all bytes of the pixels and copies them once into one array. Loading is all of it: finding the
series in its folder, headers, sorting by geometry, pixels. Every file is in the page cache for everyone.
"""

from __future__ import annotations

import argparse
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

from imaging.formats.dicom_header import forget_headers
from imaging.opening import open_scan
from imaging.scan import Volume

SIDE = 512
COMPRESSED = 150


def phantom(slices: int, seed: int = 7) -> NDArray[np.int16]:
    """Smooth shapes with noise in HU, so that compressors have something to do."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    body = np.where(x**2 / 0.7 + y**2 / 0.5 < 1, 40.0, -1000.0)
    out = np.empty((slices, SIDE, SIDE), np.int16)
    for index in range(slices):
        spot = np.where((x - 0.3 * np.sin(index / 20)) ** 2 + y**2 < 0.05, 300.0, 0.0)
        out[index] = body + spot + random.normal(0, 12, (SIDE, SIDE))
    return out


def _slice(pixels: NDArray[np.int16], index: int, series: str, study: str) -> Dataset:
    """A CT slice with the attributes a scanner writes."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, f"{series}.{index + 1}"
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20200102"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = "101112.131415"
    ds.AccessionNumber, ds.Modality, ds.Manufacturer = "1234", "CT", "Synthetic"
    ds.InstitutionName, ds.StationName = "Synthetic hospital", "CT01"
    ds.StudyDescription, ds.SeriesDescription = "Thorax", "Thorax 1.0 B30f"
    ds.ManufacturerModelName = "Phantom 64"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Phantom^One", "P1", "19700101", "O"
    ds.BodyPartExamined, ds.ScanOptions, ds.SliceThickness, ds.KVP = "CHEST", "HELICAL", 1.0, 120
    ds.DataCollectionDiameter, ds.ProtocolName, ds.ReconstructionDiameter = 500, "Thorax", 360
    ds.DistanceSourceToDetector, ds.DistanceSourceToPatient = 1040, 570
    ds.GantryDetectorTilt, ds.TableHeight, ds.RotationDirection = 0, 150, "CW"
    ds.ExposureTime, ds.XRayTubeCurrent, ds.Exposure, ds.FilterType = 500, 200, 100, "FLAT"
    ds.GeneratorPower, ds.FocalSpots, ds.ConvolutionKernel, ds.PatientPosition = 24, [1.2, 1.2], "B30f", "FFS"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.StudyID = study, series, "1"
    ds.SeriesNumber, ds.AcquisitionNumber, ds.InstanceNumber = 2, 1, index + 1
    ds.ImagePositionPatient = [-180.0, -180.0, -200.0 + index]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator, ds.SliceLocation = f"{study}.9", "SN", -200.0 + index
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", SIDE, SIDE
    ds.PixelSpacing, ds.BitsAllocated, ds.BitsStored, ds.HighBit = [0.703125, 0.703125], 16, 16, 15
    ds.PixelRepresentation, ds.SmallestImagePixelValue, ds.LargestImagePixelValue = 1, -1100, 400
    ds.WindowCenter, ds.WindowWidth, ds.RescaleIntercept, ds.RescaleSlope = 40, 400, 0, 1
    ds.PixelData = pixels.astype("<i2").tobytes()
    return ds


def write_series(
    folder: Path, volume: NDArray[np.int16], syntax: UID, preamble: bool = True, meta_group: bool = True
) -> Path:
    """One file per slice, in an order of names that is not the order of positions."""
    folder.mkdir(parents=True)
    series, study = "1.2.826.0.1.3680043.8.498.7", "1.2.826.0.1.3680043.8.498.6"
    for index, plane in enumerate(volume):
        ds = _slice(plane, index, series, study)
        if syntax == ExplicitVRBigEndian:
            ds.PixelData = plane.astype(">i2").tobytes()
        elif syntax != ExplicitVRLittleEndian:
            ds.PixelData = encapsulate([_encode(plane, syntax)])
            ds["PixelData"].VR = "OB"
            ds["PixelData"].is_undefined_length = True
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
        meta.TransferSyntaxUID, meta.ImplementationClassUID = syntax, generate_uid(entropy_srcs=["overread"])
        path = folder / f"{(index * 7919) % 100_003:06d}.dcm"
        little = syntax != ExplicitVRBigEndian
        whole = FileDataset(str(path), ds, b"\0" * 128, meta, is_implicit_VR=False, is_little_endian=little)
        whole.save_as(path, enforce_file_format=True)
        if not preamble:
            path.write_bytes(path.read_bytes()[132:])
        if not meta_group:  # a preamble and no file meta: the walk hands over to pydicom
            data = path.read_bytes()
            path.write_bytes(data[:132] + data[144 + struct.unpack_from("<I", data, 140)[0] :])
    return folder


def _encode(plane: NDArray[np.int16], syntax: UID) -> bytes:
    """One compressed frame."""
    import imagecodecs
    from pydicom.pixels.encoders.base import RLELosslessEncoder

    if syntax == RLELossless:
        facts: dict[str, Any] = {
            "rows": SIDE,
            "columns": SIDE,
            "samples_per_pixel": 1,
            "bits_allocated": 16,
            "bits_stored": 16,
            "pixel_representation": 1,
            "photometric_interpretation": "MONOCHROME2",
            "number_of_frames": 1,
        }
        return RLELosslessEncoder.encode(plane.tobytes(), encoding_plugin="pydicom", **facts)
    if syntax == JPEGLSLossless:
        return bytes(imagecodecs.jpegls_encode(plane.view(np.uint16)))
    return bytes(imagecodecs.jpeg2k_encode(plane, codecformat="j2k", reversible=True, level=0))


def bound(folder: Path, slices: int) -> NDArray[np.int16]:
    """The least anyone must do: read all bytes, copy the pixels once."""
    out = np.empty((slices, SIDE * SIDE), np.int16)
    size = SIDE * SIDE * 2
    for index, path in enumerate(sorted(folder.iterdir())):
        data = path.read_bytes()
        out[index] = np.frombuffer(data, np.int16, SIDE * SIDE, len(data) - size)
    return out


def ours(folder: Path) -> NDArray[np.int16]:
    """All of Overread's way, headers not remembered."""
    forget_headers()
    scan = open_scan(folder)
    assert isinstance(scan, Volume)
    return scan.voxels()


def simpleitk(folder: Path) -> NDArray[np.int16]:
    """SimpleITK's way."""
    import SimpleITK

    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)))
    return SimpleITK.GetArrayFromImage(reader.Execute())


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of one way: the median and the least by the clock, the least of the processor."""

    median: float
    best: float
    processor: float

    def against(self, other: Taken) -> str:
        """The three as ratios; where others use the machine too, the last two say more than the first."""
        median, best, processor = (
            self.median / other.median,
            self.best / other.best,
            self.processor / other.processor,
        )
        return f"{median:.2f} × (best {best:.2f}, processor {processor:.2f})"


def alternate(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, Taken]:
    """What each way takes, taken in turn so that noise hits all alike."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start, busy = time.perf_counter(), time.process_time()
            way()
            times[name].append((time.perf_counter() - start, time.process_time() - busy))
    return {
        name: Taken(
            statistics.median(clock for clock, _ in found),
            min(clock for clock, _ in found),
            min(processor for _, processor in found),
        )
        for name, found in times.items()
    }


def peak(folder: Path) -> float:
    """The most memory one load takes beyond what the program had before, in bytes, in a process of its own."""
    run = [sys.executable, "-m", "tests.benchmarks.bench_series", "--peak-of", str(folder)]
    return float(subprocess.run(run, check=True, capture_output=True, text=True).stdout)


def _print_peak(folder: Path) -> None:
    ours(folder.parent / "one")  # imports and pools are there before the measure starts
    before = _peak_kib()
    ours(folder)
    print((_peak_kib() - before) * 1024)


def _peak_kib() -> int:
    """The most resident memory this process has had; `getrusage` would count the parent's too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def main() -> None:
    """Make the files, take the times, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--peak-of", type=Path, default=None)
    arguments = parser.parse_args()
    if arguments.peak_of:
        _print_peak(arguments.peak_of)
        return
    with tempfile.TemporaryDirectory() as place:
        _measure(Path(place), arguments.slices, arguments.rounds)


def _measure(place: Path, slices: int, rounds: int) -> None:
    volume = phantom(slices)
    plain = write_series(place / "plain", volume, ExplicitVRLittleEndian)
    bare = write_series(place / "bare", volume, ExplicitVRLittleEndian, preamble=False)
    odd = write_series(place / "odd", volume, ExplicitVRLittleEndian, meta_group=False)
    swapped = write_series(place / "swapped", volume, ExplicitVRBigEndian)
    write_series(place / "one", volume[:2], ExplicitVRLittleEndian)
    ways = {"fast": plain, "bare": bare, "swapped": swapped, "odd": odd}
    for folder in ways.values():
        assert np.array_equal(ours(folder), volume)
    assert np.array_equal(simpleitk(plain), volume)
    loads = {name: lambda folder=folder: ours(folder) for name, folder in ways.items()}
    found = alternate({"bound": lambda: bound(plain, slices), **loads}, rounds)
    found |= alternate({"peer bound": lambda: bound(plain, slices), "SimpleITK": lambda: simpleitk(plain)}, 3)
    least = found["bound"]
    print(f"{slices} slices of {SIDE} × {SIDE} int16; bound {least.median:.3f} s, best {least.best:.3f} s")
    print(f"fast way     {found['fast'].against(least)} of the bound (reach 1.3)")
    print(f"no preamble  {found['bare'].against(least)} of the bound (reach 4)")
    print(f"big endian   {found['swapped'].against(least)} of the bound (reach 4)")
    print(f"by pydicom   {found['odd'].against(least)} of the bound (reach 4), headers without file meta")
    print(f"SimpleITK    {found['SimpleITK'].against(found['peer bound'])} of the bound")
    print(f"peak memory  {peak(plain) / volume.nbytes:.2f} × the volume (reach 1.4)")
    for name, syntax in (("RLE", RLELossless), ("JPEG-LS", JPEGLSLossless), ("JPEG 2000", JPEG2000Lossless)):
        part = volume[: min(COMPRESSED, slices)]
        folder = write_series(place / name.replace(" ", ""), part, syntax)
        assert np.array_equal(ours(folder), part)
        both = alternate({"ours": lambda f=folder: ours(f), "peer": lambda f=folder: simpleitk(f)}, 3)
        print(f"{name:12} SimpleITK takes {both['peer'].against(both['ours'])} of ours (reach 1.3)")


if __name__ == "__main__":
    main()
