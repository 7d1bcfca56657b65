"""Marks as GeoJSON features, and back: annotations and proposals with every field, exactly.

Coordinates are full-resolution pixels of a plane, corner convention. Boxes, polygons, lines and points are the
`features` of a FeatureCollection, which other programs read; labels of the whole scan and masks have no outline
and stand beside them (`whole_scan`, `masks`). What GeoJSON has no word for is in the property `overread`.

A rotated box is written as the polygon of its corners and, exactly, beside it (`rotated_box`), so that a program
which knows no rotated boxes reads the polygon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar, cast

import numpy as np

from dataset.annotation import (
    Annotation,
    Box,
    Geometry,
    Point,
    Points,
    Polygon,
    Polyline,
    Proposal,
    RotatedBox,
    WholeScan,
)
from dataset.facts import Facts, Malformed, items, number
from dataset.label import LabelSet
from dataset.labelmap import Segment, read_masks, write_masks
from dataset.mask import Mask
from dataset.piecewise import Stream
from imaging.geometry import Plane
from imaging.scan import ScanInfo

T = TypeVar("T")
MANY_MARKS = 5000
Json: TypeAlias = dict[str, object]
Outline: TypeAlias = Box | RotatedBox | Polygon | Polyline | Points


@dataclass(frozen=True, slots=True)
class WrittenMarks:
    """Marks ready to be written: members of the JSON object, and the mask files by their ending."""

    members: Mapping[str, object]
    files: Mapping[str, bytes]


def write_marks(marks: Sequence[Annotation | Proposal], info: ScanInfo, labels: LabelSet) -> WrittenMarks:
    """The JSON members and mask files of marks, in their order."""
    whole: list[Json] = []
    masks: list[Json] = []
    segments: list[Segment] = []
    for place, mark in enumerate(marks):
        geometry = mark.geometry
        if isinstance(geometry, Mask):
            masks.append({"place": place, **_said(mark)})
            name, colour = _shown(mark.label, labels)
            segments.append(Segment(mark.id, geometry, name, colour))
        elif isinstance(geometry, WholeScan):
            whole.append({"place": place, **_said(mark)})
    maps = write_masks(segments, info)
    for said, row in zip(masks, maps.table, strict=True):
        said["mask"] = row
    features = Stream(lambda: _features(marks, labels))
    return WrittenMarks({"features": features, "whole_scan": whole, "masks": masks}, maps.files)


def _features(marks: Sequence[Annotation | Proposal], labels: LabelSet) -> Iterator[Json]:
    """The feature of each mark that has an outline."""
    classes: dict[str, Json] = {}
    for place, mark in enumerate(marks):
        geometry = mark.geometry
        if isinstance(geometry, Mask | WholeScan):
            continue
        if mark.label not in classes:
            name, colour = _shown(mark.label, labels)
            classes[mark.label] = {"name": name, "color": _rgb(colour)}
        kind = "annotation" if isinstance(mark, Annotation) else "detection"
        yield _feature(mark.id, geometry, {"place": place, **_said(mark)}, classes[mark.label], kind)


def _shown(label_id: str, labels: LabelSet) -> tuple[str, str]:
    """Name and colour of a label."""
    label = labels.get(label_id)
    return (label.name, label.colour) if label else (label_id, "#808080")


def read_annotations(facts: Facts, files: Mapping[str, bytes]) -> tuple[Annotation, ...]:
    """The annotations of a revision's JSON object, in their order; `files` are its mask files by their ending."""
    return _read(facts, files, _annotation)


def read_proposals(facts: Facts, files: Mapping[str, bytes]) -> tuple[Proposal, ...]:
    """The proposals of a prediction's JSON object, in their order."""
    return _read(facts, files, _proposal)


def annotation_feature(feature: object) -> object:
    """A feature's annotation with its place, made as the file is read; `read_annotations` takes it as it is."""
    return _placed(feature, _annotation)


def proposal_feature(feature: object) -> object:
    """A feature's proposal with its place, made as the file is read; `read_proposals` takes it as it is."""
    return _placed(feature, _proposal)


def mask_files(facts: Facts) -> tuple[str, ...]:
    """The endings of the mask files that a JSON object of marks refers to."""
    found = {entry.inner("mask").text("layer") for entry in facts.each("masks", lambda entry: entry)}
    for name in found:
        if "/" in name or "\\" in name or name.startswith("."):
            raise Malformed(f"mask file {name!r} is no plain name")
    return tuple(sorted(found - {""}))


