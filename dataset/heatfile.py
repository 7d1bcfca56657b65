"""Heat maps as grey PNG files, one for each label and one for the cells that were read; and back, exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dataset.facts import Facts, Malformed
from dataset.heat_map import HeatMap
from imaging.geometry import Axis, Plane

LARGEST_GRID = 2**28
"""Cells of one map at most."""
MOST_MAPS = 4096

Json = dict[str, object]
Cells = NDArray[Any]


def write_heat_maps(maps: Sequence[HeatMap]) -> tuple[list[Json], dict[str, bytes]]:
    """What a prediction's file says of its heat maps, and their files by ending."""
    import imagecodecs

    said: list[Json] = []
    files: dict[str, bytes] = {}
    for number, heat in enumerate(maps):
        count, rows, columns = heat.scores.shape
        if (rows, columns) != heat.read.shape or count != len(heat.labels):
            raise Malformed(f"heat map {number} has {heat.scores.shape} scores for {len(heat.labels)} labels")
        names = [f"heat-{number}-{place}.png" for place in range(count)]
        is_empty = heat.read.size == 0
        for name, cells in () if is_empty else zip(names, heat.scores, strict=True):
            files[name] = bytes(imagecodecs.png_encode(np.ascontiguousarray(cells), level=6))
        if not is_empty:
            read = np.where(heat.read, np.uint8(255), np.uint8(0))
            files[f"heat-{number}-read.png"] = bytes(imagecodecs.png_encode(read, level=6))
        said.append(
            {
                "plane": [heat.plane.axis, heat.plane.index],
                "at": [heat.x, heat.y],
                "cell": list(heat.cell),
                "rows": rows,
                "columns": columns,
                "labels": list(heat.labels),
                "files": [] if is_empty else names,
                "read": "" if is_empty else f"heat-{number}-read.png",
            }
        )
    return said, files


def heat_files(facts: Facts) -> tuple[str, ...]:
    """The endings of the files that a prediction's heat maps refer to."""
    entries = facts.each("heat_maps", lambda entry: (*entry.texts("files"), entry.text("read")))
    return tuple(sorted({name for names in entries for name in names if name}))


def read_heat_maps(facts: Facts, files: Mapping[str, bytes]) -> tuple[HeatMap, ...]:
    """The heat maps of a prediction's file; `Malformed` where the files do not hold what it says."""
    return facts.each("heat_maps", lambda entry: _heat_map(entry, files))


def _heat_map(said: Facts, files: Mapping[str, bytes]) -> HeatMap:
    shape = said.whole("rows"), said.whole("columns")
    labels, names = said.texts("labels"), said.texts("files")
    at, cell, plane = said.numbers("at"), said.numbers("cell"), said.numbers("plane")
    is_empty = min(shape) == 0
    if min(shape) < 0 or shape[0] * shape[1] > LARGEST_GRID or len(labels) > MOST_MAPS:
        raise Malformed(f"a heat map says it has {shape[0]} × {shape[1]} cells")
    if len(at) != 2 or len(cell) != 2 or min(cell) <= 0 or len(plane) != 2 or plane[0] not in {0, 1, 2}:
        raise Malformed("a heat map does not say where it lies")
    if len(names) != (0 if is_empty else len(labels)):
        raise Malformed(f"a heat map has {len(names)} files for {len(labels)} labels")
    scores = np.zeros((len(labels), *shape), np.uint8)
    for place, name in enumerate(names):
        scores[place] = _cells(name, files, shape)
    read = np.zeros(shape, np.bool_) if is_empty else _cells(said.text("read"), files, shape) > 0
    scores.flags.writeable = read.flags.writeable = False
    where = Plane(cast("Axis", int(plane[0])), int(plane[1]))
    return HeatMap(where, at[0], at[1], (cell[0], cell[1]), labels, scores, read)


def _cells(name: str, files: Mapping[str, bytes], shape: tuple[int, int]) -> Cells:
    """One map, once its file's header says what is expected."""
    import imagecodecs

    data = files.get(name, b"")
    size = int.from_bytes(data[20:24], "big"), int.from_bytes(data[16:20], "big")
    if not data.startswith(b"\x89PNG") or size != shape or data[24:26] != b"\x08\x00":
        raise Malformed(f"{name} is not as large as its prediction says")
    try:
        cells: Cells = imagecodecs.png_decode(data)
    except (RuntimeError, ValueError) as error:
        raise Malformed(f"{name} is damaged") from error
    if cells.shape != shape:
        raise Malformed(f"{name} is not as large as its prediction says")
    return cells
