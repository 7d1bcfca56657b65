"""The pixels a dataset keeps: PNG for single planes of 8 or 16 bits, compressed NRRD for everything else. Lossless.

The source files are not copied: their headers and names say whose they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataset.errors import DatasetProblem
from dataset.facts import Malformed
from dataset.nrrd import can_hold, decode_nrrd, encode_nrrd
from imaging.geometry import Plane, whole_plane
from imaging.progress import Progress
from imaging.scan import Pixels, Scan, ScanInfo, Volume


def read_all(scan: Scan, progress: Progress) -> Pixels:
    """All stored values of a scan, (planes, rows, columns[, 3])."""
    if isinstance(scan, Volume):
        return scan.voxels(progress)
    info = scan.info
    shape = (info.size.planes, info.size.rows, info.size.columns) + ((info.channels,) if info.channels > 1 else ())
    voxels = np.empty(shape, info.dtype)
    for index in range(info.size.planes):
        voxels[index] = scan.read(whole_plane(info.size, Plane(0, index)))
        progress.report(index + 1, info.size.planes)
    return voxels


def encode_pixels(voxels: Pixels, info: ScanInfo) -> tuple[str, bytes]:
    """The name and the bytes of the file that keeps a scan's pixels."""
    import imagecodecs

    if info.size.planes == 1 and voxels.dtype.name in {"uint8", "uint16"} and info.channels in {1, 3}:
        little = np.ascontiguousarray(voxels[0].astype(voxels.dtype.newbyteorder("="), copy=False))
        return "scan.png", bytes(imagecodecs.png_encode(little, level=4))
    stored = voxels.astype(np.uint8) if voxels.dtype == np.bool_ else voxels
    if voxels.dtype == np.float16:
        stored = voxels.astype(np.float32)
    if not can_hold(stored.dtype.name):
        raise DatasetProblem(f"holds values of type {voxels.dtype}, which cannot be kept", info.name)
    return "scan.nrrd", encode_nrrd(stored, affine=info.affine, spacing=info.spacing_mm)


def decode_pixels(data: bytes, info: ScanInfo) -> Pixels:
    """The stored values again, of the type and shape the description promises; `Malformed` otherwise."""
    import imagecodecs

    if data.startswith(b"\x89PNG"):
        width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
        if (width, height) != (info.size.columns, info.size.rows):
            raise Malformed(f"it is {width} × {height}, its description says otherwise")
        try:
            voxels: NDArray[Any] = imagecodecs.png_decode(data)[None]
        except (RuntimeError, ValueError) as error:
            raise Malformed("it is no whole PNG") from error
    else:
        voxels, _fields = decode_nrrd(data, max(info.bytes_in_memory * 4, 1024))
    return voxels.astype(np.dtype(info.dtype), copy=False)
