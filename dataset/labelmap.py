"""Masks as compressed label maps: PNG on single planes, NRRD with Slicer's segment fields in stacks, TIFF on slides.

A label map gives each voxel the number of one mask; masks that overlap go into further layers, one file each. In
the NRRD only the box that holds anything is stored; its origin says where it lies, as in Slicer's own files.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dataset.facts import Facts, Malformed
from dataset.mask import Bits, Mask, empty_mask, mask_of_stack
from dataset.nrrd import decode_nrrd, encode_nrrd
from dataset.tiledmap import TiledLayer, read_tiled, write_tiled
from imaging.geometry import Affine, Axis
from imaging.scan import ScanInfo

LARGEST_PLANE = 64 * 2**20
"""Pixels of a plane up to which its label map is as large as the plane; above, only the part that holds anything."""
LARGEST_MAP = 2**32
"""Voxels of one label map at most, written or read."""

Voxels = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Segment:
    """A mask with what is shown of it: the mark's id, its label's name and colour (#rrggbb)."""

    id: str
    mask: Mask
    name: str = ""
    colour: str = "#808080"


@dataclass(frozen=True, slots=True)
class Extent:
    """A box of voxels: the first along (k, j, i) and how many."""

    start: tuple[int, int, int]
    shape: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class LabelMaps:
    """Masks as files: each file's bytes by its ending, and where each mask is, for `read_masks`."""

    files: Mapping[str, bytes]
    table: tuple[Mapping[str, object], ...]


def write_masks(segments: Sequence[Segment], info: ScanInfo) -> LabelMaps:
    """The label maps of the masks of one scan."""
    filled = [segment for segment in segments if not segment.mask.is_empty]
    table: dict[str, dict[str, object]] = {
        s.id: {"id": s.id, "axis": s.mask.axis, "layer": "", "value": 0} for s in segments
    }
    files: dict[str, bytes] = {}
    if filled and info.kind == "slide" and all(segment.mask.axis == 0 for segment in filled):
        _write_slide(filled, info, files, table)
    elif filled:
        boxes = {segment.id: _box(segment.mask) for segment in filled}
        extent = _extent(list(boxes.values()), info)
        if math.prod(extent.shape) > LARGEST_MAP:
            raise Malformed(f"the masks reach over {extent.shape} voxels, too many for one label map")
        for number, (layer, members) in enumerate(_layers(filled, extent)):
            name = f"mask-{number}" + (".png" if _is_flat(extent, info) else ".seg.nrrd")
            if _is_flat(extent, info):
                files[name] = _encode_png(layer[0])
            else:
                files[name] = _encode_nrrd(layer, members, extent, info.affine, info)
            for value, segment in members.items():
                start = [extent.start[2], extent.start[1], extent.start[0]]
                row = {"layer": name, "value": value, "origin": start, "shape": list(extent.shape)}
                table[segment.id] |= {**row, "box": boxes[segment.id]}
    return LabelMaps(files, tuple(table.values()))


def _write_slide(
    segments: Sequence[Segment], info: ScanInfo, files: dict[str, bytes], table: dict[str, dict[str, object]]
) -> None:
    """The masks of a slide as tiled TIFFs, which store only what holds anything."""
    boxes = {segment.id: _box(segment.mask) for segment in segments}
    places = np.array(list(boxes.values()))
    first = int(places[:, 2].min())
    columns, rows, planes = (int(v) for v in (places[:, :3] + places[:, 3:]).max(0))
    shape = (planes - first, max(rows, info.size.rows), max(columns, info.size.columns))
    layers: list[TiledLayer] = []
    for segment in segments:
        number = next((n for n, layer in enumerate(layers) if layer.has_room(segment.mask)), len(layers))
        if number == len(layers):
            layers.append(TiledLayer())
        row = {"layer": f"mask-{number}.tif", "value": layers[number].add(segment.mask)}
        table[segment.id] |= {**row, "origin": [0, 0, first], "shape": list(shape), "box": boxes[segment.id]}
    for number, layer in enumerate(layers):
        files[f"mask-{number}.tif"] = write_tiled(layer, shape, first, info)


def read_masks(files: Mapping[str, bytes], table: Sequence[Facts]) -> dict[str, Mask]:
    """The masks of label maps, by id; `Malformed` where the files do not hold what the table says."""
    masks: dict[str, Mask] = {}
    rows: dict[str, list[Facts]] = {}
    for row in table:
        if row.text("layer"):
            rows.setdefault(row.text("layer"), []).append(row)
        else:
            masks[row.text("id")] = empty_mask(_axis(row))
    for name, members in rows.items():
        if name not in files:
            raise Malformed(f"{name} is missing")
        start, shape = _extent_of(members[0])
        if name.endswith(".tif"):
            masks |= _slide_masks(read_tiled(name, files[name], shape, start[0]), members)
            continue
        layer = _decode(name, files[name], shape)
        masks |= _masks_of(layer, start, {row.whole("value"): row for row in members})
    return masks


def _slide_masks(found: Mapping[int, Mask], rows: Sequence[Facts]) -> dict[str, Mask]:
    """The mask of each row, once it lies where the row says."""
    masks: dict[str, Mask] = {}
    for row in rows:
        mask = found.get(row.whole("value"))
        if mask is None or _box(mask) != [int(v) for v in row.numbers("box")]:
            raise Malformed(f"mask {row.text('id')} is not in its file")
        masks[row.text("id")] = mask
    return masks


def _masks_of(layer: Voxels, start: tuple[int, int, int], rows: Mapping[int, Facts]) -> dict[str, Mask]:
    """The mask of each value of a layer whose first voxel is at `start` (k, j, i)."""
    masks: dict[str, Mask] = {}
    for value, row in rows.items():
        axis, (k, j, i, planes, down, across) = _axis(row), _box_of(row)
        k0, j0, i0 = k - start[0], j - start[1], i - start[2]
        part = layer[max(k0, 0) : k0 + planes, max(j0, 0) : j0 + down, max(i0, 0) : i0 + across]
        plane, x, y = {0: (k, i, j), 1: (j, i, k), 2: (i, j, k)}[axis]
        mask = mask_of_stack(np.moveaxis(part == value, axis, 0), axis=axis, plane=plane, x=x, y=y)
        if value < 1 or mask.is_empty or part.shape != (planes, down, across):
            raise Malformed(f"mask {row.text('id')} is not in its file")
        masks[row.text("id")] = mask
    return masks


def _is_flat(extent: Extent, info: ScanInfo) -> bool:
    return info.size.planes == 1 and extent.shape[0] == 1


def _extent(places: Sequence[list[int]], info: ScanInfo) -> Extent:
    """The box that holds all masks; the whole plane of a single-plane scan unless that is very large."""
    boxes = np.array(places)
    low, high = boxes[:, 2::-1].min(0), (boxes[:, :3] + boxes[:, 3:]).max(0)[::-1]
    size = info.size
    if size.planes == 1 and high[0] == 1 and size.columns * size.rows <= LARGEST_PLANE:
        low, high = np.zeros(3, np.int64), np.maximum(high, (1, size.rows, size.columns))
    k, j, i = (int(v) for v in low)
    planes, rows, columns = (int(v) for v in high - low)
    return Extent((k, j, i), (planes, rows, columns))


def _box(mask: Mask) -> list[int]:
    """The box of voxels that holds a mask: first column, row and plane, and how many of each."""
    places = np.array([corner + shape for corner, shape, _bits in _pieces(mask)])
    low, high = places[:, :3].min(0), (places[:, :3] + places[:, 3:]).max(0)
    return [int(v) for v in (*low[::-1], *(high - low)[::-1])]


def _layers(segments: Sequence[Segment], extent: Extent) -> list[tuple[Voxels, dict[int, Segment]]]:
    """Label maps, each with its masks by number; a mask goes into the first layer where it overlaps no other."""
    dtype = np.uint8 if len(segments) < 256 else np.uint16
    layers: list[tuple[Voxels, dict[int, Segment]]] = []
    for segment in segments:
        for layer, members in layers:
            if len(members) < 65535 and all(not view[bits].any() for view, bits in _views(layer, segment, extent)):
                break
        else:
            layer, members = np.zeros(extent.shape, dtype), dict[int, Segment]()
            layers.append((layer, members))
        value = len(members) + 1
        members[value] = segment
        for view, bits in _views(layer, segment, extent):
            # Nothing is set there yet, so this is `view[bits] = value`, several times as fast.
            np.bitwise_or(view, np.multiply(bits, dtype(value)), out=view)
    return layers


def _views(layer: Voxels, segment: Segment, extent: Extent) -> Iterator[tuple[Voxels, Bits]]:
    """The part of a layer under each piece of a mask, and the piece's bits."""
    k0, j0, i0 = extent.start
    for (k, j, i), (planes, rows, columns), bits in _pieces(segment.mask):
        block = layer[k - k0 : k - k0 + planes, j - j0 : j - j0 + rows, i - i0 : i - i0 + columns]
        yield block, bits


def _pieces(mask: Mask) -> Iterator[tuple[tuple[int, int, int], tuple[int, int, int], Bits]]:
    """A mask's tiles as boxes of voxels: corner (k, j, i), shape, and bits of that shape."""
    for plane, x, y, bits in mask.pieces():
        corner = {0: (plane, y, x), 1: (y, plane, x), 2: (y, x, plane)}[mask.axis]
        block = (bits[None], bits[:, None], bits[:, :, None])[mask.axis]
        yield corner, (block.shape[0], block.shape[1], block.shape[2]), block


def _encode_png(plane: Voxels) -> bytes:
    """A grey PNG of 8 or 16 bits (PNG specification, third edition).

    Rows of a label map differ little from the row above, so that their differences (filter 2) are nearly all zero.
    """
    import imagecodecs

    if plane.size > LARGEST_PLANE:
        # Row by row, so without a second copy of a plane that may take gigabytes.
        png = imagecodecs.PNG
        return bytes(imagecodecs.png_encode(plane, level=1, strategy=png.STRATEGY.RLE, filter=png.FILTER.NO))
    height, width = plane.shape
    rows = np.ascontiguousarray(plane, plane.dtype.newbyteorder(">")).view(np.uint8)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = 2
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8 * plane.dtype.itemsize, 0, 0, 0, 0)
    # zlib-ng takes less than half the time that libpng's zlib takes for this.
    values = bytes(imagecodecs.zlibng_encode(cast("Any", filtered), 2))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", values) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def _decode(name: str, data: bytes, shape: tuple[int, int, int]) -> Voxels:
    """A layer of the expected shape; anything else is refused before it takes memory."""
    import imagecodecs

    if math.prod(shape) > LARGEST_MAP or min(shape) < 1:
        raise Malformed(f"{name} says it is {shape} voxels large")
    if name.endswith(".png"):
        header = (int.from_bytes(data[20:24], "big"), int.from_bytes(data[16:20], "big"))
        if header != shape[1:]:
            raise Malformed(f"{name} is not as large as its revision says")
        try:
            layer: Voxels = imagecodecs.png_decode(data)[None]
        except (RuntimeError, ValueError) as error:
            raise Malformed(f"{name} is damaged") from error
    else:
        layer, _fields = decode_nrrd(data, math.prod(shape) * 2)
    if layer.shape != shape or layer.dtype.name not in {"uint8", "uint16"}:
        raise Malformed(f"{name} is not as large as its revision says")
    return layer


