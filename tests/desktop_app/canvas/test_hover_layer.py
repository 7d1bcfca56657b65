"""Which mark a press would take, as drawn."""

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from dataset.annotation import Box, Geometry, Points, Polygon, Polyline, RotatedBox, WholeScan
from dataset.mask import empty_mask
from desktop_app.canvas.hover_layer import HoverLayer
from desktop_app.canvas.viewport import Viewport
from desktop_app.tools.long_rings import LONG
from imaging.geometry import Plane

PLANE = Plane(0, 1)
VIEW = Viewport(PLANE, 100, 80, 200, 160, (50, 40), 2.0)
LONG_LINE = Polyline(PLANE, tuple((20 + n / 10, 40.0) for n in range(2 * LONG)))


def drawn(layer: HoverLayer, viewport: Viewport = VIEW) -> QImage:
    image = QImage(QSize(viewport.width, viewport.height), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    layer.paint(painter, viewport, 1.0)
    painter.end()
    return image


def is_empty(image: QImage) -> bool:
    return all(QColor(image.pixelColor(x, y)).alpha() == 0 for x in range(0, 200, 3) for y in range(0, 160, 3))


@pytest.mark.parametrize(
    ("shape", "place"),
    [
        (Box(PLANE, 20, 20, 30, 20), (20, 30)),
        (RotatedBox(PLANE, 50, 40, 30, 20, 90), (40, 40)),
        (Polygon(PLANE, ((20, 20), (60, 20), (60, 60))), (60, 40)),
        (Polyline(PLANE, ((20, 20), (60, 20), (60, 60))), (40, 20)),
        (Points(PLANE, ((30, 30),)), (30, 30)),
        (LONG_LINE, (40, 40)),
    ],
)
def test_the_edge_lies_under_the_outline(qtbot: QtBot, shape: Geometry, place: tuple[float, float]) -> None:
    layer = HoverLayer(lambda _: None)
    layer.show(shape, "#ff0000", VIEW)
    x, y = VIEW.to_screen(*place)
    pixel = drawn(layer).pixelColor(round(x), round(y))
    assert pixel.alpha() > 60
    assert pixel.red() > 200
    other = Viewport(Plane(0, 2), 100, 80, 200, 160, (50, 40), 2.0)
    assert is_empty(drawn(layer, other))
    layer.is_shown = False
    assert is_empty(drawn(layer))


def test_only_what_changes_is_painted_again() -> None:
    asked: list[QRect] = []
    layer = HoverLayer(asked.append)
    one, other = Box(PLANE, 20, 20, 10, 10), Box(PLANE, 60, 20, 10, 10)
    layer.show(one, "#ff0000", VIEW)
    assert len(asked) == 1
    assert asked[0].contains(QRect(40, 40, 20, 20))
    assert asked[0].width() < 60
    layer.show(one, "#ff0000", VIEW)
    assert len(asked) == 1
    layer.show(other, "#ff0000", VIEW)
    assert len(asked) == 3
    layer.show(None, "", VIEW)
    layer.show(None, "", VIEW)
    assert len(asked) == 4


def test_masks_and_labels_of_the_whole_scan_get_no_edge() -> None:
    asked: list[QRect] = []
    layer = HoverLayer(asked.append)
    for shape in (empty_mask(), WholeScan(), Box(PLANE, 900, 900, 5, 5)):
        layer.show(shape, "#ff0000", VIEW)
    layer.show(Box(PLANE, 20, 20, 10, 10), "#ff0000", None)
    assert asked == []
