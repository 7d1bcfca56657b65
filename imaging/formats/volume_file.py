"""What the readers of volume files share: bounded unpacking, sizes that are checked, one way to make the info."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ScanProblem
from imaging.geometry import Affine, Size
from imaging.memory import require_memory
from imaging.progress import Progress
from imaging.scan import Pixels, Rescale, ScanInfo, Spacing

_BEST_DEFLATE = 1040
"""Deflate packs at most 1,032 bytes into one."""
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Opened:
    """A volume's info and the function that reads its voxels."""

    info: ScanInfo
    load: Callable[[Progress], Pixels]


@dataclass(frozen=True, slots=True)
class Grid:
    """The voxels of a volume file as they are stored: i runs fastest, then j, then k."""

    size: Size
    dtype: np.dtype[Any]
    channels: int = 1

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array of voxels."""
        shape = (self.size.planes, self.size.rows, self.size.columns)
        return (*shape, self.channels) if self.channels > 1 else shape

    @property
    def bytes(self) -> int:
        """Bytes of all voxels; Python's integers, so that no header can make it overflow."""
        voxels = self.size.columns * self.size.rows * self.size.planes
        return voxels * self.channels * self.dtype.itemsize


def make_info(
    path: Path,
    kind: str,
    grid: Grid,
    spacing: Spacing,
    affine: Affine | None,
    rescale: Rescale | None = None,
    notes: tuple[str, ...] = (),
    header: tuple[tuple[str, str], ...] = (),
    sources: tuple[Path, ...] = (),
) -> ScanInfo:
    """The info of a volume file, once its voxels are known to fit in memory. Raises `ScanProblem`."""
    if min(grid.size.columns, grid.size.rows, grid.size.planes) < 1:
        size = grid.size
        raise ScanProblem(f"says it has {size.columns} × {size.rows} × {size.planes} voxels", path)
    require_memory(grid.bytes, path, "its voxels")
    return ScanInfo(
        name=path.name,
        format=kind,
        kind="volume",
        size=grid.size,
        dtype=grid.dtype.newbyteorder("=").name,
        channels=grid.channels,
        spacing_mm=spacing,
        affine=affine,
        rescale=rescale or Rescale(),
        notes=notes,
        header=header,
        sources=sources or (path,),
    )


def known_spacing(values: tuple[float, ...]) -> Spacing:
    """Spacing along i, j, k; `None` where a value is zero, negative or not finite."""
    found = [value if np.isfinite(value) and value > 0 else None for value in (*values, 0.0, 0.0, 0.0)[:3]]
    return found[0], found[1], found[2]


def gunzip_head(data: bytes, count: int) -> bytes:
    """The first bytes inside a gzip file, as many as the bytes at hand give."""
    try:
        return zlib.decompressobj(31).decompress(data, count)
    except zlib.error:
        return b""


def check_held(path: Path, held: int, needed: int, packed: bool) -> None:
    """Raise `ScanProblem` when a file cannot hold what its header promises."""
    most = held * _BEST_DEFLATE if packed else held
    if most < needed:
        raise ScanProblem(
            f"is cut short: its header promises {needed:,} bytes of voxels, it holds {held:,}",
            path,
            "Get the file again",
        )


def read_raw(path: Path, offset: int, grid: Grid, progress: Progress) -> Pixels:
    """Voxels that lie in a file as they are, read once, straight into their place."""
    out = np.empty(grid.shape, grid.dtype)
    view, filled = memoryview(cast("Any", out).reshape(-1).view(np.uint8)), 0
    with path.open("rb", buffering=0) as stream:
        stream.seek(offset)
        while filled < len(view):
            progress.report(filled, len(view), "reading")
            count = stream.readinto(view[filled : filled + (1 << 26)])
            if not count:
                check_held(path, filled, len(view), packed=False)
            filled += count
    return native(out)


def unpack(path: Path, data: bytes, skip: int, grid: Grid, wrapped: str, progress: Progress) -> Pixels:
    """Voxels packed by zlib or gzip (`wrapped`), after `skip` bytes of the unpacked stream.

    libdeflate unpacks at once into an array of exactly the promised size; what it refuses (several gzip members,
    more data than promised) is streamed, never past that size. Raises `ScanProblem`.
    """
    progress.report(0, 1, "unpacking")
    whole = np.empty(skip + grid.bytes, np.uint8)
    if not _unpack_at_once(data, whole, wrapped):
        _unpack_by_parts(path, data, whole, wrapped, progress)
    voxels: NDArray[Any] = whole[skip:]
    if voxels.ctypes.data % max(1, grid.dtype.itemsize):
        voxels = voxels.copy()
    return native(voxels.view(grid.dtype).reshape(grid.shape))


def _unpack_at_once(data: bytes, out: NDArray[np.uint8], wrapped: str) -> bool:
    """Unpack with libdeflate; `False` when the stream is not exactly as long as `out`."""
    import imagecodecs

    library = cast("Any", imagecodecs)
    decode: Callable[..., Any] = library.gzip_decode if wrapped == "gzip" else library.zlib_decode
    if wrapped == "gzip" and (len(data) < 18 or int.from_bytes(data[-4:], "little") != len(out) & 0xFFFFFFFF):
        return False
    try:
        return len(decode(data, out=out)) == len(out)
    except Exception:  # noqa: BLE001 - the streaming way says what is wrong
        return False


def _unpack_by_parts(path: Path, data: bytes, out: NDArray[np.uint8], wrapped: str, progress: Progress) -> None:
    """Unpack as a stream, member by member, until `out` is full."""
    bits = 31 if wrapped == "gzip" else 15
    inflater, at, filled = zlib.decompressobj(bits), 0, 0
    try:
        while filled < len(out):
            progress.report(filled, len(out), "unpacking")
            if inflater.eof:
                rest = inflater.unused_data + data[at:]
                data, at, inflater = rest.lstrip(b"\0"), 0, zlib.decompressobj(bits)
            block = inflater.unconsumed_tail or data[at : at + _BLOCK]
            if not inflater.unconsumed_tail:
                at += len(block)
            if not block:
                check_held(path, filled, len(out), packed=False)
            part = inflater.decompress(block, len(out) - filled)
            out[filled : filled + len(part)] = np.frombuffer(part, np.uint8)
            filled += len(part)
    except zlib.error as error:
        raise ScanProblem(f"its voxels cannot be unpacked ({error})", path, "Get the file again") from error


def native(voxels: NDArray[Any]) -> Pixels:
    """Voxels in the machine's own byte order."""
    if voxels.dtype.isnative:
        return voxels
    if voxels.flags.writeable:
        return voxels.byteswap(inplace=True).view(voxels.dtype.newbyteorder("="))
    return voxels.astype(voxels.dtype.newbyteorder("="))


def file_inside(folder: Path, name: str, where: Path) -> Path:
    """A data file that a header names. Raises `ScanProblem` when it is not in the header's own folder."""
    path = (folder / name).resolve()
    if not name or not path.is_relative_to(folder.resolve()):
        raise ScanProblem(f"names a data file outside its folder ({name[:100]})", where, "Put both into one folder")
    if not path.is_file():
        raise ScanProblem(f"its data file {name[:100]} is not there", where, "Put both into one folder")
    return path
