"""Group DICOM files into scans: one series, one direction, one place per plane."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from imaging.formats.dicom_frames import placement_of
from imaging.formats.dicom_geometry import depths, same_direction
from imaging.formats.dicom_header import Header
from imaging.scan import ScanSource

STACKED = frozenset(("CT", "MR", "PT", "NM"))
"""Modalities whose files belong together even where their positions are not known."""
_ORDER = ("TemporalPositionIdentifier", "EchoNumbers", "EchoTime", "AcquisitionNumber", "TriggerTime", "InstanceNumber")


def group_headers(found: Mapping[Path, Header | None]) -> list[ScanSource]:
    """Sources of scans, in the order their first file was found. Files without a header get one of their own."""
    groups: dict[tuple[object, ...], list[Header]] = defaultdict(list)
    for path, header in found.items():
        if header is None:
            groups[(path,)] = []
        else:
            groups[_key(header)].append(header)
    sources: list[ScanSource] = []
    for key, headers in groups.items():
        sources += _split(headers) if headers else [ScanSource("dicom", (Path(str(key[0])),))]
    return sources


def _key(header: Header) -> tuple[object, ...]:
    """What files of one scan share."""
    stackable = header.has_pixels and header.frames == 1 and bool(header.text("SeriesInstanceUID"))
    placed = "ImagePositionPatient" in header.values and "ImageOrientationPatient" in header.values
    if not stackable or not (placed or header.text("Modality") in STACKED):
        return (header.path,)
    # Compressed and plain files of one series are one scan: each file is decoded by its own syntax.
    return (placed, *header.shape)


def _split(headers: list[Header]) -> list[ScanSource]:
    """One group as scans: by direction, then by how often a position comes."""
    if len(headers) == 1:
        return [_source(headers, "")]
    distinct = list({header.text("SOPInstanceUID") or header.path: header for header in reversed(headers)}.values())
    distinct.reverse()
    found: list[ScanSource] = []
    for turned in _by_direction(distinct):
        passes = _by_pass(turned)
        for number, part in enumerate(passes, start=1):
            found.append(_source(part, f"{number} of {len(passes)}" if len(passes) > 1 else ""))
    return found


def _by_direction(headers: list[Header]) -> list[list[Header]]:
    """Files of one direction together."""
    turned: list[tuple[tuple[float, ...] | None, list[Header]]] = []
    for header in headers:
        direction = header.numbers("ImageOrientationPatient")
        for known, members in turned:
            if same_direction(known, direction):
                members.append(header)
                break
        else:
            turned.append((direction, [header]))
    return [members for _, members in turned]


def _by_pass(headers: list[Header]) -> list[list[Header]]:
    """Files whose positions come more than once (echoes, time points, repeats), as one list per pass."""
    varied = [name for name in _ORDER if len({header.values.get(name) for header in headers}) > 1]
    ordered = sorted(headers, key=lambda header: tuple([header.number(name) or 0.0 for name in varied]))
    along = depths([placement_of(header, None, None) for header in ordered])
    if along is None:
        return [sorted(headers, key=lambda header: (header.whole("InstanceNumber"), header.path.name))]
    seen: dict[float, int] = defaultdict(int)
    passes: list[list[Header]] = []
    for header, place in zip(ordered, np.rint(along * 100).tolist(), strict=True):
        turn = seen[place]
        seen[place] += 1
        while len(passes) <= turn:
            passes.append([])
        passes[turn].append(header)
    return passes


def _source(headers: list[Header], turn: str) -> ScanSource:
    """The source of one scan."""
    first = headers[0]
    title = " ".join(part for part in (first.text("Modality"), first.text("SeriesDescription"), turn) if part)
    part = "#".join(part for part in (first.text("SeriesInstanceUID"), turn.split(" ", maxsplit=1)[0]) if part)
    return ScanSource("dicom", tuple(header.path for header in headers), title, part)
