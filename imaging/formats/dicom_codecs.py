# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""One compressed DICOM frame to its samples, by imagecodecs; all of it runs without Python's global lock."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

RLE = "1.2.840.10008.1.2.5"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
JPEG = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70))
JPEG_LS = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (80, 81))
JPEG_2000 = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (90, 91, 92, 93))
HTJ2K = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (201, 202, 203))
KNOWN = JPEG | JPEG_LS | JPEG_2000 | HTJ2K | {RLE, DEFLATED_FRAMES}

_BGRA = 13
"""libjpeg-turbo's JCS_EXT_BGRA: four bytes a pixel, the last of them 255."""
_RLE_BEST = 64
"""RLE packs at most 128 bytes into two."""


class Undecodable(Exception):
    """The fast way cannot decode this frame; the reason is its text."""


class Damaged(Undecodable):
    """This frame is not what the header says; no other decoder will make it so."""


def decode_frame(
    data: bytes, syntax: str, shape: tuple[int, int, int], dtype: np.dtype[Any], photometric: str, bits: bool = False
) -> tuple[NDArray[Any], bool]:
    """Samples of shape (rows, columns) or (rows, columns, samples), and whether colour became RGB on the way.

    `shape` is (rows, columns, samples); `bits` says that eight pixels share a byte where the codec packs bytes.
    A frame that declares another size is refused before it is unpacked.
    """
    import imagecodecs

    rows, columns, samples = shape
    if syntax in {RLE, DEFLATED_FRAMES}:
        unpack = _decode_rle if syntax == RLE else _decode_deflated
        if not bits:
            return unpack(data, shape, dtype), False
        packed = unpack(data, (1, (rows * columns + 7) // 8, 1), dtype).reshape(-1)
        return np.unpackbits(packed, bitorder="little", count=rows * columns).reshape(rows, columns), False
    declared = declared_size(data)
    if declared is not None and declared != (rows, columns):
        raise Damaged(f"its header says {columns} × {rows}, its pixels are {declared[1]} × {declared[0]}")
    library = cast("Any", imagecodecs)
    try:
        if syntax in JPEG:
            array, is_rgb = _decode_jpeg(library, data, samples, photometric)
        elif syntax in JPEG_LS:
            array, is_rgb = library.jpegls_decode(data), False
        else:
            # Without `numthreads`: even one thread asked for is a thread of its own, handed each block in turn.
            decode = cast("Callable[..., Any]", library.jpeg2k_decode)
            array, is_rgb = decode(data), samples == 3 and _has_component_transform(data)
    except Exception as error:
        raise Undecodable(str(error)[:200] or type(error).__name__) from error
    array = np.asarray(array)
    if array.ndim == 3 and array.shape[0] == samples and array.shape[1:] == (rows, columns) and samples > 1:
        array = np.moveaxis(array, 0, -1)
    if array.shape[:2] != (rows, columns) or (array.shape[2] if array.ndim == 3 else 1) != samples:
        raise Undecodable(f"its pixels have the shape {array.shape}")
    return _as_stored(array, dtype), is_rgb


def declared_size(data: bytes) -> tuple[int, int] | None:
    """Rows and columns a JPEG, JPEG-LS or JPEG 2000 stream declares; `None` when it is none of them."""
    if data[:2] == b"\xff\xd8":
        return _jpeg_size(data)
    at = data.find(b"\xff\x4f\xff\x51", 0, 512)
    if at < 0 or len(data) < at + 24:
        return None
    x1, y1, x0, y0 = struct.unpack_from(">4I", data, at + 8)
    return y1 - y0, x1 - x0


def is_signed_jpeg_2000(head: bytes) -> bool:
    """Whether the first bytes of compressed pixel data hold a JPEG 2000 stream of signed samples."""
    at = head.find(b"\xff\x4f\xff\x51")
    return at >= 0 and len(head) > at + 42 and bool(head[at + 42] & 0x80)


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Rows and columns of the first frame header of a JPEG stream."""
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker in {0xFF, 0x01} or 0xD0 <= marker <= 0xD9:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7}:
            rows, columns = struct.unpack_from(">HH", data, at + 5)
            return rows, columns
        at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    return None


def _adobe_transform(data: bytes) -> int | None:
    """The colour transform of Adobe's APP14 marker; `None` without one."""
    at = data.find(b"\xff\xee\x00\x0eAdobe", 0, 4096)
    return data[at + 15] if at >= 0 and len(data) > at + 15 else None


def _decode_jpeg(library: Any, data: bytes, samples: int, photometric: str) -> tuple[Any, bool]:
    """A JPEG of any process; colour by the Adobe marker where there is one, by DICOM's word otherwise."""
    if samples == 1:
        return _jpeg_of_any_depth(library, data), False
    if _is_lossless(data):
        return _jpeg_of_any_depth(library, data), False
    return library.jpeg8_decode(data, colorspace=_coded_as(data, photometric), outcolorspace="RGB"), True


def _coded_as(data: bytes, photometric: str) -> str:
    """The colours inside a lossy JPEG stream of three components."""
    transform = _adobe_transform(data)
    # A JFIF stream is YCbCr by definition, whatever DICOM's header says of it.
    said = photometric.startswith("YBR") or data[6:10] == b"JFIF"
    return "YCBCR" if transform == 1 or (transform is None and said) else "RGB"


def decode_screen(data: bytes, size: tuple[int, int], photometric: str) -> NDArray[np.uint32]:
    """A colour frame of baseline JPEG as 0xFFRRGGBB, straight from the decoder. Raises `Undecodable`.

    `size` is (rows, columns).
    """
    import imagecodecs

    declared = declared_size(data)
    if declared != size:
        found = f"its pixels are {declared[1]} × {declared[0]}" if declared else "its pixels are no JPEG"
        raise Damaged(f"its header says {size[1]} × {size[0]}, {found}")
    decode = cast("Callable[..., Any]", imagecodecs.jpeg8_decode)
    try:
        array = np.asarray(decode(data, colorspace=_coded_as(data, photometric), outcolorspace=_BGRA))
    except Exception as error:
        raise Undecodable(str(error)[:200] or type(error).__name__) from error
    if array.shape != (*size, 4) or array.dtype != np.uint8:
        raise Undecodable(f"its pixels have the shape {array.shape}")
    return array.view("<u4")[..., 0].astype(np.uint32, copy=False)


def _is_lossless(data: bytes) -> bool:
    """Whether the stream is of the lossless process, whose colours libjpeg must not touch."""
    return b"\xff\xc3" in data[:4096]


def _jpeg_of_any_depth(library: Any, data: bytes) -> Any:
    """8-bit, 12-bit or lossless."""
    if _is_lossless(data):
        try:
            return library.ljpeg_decode(data) if _components(data) == 1 else library.jpegsof3_decode(data)
        except Exception:  # noqa: BLE001 - each of the two misses some streams
            return library.jpegsof3_decode(data)
    return library.jpeg8_decode(data)


def _components(data: bytes) -> int:
    at = data.find(b"\xff\xc3")
    return data[at + 9] if 0 <= at < len(data) - 9 else 0


def _has_component_transform(data: bytes) -> bool:
    """Whether a JPEG 2000 stream's coding style says that RGB went through RCT or ICT."""
    at = data.find(b"\xff\x52\x00", 0, 4096)
    return at >= 0 and len(data) > at + 8 and data[at + 8] == 1


def _decode_rle(data: bytes, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> NDArray[Any]:
    """RLE segments, one per byte of a sample, most significant first."""
    import imagecodecs

    rows, columns, samples = shape
    count = rows * columns * samples
    if count * dtype.itemsize > (len(data) + 64) * _RLE_BEST:
        raise Damaged("its pixels are cut short")
    out = np.empty(count * dtype.itemsize, np.uint8)
    try:
        found: Any = cast("Any", imagecodecs).dicomrle_decode(data, dtype, out=out)
    except Exception as error:
        raise Undecodable(str(error)[:200] or type(error).__name__) from error
    array = np.asarray(found).reshape(-1).view(dtype)
    if array.size != count:
        raise Undecodable("its pixels are cut short")
    return np.moveaxis(array.reshape(samples, rows, columns), 0, -1) if samples > 1 else array.reshape(rows, columns)


def _decode_deflated(data: bytes, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> NDArray[Any]:
    """A frame packed by raw deflate."""
    import zlib

    rows, columns, samples = shape
    count = rows * columns * samples
    needed = count * dtype.itemsize
    raw = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, needed)
    if len(raw) < needed:
        raise Undecodable("its pixels are cut short")
    array = np.frombuffer(raw, dtype.newbyteorder("<"), count).astype(dtype)
    return array.reshape(rows, columns, samples) if samples > 1 else array.reshape(rows, columns)


def _as_stored(array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """The codec's samples in the type the header asks for, bit for bit where the sizes agree."""
    if array.dtype == dtype:
        return array
    if array.dtype.itemsize == dtype.itemsize:
        return array.view(dtype) if array.flags.c_contiguous else np.ascontiguousarray(array).view(dtype)
    return array.astype(dtype)
