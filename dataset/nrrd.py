"""NRRD files as the dataset writes them: one gzip-compressed array, its place in the world, and named fields.

Arrays are (planes, rows, columns) or (planes, rows, columns, channels); NRRD counts its axes the other way round.
The place is DICOM's patient system (LPS), in millimetres; the affine maps voxel centres, as NRRD's does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dataset.facts import Malformed
from imaging.geometry import Affine
from imaging.scan import Spacing

_TYPES = {
    "uint8": "uint8",
    "int8": "int8",
    "uint16": "uint16",
    "int16": "int16",
    "uint32": "uint32",
    "int32": "int32",
    "uint64": "uint64",
    "int64": "int64",
    "float32": "float",
    "float64": "double",
}
_DTYPES = {name: dtype for dtype, name in _TYPES.items()}
_LARGEST_HEADER = 64 * 2**20


def can_hold(dtype: str) -> bool:
    """Whether values of a numpy type can be written."""
    return dtype in _TYPES


def encode_nrrd(
    array: NDArray[Any],
    *,
    affine: Affine | None = None,
    spacing: Spacing = (None, None, None),
    fields: Mapping[str, str] | None = None,
) -> bytes:
    """The file of an array, losslessly; `fields` become `key:=value` lines."""
    import imagecodecs

    little = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
    sizes = list(reversed(array.shape[:3])) if array.ndim == 3 else [array.shape[3], *reversed(array.shape[:3])]
    colour = array.ndim == 4
    lines = ["NRRD0005", f"type: {_TYPES[array.dtype.name]}", f"dimension: {array.ndim}"]
    if affine is not None:
        lines.append("space: left-posterior-superior")
    lines.append("sizes: " + " ".join(str(size) for size in sizes))
    lines += _place(affine, spacing, colour=colour)
    lines.append("kinds: " + ("RGB-color " if colour else "") + "domain domain domain")
    lines += ["endian: little", "encoding: gzip"]
    if affine is not None:
        lines.append(f"space origin: {_vector([row[3] for row in affine.rows])}")
    lines += [f"{key}:={_escaped(value)}" for key, value in (fields or {}).items()]
    return "\n".join(lines).encode() + b"\n\n" + bytes(imagecodecs.gzip_encode(cast("Any", little), 1))


def decode_nrrd(data: bytes, limit: int) -> tuple[NDArray[Any], dict[str, str]]:
    """The array of a file and its `key:=value` fields; an array of more than `limit` bytes is refused."""
    header, start = _split(data)
    facts, fields = _read_header(header)
    dtype, shape = _layout(facts)
    count = math.prod(shape) * dtype.itemsize
    if count > limit:
        raise Malformed(f"it says it holds {count} bytes, more than the {limit} expected")
    if facts.get("encoding") not in {"gzip", "gz"}:
        raise Malformed("its encoding is not gzip")
    return np.frombuffer(_inflate(memoryview(data)[start:], count), dtype).reshape(shape), fields


def _place(affine: Affine | None, spacing: Spacing, *, colour: bool) -> list[str]:
    """The lines that say where the voxels lie, as far as it is known."""
    if affine is not None:
        steps = [_vector([row[axis] for row in affine.rows]) for axis in range(3)]
        return ["space directions: " + ("none " if colour else "") + " ".join(steps)]
    if all(step is not None for step in spacing):
        return ["spacings: " + ("nan " if colour else "") + " ".join(repr(step) for step in spacing)]
    return []


def _vector(values: list[float]) -> str:
    return "(" + ",".join(repr(float(value)) for value in values) + ")"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], value)


def _split(data: bytes) -> tuple[str, int]:
    """The header's text, and where the values start."""
    end = data.find(b"\n\n", 0, _LARGEST_HEADER)
    if not data.startswith(b"NRRD") or end < 0:
        raise Malformed("it is no NRRD file")
    try:
        return data[:end].decode(), end + 2
    except UnicodeDecodeError as error:
        raise Malformed("its header is no text") from error


def _read_header(header: str) -> tuple[dict[str, str], dict[str, str]]:
    """What the format says, and the `key:=value` fields."""
    facts: dict[str, str] = {}
    fields: dict[str, str] = {}
    for line in header.split("\n")[1:]:
        key, is_field, value = line.partition(":=")
        if is_field:
            fields[key] = _unescaped(value)
            continue
        key, _, value = line.partition(": ")
        facts[key] = value.strip()
    return facts, fields


def _layout(facts: Mapping[str, str]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """The values' type and the array's shape."""
    kind = _DTYPES.get(facts.get("type", ""))
    try:
        sizes = [int(size) for size in facts.get("sizes", "").split()]
    except ValueError as error:
        raise Malformed("its sizes are no numbers") from error
    if kind is None or len(sizes) not in {3, 4} or any(size < 1 for size in sizes):
        raise Malformed("its type or sizes are none this program writes")
    shape = tuple(reversed(sizes)) if len(sizes) == 3 else (*reversed(sizes[1:]), sizes[0])
    return np.dtype(kind).newbyteorder("<"), shape


def _inflate(data: memoryview, count: int) -> bytearray:
    """Exactly `count` uncompressed bytes, and memory for no more; `Malformed` where there are fewer or more."""
    import imagecodecs

    out = bytearray(count)
    try:
        got = imagecodecs.gzip_decode(cast("Any", data), out=out)
        if len(got) == count:
            return out
    except (RuntimeError, ValueError) as error:
        raise Malformed("its values are damaged") from error
    raise Malformed("it holds fewer values than it says")
