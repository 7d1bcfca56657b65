"""Marks as QuPath's GeoJSON; those that came from QuPath with all they came with. See `dataset.qupath`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from dataset.annotation import Annotation, Geometry, Points, Polyline, WholeScan, geometry_plane
from dataset.label import Label, LabelSet
from dataset.mask import Mask
from dataset.outline import polygons_of
from dataset.piecewise import Stream, encode
from dataset.qupath import NAME, PIECE, TEMPLATE, UNCLASSIFIED, Form, class_of, json_geometry

Json = dict[str, Any]


def write_geojson(
    annotations: Sequence[Annotation], labels: LabelSet, form: Form = "collection", members: Json | None = None
) -> bytes:
    """The marks as a GeoJSON text. A mask becomes polygons along its pixels' edges, a feature for each plane.

    `form` and `members` are those of `dataset.qupath.Imported`; a single feature or geometry needs a single mark.
    """
    if form == "collection":
        head = {"type": "FeatureCollection"} if members is None else members
        return encode({**head, "features": Stream(lambda: features_of(annotations, labels))}, allow_nan=True)
    if form == "list":
        return encode(Stream(lambda: features_of(annotations, labels)), allow_nan=True)
    feature = next(features_of(annotations, labels), None)
    return encode(feature if form == "feature" or feature is None else feature["geometry"], allow_nan=True)


def features_of(annotations: Sequence[Annotation], labels: LabelSet) -> Iterator[Json]:
    """One feature after another; pieces of one feature come together at the place of the first."""
    groups: dict[tuple[str, str], list[Annotation]] = {}
    for annotation in annotations:
        if piece := dict(annotation.attributes).get(PIECE):
            groups.setdefault((piece.rpartition("/")[0], annotation.label), []).append(annotation)
    described = _describer(labels)
    done: set[tuple[str, str]] = set()
    for annotation in annotations:
        piece = dict(annotation.attributes).get(PIECE)
        if piece is None:
            yield from _features(annotation, described)
        elif (group := (piece.rpartition("/")[0], annotation.label)) not in done:
            done.add(group)
            yield _feature(groups[group], described, group[0])


Describe = Callable[[str], Json]


def _describer(labels: LabelSet) -> Describe:
    """A function from a label's id to QuPath's class."""
    known = {label.id: label for label in labels.labels}

    def described(label_id: str) -> Json:
        label = known.get(label_id) or Label(label_id, label_id, "#808080")
        return {"name": label.name, "color": _rgb(label.colour)}

    return described


def _features(annotation: Annotation, described: Describe) -> Iterator[Json]:
    geometry = annotation.geometry
    if not isinstance(geometry, Mask):
        yield _feature([annotation], described, annotation.id)
        return
    for number, index in enumerate(geometry.planes):
        pieces: list[Geometry] = list(polygons_of(geometry, index))
        made = _feature([annotation], described, annotation.id, pieces)
        if number:
            del made["id"]  # one mark, further planes
        yield made


def _feature(marks: list[Annotation], described: Describe, identity: str, pieces: list[Geometry] | None = None) -> Json:
    """The feature of a mark, or of the marks that are its pieces."""
    first = marks[0]
    attributes = dict(first.attributes)
    template = _template(attributes.get(TEMPLATE))
    came_so = cast("Json", template.get("properties") or {})
    properties: Json = dict(came_so) if template else {"objectType": "annotation"}
    if NAME in attributes:
        properties["name"] = attributes[NAME]
    if "isLocked" in properties or first.locked:
        properties["isLocked"] = first.locked
    mine = described(first.label)
    name, _colour = class_of(properties.get("classification"))
    is_same = name.casefold() in {cast("str", mine["name"]).casefold(), first.label.casefold()}
    if not is_same and (name or first.label != UNCLASSIFIED.id):
        properties["classification"] = mine
    if not template:
        own: Json = {"author": first.author, "created": first.created.isoformat()}
        properties["overread"] = {**own, "attributes": attributes} if first.attributes else own
        if first.score is not None:
            properties["measurements"] = {"Score": first.score}
    shapes = pieces if pieces is not None else [mark.geometry for mark in _in_order(marks)]
    written: Json = {"type": "Feature", **template}
    if "id" not in written:
        written["id"] = identity
    written["geometry"] = _geometry(shapes, cast("Json | None", template.get("geometry")))
    written["properties"] = properties if properties or template.get("properties") is not None else None
    if template and "properties" not in template and not properties:
        del written["properties"]
    return written


def _in_order(marks: list[Annotation]) -> list[Annotation]:
    return sorted(marks, key=lambda mark: int(dict(mark.attributes).get(PIECE, "/0").rpartition("/")[2] or 0))


def _template(text: str | None) -> Json:
    """The feature a mark came from, as kept; nothing where there was none or it was tampered with."""
    try:
        value: object = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return {}
    return cast("Json", value) if isinstance(value, dict) else {}


def _geometry(shapes: list[Geometry], rest: Json | None) -> Json | None:
    """A GeoJSON geometry; as it came where the mark is as it came."""
    if not shapes or isinstance(shapes[0], WholeScan):
        return None
    said = dict(rest or {})
    corners, exactly, kept = said.pop("corners", None), said.pop("exactly", False), said.pop("coordinates", None)
    kind = _kind(shapes, str(said.get("type", "")))
    if exactly and _is_untouched(shapes, {**said, "coordinates": kept}):
        coordinates = kept
    else:
        coordinates = json_geometry(kind, shapes, corners)
    said["type"], said["coordinates"] = kind, coordinates
    plane = geometry_plane(shapes[0])
    if plane is not None and plane.axis == 0:
        came = cast("Json", said.get("plane") or {})
        if plane.index != came.get("z", 0):
            said["plane"] = {"c": -1, "t": 0, **came, "z": plane.index}
    return said


def _is_untouched(shapes: list[Geometry], geometry: Json) -> bool:
    from dataset.facts import Malformed
    from dataset.qupath import geometries

    try:
        return geometries(geometry)[1] == shapes
    except Malformed:
        return False


def _kind(shapes: list[Geometry], came_as: str) -> str:
    """The GeoJSON type of marks; the one they came as where it fits."""
    first = shapes[0]
    if isinstance(first, Points):
        return "Point" if came_as == "Point" and len(first.points) == 1 else "MultiPoint"
    kind = "LineString" if isinstance(first, Polyline) else "Polygon"
    return f"Multi{kind}" if len(shapes) > 1 or came_as == f"Multi{kind}" else kind


def _rgb(colour: str) -> list[int]:
    try:
        parts = list(bytes.fromhex(colour.removeprefix("#")))
    except ValueError:
        parts = []
    return parts if len(parts) == 3 else [128, 128, 128]
