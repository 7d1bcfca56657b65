"""Scaling upright pictures by Qt: for that it needs two thirds of OpenCV's time, at most four grey levels off."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from desktop_app.canvas.tile_mosaic import Box, Rgb32, Scaling
from imaging.scan import Level

STRIP = 64
"""Rows scaled at a time. Of more than some ninety Qt shares the scaling out to its threads and waits for them: while a
model keeps every core busy that wait is several times the work itself. The pixels are the same."""


def draw_upright(
    picture: Rgb32, box: Box, scaling: Scaling, pixels: Rgb32, region: Box, level: Level, *, smooth: bool
) -> None:
    """Scale a region of a level into a box of an opaque picture; leaves what lies beside the region as it is."""
    target = _image(picture)
    span = level.downsample
    left, top = scaling.a * region[0] * span - scaling.x, scaling.d * region[1] * span - scaling.y
    columns, rows = region[2] - region[0], region[3] - region[1]
    painter = QPainter(target)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth or scaling.a * span < 1)
    place = QRectF(left, top, columns * span * scaling.a, rows * span * scaling.d)
    image, whole = _image(pixels), QRectF(0, 0, columns, rows)
    for y in range(box[1], box[3], STRIP):
        painter.setClipRect(QRect(box[0], y, box[2] - box[0], min(STRIP, box[3] - y)))
        painter.drawImage(place, image, whole)
    painter.end()


def _image(pixels: Rgb32) -> QImage:
    """The same memory as an opaque image; its rows follow each other."""
    rows, columns = pixels.shape
    return QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_RGB32)
