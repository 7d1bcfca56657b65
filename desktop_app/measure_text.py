"""What a measurement says at its mark and while it is drawn: a length, an angle, the values of a region. No Qt."""

from __future__ import annotations

from dataset.annotation import Geometry, Point, Polygon, Polyline, bounds
from dataset.measure import measure, pixel_size
from dataset.measurement import MeasureKind, angle_within
from dataset.region_values import BRIGHTNESS, CHANNELS, RegionValues
from imaging.scan import Spacing

FINE_PIXEL_MM = 0.05
"""On scans with smaller pixels, lengths below a millimetre are told in micrometres."""
UNKNOWN_SIZE = "the pixel size is not known"


def measure_text(kind: MeasureKind, geometry: Geometry, spacing: Spacing, values: RegionValues | None = None) -> str:
    """What stands at a measurement; of a region its area until its values are known."""
    if kind == "length":
        return length_text(geometry, spacing)
    if kind == "angle":
        angle = angle_within(geometry, spacing)
        return "" if angle is None else f"{angle:.1f}°"
    area = area_text(geometry, spacing)
    return area if values is None else f"{mean_text(values)} · {area}"


def length_text(geometry: Geometry, spacing: Spacing) -> str:
    """`12.3 mm`, `523 µm`, or `34.2 px` where the pixel size is unknown."""
    found = measure(geometry, spacing)
    if found.length_px is None:
        return ""
    if found.length_um is None or not isinstance(geometry, Polyline):
        return f"{found.length_px:.1f} px"
    pixel = pixel_size(spacing, geometry.plane.axis)
    millimetres = found.length_um / 1000
    if millimetres >= 1 or pixel is None or min(pixel) >= FINE_PIXEL_MM:
        return f"{millimetres:.1f} mm" if millimetres >= 1 else f"{millimetres:.2f} mm"
    return f"{found.length_um:.0f} µm" if found.length_um >= 10 else f"{found.length_um:.2f} µm"


def area_text(geometry: Geometry, spacing: Spacing) -> str:
    """`123 mm²`, `523 µm²`, or `340 px²` where the pixel size is unknown."""
    found = measure(geometry, spacing)
    if found.area_px is None:
        return ""
    if found.area_mm2 is None:
        return f"{found.area_px:,.0f} px²".replace(",", "\u202f")
    if found.area_mm2 >= 0.1:
        decimals = 0 if found.area_mm2 >= 1000 else 1 if found.area_mm2 >= 10 else 2
        return f"{found.area_mm2:,.{decimals}f} mm²".replace(",", "\u202f")
    return f"{found.area_mm2 * 1e6:,.0f} µm²".replace(",", "\u202f")


def mean_text(values: RegionValues) -> str:
    """`45.2 ± 12.3 HU`; of a region that was read coarser it is about that."""
    about = "≈ " if values.downsample > 1 else ""
    unit = _unit(values)
    return f"{about}{digits(values.mean)} ± {digits(values.deviation)}{unit}"


def _unit(values: RegionValues) -> str:
    return f" {values.unit}" if values.unit not in {"", BRIGHTNESS, CHANNELS} else ""


def digits(value: float) -> str:
    """A value with one decimal, small ones with three digits that count."""
    if abs(value) >= 10 or value == 0:
        return f"{value:.1f}"
    return f"{value:.3g}"


def value_facts(values: RegionValues) -> tuple[tuple[str, str], ...]:
    """The values of a region, name by name."""
    unit, name = _unit(values), {BRIGHTNESS: "Brightness", CHANNELS: "Mean of channels"}.get(values.unit, "Mean")
    coarse = (("Read at", f"1/{values.downsample} of full size"),) if values.downsample > 1 else ()
    pixels = f"{'≈ ' if coarse else ''}{values.pixels:,}".replace(",", "\u202f")
    return (
        (name, f"{digits(values.mean)}{unit}"),
        ("Deviation", f"{digits(values.deviation)}{unit}"),
        ("Smallest", f"{digits(values.low)}{unit}"),
        ("Largest", f"{digits(values.high)}{unit}"),
        ("Pixels", pixels),
        *coarse,
    )


def anchor_of(kind: MeasureKind, geometry: Geometry) -> Point | None:
    """The point its words belong to: a ruler's end, an angle's vertex, the top right of a region."""
    if isinstance(geometry, Polyline) and geometry.points:
        return geometry.points[1] if kind == "angle" and len(geometry.points) == 3 else geometry.points[-1]
    found = bounds(geometry)
    if found is None:
        return None
    x, y, width, height = found
    return (x + width, y + height / 2) if isinstance(geometry, Polygon) else (x + width, y)
