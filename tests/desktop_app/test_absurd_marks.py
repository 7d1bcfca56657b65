"""Marks that no reader could have drawn, as other programs or damaged disks leave them: the window lives through."""

import math

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from dataset.annotation import (
    Annotation,
    Box,
    Geometry,
    Points,
    Polygon,
    Polyline,
    Proposal,
    RotatedBox,
    now,
)
from dataset.document import Snapshot
from dataset.mask import mask_of_plane
from desktop_app.opening import Opened
from imaging.geometry import Plane
from imaging.scan import ScanKind, Window
from tests.desktop_app.conftest import Reader, prediction, volume

pytestmark = pytest.mark.gui
MIDDLE = Plane(0, 6)
SQUARE = np.ones((20, 30), np.bool_)
BEYOND: dict[str, Geometry] = {
    "box on a plane too high": Box(Plane(0, 400), 10, 10, 20, 20),
    "box on a plane below the first": Box(Plane(0, -3), 10, 10, 20, 20),
    "box on another axis, too high": Box(Plane(2, 9000), 10, 10, 20, 20),
    "polygon on a plane too high": Polygon(Plane(0, 99), ((1, 1), (9, 1), (9, 9))),
    "mask on a plane too high": mask_of_plane(SQUARE, 77, x=3, y=3),
    "huge box": Box(MIDDLE, -1e30, -1e30, 2e30, 2e30),
    "box far away": Box(MIDDLE, 1e30, 1e30, 5, 5),
    "box far to the left": Box(MIDDLE, -1e12, 4, 1e12, 8),
    "box of no size": Box(MIDDLE, 5, 5, 0, 0),
    "turned box far away": RotatedBox(MIDDLE, 1e30, -1e30, 1e30, 3, 33),
    "mask beyond the edge": mask_of_plane(SQUARE, 6, x=70, y=60),
    "mask far outside": mask_of_plane(SQUARE, 6, x=100_000, y=100_000),
    "polygon of one point": Polygon(MIDDLE, ((5, 5),)),
    "polygon of two points": Polygon(MIDDLE, ((5, 5), (9, 9))),
    "polygon of no point": Polygon(MIDDLE, ()),
    "polygon with a hole of one point": Polygon(MIDDLE, ((1, 1), (30, 1), (30, 30)), (((4, 4),),)),
    "huge polygon": Polygon(MIDDLE, ((-1e30, -1e30), (1e30, -1e30), (0, 1e30))),
    "line of one point": Polyline(MIDDLE, ((5, 5),)),
    "line of no point": Polyline(MIDDLE, ()),
    "line to far away": Polyline(MIDDLE, ((5, 5), (1e30, 1e30), (-1e300, 7))),
    "no points": Points(MIDDLE, ()),
    "points far away": Points(MIDDLE, ((1e30, 5), (5, -1e300))),
}


def annotated(mark_id: str, geometry: Geometry) -> Annotation:
    return Annotation(mark_id, "disc", geometry, "ana", now())


def open_with(reader: Reader, geometries: list[Geometry], kind: ScanKind = "volume") -> None:
    """Open a scan where half of the marks are annotations and half proposals, each of them both."""
    marks = tuple(annotated(f"a{number}", geometry) for number, geometry in enumerate(geometries))
    proposed = prediction(*(Proposal(f"p{n}", "cyst", geometry, 0.9) for n, geometry in enumerate(geometries)))
    scan = volume(12 if kind == "volume" else 1, kind)
    if not reader.session.cases:
        reader.open(scan)
    plane = Plane(0, scan.info.size.planes // 2)
    state = Snapshot(marks)
    reader.session.worklist.opened.emit(
        Opened(scan, "key0", state, "", (), (proposed,), "labelled", Window(40, 400), plane)
    )
    reader.settle()


def look_around(reader: Reader) -> None:
    """Paint, select each mark, step through planes and marks, zoom, in one view and in three."""
    session, view = reader.session, reader.window.grid.view
    for three in (False, True):
        if session.info is not None and session.info.kind == "volume":
            reader.window.grid.show_planes(three)
        reader.window.repaint()
        for mark in [*session.document.annotations, *session.proposals]:
            session.select(frozenset({mark.id}))
            reader.window.repaint()
        session.select(frozenset(mark.id for mark in session.document.annotations))
        for which in (Qt.Key.Key_Tab, Qt.Key.Key_F, Qt.Key.Key_Z, Qt.Key.Key_Up, Qt.Key.Key_N, Qt.Key.Key_PageDown):
            QTest.keyClick(view, which)
            reader.settle()
            reader.window.repaint()
        QTest.mouseMove(view, view.rect().center())
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.rect().center())
        reader.settle()
        reader.window.repaint()


def shown(reader: Reader) -> Plane:
    viewport = reader.window.grid.view.viewport
    assert viewport is not None
    return viewport.plane


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mask on a plane too high", "huge box", "polygon of no point", "line to far away"])
def test_the_window_lives_through_a_mark(reader: Reader, name: str) -> None:
    open_with(reader, [BEYOND[name]])
    look_around(reader)
    assert shown(reader).index in range(12)


@pytest.mark.slow
def test_the_window_lives_through_all_marks_at_once(reader: Reader) -> None:
    open_with(reader, list(BEYOND.values()))
    look_around(reader)
    open_with(reader, list(BEYOND.values()), "radiograph")
    look_around(reader)
    assert shown(reader).index == 0


def test_a_scan_marked_only_beyond_its_planes_opens_in_its_middle(reader: Reader) -> None:
    open_with(reader, [BEYOND["box on a plane too high"], BEYOND["mask on a plane too high"]])
    assert reader.session.plane == MIDDLE
    assert len(reader.session.document.annotations) == 2


def test_marks_beyond_the_planes_do_not_keep_from_those_within(reader: Reader) -> None:
    open_with(reader, [BEYOND["box on a plane too high"], Box(Plane(0, 9), 1, 1, 5, 5)])
    assert reader.session.plane == Plane(0, 9)
    assert not math.isnan(reader.session.position[2])
