"""Whether anything of a slide can be read, before it is called open."""

from __future__ import annotations

from pathlib import Path

from imaging.errors import ScanProblem, one_line
from imaging.geometry import Plane
from imaging.scan import ScanInfo
from imaging.tiled import TileReader


def try_some(reader: TileReader, info: ScanInfo, path: Path) -> None:
    """Raise `ScanProblem` when not one of a few tiles can be decoded: that is no slide with a damaged tile."""
    first: Exception | None = None
    for level in dict.fromkeys((len(info.levels) - 1, 0)):
        shown = info.levels[level]
        across, down = shown.tile or (1, 1)
        columns, rows = -(-shown.width // across), -(-shown.height // down)
        for column, row in dict.fromkeys(((columns // 2, rows // 2), (0, 0), (columns - 1, rows - 1))):
            try:
                reader.tile(Plane(), level, column, row)
                return
            except Exception as error:  # noqa: BLE001 - what any codec says of damaged bytes is told below
                first = first or error
    reason = first.what if isinstance(first, ScanProblem) else one_line(first) if first else "there is none"
    raise ScanProblem(
        f"none of the tiles that were tried can be read ({reason})", path, "Get the file again"
    ) from first
