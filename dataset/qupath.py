"""QuPath's GeoJSON in and out: what is read is written again equal, with all that this program has no word for.

A feature without its coordinates is kept in the attribute `qupath` of its mark; its name, which a reader may change, in
`name`. Several pieces (MultiPolygon, MultiLineString) become a mark each, and one feature again. Coordinates are
full-resolution pixels, as here.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from dataset.annotation import (
    Annotation,
    Box,
    Geometry,
    Point,
    Points,
    Polygon,
    Polyline,
    RotatedBox,
    WholeScan,
    new_id,
    now,
)
from dataset.errors import DatasetProblem
from dataset.facts import LARGEST_JSON, Malformed, items, number, read_bytes
from dataset.label import Label, LabelSet
from dataset.piecewise import collector_paused, decode
from imaging.geometry import Plane

Form = Literal["collection", "list", "feature", "geometry"]
"""What a file holds: a FeatureCollection, a plain list of features, one feature, or one geometry."""
TEMPLATE, NAME, PIECE = "qupath", "name", "qupath-piece"
"""Attributes of imported marks: the feature without its coordinates, its name, and which piece of it a mark is."""
UNCLASSIFIED = Label("unclassified", "Unclassified", "#808080")

_UNIQUE = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9A-HJKMNP-TV-Z]{26}")
_ADVICE = "Nothing was imported; export it again from where it comes"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file holds: its marks, the labels among them that were not known, and how it is written again."""

    labels: tuple[Label, ...]
    annotations: tuple[Annotation, ...]
    form: Form = "collection"
    members: Json = field(default_factory=dict[str, Any])
    """Members of the FeatureCollection beside its features."""


def import_marks(path: Path, known: LabelSet, *, author: str = "") -> tuple[tuple[Label, ...], tuple[Annotation, ...]]:
    """Labels to add and marks of a GeoJSON file (also `.gz`, `.zip`); all of it or a `DatasetProblem` in one line."""
    found = read_geojson(path, known, author=author)
    return found.labels, found.annotations


def read_geojson(source: Path | bytes, known: LabelSet, *, author: str = "") -> Imported:
    """What a GeoJSON file, or its bytes, hold; see `import_marks`."""
    where = source if isinstance(source, Path) else "GeoJSON"
    data = _unpacked(read_bytes(source) if isinstance(source, Path) else source, where)
    reader = _Reader(known, author or "import")
    with collector_paused(len(data) > 2**20):
        try:
            value = decode(data, {"features": reader.add})
            form, members = reader.finish(value)
        except Malformed as error:
            raise DatasetProblem(f"cannot be imported: {error}", where, _ADVICE) from error
        except (ValueError, RecursionError, OverflowError) as error:
            said = (str(error).splitlines() or [type(error).__name__])[0][:120]
            raise DatasetProblem(f"is no GeoJSON ({said})", where, _ADVICE) from error
    return Imported(tuple(reader.labels), tuple(reader.marks), form, members)


