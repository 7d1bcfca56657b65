"""`overread info`: what scans are."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, replace
from pathlib import Path

from desktop_app.command import DONE, FAILED, Console
from imaging.errors import Problem, ScanProblem
from imaging.geometry import Plane, whole_plane
from imaging.opening import find_scans, open_scan
from imaging.progress import Progress
from imaging.scan import Scan, ScanInfo, ScanSource, TiledScan


@dataclass(frozen=True, slots=True)
class InfoCommand:
    """Open every scan of the paths, read its first plane or some tiles, and say what it is."""

    name: str = "info"
    help: str = "say what scans are"

    def configure(self, parser: ArgumentParser) -> None:
        """The paths."""
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="scan files or folders")

    def run(self, arguments: Namespace, console: Console) -> int:
        """One line, or one JSON object, per scan; 1 when anything could not be read."""
        failed = False
        with console.progress("info") as progress:
            for path in arguments.paths:
                try:
                    sources = find_scans([path], progress)
                except Problem as problem:
                    console.complain(problem)
                    failed = True
                    continue
                for source in sources:
                    failed |= not _tell(source, console, progress)
        return FAILED if failed else DONE


def _tell(source: ScanSource, console: Console, progress: Progress) -> bool:
    """Say what one scan is; `False` when it cannot be read."""
    try:
        scan = open_scan(source, progress)
        try:
            info = _read_from(scan, progress)  # what is said below has been read, not only promised
        finally:
            scan.close()
    except Problem as problem:
        console.complain(problem)
        return False
    console.say(info_text(info, source), info_facts(info, source))
    return True


def _read_from(scan: Scan, progress: Progress) -> ScanInfo:
    """What a scan is, once its first plane was read; of a slide a tile of each level. Raises `ScanProblem`."""
    info = scan.info
    if not isinstance(scan, TiledScan):
        scan.read(whole_plane(info.size, Plane(0, 0)))
        return info
    notes: list[str] = []
    for number, level in enumerate(info.levels):
        progress.check()
        across, down = level.tile or (level.width, level.height)
        try:
            scan.tile(Plane(0, 0), number, (level.width - 1) // across // 2, (level.height - 1) // down // 2)
        except ScanProblem as problem:
            notes.append(problem.what)
    return replace(info, notes=(*info.notes, *notes))


def info_facts(info: ScanInfo, source: ScanSource) -> dict[str, object]:
    """The stable, documented keys of `overread info --json`."""
    spacing = list(info.spacing_mm)
    return {
        "path": str(_place(source)),
        "title": source.title or info.name,
        "format": info.format,
        "kind": info.kind,
        "size": [info.size.columns, info.size.rows, info.size.planes],
        "planes": info.size.planes,
        "channels": info.channels,
        "dtype": info.dtype,
        "pixel_size_mm": spacing if any(step is not None for step in spacing) else None,
        "pixel_size_from": info.spacing_from or None,
        "modality": info.modality or None,
        "levels": [
            {"size": [level.width, level.height], "downsample": level.downsample, "tile": _listed(level.tile)}
            for level in info.levels
        ],
        "objective": info.objective,
        "objective_from": info.objective_from or None,
        "fluorescence": [{"name": one.name, "colour": f"#{one.colour:06x}"} for one in info.fluorescence],
        "associated": list(info.associated),
        "windows": [{"centre": w.centre, "width": w.width, "name": w.name} for w in info.windows],
        "notes": list(info.notes),
        "sources": len(info.sources),
    }


def info_text(info: ScanInfo, source: ScanSource) -> str:
    """The same for people, on one line."""
    size = info.size
    steps = [f"{step:.4g}" if step is not None else "?" for step in info.spacing_mm[: 3 if size.planes > 1 else 2]]
    spacing = f"{' × '.join(steps)} mm" if set(steps) != {"?"} else "spacing unknown"
    planes = f" × {size.planes}" if size.planes > 1 else ""
    colour = "RGB" if info.is_colour else f"{info.channels} × {info.dtype}" if info.channels > 1 else info.dtype
    if info.kind == "slide":
        spacing = _micrometres(info)
    parts = [
        f"{info.format} {info.kind}" + (f" {info.modality}" if info.modality else ""),
        f"{size.columns} × {size.rows}{planes} {colour}",
        spacing,
        *(_slide_parts(info) if info.kind == "slide" else []),
        *([f"{len(info.sources)} files"] if len(info.sources) > 1 else []),
        *info.notes,
    ]
    return f"{_place(source)}: {'; '.join(parts)}"


def _listed(tile: tuple[int, int] | None) -> list[int] | None:
    """Width and height of tiles, as JSON has them."""
    return list(tile) if tile else None


def _micrometres(info: ScanInfo) -> str:
    """The pixel size of a slide, and what says so."""
    across, down = info.spacing_mm[:2]
    if across is None or down is None:
        return "pixel size unknown"
    square = abs(across - down) < 1e-4 * across
    steps = f"{across * 1000:.4g}" if square else f"{across * 1000:.4g} × {down * 1000:.4g}"
    return f"{steps} µm/px ({info.spacing_from})" if info.spacing_from else f"{steps} µm/px"


def _slide_parts(info: ScanInfo) -> list[str]:
    """What else there is to say of a slide."""
    first = info.levels[0].tile
    coarser = ", ".join(f"{level.downsample:.4g}" for level in info.levels[1:])
    return [
        f"objective {info.objective:g}×" if info.objective else "objective unknown",
        f"{len(info.levels)} levels (1, {coarser})" if coarser else "1 level",
        *([f"tiles of {first[0]} × {first[1]}"] if first else []),
        *(["channels: " + ", ".join(one.name for one in info.fluorescence)] if len(info.fluorescence) > 1 else []),
        *(["beside it: " + ", ".join(info.associated)] if info.associated else []),
    ]


def _place(source: ScanSource) -> Path:
    """The file, or the folder of several."""
    return source.paths[0] if len(source.paths) == 1 else source.paths[0].parent


PLUGIN = InfoCommand()
