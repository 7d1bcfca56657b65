# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Volume files by SimpleITK: NRRD, GIPL, Analyze, and whatever the direct readers leave out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from imaging.errors import ScanProblem
from imaging.formats.volume_file import Grid, Opened, check_held, file_inside, known_spacing, make_info
from imaging.geometry import Affine, Size
from imaging.progress import Progress
from imaging.scan import Pixels

_TYPES = {
    "8-bit signed integer": "i1",
    "8-bit unsigned integer": "u1",
    "16-bit signed integer": "i2",
    "16-bit unsigned integer": "u2",
    "32-bit signed integer": "i4",
    "32-bit unsigned integer": "u4",
    "64-bit signed integer": "i8",
    "64-bit unsigned integer": "u8",
    "32-bit float": "f4",
    "64-bit float": "f8",
}
_RAW = frozenset(("raw",))


def open_by_itk(path: Path, kind: str, sources: tuple[Path, ...] = ()) -> Opened:
    """Open a volume with SimpleITK. Raises `ScanProblem`."""
    fields = _nrrd_fields(path) if kind == "nrrd" else {}
    if fields:
        sources = _nrrd_sources(path, fields)
    elif kind == "analyze":
        sources = (path, file_inside(path.parent, path.with_suffix(".img").name, path))
    reader = _reader(path)
    sizes = [int(value) for value in reader.GetSize()]
    if len(sizes) not in {2, 3} and not (len(sizes) == 4 and sizes[3] == 1):
        raise ScanProblem(f"has {len(sizes)} axes; 2 and 3 are readable", path, "Save each volume in a file of its own")
    channels = int(reader.GetNumberOfComponents())
    dtype = _dtype(reader.GetPixelID(), path)
    if channels not in {1, 3} or (channels == 3 and dtype != np.uint8):
        raise ScanProblem(f"holds {channels} values per voxel, which is not readable", path)
    grid = Grid(Size(sizes[0], sizes[1], sizes[2] if len(sizes) > 2 else 1), dtype, channels)
    if fields.get("encoding", "").lower() in _RAW:
        check_held(path, sources[-1].stat().st_size, grid.bytes, packed=False)
    elif kind == "gipl" and path.suffix.lower() != ".gz":
        check_held(path, path.stat().st_size - 256, grid.bytes, packed=False)
    elif kind != "metaimage":
        check_held(path, sources[-1].stat().st_size if sources else path.stat().st_size, grid.bytes, packed=True)
    spacing, affine, notes = _geometry(reader, kind, fields)
    info = make_info(path, kind, grid, known_spacing(spacing), affine, None, notes, _technical(fields), sources)

    def load(progress: Progress) -> Pixels:
        progress.report(0, 1, "reading")
        return _voxels(path, grid)

    return Opened(info, load)


def _reader(path: Path) -> Any:
    """A reader that has read the header."""
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise ScanProblem(f"cannot be read ({_reason(error)})", path, "Get the file again") from error
    return reader


def _voxels(path: Path, grid: Grid) -> Pixels:
    """The voxels, copied out of SimpleITK's image so that they outlive it."""
    import SimpleITK

    try:
        image = SimpleITK.ReadImage(str(path))
    except RuntimeError as error:
        raise ScanProblem(f"its voxels cannot be read ({_reason(error)})", path, "Get the file again") from error
    return np.asarray(SimpleITK.GetArrayFromImage(image)).reshape(grid.shape)


def _dtype(pixel: int, path: Path) -> np.dtype[Any]:
    """NumPy's type of SimpleITK's pixel type."""
    import SimpleITK

    name = SimpleITK.GetPixelIDValueAsString(pixel).replace("vector of ", "")
    if name not in _TYPES:
        raise ScanProblem(f"holds values of type {name}, which is not readable", path)
    return np.dtype(_TYPES[name])


def _reason(error: RuntimeError) -> str:
    """The telling line of an ITK error."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("Exception thrown", "/", "sitk::ERROR: The file"))]
    text = (telling or lines or ["no reason given"])[-1]
    return text.rsplit("): ", maxsplit=1)[-1][:160].rstrip(". ")


def _nrrd_fields(path: Path) -> dict[str, str]:
    """The fields of a NRRD header, keys in lower case."""
    fields: dict[str, str] = {}
    with path.open("rb") as stream:
        for raw in iter(lambda: stream.readline(1 << 16), b""):
            line = raw.decode("utf-8", "replace").strip()
            if not line or len(fields) > 1000:
                break
            key, found, value = line.partition(":")
            if found and not line.startswith("#"):
                fields[key.strip().lower()] = value.removeprefix("=").strip()
    return fields


def _nrrd_sources(path: Path, fields: dict[str, str]) -> tuple[Path, ...]:
    """The header and its data file, which must lie in the same folder."""
    name = fields.get("data file", fields.get("datafile", ""))
    if not name:
        return (path,)
    if name.upper().startswith("LIST") or "%" in name:
        raise ScanProblem("keeps its voxels in several files, which is not readable", path, "Save it as one file")
    return (path, file_inside(path.parent, name, path))


def _geometry(
    reader: Any, kind: str, fields: dict[str, str]
) -> tuple[tuple[float, ...], Affine | None, tuple[str, ...]]:
    """What ITK understood of spacing and place, less what it made up for what the file does not say."""
    spacing = tuple(float(value) for value in reader.GetSpacing())
    if kind == "nrrd" and not {"space directions", "spacings"} & fields.keys():
        return (), None, ("does not say its spacing",)
    unplaced = ("does not say how it lies in the patient",)
    placed = {"nrrd": "space directions" in fields and bool(_patient_space(fields)), "gipl": False}.get(kind, True)
    if not placed or len(spacing) < 3:
        return spacing, None, unplaced
    turn = np.array(reader.GetDirection(), np.float64).reshape(len(spacing), len(spacing))[:3, :3]
    origin = np.array(reader.GetOrigin(), np.float64)[:3]
    return spacing, Affine.of(np.column_stack([turn * np.array(spacing[:3]), origin])), ()


def _patient_space(fields: dict[str, str]) -> str:
    """The patient space a NRRD header names; empty when it is none or the scanner's."""
    name = fields.get("space", "").lower()
    known = ("left-posterior-superior", "right-anterior-superior", "left-anterior-superior", "lps", "ras", "las")
    return name if name in known else ""


def _technical(fields: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Header values that name nobody."""
    names = ("type", "encoding", "space", "kinds", "endian")
    return tuple((name, fields[name][:100]) for name in names if name in fields)
