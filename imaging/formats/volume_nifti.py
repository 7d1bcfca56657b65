"""NIfTI 1 and 2 in one file, plain or gzipped; RAS becomes LPS."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ScanProblem
from imaging.formats.volume_file import Grid, Opened, check_held, known_spacing, make_info, read_raw, unpack
from imaging.geometry import Affine, Size
from imaging.progress import Progress
from imaging.scan import Pixels, Rescale

_TYPES = {
    2: "u1",
    4: "i2",
    8: "i4",
    16: "f4",
    64: "f8",
    256: "i1",
    512: "u2",
    768: "u4",
    1024: "i8",
    1280: "u8",
    128: "u1",
}
_RGB = 128
_UNITS = {1: 1000.0, 2: 1.0, 3: 0.001}


@dataclass(frozen=True, slots=True)
class _Header:
    """The fields that matter, of either version."""

    order: str
    dim: tuple[int, ...]
    datatype: int
    pixdim: tuple[float, ...]
    offset: int
    slope: float
    intercept: float
    units: int
    qform: int
    sform: int
    quaternion: tuple[float, ...]
    rows: tuple[float, ...]


def open_nifti(path: Path) -> Opened:
    """Open a NIfTI file; its transform is the sform where there is one, else the qform. Raises `ScanProblem`."""
    packed = _is_packed(path)
    try:
        head = _head(path, packed)
        header = _parse(head)
    except (OSError, EOFError, zlib.error, struct.error, gzip.BadGzipFile) as error:
        raise ScanProblem(f"its NIfTI header cannot be read ({error})", path, "Get the file again") from error
    if header.datatype not in _TYPES:
        raise ScanProblem(f"holds values of NIfTI type {header.datatype}, which is not readable", path)
    count = header.dim[0]
    sizes = [header.dim[index] if index <= count else 1 for index in range(1, 8)]
    channels = 3 if header.datatype == _RGB else 1
    grid = Grid(Size(*sizes[:3]), np.dtype(header.order + _TYPES[header.datatype]), channels)
    notes, volumes = list[str](), max(1, math.prod(sizes[3:]))
    if volumes > 1:
        notes.append(f"holds {volumes} volumes, one after the other; the first is shown")
    held = path.stat().st_size - (0 if packed else header.offset)
    check_held(path, held, grid.bytes, packed)
    unit, text = _unit(header.units)
    notes += [text] if text else []
    affine = _affine(header, unit)
    if affine is None:
        notes.append("does not say how it lies in the patient")
    spacing = tuple(step * unit for step in header.pixdim[1:4])
    if affine is not None:
        spacing = affine.spacing()
    info = make_info(
        path,
        "nifti",
        grid,
        known_spacing(spacing),
        affine,
        _rescale(header) if channels == 1 else Rescale(),
        tuple(notes),
        (("Datatype", _TYPES[header.datatype]), ("sform", str(header.sform)), ("qform", str(header.qform))),
    )

    def load(progress: Progress) -> Pixels:
        if not packed:
            return read_raw(path, header.offset, grid, progress)
        return unpack(path, path.read_bytes(), header.offset, grid, "gzip", progress)

    return Opened(info, load)


def _is_packed(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _head(path: Path, packed: bool) -> bytes:
    """The first 540 bytes."""
    if not packed:
        with path.open("rb") as stream:
            return stream.read(540)
    with gzip.open(path) as stream:
        return stream.read(540)


def _parse(head: bytes) -> _Header:
    """Either version, either byte order."""
    for order in "<>":
        length = struct.unpack_from(order + "i", head)[0]
        if length == 348:
            return _version_1(head, order)
        if length == 540:
            return _version_2(head, order)
    raise struct.error("its length field is wrong")


def _version_1(head: bytes, order: str) -> _Header:
    dim = struct.unpack_from(order + "8h", head, 40)
    slope, intercept = struct.unpack_from(order + "2f", head, 112)
    qform, sform = struct.unpack_from(order + "2h", head, 252)
    return _Header(
        order,
        _sound(dim),
        struct.unpack_from(order + "h", head, 70)[0],
        struct.unpack_from(order + "8f", head, 76),
        _offset(struct.unpack_from(order + "f", head, 108)[0], 352),
        slope,
        intercept,
        head[123],
        qform,
        sform,
        struct.unpack_from(order + "6f", head, 256),
        struct.unpack_from(order + "12f", head, 280),
    )


def _version_2(head: bytes, order: str) -> _Header:
    dim = struct.unpack_from(order + "8q", head, 16)
    slope, intercept = struct.unpack_from(order + "2d", head, 176)
    qform, sform = struct.unpack_from(order + "2i", head, 344)
    return _Header(
        order,
        _sound(dim),
        struct.unpack_from(order + "h", head, 12)[0],
        struct.unpack_from(order + "8d", head, 104),
        _offset(struct.unpack_from(order + "q", head, 168)[0], 544),
        slope,
        intercept,
        struct.unpack_from(order + "i", head, 500)[0],
        qform,
        sform,
        struct.unpack_from(order + "6d", head, 352),
        struct.unpack_from(order + "12d", head, 400),
    )


def _sound(dim: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes, when they can be ones."""
    if not 1 <= dim[0] <= 7 or any(size < 1 for size in dim[1 : dim[0] + 1]):
        raise struct.error(f"its sizes {dim} make no sense")
    return dim


def _offset(value: float, least: int) -> int:
    """Where the voxels start."""
    if not math.isfinite(value) or value > 1 << 40:
        raise struct.error("its offset makes no sense")
    return max(int(value), least)


def _unit(code: int) -> tuple[float, str]:
    """Millimetres per unit of length, and a note when the file does not say or says otherwise."""
    known = _UNITS.get(code & 7)
    if known is None:
        return 1.0, "does not say its unit of length; taken as millimetres, as the format's programs do"
    return known, "" if known == 1.0 else "lengths were turned into millimetres"


def _rescale(header: _Header) -> Rescale:
    """The scaling of values; a slope of 0 means none."""
    if header.slope == 0 or not math.isfinite(header.slope) or not math.isfinite(header.intercept):
        return Rescale()
    return Rescale(header.slope, header.intercept)


def _affine(header: _Header, unit: float) -> Affine | None:
    """The transform to LPS millimetres; `None` when the file gives none that can be inverted."""
    if header.sform > 0:
        matrix = np.array(header.rows, np.float64).reshape(3, 4)
    elif header.qform > 0:
        matrix = _from_quaternion(header)
    else:
        return None
    matrix = np.diag([-1.0, -1.0, 1.0]) @ matrix * unit
    if not np.all(np.isfinite(matrix)) or abs(float(np.linalg.det(matrix[:, :3]))) < 1e-12:
        return None
    return Affine.of(matrix)


def _from_quaternion(header: _Header) -> NDArray[Any]:
    """The qform's 3 × 4 matrix, by the formula of the NIfTI-1 standard (method 2)."""
    b, c, d, x, y, z = header.quaternion
    a = math.sqrt(max(0.0, 1.0 - (b * b + c * c + d * d)))
    turn = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    handed = -1.0 if header.pixdim[0] < 0 else 1.0
    steps = np.array([header.pixdim[1], header.pixdim[2], header.pixdim[3] * handed])
    return np.column_stack([turn * steps, np.array([x, y, z])])
