"""The windows a reader is offered for a scan, the first five on the keys 1–5. Pure."""

from __future__ import annotations

from imaging.scan import ScanInfo, Window
from imaging.windowing import CT_PRESETS


def offered_windows(info: ScanInfo | None, first: Window | None) -> tuple[Window, ...]:
    """The window the scan opened with, the file's others, then the modality's; empty for colour."""
    if info is None or info.is_colour or first is None:
        return ()
    named = Window(first.centre, first.width, first.name or "As opened")
    own = tuple(
        Window(w.centre, w.width, w.name or f"From the file {number}")
        for number, w in enumerate(info.windows, 1)
        if w.width > 0
    )
    if info.modality == "CT" and info.rescale.unit in {"", "HU"}:
        more: tuple[Window, ...] = CT_PRESETS
    else:
        low = named.low
        more = (
            Window(low + named.width * 0.3, named.width * 0.6, "More contrast"),
            Window(low + named.width * 0.75, named.width * 1.5, "Less contrast"),
            Window(low + named.width * 0.35, named.width * 0.7, "Brighter"),
            Window(low + named.width * 0.65, named.width * 0.7, "Darker"),
        )
    seen: dict[tuple[float, float], Window] = {}
    for window in (named, *own, *more):
        seen.setdefault((window.centre, window.width), window)
    return tuple(seen.values())
