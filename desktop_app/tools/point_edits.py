"""Which point a click with Ctrl or Alt, or a double-click, would put in or take out. Pure; plane pixels."""

from __future__ import annotations

from dataclasses import dataclass

from dataset.annotation import Annotation, Point, Points, Polygon, Polyline
from desktop_app.tool import Bench, Gesture, Mark
from desktop_app.tools.hitting import EDGE_REACH, Reach, held_alone, marks_near, nearest_handle
from desktop_app.tools.vertices import Edge, Jointed, nearest_on_edge, point_put_in, point_taken_out, rings_with_points


@dataclass(frozen=True, slots=True)
class PointEdit:
    """A point of the mark that is selected alone, to be taken out, or (with an `edge`) put in."""

    mark: Mark
    geometry: Jointed
    number: int
    edge: Edge | None = None

    @property
    def place(self) -> Point:
        """Where the point is, or will be."""
        if self.edge is not None:
            return self.edge.point
        return [point for ring in rings_with_points(self.geometry) for point in ring][self.number]

    def applied(self) -> Jointed | None:
        """The geometry as it will be; `None` where too few points would be left."""
        if self.edge is not None:
            return point_put_in(self.geometry, self.edge)
        return point_taken_out(self.geometry, self.number)


def point_edit(gesture: Gesture, bench: Bench) -> PointEdit | None:
    """What a click here would put in or take out.

    Ctrl or a double-click on an edge puts a point in; Ctrl or Alt on a point takes it out.
    """
    if not (gesture.ctrl or gesture.alt or gesture.clicks == 2) or gesture.shift:
        return None
    reach = Reach.of(gesture)
    mark = held_alone(reach, marks_near(reach, bench), bench)
    geometry = mark.geometry if mark is not None else None
    is_fixed = isinstance(mark, Annotation) and mark.locked
    if mark is None or is_fixed or not isinstance(geometry, Polygon | Polyline | Points):
        return None
    number = nearest_handle(geometry, reach)
    if isinstance(number, int):
        return PointEdit(mark, geometry, number) if gesture.ctrl or gesture.alt else None
    edge = nearest_on_edge(geometry, reach.x, reach.y, reach.across, reach.down) if not gesture.alt else None
    is_on = edge is not None and edge.distance <= EDGE_REACH
    return PointEdit(mark, geometry, edge.number, edge) if edge is not None and is_on else None
