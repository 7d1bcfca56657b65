# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""The pixels of one DICOM file: read or decoded frame by frame, straight into their place.

The fast way reads plain little-endian pixels and decodes compressed frames with imagecodecs in threads.
What it does not know goes to pydicom, and what that does not know to GDCM.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ScanProblem, one_line
from imaging.formats import dicom_codecs
from imaging.formats.dicom_codecs import Damaged, Undecodable, decode_frame
from imaging.formats.dicom_header import UNDEFINED, Header
from imaging.formats.dicom_layout import Layout
from imaging.progress import Cancelled, Progress
from imaging.quiet import quiet as quiet_warnings

THREADS = max(2, os.cpu_count() or 2)
_NATIVE = frozenset(("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"))


def load_frames(
    header: Header, layout: Layout, dataset: Any, out: NDArray[Any], progress: Progress, fast: bool = True
) -> None:
    """Fill `out` (frames, rows, columns[, 3]) with a file's frames.

    Raises `ScanProblem`. `fast=False` leaves the fast way out, for tests that compare the two.
    """
    reasons: list[str] = []
    for way in (*((_load_fast,) if fast else ()), _load_pydicom, _load_gdcm):
        try:
            way(header, layout, dataset, out, progress)
        except (Cancelled, MemoryError):
            raise
        except Damaged as error:
            reasons = [one_line(error)]
            break
        except Exception as error:  # noqa: BLE001 - decoders raise anything on damaged bytes
            reasons.append(one_line(error))
        else:
            return
    raise ScanProblem(f"its pixels cannot be decoded ({_likeliest(reasons)})", header.path, "Get the file again")


def _likeliest(reasons: list[str]) -> str:
    """The reason that tells most: the fast way's, unless it only said that it does not know the file."""
    telling = [reason for reason in reasons if reason and not reason.startswith("not plain")]
    return (telling or reasons or ["no reason given"])[0]


def _load_fast(header: Header, layout: Layout, dataset: Any, out: NDArray[Any], progress: Progress) -> None:
    """Plain little-endian pixels, or compressed frames that imagecodecs knows."""
    if header.syntax in dicom_codecs.KNOWN and header.is_encapsulated:
        _load_compressed(header, layout, dataset, out, progress)
        return
    if not is_plain(header, layout):
        raise Undecodable("not plain little-endian pixels")
    if layout.allocated == 1:
        _load_bits(header, out)
        return
    with header.path.open("rb", buffering=0) as stream:
        for index in range(layout.frames):
            progress.report(index, layout.frames)
            stream.seek(header.pixels_at + index * layout.frame_bytes)
            read_frame(stream.readinto, layout, dataset, out[index], header.little)


def is_plain(header: Header, layout: Layout) -> bool:
    """Whether the pixels lie in the file as samples, one after the other."""
    if header.is_encapsulated or not header.pixels_at or header.syntax not in _NATIVE:
        return False
    if not header.little and layout.allocated < 16:
        return False  # bytes may lie swapped in words; pydicom knows when
    if layout.allocated == 64 and not layout.floating:
        return False
    return not layout.photometric.startswith("YBR") or layout.photometric == "YBR_FULL"


def read_frame(
    readinto: Callable[[Any], int | None], layout: Layout, dataset: Any, out: NDArray[Any], little: bool = True
) -> None:
    """One plain frame from a reader into its place."""
    stored = layout.stored_dtype
    direct = not layout.is_colour or (layout.photometric == "RGB" and layout.allocated == 8 and not layout.planar)
    shape = (layout.rows, layout.columns, layout.samples) if layout.samples > 1 else (layout.rows, layout.columns)
    raw = (
        out
        if direct
        else np.empty((layout.samples, *shape[:2]) if layout.planar and layout.samples > 1 else shape, stored)
    )
    view, filled = memoryview(cast("Any", raw).reshape(-1).view(np.uint8)), 0
    while filled < len(view):
        count = readinto(view[filled:])
        if not count:
            raise Undecodable("its pixels are cut short")
        filled += count
    if little != np.little_endian and stored.itemsize > 1:
        raw.byteswap(inplace=True)
    if direct:
        mend_unused_bits(raw, layout)
        return
    samples = np.moveaxis(raw, 0, -1) if raw.ndim == 3 and layout.planar else raw
    place(samples, layout, dataset, out)


