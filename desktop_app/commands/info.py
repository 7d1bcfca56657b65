"""`overread info`: what scans are."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from pathlib import Path

from desktop_app.command import DONE, FAILED, Console
from imaging.errors import Problem
from imaging.geometry import Plane, whole_plane
from imaging.opening import find_scans, open_scan
from imaging.progress import Progress
from imaging.scan import ScanInfo, ScanSource


@dataclass(frozen=True, slots=True)
class InfoCommand:
    """Open every scan of the paths, read its first plane, and say what it is."""

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
            info = scan.info
            scan.read(whole_plane(info.size, Plane(0, 0)))  # what is said below has been read, not only promised
        finally:
            scan.close()
    except Problem as problem:
        console.complain(problem)
        return False
    console.say(info_text(info, source), info_facts(info, source))
    return True


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
        "modality": info.modality or None,
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
    colour = "RGB" if info.is_colour else info.dtype
    parts = [
        f"{info.format} {info.kind}" + (f" {info.modality}" if info.modality else ""),
        f"{size.columns} × {size.rows}{planes} {colour}",
        spacing,
        *([f"{len(info.sources)} files"] if len(info.sources) > 1 else []),
        *info.notes,
    ]
    return f"{_place(source)}: {'; '.join(parts)}"


def _place(source: ScanSource) -> Path:
    """The file, or the folder of several."""
    return source.paths[0] if len(source.paths) == 1 else source.paths[0].parent


PLUGIN = InfoCommand()
