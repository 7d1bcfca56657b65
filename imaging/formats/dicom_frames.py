# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Where each frame of a DICOM file lies and how its values are scaled: plain, enhanced, dose and nuclear files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imaging.formats.dicom_facts import items, number, numbers, plane_spacing_of, text, windows
from imaging.formats.dicom_geometry import Placement
from imaging.formats.dicom_header import Header
from imaging.scan import Rescale, Window


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames of one multi-frame file."""

    placements: tuple[Placement, ...]
    rescales: tuple[Rescale, ...]
    windows: tuple[Window, ...]
    thickness: float | None
    segments: int
    notes: tuple[str, ...] = ()


def placement_of(header: Header, across: float | None, down: float | None) -> Placement:
    """Where the single frame of a plain file lies; its own spacing wins over the series'."""
    position, orientation = header.numbers("ImagePositionPatient"), header.numbers("ImageOrientationPatient")
    spacing = header.numbers("PixelSpacing")
    if spacing is not None and len(spacing) == 2 and min(spacing) > 0:
        down, across = spacing
    return Placement(
        (position[0], position[1], position[2]) if position is not None and len(position) == 3 else None,
        orientation if orientation is not None and len(orientation) == 6 else None,
        across,
        down,
    )


def frames_of(dataset: Any, count: int, unit: str) -> Frames:
    """The frames of a multi-frame file, as its functional groups or its own attributes place them."""
    per_frame = items(dataset, "PerFrameFunctionalGroupsSequence")
    if len(per_frame) >= count:
        return _enhanced(dataset, per_frame[:count], unit)
    across, down, note = plane_spacing_of(dataset)
    base = _first_placement(dataset, across, down)
    offsets = numbers(dataset, "GridFrameOffsetVector")
    if base.is_known and len(offsets) == count:
        return Frames(_along_normal(base, offsets), (), (), None, 0, (note,) if note else ())
    unplaced = Placement(None, None, across, down)
    return Frames((unplaced,) * count, (), (), number(dataset, "SliceThickness"), 0, (note,) if note else ())


def _first_placement(dataset: Any, across: float | None, down: float | None) -> Placement:
    """The placement the file gives for its first frame."""
    position, orientation = numbers(dataset, "ImagePositionPatient"), numbers(dataset, "ImageOrientationPatient")
    return Placement(
        (position[0], position[1], position[2]) if len(position) == 3 else None,
        orientation if len(orientation) == 6 else None,
        across,
        down,
    )


def _along_normal(base: Placement, offsets: tuple[float, ...]) -> tuple[Placement, ...]:
    """Frames at offsets along the normal of the first one (dose grids)."""
    row, column = (base.orientation or [])[:3], (base.orientation or [])[3:]
    x, y, z = base.position or (0.0, 0.0, 0.0)
    nx = row[1] * column[2] - row[2] * column[1]
    ny = row[2] * column[0] - row[0] * column[2]
    nz = row[0] * column[1] - row[1] * column[0]
    start = offsets[0]
    if start != 0 and abs(start - z) < 1e-3:  # the other of the two ways to write the vector: absolute positions
        offsets = tuple(offset - start for offset in offsets)
    return tuple(
        Placement((x + nx * at, y + ny * at, z + nz * at), base.orientation, base.across, base.down) for at in offsets
    )


def _enhanced(dataset: Any, per_frame: list[Any], unit: str) -> Frames:
    """Frames of enhanced files: each group is looked up in the frame's own groups, then in the shared ones."""
    shared = next(iter(items(dataset, "SharedFunctionalGroupsSequence")), None)

    def group(frame: Any, name: str) -> Any:
        found = items(frame, name) or (items(shared, name) if shared is not None else [])
        return found[0] if found else None

    placements: list[Placement] = []
    rescales: list[Rescale] = []
    found_windows: dict[Window, None] = {}
    segments: set[str] = set()
    for frame in per_frame:
        measures = group(frame, "PixelMeasuresSequence")
        spacing = numbers(measures, "PixelSpacing") if measures is not None else ()
        position = numbers(group(frame, "PlanePositionSequence"), "ImagePositionPatient")
        orientation = numbers(group(frame, "PlaneOrientationSequence"), "ImageOrientationPatient")
        placements.append(
            Placement(
                (position[0], position[1], position[2]) if len(position) == 3 else None,
                orientation if len(orientation) == 6 else None,
                spacing[1] if len(spacing) == 2 else None,
                spacing[0] if len(spacing) == 2 else None,
            )
        )
        scaled = group(frame, "PixelValueTransformationSequence")
        if scaled is not None:
            given = text(scaled, "RescaleType")
            named = unit if given.upper() in {"US", "UNSPECIFIED", ""} else given
            slope, intercept = number(scaled, "RescaleSlope"), number(scaled, "RescaleIntercept")
            rescales.append(Rescale(slope or 1.0, intercept or 0.0, named))
        voi = group(frame, "FrameVOILUTSequence")
        if voi is not None:
            found_windows.update(dict.fromkeys(windows(voi)))
        segment = group(frame, "SegmentIdentificationSequence")
        if segment is not None:
            segments.add(text(segment, "ReferencedSegmentNumber"))
    measures = group(per_frame[0], "PixelMeasuresSequence")
    thickness = number(measures, "SliceThickness") if measures is not None else None
    return Frames(
        tuple(placements),
        tuple(rescales) if len(rescales) == len(per_frame) else (),
        tuple(found_windows)[:8],
        thickness,
        len(segments),
    )