def _encode_nrrd(
    layer: Voxels, members: Mapping[int, Segment], extent: Extent, affine: Affine | None, info: ScanInfo
) -> bytes:
    """A layer with Slicer's segment fields; the origin is moved to the stored box."""
    k0, j0, i0 = extent.start
    planes, rows, columns = extent.shape
    fields = {
        "Segmentation_MasterRepresentation": "Binary labelmap",
        "Segmentation_ContainedRepresentationNames": "Binary labelmap|",
        "Segmentation_ReferenceImageExtentOffset": f"{i0} {j0} {k0}",
    }
    for number, (value, segment) in enumerate(members.items()):
        fields |= {
            f"Segment{number}_ID": segment.id,
            f"Segment{number}_Name": segment.name or segment.id,
            f"Segment{number}_NameAutoGenerated": "0",
            f"Segment{number}_Color": " ".join(f"{part:.6g}" for part in _rgb(segment.colour)),
            f"Segment{number}_ColorAutoGenerated": "0",
            f"Segment{number}_LabelValue": str(value),
            f"Segment{number}_Layer": "0",
            f"Segment{number}_Extent": f"0 {columns - 1} 0 {rows - 1} 0 {planes - 1}",
            f"Segment{number}_Tags": "|",
        }
    moved = None
    if affine is not None:
        matrix = affine.matrix
        matrix[:3, 3] = affine.to_world(np.array([[i0, j0, k0]], np.float64))[0]
        moved = Affine.of(matrix)
    return encode_nrrd(layer, affine=moved, spacing=info.spacing_mm, fields=fields)


