"""MetaImage (.mha, .mhd): plain and zlib-packed voxels read directly, everything else by SimpleITK."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from imaging.errors import ScanProblem
from imaging.formats.volume_file import (
    Grid,
    Opened,
    check_held,
    file_inside,
    known_spacing,
    make_info,
    read_raw,
    unpack,
)
from imaging.formats.volume_itk import open_by_itk
from imaging.geometry import Affine, Size
from imaging.progress import Progress
from imaging.scan import Pixels

_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_LONGEST_HEADER = 1 << 16


def open_meta(path: Path) -> Opened:
    """Open a MetaImage file. Raises `ScanProblem`."""
    fields, start = read_fields(path)
    try:
        sizes = [int(value) for value in fields.get("DimSize", "").split()]
        channels = int(fields.get("ElementNumberOfChannels", "1"))
    except ValueError as error:
        raise ScanProblem(f"its header makes no sense ({error})", path, "Get the file again") from error
    data_name = fields.get("ElementDataFile", "")
    kind = fields.get("ElementType", "")
    local = data_name.upper() == "LOCAL"
    simple = len(sizes) in {2, 3} and kind in _TYPES and fields.get("BinaryData", "True").lower() == "true"
    simple = simple and (channels == 1 or (channels == 3 and kind == "MET_UCHAR"))
    if data_name.upper().startswith("LIST") or "%" in data_name:
        raise ScanProblem("keeps its voxels in several files, which is not readable", path, "Save it as one file")
    data = path if local else file_inside(path.parent, data_name, path)
    if not simple:
        return open_by_itk(path, "metaimage", (path, data) if data != path else ())
    big = "true" in {fields.get(name, "").lower() for name in ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")}
    size = Size(sizes[0], sizes[1], sizes[2] if len(sizes) == 3 else 1)
    grid = Grid(size, np.dtype((">" if big else "<") + _TYPES[kind]), channels)
    packed = fields.get("CompressedData", "False").lower() == "true"
    offset = start if local else _data_offset(fields, data, grid)
    check_held(path, data.stat().st_size - offset, grid.bytes, packed)
    spacing, affine, notes = _geometry(fields, len(sizes), path)
    sources = (path,) if local else (path, data)
    info = make_info(path, "metaimage", grid, known_spacing(spacing), affine, None, notes, _technical(fields), sources)

    def load(progress: Progress) -> Pixels:
        if not packed:
            return read_raw(data, offset, grid, progress)
        with data.open("rb") as stream:
            stream.seek(offset)
            return unpack(path, stream.read(), 0, grid, "zlib", progress)

    return Opened(info, load)


def read_fields(path: Path) -> tuple[dict[str, str], int]:
    """The `Key = value` lines up to the data file's name, and where the bytes after them start."""
    fields: dict[str, str] = {}
    with path.open("rb") as stream:
        while stream.tell() < _LONGEST_HEADER and (line := stream.readline(_LONGEST_HEADER)):
            key, found, value = line.decode("utf-8", "replace").partition("=")
            if found:
                fields[key.strip()] = value.strip()
            if key.strip() == "ElementDataFile":
                return fields, stream.tell()
    raise ScanProblem("is cut short: its header does not say where its voxels are", path, "Get the file again")


def _data_offset(fields: dict[str, str], data: Path, grid: Grid) -> int:
    """Where the voxels start in a file of their own."""
    try:
        given = int(fields.get("HeaderSize", "0"))
    except ValueError:
        given = 0
    return given if given >= 0 else max(0, data.stat().st_size - grid.bytes)


def _numbers(fields: dict[str, str], names: tuple[str, ...], count: int) -> list[float] | None:
    """The numbers of the first key that is there."""
    for name in names:
        if name in fields:
            try:
                found = [float(value) for value in fields[name].split()]
            except ValueError:
                return None
            return found if len(found) == count and all(np.isfinite(found)) else None
    return None


def _geometry(
    fields: dict[str, str], axes: int, path: Path
) -> tuple[tuple[float, ...], Affine | None, tuple[str, ...]]:
    """Spacing and the affine (each row of the matrix is the direction of one index)."""
    spacing = _numbers(fields, ("ElementSpacing", "ElementSize"), axes)
    origin = _numbers(fields, ("Offset", "Position", "Origin"), axes)
    turn = _numbers(fields, ("TransformMatrix", "Rotation", "Orientation"), axes * axes)
    if spacing is None:
        return (), None, ("does not say its spacing",)
    if axes != 3 or origin is None or turn is None:
        return tuple(spacing), None, ("does not say how it lies in the patient",) if axes == 3 else ()
    directions = np.array(turn, np.float64).reshape(3, 3)
    if abs(abs(float(np.linalg.det(directions))) - 1.0) > 0.1 or min(spacing) <= 0:
        raise ScanProblem("its directions or spacings make no sense", path, "Correct the header")
    matrix = np.column_stack([directions.T * np.array(spacing), np.array(origin)])
    return tuple(spacing), Affine.of(matrix), ()


def _technical(fields: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Header values that name nobody."""
    names = ("ElementType", "CompressedData", "AnatomicalOrientation", "Modality")
    return tuple((name, fields[name][:100]) for name in names if name in fields)
