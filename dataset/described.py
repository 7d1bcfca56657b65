"""What a scan is, as JSON without anything that names a person, and back.

File names, folders and the examination's own texts are not written. Technical header values and the reader's notes
are, once every text that occurs in those names has been struck out of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import cast, get_args

import numpy as np

from dataset.facts import Facts, Malformed
from imaging.geometry import Affine, Size
from imaging.scan import Channel, Level, Rescale, ScanInfo, ScanKind, Window

_NAMING = re.compile(r"patient|name|birth|date|time|uid|accession|physician|operator|institution|address|path", re.I)
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
STRUCK = "…"


def info_to_json(info: ScanInfo) -> dict[str, object]:
    """Everything needed to have the scan's description again, without names."""
    strike = _striker(info)
    return {
        "format": info.format,
        "kind": info.kind,
        "size": [info.size.columns, info.size.rows, info.size.planes],
        "dtype": info.dtype,
        "channels": info.channels,
        "spacing_mm": list(info.spacing_mm),
        "affine": [list(row) for row in info.affine.rows] if info.affine else None,
        "rescale": {"slope": info.rescale.slope, "intercept": info.rescale.intercept, "unit": info.rescale.unit},
        "inverted": info.inverted,
        "windows": [{"centre": w.centre, "width": w.width, "name": strike(w.name)} for w in info.windows],
        "modality": info.modality,
        "levels": [_level_to_json(level) for level in info.levels],
        "fluorescence": [{"name": strike(c.name), "colour": c.colour} for c in info.fluorescence],
        "objective": info.objective,
        "objective_from": info.objective_from,
        "spacing_from": info.spacing_from,
        "header": [[key, strike(value)] for key, value in info.header if not _NAMING.search(key)],
        "notes": [strike(note) for note in info.notes],
    }


def info_from_json(facts: Facts, name: str) -> ScanInfo:
    """The description, under a name made from what the scan is."""
    return ScanInfo(
        name,
        facts.text("format"),
        _kind(facts),
        _size(facts),
        _dtype(facts),
        facts.whole("channels"),
        _spacing(facts),
        _affine(facts) if "affine" in facts else None,
        _rescale(facts.inner("rescale")),
        facts.truth("inverted"),
        facts.each("windows", lambda w: Window(w.number("centre"), w.number("width"), w.text("name"))),
        facts.text("modality"),
        facts.each("levels", _level),
        facts.each("fluorescence", lambda c: Channel(c.text("name"), c.whole("colour"))),
        facts.maybe_number("objective"),
        facts.text("spacing_from", ""),
        facts.text("objective_from", ""),
        header=facts.pairs("header"),
        notes=facts.texts("notes"),
    )


def title_of(info: ScanInfo, key: str) -> str:
    """A name for a scan that says what it is and names nobody."""
    size = f"{info.size.columns}×{info.size.rows}" + (f"×{info.size.planes}" if info.size.planes > 1 else "")
    return " ".join(part for part in (info.modality, info.kind, size, key[:8]) if part)


def safe_suffix(name: str) -> str:
    """A file name's ending, lower case; empty where it could be part of a name."""
    found = re.search(r"(\.[a-z0-9]{1,8}){1,2}$", name.lower())
    if found is None:
        return ""
    parts = _SUFFIX.findall(found[0])
    return found[0] if parts[-1] == ".gz" else parts[-1]


def _striker(info: ScanInfo) -> Callable[[str], str]:
    """A function that strikes the scan's names out of a text, as whole words."""
    examination = info.examination
    texts = [info.name, Path(info.name).stem, examination.patient, examination.study, examination.series]
    texts += [examination.title, *re.split(r"[\s^,;=/\\]+", examination.patient)]
    for path in info.sources:
        texts += [path.name, path.stem, str(path), *path.parent.parts]
    words = sorted({text for text in texts if len(text) >= 3}, key=len, reverse=True)
    if not words:
        return lambda text: text
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(re.escape(word) for word in words) + r")(?!\w)", re.I)
    return lambda text: pattern.sub(STRUCK, text)


def _level_to_json(level: Level) -> dict[str, object]:
    tile = list(level.tile) if level.tile else None
    return {"width": level.width, "height": level.height, "downsample": level.downsample, "tile": tile}


def _level(facts: Facts) -> Level:
    tile = facts.numbers("tile") if "tile" in facts else ()
    sides = (int(tile[0]), int(tile[1])) if len(tile) == 2 else None
    return Level(facts.whole("width"), facts.whole("height"), facts.number("downsample"), sides)


def _kind(facts: Facts) -> ScanKind:
    kind = facts.text("kind")
    if kind not in get_args(ScanKind):
        raise Malformed(f"kind {kind!r} is none")
    return cast("ScanKind", kind)


def _size(facts: Facts) -> Size:
    values = facts.numbers("size")
    if len(values) != 3 or min(values) < 1:
        raise Malformed("size is not three numbers above 0")
    return Size(int(values[0]), int(values[1]), int(values[2]))


def _dtype(facts: Facts) -> str:
    try:
        dtype = np.dtype(facts.text("dtype"))
    except TypeError as error:
        raise Malformed(f"dtype {facts.text('dtype')!r} is none") from error
    if dtype.kind not in "biuf":
        raise Malformed(f"dtype {dtype} holds no pixel values")
    return facts.text("dtype")


def _spacing(facts: Facts) -> tuple[float | None, float | None, float | None]:
    values = facts.items("spacing_mm")
    if len(values) != 3 or any(isinstance(v, bool) or not isinstance(v, int | float | None) for v in values):
        raise Malformed("spacing_mm is not three numbers or nulls")
    i, j, k = cast("tuple[float | None, float | None, float | None]", tuple(values))
    return i, j, k


def _affine(facts: Facts) -> Affine:
    rows = [facts_row for facts_row in (tuple(_numbers(row)) for row in facts.items("affine")) if len(facts_row) == 4]
    if len(rows) != 3:
        raise Malformed("affine is not three rows of four numbers")
    return Affine((rows[0], rows[1], rows[2]))  # type: ignore[arg-type]


def _numbers(row: object) -> list[float]:
    return list(Facts({"row": row}).numbers("row"))


def _rescale(facts: Facts) -> Rescale:
    return Rescale(facts.number("slope"), facts.number("intercept"), facts.text("unit"))