class _Reader:
    """Gathers the marks of one file."""

    def __init__(self, known: LabelSet, author: str) -> None:
        self._author, self._created = author, now()
        self._ids = {label.id for label in known.labels}
        self._by_name = {name.casefold(): label for label in reversed(known.labels) for name in (label.id, label.name)}
        self._templates: dict[str, str] = {}
        self._used: set[str] = set()
        self._count = 0
        self.labels: list[Label] = []
        self.marks: list[Annotation] = []

    def add(self, feature: object) -> object:
        """Take in one feature; what is wrong is said with its number."""
        self._count += 1
        try:
            self._add(feature)
        except Malformed as error:
            raise Malformed(f"feature {self._count}: {error}") from error
        return None

    def finish(self, value: object) -> tuple[Form, Json]:
        """Which form the file has; takes in what does not stand in a list of `features`."""
        if isinstance(value, list):
            for feature in cast("list[object]", value):
                self.add(feature)
            return "list", {}
        if not isinstance(value, dict):
            raise Malformed("it is neither a feature nor a list of them")
        facts = cast("Json", value)
        kind = facts.get("type")
        if kind == "FeatureCollection" or (kind is None and isinstance(facts.get("features"), list)):
            if not isinstance(facts.get("features"), list):
                raise Malformed("it has no list of features")
            return "collection", {key: item for key, item in facts.items() if key != "features"}
        if self._count:
            raise Malformed(f"its type {str(kind)[:40]!r} is not FeatureCollection")
        if kind == "Feature":
            self.add(facts)
            return "feature", {}
        self.add({"type": "Feature", "geometry": facts, "properties": {}})
        return "geometry", {}

    def _add(self, value: object) -> None:
        if not isinstance(value, dict) or cast("Json", value).get("type", "Feature") != "Feature":
            raise Malformed("it is no feature")
        feature = cast("Json", value)
        properties = feature.get("properties")
        if not isinstance(properties, dict | None):
            raise Malformed("its properties are no object")
        said = cast("Json", properties or {})
        kind, pieces, rest = geometries(feature.get("geometry"))
        template: Json = {**feature, "geometry": rest}
        name = said.get("name")
        attributes: tuple[tuple[str, str], ...] = ()
        if isinstance(name, str):
            template["properties"] = {key: item for key, item in said.items() if key != "name"}
            attributes = ((NAME, name),)
        locked = said.get("isLocked", said.get("locked", False))
        label = self._label(said.get("classification"))
        identity = feature.get("id")
        mark_id = identity if isinstance(identity, str) and _UNIQUE.fullmatch(identity) else new_id()
        if mark_id in self._used:
            mark_id = new_id()
        if mark_id == identity:
            del template["id"]
        text = json.dumps(template, ensure_ascii=False, separators=(",", ":"))
        text = self._templates.setdefault(text, text)
        for place, geometry in enumerate(pieces):
            own = mark_id if place == 0 else new_id()
            self._used.add(own)
            piece = ((PIECE, f"{mark_id}/{place}"),) if kind.startswith("Multi") and kind != "MultiPoint" else ()
            whole = (*attributes, (TEMPLATE, text), *piece)
            self.marks.append(
                Annotation(own, label, geometry, self._author, self._created, locked=locked is True, attributes=whole)
            )

    def _label(self, classification: object) -> str:
        """The id of a class, made a label where it is none yet."""
        name, colour = class_of(classification)
        if not name:
            label = self._by_name.get(UNCLASSIFIED.name.casefold())
            return label.id if label else self._new(UNCLASSIFIED)
        label = self._by_name.get(name.casefold())
        if label is not None:
            return label.id
        plain = re.sub(r"[^\w.-]+", "-", name.lower()).strip("-.") or "class"
        free = plain
        count = 2
        while free in self._ids:
            free, count = f"{plain}-{count}", count + 1
        return self._new(Label(free, name, colour or _colour_for(name)))

    def _new(self, label: Label) -> str:
        self.labels.append(label)
        self._ids.add(label.id)
        self._by_name[label.name.casefold()] = label
        return label.id


def class_of(classification: object) -> tuple[str, str]:
    """Name and colour (#rrggbb or empty) of a QuPath class: a text, or an object with either form of colour."""
    if classification is None:
        return "", ""
    if isinstance(classification, str):
        return classification, ""
    if not isinstance(classification, dict):
        raise Malformed("its classification is neither a text nor an object")
    said = cast("Json", classification)
    names = said.get("names")
    name = said.get("name", ": ".join(map(str, cast("list[object]", names))) if isinstance(names, list) else "")
    if not isinstance(name, str | None):
        raise Malformed("its class has a name that is no text")
    return name or "", colour_of(said.get("color", said.get("colorRGB")))