def _load_bits(header: Header, out: NDArray[Any]) -> None:
    """Single bits, packed across frames, lowest bit first."""
    with header.path.open("rb") as stream:
        stream.seek(header.pixels_at)
        packed = np.frombuffer(stream.read((out.size + 7) // 8), np.uint8)
    if packed.size * 8 < out.size:
        raise Undecodable("its pixels are cut short")
    out[...] = np.unpackbits(packed, bitorder="little", count=out.size).reshape(out.shape)


def _load_compressed(header: Header, layout: Layout, dataset: Any, out: NDArray[Any], progress: Progress) -> None:
    """Compressed frames, each by its own thread."""
    frames = list(compressed_frames(header, layout.frames))
    if len(frames) < layout.frames:
        raise Undecodable(f"its header promises {layout.frames} frames, it holds {len(frames)}")

    def one(index: int) -> None:
        progress.check()
        place_compressed(frames[index], header.syntax, layout, dataset, out[index])

    if layout.frames == 1:
        one(0)
        return
    with ThreadPoolExecutor(THREADS) as threads:
        for done, _ in enumerate(threads.map(one, range(layout.frames))):
            progress.report(done, layout.frames)


def place_compressed(data: bytes, syntax: str, layout: Layout, dataset: Any, out: NDArray[Any]) -> None:
    """Decode one compressed frame into its place."""
    shape = (layout.rows, layout.columns, layout.samples)
    dtype = layout.stored_dtype
    samples, is_rgb = decode_frame(data, syntax, shape, dtype, layout.photometric, layout.allocated == 1)
    place(samples, layout, dataset, out, is_rgb)


def compressed_frames(header: Header, count: int) -> Iterator[bytes]:
    """The compressed frames of a file, in order."""
    with header.path.open("rb") as stream:
        stream.seek(header.pixels_at)
        data = stream.read()
    fragments, offsets = _fragments(data)
    if count == 1:
        yield b"".join(fragment for _, fragment in fragments)
        return
    if len(fragments) == count:
        yield from (fragment for _, fragment in fragments)
        return
    if len(offsets) != count:
        from pydicom.encaps import generate_frames

        yield from generate_frames(data, number_of_frames=count)
        return
    ends = [*offsets[1:], len(data)]
    for start, end in zip(offsets, ends, strict=True):
        yield b"".join(fragment for at, fragment in fragments if start <= at < end)


def _fragments(data: bytes) -> tuple[list[tuple[int, bytes]], list[int]]:
    """Fragments with their offsets from the first one, and the offsets of the basic table."""
    at, found, table, first = 0, list[tuple[int, bytes]](), list[int](), -1
    while at + 8 <= len(data):
        tag, length = struct.unpack_from("<II", data, at)
        if tag != 0xE000FFFE or length == UNDEFINED:
            break
        value = data[at + 8 : at + 8 + length]
        if first < 0:
            table = list(struct.unpack(f"<{len(value) // 4}I", value[: len(value) // 4 * 4]))
            first = at + 8 + length
        else:
            found.append((at - first, value))
        at += 8 + length
    return found, table


def place(samples: NDArray[Any], layout: Layout, dataset: Any, out: NDArray[Any], is_rgb: bool = False) -> None:
    """Samples as stored to pixels of the scan: unused bits mended, colours made RGB of 8 bits."""
    if not layout.is_colour:
        if samples.dtype == out.dtype:
            out[...] = samples
        else:
            np.copyto(out, samples, casting="unsafe")
        mend_unused_bits(out, layout)
        return
    if layout.photometric == "PALETTE COLOR":
        out[...] = _through_palette(samples, dataset)
        return
    eight = samples if samples.dtype == np.uint8 else (samples >> max(0, layout.stored - 8)).astype(np.uint8)
    if layout.photometric.startswith("YBR_FULL") and not is_rgb:
        from pydicom.pixels.processing import convert_color_space

        eight = convert_color_space(np.ascontiguousarray(eight), layout.photometric, "RGB")
    out[...] = eight


def mend_unused_bits(plane: NDArray[Any], layout: Layout) -> None:
    """Clear or sign-extend, in place, the bits above those that are stored; old files keep overlays there."""
    if layout.floating or layout.stored >= layout.allocated or layout.allocated == 1:
        return
    low = layout.high + 1 - layout.stored
    if layout.signed:
        up = layout.allocated - 1 - layout.high
        np.left_shift(plane, up, out=plane)
        np.right_shift(plane, up + low, out=plane)
        return
    if low > 0:
        np.right_shift(plane, low, out=plane)
    np.bitwise_and(plane, plane.dtype.type((1 << layout.stored) - 1), out=plane)


def _through_palette(samples: NDArray[Any], dataset: Any) -> NDArray[np.uint8]:
    """Palette indices to 8-bit RGB."""
    from pydicom.pixels.processing import apply_color_lut

    colours = np.asarray(apply_color_lut(np.ascontiguousarray(samples), dataset))
    bits = int(dataset.RedPaletteColorLookupTableDescriptor[2])
    if colours.dtype == np.uint8:
        return colours
    # Some writers say 16 bits and fill 8 of them.
    return (colours >> 8 if bits > 8 and colours.max(initial=0) > 255 else colours).astype(np.uint8)


def _load_pydicom(header: Header, layout: Layout, dataset: Any, out: NDArray[Any], progress: Progress) -> None:
    """All of a file's frames by pydicom and its plugins."""
    from pydicom import dcmread
    from pydicom.pixels.utils import pixel_array
    from pydicom.uid import UID

    progress.check()
    with quiet_warnings():
        whole = dcmread(header.path, force=True)
        if not getattr(whole.file_meta, "TransferSyntaxUID", None):
            whole.file_meta.TransferSyntaxUID = UID(header.syntax)
        if header.syntax in dicom_codecs.KNOWN or header.is_encapsulated or layout.photometric == "YBR_FULL_422":
            pixels = np.asarray(pixel_array(whole))
        else:
            pixels = np.asarray(pixel_array(whole, raw=True))
    pixels = pixels.reshape(layout.frames, layout.rows, layout.columns, *([3] if layout.samples == 3 else []))
    is_rgb = layout.samples == 3 and (header.is_encapsulated or layout.photometric == "YBR_FULL_422")
    for index in range(layout.frames):
        frame = pixels[index].astype(pixels.dtype.newbyteorder("="), copy=False)
        place(frame, layout, dataset, out[index], is_rgb)


def _load_gdcm(header: Header, layout: Layout, _dataset: Any, out: NDArray[Any], progress: Progress) -> None:
    """All of a file's frames by GDCM, in SimpleITK; what that makes of the values is taken back."""
    import SimpleITK

    progress.check()
    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(os.fspath(header.path))
    pixels = np.asarray(SimpleITK.GetArrayFromImage(reader.Execute()))
    pixels = pixels.reshape(out.shape)
    if layout.photometric == "MONOCHROME1" and not layout.signed:
        pixels = (1 << layout.stored) - 1 - pixels.astype(np.int64)  # ITK turns these round
    slope, intercept = header.number("RescaleSlope") or 1.0, header.number("RescaleIntercept") or 0.0
    if (slope, intercept) != (1.0, 0.0) and not layout.is_colour:
        pixels = np.rint((pixels - intercept) / slope)
    np.copyto(out, pixels, casting="unsafe")
