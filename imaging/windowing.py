"""From stored values to screen pixels: windows, presets and look-up tables. Knows no Qt.

Screen pixels are RGB32: one uint32 of 0xffRRGGBB per pixel, which Qt paints without converting.
"""

from __future__ import annotations

import importlib
import math
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from imaging.scan import Pixels, Rescale, ScanInfo, Window

CT_PRESETS = (
    Window(40, 400, "Abdomen"),
    Window(-600, 1500, "Lung"),
    Window(400, 1800, "Bone"),
    Window(40, 80, "Brain"),
    Window(50, 350, "Mediastinum"),
    Window(60, 150, "Liver"),
    Window(60, 300, "Soft tissue"),
)
"""Usual CT windows in HU."""
SUV_PRESETS = (
    Window(2.5, 5, "SUV 0–5"),
    Window(3.5, 7, "SUV 0–7"),
    Window(5, 10, "SUV 0–10"),
    Window(7.5, 15, "SUV 0–15"),
    Window(10, 20, "SUV 0–20"),
)
"""Usual windows of PET in standardised uptake values."""

_SAMPLES = 1 << 16
_OPAQUE = np.uint32(0xFF000000)
_GREY = np.uint32(0x00010101)
_WIDE_ENTRIES = 1 << 12
_MOST_AT_ONCE = (1 << 18) - 1
"""Of more values OpenCV would wake its threads and wait for them: dear while a model keeps every core busy."""


@dataclass(frozen=True, slots=True, eq=False)
class GreyTable:
    """Stored value to RGB32. 8- and 16-bit values index `entries` directly (negative ones count from the end).

    Wider values are first turned into an index: (stored + `shift`) × `scale`, cut to the table.
    """

    entries: NDArray[np.uint32]
    scale: float = 1.0
    shift: float = 0.0
    wide: bool = False


def grey_table(rescale: Rescale, window: Window, dtype: DTypeLike, inverted: bool = False) -> GreyTable:
    """The table that shows stored values of `dtype` through a window.

    grey = round(255 × clip((modality value − low) / (high − low), 0, 1)), turned round where `inverted`.
    A window without width is a threshold just above its centre.
    """
    kind = np.dtype(dtype)
    width = max(float(window.width), 1e-9)
    low = float(window.centre) - width / 2
    if kind.itemsize <= 2 and kind.kind in "biu":
        return GreyTable(_narrow_entries(rescale, low, width, kind, inverted))
    share = np.arange(_WIDE_ENTRIES, dtype=np.float64) / (_WIDE_ENTRIES - 1)
    falling = rescale.slope < 0
    slope = rescale.slope or 1.0
    first = low + width if falling else low
    shift = (rescale.intercept - first) / slope
    scale = abs(slope) / width * (_WIDE_ENTRIES - 1)
    return GreyTable(_rgb(1 - share if falling else share, inverted), scale, shift, wide=True)


def table_for(info: ScanInfo, window: Window) -> GreyTable:
    """The table that shows a scan's stored values through a window."""
    return grey_table(info.rescale, window, info.dtype, info.inverted)