def colour_of(value: object) -> str:
    """#rrggbb of [r, g, b] or of a packed number such as -3140401; empty where it is neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"#{value & 0xFFFFFF:06x}"
    if isinstance(value, list):
        parts = cast("list[object]", value)
        if len(parts) in {3, 4} and all(isinstance(p, int) and 0 <= p <= 255 for p in parts):
            return "#" + bytes(cast("list[int]", parts[:3])).hex()
    return ""


def _colour_for(name: str) -> str:
    """A colour of its own for a class that came without one; the same each time."""
    import colorsys

    parts = colorsys.hsv_to_rgb(zlib.crc32(name.encode("utf-8", "replace")) % 360 / 360, 0.65, 0.85)
    return "#" + bytes(round(255 * part) for part in parts).hex()


def geometries(value: object) -> tuple[str, list[Geometry], object]:
    """The kind of a GeoJSON geometry, its pieces here, and what is left of it without coordinates."""
    if value is None:
        return "", [WholeScan()], None
    if not isinstance(value, dict):
        raise Malformed("its geometry is no object")
    facts = cast("Json", value)
    kind, coordinates = facts.get("type"), facts.get("coordinates")
    maker = _MAKERS.get(kind) if isinstance(kind, str) else None
    if maker is None:
        raise Malformed(f"its geometry {str(kind)[:40]!r} is none that can be marked")
    plane = _plane(facts.get("plane"))
    pieces: list[Geometry] = maker(plane, items(coordinates, f"{kind} coordinates"))
    rest = {key: item for key, item in facts.items() if key != "coordinates"}
    if json_geometry(str(kind), pieces, None) != coordinates:
        rest["coordinates"] = coordinates  # written as they were, while the mark is as it was read
        rest["exactly"] = True
    elif len(pieces) == 1 and (box := _as_box(pieces[0])) is not None:
        rest["corners"], pieces[0] = box[1], box[0]
    return str(kind), pieces, rest


def _plane(value: object) -> Plane:
    if not isinstance(value, dict):
        return Plane()
    index = cast("Json", value).get("z", 0)
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < 2**31:
        raise Malformed("its plane's z is no whole number from 0")
    return Plane(0, index)


def _points(coordinates: object) -> tuple[Point, ...]:
    found: list[Point] = []
    for pair in items(coordinates, "a list of points"):
        values = items(pair, "a point")
        if len(values) < 2:
            raise Malformed("a point has fewer than two numbers")
        found.append((number(values[0], "x of a point"), number(values[1], "y of a point")))
    return tuple(found)


def _polygon(plane: Plane, coordinates: object) -> Polygon:
    rings: list[tuple[Point, ...]] = []
    for place, ring in enumerate(items(coordinates, "Polygon coordinates")):
        points = _points(ring)
        if len(points) < 4 or points[0] != points[-1]:
            raise Malformed(f"ring {place + 1} of its outline is not closed")
        rings.append(points[:-1])
    if not rings:
        raise Malformed("its polygon has no outline")
    return Polygon(plane, rings[0], tuple(rings[1:]))


def _line(plane: Plane, coordinates: object) -> Polyline:
    points = _points(coordinates)
    if len(points) < 2:
        raise Malformed("its line has fewer than two points")
    return Polyline(plane, points)


def _some(pieces: list[Geometry]) -> list[Geometry]:
    if not pieces:
        raise Malformed("its geometry is empty")
    return pieces


Maker = Callable[[Plane, Any], list[Geometry]]
_MAKERS: dict[str, Maker] = {
    "Point": lambda plane, at: [Points(plane, _points([at]))],
    "MultiPoint": lambda plane, at: [Points(plane, _points(at))],
    "LineString": lambda plane, at: [_line(plane, at)],
    "MultiLineString": lambda plane, at: _some([_line(plane, line) for line in at]),
    "Polygon": lambda plane, at: [_polygon(plane, at)],
    "MultiPolygon": lambda plane, at: _some([_polygon(plane, piece) for piece in at]),
}


def _as_box(geometry: Geometry) -> tuple[Box, list[int]] | None:
    """A polygon that is an upright rectangle, and the order of its corners; `None` where it is not exactly one."""
    if not isinstance(geometry, Polygon) or geometry.holes or len(geometry.exterior) != 4:
        return None
    xs, ys = {p[0] for p in geometry.exterior}, {p[1] for p in geometry.exterior}
    if len(xs) != 2 or len(ys) != 2:
        return None
    box = Box(geometry.plane, min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
    corners = corners_of(box)
    if set(geometry.exterior) != set(corners):
        return None
    return box, [corners.index(point) for point in geometry.exterior]


def corners_of(box: Box) -> list[Point]:
    """The corners of a box, clockwise on the screen from the top left."""
    x0, y0, x1, y1 = box.x, box.y, box.x + box.width, box.y + box.height
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def json_geometry(kind: str, pieces: list[Geometry], corners: list[int] | None) -> object:
    """The coordinates of pieces as a geometry of this kind; `None` where they are none."""
    found: list[object] = [_coordinates(piece, corners) for piece in pieces]
    if kind == "Point":
        points = cast("list[object]", found[0])
        return points[0] if points else None
    return found if kind in {"MultiPolygon", "MultiLineString"} else found[0]


def _coordinates(geometry: Geometry, corners: list[int] | None) -> object:
    if isinstance(geometry, Box):
        four = corners_of(geometry)
        ring = [list(four[place]) for place in corners or (0, 1, 2, 3)]
        return [[*ring, ring[0]]]
    if isinstance(geometry, RotatedBox):
        geometry = geometry.outline()
    if isinstance(geometry, Polygon):
        rings = ([list(point) for point in ring] for ring in (geometry.exterior, *geometry.holes) if ring)
        return [[*ring, ring[0]] for ring in rings]
    if isinstance(geometry, Polyline | Points):
        return [list(point) for point in geometry.points]
    return None


def _unpacked(data: bytes, where: object) -> bytes:
    """The text of a file that may be gzip or a zip of one file; refused where it would be absurdly large."""
    try:
        if data.startswith(b"\x1f\x8b"):
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
                data = file.read(LARGEST_JSON + 1)
        elif data.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                names = [name for name in packed.namelist() if not name.endswith("/")]
                if len(names) != 1:
                    raise DatasetProblem(f"holds {len(names)} files, not one", where, "Unpack it")
                with packed.open(names[0]) as file:
                    data = file.read(LARGEST_JSON + 1)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise DatasetProblem("is a damaged archive", where, "Get the file again") from error
    if len(data) > LARGEST_JSON:
        raise DatasetProblem(f"is larger than {LARGEST_JSON // 2**20} MiB unpacked", where, "Import a part of it")
    return data