def annotation_to_json(annotation: Annotation) -> Json:
    """An annotation without a mask as one JSON object (for the journal)."""
    return {**_said(annotation), **outline_to_json(annotation.geometry)}


def annotation_from_json(facts: Facts, geometry: Geometry) -> Annotation:
    """The annotation of `annotation_to_json`, its geometry read before."""
    return _annotation(facts, geometry)


def outline_to_json(geometry: Geometry) -> Json:
    """A geometry that is no mask; empty for the whole scan."""
    if isinstance(geometry, WholeScan | Mask):
        return {}
    shape, coordinates = _coordinates(geometry)
    exactly: Json = {_ROTATED: _rotated_to_json(geometry)} if isinstance(geometry, RotatedBox) else {}
    return {"shape": shape, "plane": [geometry.plane.axis, geometry.plane.index], "at": coordinates, **exactly}


def outline_from_json(facts: Facts) -> Geometry:
    """The geometry of `outline_to_json`."""
    if "shape" not in facts:
        return WholeScan()
    plane = _plane(facts)
    if _ROTATED in facts:
        return _rotated(plane, facts)
    return _outline(facts.text("shape"), plane, facts.items("at"), facts)


def _said(mark: Annotation | Proposal) -> Json:
    """All fields but the geometry; those that are empty are left out."""
    said: Json = {"id": mark.id, "label": mark.label}
    if mark.score is not None:
        said["score"] = mark.score
    if isinstance(mark, Proposal):
        if mark.scores:
            said["scores"] = [list(pair) for pair in mark.scores]
        return said
    said |= {"author": mark.author, "created": mark.created.isoformat()}
    if mark.origin:
        said["origin"] = mark.origin
    if mark.locked:
        said["locked"] = True
    if mark.attributes:
        said["attributes"] = [list(pair) for pair in mark.attributes]
    return said


def _annotation(facts: Facts, geometry: Geometry) -> Annotation:
    return Annotation(
        facts.text("id"),
        facts.text("label"),
        geometry,
        facts.text("author"),
        facts.time("created"),
        facts.maybe_number("score"),
        facts.text("origin", ""),
        facts.truth("locked", False),
        facts.pairs("attributes"),
    )


def _proposal(facts: Facts, geometry: Geometry) -> Proposal:
    return Proposal(facts.text("id"), facts.text("label"), geometry, facts.number("score"), facts.scores("scores"))


@dataclass(frozen=True, slots=True)
class _Placed(Generic[T]):
    """A mark and its place among the others."""

    place: int
    mark: T


def _placed(feature: object, make: Callable[[Facts, Geometry], T]) -> _Placed[T]:
    facts = Facts(feature, "a feature")
    said = facts.inner("properties").inner("overread")
    return _Placed(said.whole("place"), make(said, _feature_geometry(facts, said)))


def _read(facts: Facts, files: Mapping[str, bytes], make: Callable[[Facts, Geometry], T]) -> tuple[T, ...]:
    """Every mark, in the order of their places."""
    found: list[_Placed[T]] = []
    for feature in facts.items("features"):
        is_made = isinstance(feature, _Placed)
        found.append(cast("_Placed[T]", feature) if is_made else _placed(feature, make))
    for said in facts.each("whole_scan", lambda entry: entry):
        found.append(_Placed(said.whole("place"), make(said, WholeScan())))
    rows = facts.each("masks", lambda entry: entry)
    masks = read_masks(files, [row.inner("mask") for row in rows])
    for said in rows:
        found.append(_Placed(said.whole("place"), make(said, masks[said.inner("mask").text("id")])))
    return tuple(placed.mark for placed in sorted(found, key=lambda placed: placed.place))


def _feature(mark_id: str, geometry: Outline, said: Json, classification: Json, kind: str) -> Json:
    shape, coordinates = _coordinates(geometry)
    said |= {"shape": shape, "plane": [geometry.plane.axis, geometry.plane.index]}
    if isinstance(geometry, Box):
        said["box"] = coordinates
        x0, y0, x1, y1 = geometry.x, geometry.y, geometry.x + geometry.width, geometry.y + geometry.height
        coordinates = [[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]]
    elif isinstance(geometry, Polygon | RotatedBox):
        if isinstance(geometry, RotatedBox):
            said[_ROTATED] = _rotated_to_json(geometry)
        rings = cast("list[tuple[Point, ...]]", coordinates)
        coordinates = [(*ring, ring[0]) if ring else () for ring in rings]
    outline: Json = {"type": _TYPES[shape], "coordinates": coordinates}
    if geometry.plane.axis == 0 and geometry.plane.index:
        outline["plane"] = {"c": -1, "z": geometry.plane.index, "t": 0}
    properties = {"objectType": kind, "classification": classification, "overread": said}
    return {"type": "Feature", "id": mark_id, "geometry": outline, "properties": properties}