def apply_table(table: GreyTable, plane: Pixels, out: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Write a grey plane as RGB32 into `out` (same shape, C-contiguous) and return it. Not-a-number is shown black."""
    if not table.wide:
        return look_up(table.entries, plane.view(f"u{plane.dtype.itemsize}"), out)
    exact: Any = np.float32 if plane.dtype.kind == "f" and plane.dtype.itemsize <= 4 else np.float64
    index = np.add(plane, table.shift, dtype=exact)
    np.multiply(index, exact(table.scale), out=index)
    np.fmax(index, exact(0), out=index)  # not-a-number becomes 0 here
    np.fmin(index, exact(len(table.entries) - 1), out=index)
    np.rint(index, out=index)
    return np.take(table.entries, index.astype(np.uint16), out=out, mode="wrap")


def look_up(entries: NDArray[np.uint32], index: Pixels, out: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Write the entries of a two-dimensional array of 8- or 16-bit indices into `out` (same shape) and return it.

    OpenCV takes a third of NumPy's time, where it is loaded (`load_opencv`) and the table has an entry for every index.
    """
    find: Any = getattr(sys.modules.get("cv2"), "LUT", None)
    if find is None or index.ndim != 2 or not index.size or len(entries) != 1 << 8 * index.dtype.itemsize:
        # Unsigned indices never wrap inside NumPy's loop, which makes it six times as fast.
        return np.take(entries, index, out=out, mode="wrap")
    if out.strides[1] != out.itemsize or out.strides[0] < 0:  # OpenCV writes rows that run forward only
        out[...] = look_up(entries, index, np.empty(out.shape, np.uint32))
        return out
    rows, columns = index.shape
    step = max(_MOST_AT_ONCE // columns, 1)
    for top in range(0, rows, step):
        find(np.ascontiguousarray(index[top : top + step]), entries, dst=out[top : top + step])
    return out


def load_opencv() -> None:
    """Load what makes look-ups faster; some 70 ms, so not in the window's thread."""
    importlib.import_module("cv2")


def pack_rgb(plane: Pixels, out: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Write an RGB uint8 plane (rows, columns, 3) as RGB32 into `out` and return it."""
    import cv2

    bgra = out.view(np.uint8).reshape(*plane.shape[:2], 4)
    cv2.cvtColor(plane, cv2.COLOR_RGB2BGRA, dst=bgra)
    return out


def value_range(info: ScanInfo, sample: Pixels) -> tuple[float, float]:
    """Lowest and highest modality value of a sample (finite ones; (0, 1) when there is none)."""
    values = _finite(sample)
    if values.size == 0:
        return 0.0, 1.0
    ends = [float(v) * info.rescale.slope + info.rescale.intercept for v in (values.min(), values.max())]
    return min(ends), max(ends)


def automatic_window(info: ScanInfo, sample: Pixels, name: str = "Automatic") -> Window:
    """A window from the 0.5th to the 99.5th hundredth of a sample's modality values."""
    values = _finite(_thinned(sample))
    if values.size == 0:
        return Window(0.5, 1.0, name)
    low, high = (float(v) for v in np.percentile(values, (0.5, 99.5)))
    ends = sorted(
        (low * info.rescale.slope + info.rescale.intercept, high * info.rescale.slope + info.rescale.intercept)
    )
    return _spanning(ends[0], ends[1], name)


def default_windows(info: ScanInfo, sample: Pixels) -> tuple[Window, ...]:
    """The windows to offer, the one to show first leading; empty for colour.

    The file's own windows lead; then the modality's presets, an automatic one and the full range of the sample.
    8-bit pictures without a window of their own are shown as they are, 0 to 255.
    """
    if info.is_colour:
        return ()
    own = tuple(window for window in info.windows if window.width > 0 and math.isfinite(window.centre))
    full = _spanning(*value_range(info, sample), name="Full range")
    automatic = automatic_window(info, sample)
    plain = (Window(127.5, 255, "As stored"),) if info.dtype == "uint8" and info.kind == "picture" else ()
    presets = CT_PRESETS if info.modality == "CT" and info.rescale.unit in {"", "HU"} else ()
    return _distinct((*own, *plain, *((automatic,) if not presets else ()), *presets, automatic, full))


def _spanning(low: float, high: float, name: str) -> Window:
    """The window from `low` to `high`, at least a little wide."""
    width = high - low
    return Window((low + high) / 2, width if width > 0 else 1.0, name)


def _distinct(windows: tuple[Window, ...]) -> tuple[Window, ...]:
    """Each centre and width once, the first name kept."""
    seen: dict[tuple[float, float], Window] = {}
    for window in windows:
        seen.setdefault((window.centre, window.width), window)
    return tuple(seen.values())


def _narrow_entries(
    rescale: Rescale, low: float, width: float, kind: np.dtype[Any], inverted: bool
) -> NDArray[np.uint32]:
    """An entry for every value of a small type, in the order its bits index a table.

    Only the values inside the window are worked out: a window is dragged many times a second.
    """
    count = 2 if kind.kind == "b" else 1 << (8 * kind.itemsize)
    lowest = -count // 2 if kind.kind == "i" else 0
    slope = rescale.slope

    def entries(values: NDArray[np.float64]) -> NDArray[np.uint32]:
        return _rgb((values * slope + rescale.intercept - low) / width, inverted)

    ends = sorted((edge - rescale.intercept) / slope for edge in (low, low + width)) if slope else (lowest, lowest)
    first = int(min(max(math.floor(ends[0]) - 1, lowest), lowest + count - 1))
    last = int(min(max(math.ceil(ends[1]) + 1, first), lowest + count - 1))
    rising = np.empty(count, np.uint32)
    rising[: first - lowest] = entries(np.array([lowest], np.float64))
    rising[first - lowest : last - lowest + 1] = entries(np.arange(first, last + 1, dtype=np.float64))
    rising[last - lowest + 1 :] = entries(np.array([lowest + count - 1], np.float64))
    return np.roll(rising, lowest)


def _rgb(share: NDArray[np.float64], inverted: bool) -> NDArray[np.uint32]:
    """RGB32 greys of shares of the window; outside 0…1 is cut."""
    grey = np.rint(np.clip(share, 0.0, 1.0) * 255.0).astype(np.uint32)
    if inverted:
        grey = np.uint32(255) - grey
    return grey * _GREY | _OPAQUE


def _thinned(sample: Pixels) -> Pixels:
    """At most some ten thousand values, spread evenly."""
    flat = sample.reshape(-1)
    return flat[:: max(1, flat.size // _SAMPLES)]


def _finite(values: Pixels) -> Pixels:
    """Without infinities and not-a-number."""
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values