def _rgb(colour: str) -> tuple[float, float, float]:
    """Red, green and blue of #rrggbb, 0…1; grey where it is none."""
    try:
        parts = bytes.fromhex(colour.removeprefix("#"))
    except ValueError:
        parts = b""
    red, green, blue = parts if len(parts) == 3 else (128, 128, 128)
    return red / 255, green / 255, blue / 255


def _axis(row: Facts) -> Axis:
    axis = row.whole("axis")
    if axis not in {0, 1, 2}:
        raise Malformed(f"axis {axis} is none")
    return cast("Axis", axis)


def _box_of(row: Facts) -> tuple[int, int, int, int, int, int]:
    """Where a mask lies, as the table says: first plane, row and column, and how many of each."""
    box = [int(v) for v in row.numbers("box")]
    if len(box) != 6 or min(box) < 0 or min(box[3:]) < 1:
        raise Malformed(f"the box of mask {row.text('id')} is missing")
    i, j, k, columns, rows, planes = box
    return k, j, i, planes, rows, columns


def _extent_of(row: Facts) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Where a layer starts (k, j, i) and its shape, as the table says."""
    origin, shape = row.numbers("origin"), row.numbers("shape")
    if len(origin) != 3 or len(shape) != 3 or min(origin) < 0:
        raise Malformed("a mask's place is missing")
    i, j, k = (int(v) for v in origin)
    planes, rows, columns = (int(v) for v in shape)
    return (k, j, i), (planes, rows, columns)