_ROTATED = "rotated_box"
_TYPES = {"box": "Polygon", "polygon": "Polygon", "polyline": "LineString", "points": "MultiPoint"}


def _rgb(colour: str) -> list[int]:
    try:
        parts = list(bytes.fromhex(colour.removeprefix("#")))
    except ValueError:
        parts = []
    return parts if len(parts) == 3 else [128, 128, 128]


def _coordinates(
    geometry: Outline,
) -> tuple[Literal["box", "polygon", "polyline", "points"], Sequence[object]]:
    if isinstance(geometry, Box):
        return "box", [geometry.x, geometry.y, geometry.width, geometry.height]
    if isinstance(geometry, RotatedBox):
        return "polygon", [geometry.corners()]
    if isinstance(geometry, Polygon):
        return "polygon", [geometry.exterior, *geometry.holes]
    return ("polyline" if isinstance(geometry, Polyline) else "points"), geometry.points


def _feature_geometry(feature: Facts, said: Facts) -> Geometry:
    shape, plane = said.text("shape"), _plane(said)
    if shape == "box":
        return _outline(shape, plane, said.items("box"), said)
    if _ROTATED in said:
        return _rotated(plane, said)
    coordinates = feature.inner("geometry").items("coordinates")
    if shape == "polygon":
        coordinates = [items(ring, "a ring")[:-1] for ring in coordinates]
    return _outline(shape, plane, coordinates, said)


def _rotated_to_json(box: RotatedBox) -> list[float]:
    return [box.x, box.y, box.width, box.height, box.angle]


def _rotated(plane: Plane, facts: Facts) -> RotatedBox:
    values = facts.numbers(_ROTATED)
    if len(values) != 5:
        raise Malformed(f"mark {facts.text('id')} has a rotated box of other than five numbers")
    x, y, width, height, angle = values
    return RotatedBox(plane, x, y, width, height, angle)


def _outline(shape: str, plane: Plane, coordinates: Sequence[object], facts: Facts) -> Geometry:
    if shape == "box" and len(coordinates) == 4:
        x, y, width, height = (number(value, "box") for value in coordinates)
        return Box(plane, x, y, width, height)
    if shape == "polygon" and coordinates:
        rings = [_points(items(ring, "a ring")) for ring in coordinates]
        return Polygon(plane, rings[0], tuple(rings[1:]))
    if shape == "polyline":
        return Polyline(plane, _points(coordinates))
    if shape == "points":
        return Points(plane, _points(coordinates))
    raise Malformed(f"mark {facts.text('id')} has a shape that cannot be read ({shape})")


def _points(coordinates: Sequence[object]) -> tuple[Point, ...]:
    try:
        values = np.array(coordinates)
    except (ValueError, OverflowError):
        return _points_one_by_one(coordinates)
    if values.dtype.kind not in "if" or values.ndim != 2 or values.shape[1] < 2 or not np.isfinite(values).all():
        return _points_one_by_one(coordinates)
    columns = cast("list[list[float]]", values[:, :2].T.astype(np.float64).tolist())
    return tuple(zip(*columns, strict=True))  # type: ignore[return-value]


def _points_one_by_one(coordinates: Sequence[object]) -> tuple[Point, ...]:
    """What is no plain array of numbers, and so most often a reason to complain."""
    points: list[Point] = []
    for pair in coordinates:
        values = items(pair, "a point")
        if len(values) < 2:
            raise Malformed("a point has fewer than two numbers")
        points.append((number(values[0], "a point"), number(values[1], "a point")))
    return tuple(points)


def _plane(facts: Facts) -> Plane:
    values = facts.items("plane")
    if len(values) != 2 or values[0] not in (0, 1, 2) or not isinstance(values[1], int):
        raise Malformed(f"mark {facts.text('id')} lies on no plane")
    return Plane(values[0], values[1])
