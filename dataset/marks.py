"""Marks as GeoJSON features, and back: annotations and proposals with every field, exactly.

Coordinates are full-resolution pixels of a plane, corner convention. Boxes, polygons, lines and points are the
`features` of a FeatureCollection, which other programs read; labels of the whole scan and masks have no outline
and stand beside them (`whole_scan`, `masks`). What GeoJSON has no word for is in the property `overread`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from dataset.annotation import (
    Annotation,
    Box,
    Geometry,
    Point,
    Points,
    Polygon,
    Polyline,
    Proposal,
    WholeScan,
)
from dataset.facts import Facts, Malformed, items, number
from dataset.label import LabelSet
from dataset.labelmap import Segment, read_masks, write_masks
from dataset.mask import Mask
from imaging.geometry import Plane
from imaging.scan import ScanInfo

Json: TypeAlias = dict[str, object]
Outline: TypeAlias = Box | Polygon | Polyline | Points


@dataclass(frozen=True, slots=True)
class WrittenMarks:
    """Marks ready to be written: members of the JSON object, and the mask files by their ending."""

    members: Mapping[str, object]
    files: Mapping[str, bytes]


def write_marks(marks: Sequence[Annotation | Proposal], info: ScanInfo, labels: LabelSet) -> WrittenMarks:
    """The JSON members and mask files of marks, in their order."""
    features: list[Json] = []
    whole: list[Json] = []
    masks: list[Json] = []
    segments: list[Segment] = []
    known = {label.id: label for label in labels.labels}
    for place, mark in enumerate(marks):
        said: Json = {"place": place, **_said(mark)}
        geometry = mark.geometry
        label = known.get(mark.label)
        name, colour = (label.name, label.colour) if label else (mark.label, "#808080")
        if isinstance(geometry, Mask):
            masks.append(said)
            segments.append(Segment(mark.id, geometry, name, colour))
        elif isinstance(geometry, WholeScan):
            whole.append(said)
        else:
            kind = "annotation" if isinstance(mark, Annotation) else "detection"
            features.append(_feature(mark.id, geometry, said, name, colour, kind))
    maps = write_masks(segments, info)
    for said, row in zip(masks, maps.table, strict=True):
        said["mask"] = row
    return WrittenMarks({"features": features, "whole_scan": whole, "masks": masks}, maps.files)


def read_annotations(facts: Facts, files: Mapping[str, bytes]) -> tuple[Annotation, ...]:
    """The annotations of a revision's JSON object, in their order; `files` are its mask files by their ending."""
    return tuple(_annotation(said, geometry) for said, geometry in _read(facts, files))


def read_proposals(facts: Facts, files: Mapping[str, bytes]) -> tuple[Proposal, ...]:
    """The proposals of a prediction's JSON object, in their order."""
    return tuple(_proposal(said, geometry) for said, geometry in _read(facts, files))


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
    return {"shape": shape, "plane": [geometry.plane.axis, geometry.plane.index], "at": coordinates}


def outline_from_json(facts: Facts) -> Geometry:
    """The geometry of `outline_to_json`."""
    if "shape" not in facts:
        return WholeScan()
    plane = _plane(facts)
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


def _read(facts: Facts, files: Mapping[str, bytes]) -> list[tuple[Facts, Geometry]]:
    """Fields and geometry of every mark, in the order of their places."""
    found: list[tuple[int, Facts, Geometry]] = []
    for feature in facts.each("features", lambda entry: entry):
        said = feature.inner("properties").inner("overread")
        found.append((said.whole("place"), said, _feature_geometry(feature, said)))
    for said in facts.each("whole_scan", lambda entry: entry):
        found.append((said.whole("place"), said, WholeScan()))
    rows = facts.each("masks", lambda entry: entry)
    masks = read_masks(files, [row.inner("mask") for row in rows])
    for said in rows:
        found.append((said.whole("place"), said, masks[said.inner("mask").text("id")]))
    return [(said, geometry) for _place, said, geometry in sorted(found, key=lambda item: item[0])]


def _feature(mark_id: str, geometry: Outline, said: Json, name: str, colour: str, kind: str) -> Json:
    shape, coordinates = _coordinates(geometry)
    said |= {"shape": shape, "plane": [geometry.plane.axis, geometry.plane.index]}
    if isinstance(geometry, Box):
        said["box"] = coordinates
        x0, y0, x1, y1 = geometry.x, geometry.y, geometry.x + geometry.width, geometry.y + geometry.height
        coordinates = [[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]]
    elif isinstance(geometry, Polygon):
        coordinates = [[*ring, ring[0]] if ring else [] for ring in cast("list[list[object]]", coordinates)]
    outline: Json = {"type": _TYPES[shape], "coordinates": coordinates}
    if geometry.plane.axis == 0 and geometry.plane.index:
        outline["plane"] = {"c": -1, "z": geometry.plane.index, "t": 0}
    classification = {"name": name, "color": _rgb(colour)}
    properties = {"objectType": kind, "classification": classification, "overread": said}
    return {"type": "Feature", "id": mark_id, "geometry": outline, "properties": properties}


_TYPES = {"box": "Polygon", "polygon": "Polygon", "polyline": "LineString", "points": "MultiPoint"}


def _rgb(colour: str) -> list[int]:
    try:
        parts = list(bytes.fromhex(colour.removeprefix("#")))
    except ValueError:
        parts = []
    return parts if len(parts) == 3 else [128, 128, 128]


def _coordinates(geometry: Outline) -> tuple[Literal["box", "polygon", "polyline", "points"], list[object]]:
    if isinstance(geometry, Box):
        return "box", [geometry.x, geometry.y, geometry.width, geometry.height]
    if isinstance(geometry, Polygon):
        return "polygon", [_pairs(ring) for ring in (geometry.exterior, *geometry.holes)]
    return ("polyline" if isinstance(geometry, Polyline) else "points"), _pairs(geometry.points)


def _pairs(points: tuple[Point, ...]) -> list[object]:
    return [[x, y] for x, y in points]


def _feature_geometry(feature: Facts, said: Facts) -> Geometry:
    shape, plane = said.text("shape"), _plane(said)
    if shape == "box":
        return _outline(shape, plane, said.items("box"), said)
    coordinates = feature.inner("geometry").items("coordinates")
    if shape == "polygon":
        coordinates = [items(ring, "a ring")[:-1] for ring in coordinates]
    return _outline(shape, plane, coordinates, said)


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
