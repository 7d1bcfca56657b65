"""The windows a reader is offered for a scan, the first five on the keys 1–5, and how a slab begins. Pure."""

from __future__ import annotations

from desktop_app.display import Slab
from imaging.scan import ScanInfo, Window
from imaging.windowing import CT_PRESETS, SUV_PRESETS

USUAL_MM, USUAL_PLANES = 10.0, 5
"""How thick a slab is at first: in millimetres where the distance from plane to plane is known."""
SUV_UNITS = {"SUV", "G/ML", "GML", "SUVBW"}

Shares = tuple[tuple[str, float, float], ...]
"""Names, and what is shown black and white, as shares of the window the scan opened with."""

MR_SHARES: Shares = (
    ("More contrast", 0.15, 0.75),
    ("Bright fluid", 0.4, 1.3),
    ("Dark tissue", 0.0, 0.45),
    ("Wide", -0.1, 1.6),
)
RADIOGRAPH_SHARES: Shares = (
    ("Bone", 0.35, 1.0),
    ("Soft tissue", 0.1, 0.8),
    ("Dark parts (lung)", -0.05, 0.5),
    ("Wide", -0.25, 1.25),
)
EMISSION_SHARES: Shares = (
    ("Faint uptake", 0.0, 0.3),
    ("More contrast", 0.0, 0.6),
    ("Strong uptake", 0.0, 1.8),
    ("Without background", 0.2, 1.0),
)
OTHER_SHARES: Shares = (
    ("More contrast", 0.0, 0.6),
    ("Less contrast", 0.0, 1.5),
    ("Brighter", 0.0, 0.7),
    ("Darker", 0.3, 1.0),
)
BY_MODALITY: dict[str, Shares] = {
    "MR": MR_SHARES,
    **dict.fromkeys(("CR", "DX", "DR", "MG", "RF", "XA", "RG"), RADIOGRAPH_SHARES),
    **dict.fromkeys(("PT", "NM"), EMISSION_SHARES),
}


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
    seen: dict[tuple[float, float], Window] = {}
    for window in (named, *own, *modality_windows(info, named)):
        seen.setdefault((window.centre, window.width), window)
    return tuple(seen.values())


def modality_windows(info: ScanInfo, first: Window) -> tuple[Window, ...]:
    """What is usual for the modality: in its units where they are fixed, else around the window it opened with."""
    if info.modality == "CT" and info.rescale.unit in {"", "HU"}:
        return CT_PRESETS
    if info.modality == "PT" and info.rescale.unit.upper() in SUV_UNITS:
        return SUV_PRESETS
    shares = RADIOGRAPH_SHARES if info.kind == "radiograph" else OTHER_SHARES
    return tuple(
        Window(first.low + first.width * (black + white) / 2, first.width * (white - black), name)
        for name, black, white in BY_MODALITY.get(info.modality, shares)
    )


def first_slab(step_mm: float | None) -> Slab:
    """The slab to begin with, by the distance from plane to plane where that is known."""
    return Slab("mean", 1, USUAL_MM) if step_mm else Slab("mean", USUAL_PLANES)
